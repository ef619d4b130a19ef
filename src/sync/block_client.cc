#include "sync/block_client.h"

#include <fmt/format.h>

#include "types/verify_commit.h"

namespace tandem::sync {
namespace {

constexpr Time tick_interval = std::chrono::milliseconds(500);
constexpr std::size_t bans_max = 1000;
constexpr std::size_t strikes_max = 3;
/// A peer of which nothing is known yet is taken for one of this speed, in bytes a second.
constexpr double unknown_speed = 1'000'000;

}  // namespace

base::Bytes encode(const AskBlock& question) {
    types::BlocksyncMessage message;
    message.sum = types::BlockRequest{question.height};
    return wire::encode(message);
}

base::Bytes encode(const AskStatus&) {
    types::BlocksyncMessage message;
    message.sum = types::StatusRequest{};
    return wire::encode(message);
}

BlockClient::BlockClient(BlockClientConfig config, std::int64_t next_height, Time now)
    : config_(config), next_height_(next_height), next_tick_(now), next_status_(now), latest_(now) {
    TANDEM_CHECK(next_height >= 1);
}

// ---- Peers

const BlockClient::Peer* BlockClient::find(PeerId peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? nullptr : &found->second;
}

bool BlockClient::is_banned(const std::string& identity, Time now) const {
    const auto found = bans_.find(identity);
    return found != bans_.end() && found->second > now;
}

void BlockClient::add_peer(PeerId peer, std::string identity, Time now) {
    forget(peer);
    if (is_banned(identity, now)) return;
    Peer added;
    added.identity = std::move(identity);
    peers_.insert_or_assign(peer, std::move(added));
    effects_.emplace_back(AskStatus{peer});
}

void BlockClient::remove_peer(PeerId peer, Time now) {
    forget(peer);
    ask_more(now);
}

/// What it owes is asked of others; what it brought stays.
void BlockClient::forget(PeerId peer) {
    if (peers_.erase(peer) == 0) return;
    for (auto& [height, request] : requests_) {
        std::erase_if(request.asked, [&](const Asked& asked) { return asked.peer == peer; });
        std::erase(request.lack, peer);
        ask_again(height, request);
    }
}

void BlockClient::ban(PeerId peer, Time now) {
    const Peer* found = find(peer);
    if (found == nullptr) return;
    std::erase_if(bans_, [&](const auto& entry) { return entry.second <= now; });
    if (bans_.size() < bans_max) bans_.insert_or_assign(found->identity, now + config_.ban);
}

void BlockClient::drop(PeerId peer, base::Refusal why, Time now) {
    if (find(peer) == nullptr) return;
    ban(peer, now);
    forget(peer);
    effects_.emplace_back(Drop{peer, std::move(why)});
}

void BlockClient::hear(PeerId peer, const types::StatusResponse& status, Time now) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    Peer& known = found->second;
    if (known.has_said && (status.height < known.height || status.base < known.base)) {
        ban(peer, now);
        forget(peer);
    } else {
        known.base = status.base;
        known.height = status.height;
        known.has_said = known.counts = true;
        if (!first_heard_) first_heard_ = now;
        // What it lacked it may have now.
        for (auto& [height, request] : requests_) std::erase(request.lack, peer);
    }
    ask_more(now);
}

// ---- Answers

void BlockClient::no_longer_owes(Peer& peer, Time now) {
    TANDEM_CHECK(peer.owed > 0);
    peer.busy += now - peer.heard;
    peer.heard = now;
    --peer.owed;
}

/// It claimed to have it. It may have pruned it since, so it is asked how far it is; who goes on
/// claiming what he has not got is out.
void BlockClient::hear(PeerId peer, const types::NoBlockResponse& answer, Time now) {
    const auto found = peers_.find(peer);
    const auto request = requests_.find(answer.height);
    if (found == peers_.end() || request == requests_.end()) return;
    auto& asked = request->second.asked;
    const auto owed = std::ranges::find(asked, peer, &Asked::peer);
    if (owed == asked.end()) return;
    asked.erase(owed);
    Peer& known = found->second;
    no_longer_owes(known, now);
    request->second.lack.push_back(peer);
    ask_again(answer.height, request->second);
    if (std::exchange(known.counts, false)) {
        if (++known.strikes >= strikes_max) {
            ban(peer, now);
            forget(peer);
        } else {
            effects_.emplace_back(AskStatus{peer});
        }
    }
    ask_more(now);
}

base::Verdict BlockClient::hear(PeerId peer, types::BlockResponse answer, Time now) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return {};  // out of the pool: whatever it was asked does not count
    const auto give_up = [&](std::string_view check, std::string why) -> base::Verdict {
        ban(peer, now);
        forget(peer);
        ask_more(now);
        return base::refuse(check, std::move(why));
    };
    if (!answer.block) return give_up("blocksync.block", "an answer without a block");
    const std::int64_t height = answer.block->header.height;
    if (answer.ext_commit && answer.ext_commit->height != height)
        return give_up("blocksync.ext_commit", "the extended commit is of another height");
    const auto at = requests_.find(height);
    if (at == requests_.end()) {
        if (height < next_height_) return {};  // somebody else was faster
        return give_up("blocksync.height", fmt::format("block {} was not asked", height));
    }
    Request& request = at->second;
    const auto owed = std::ranges::find(request.asked, peer, &Asked::peer);
    if (owed == request.asked.end())
        return give_up("blocksync.height", fmt::format("block {} was asked of others", height));
    request.asked.erase(owed);
    no_longer_owes(found->second, now);
    found->second.strikes = 0;
    if (!request.block) {
        request.bytes = wire::encoded_size(*answer.block);
        if (answer.ext_commit) request.bytes += wire::encoded_size(*answer.ext_commit);
        found->second.bytes_sent += request.bytes;
        waiting_bytes_ += request.bytes;
        ++waiting_blocks_;
        mean_bytes_ = (7 * mean_bytes_ + request.bytes) / 8;
        request.from = peer;
        request.block = Shared<types::Block>::make(std::move(*answer.block));
        if (answer.ext_commit)
            request.extended = Shared<types::ExtendedCommit>::make(std::move(*answer.ext_commit));
        unasked_.erase(height);
    }
    ask_more(now);
    return {};
}

// ---- Asking

/// Who has the height and is likely to bring it first: by its speed so far and by what it owes.
std::optional<PeerId> BlockClient::best_peer(std::int64_t height, const Request& request) const {
    std::optional<PeerId> best;
    double best_wait = 0;
    for (const auto& [id, peer] : peers_) {
        if (!peer.counts || peer.height < height || peer.base > height) continue;
        if (peer.owed >= config_.requests_per_peer_max) continue;
        if (std::ranges::find(request.lack, id) != request.lack.end()) continue;
        if (std::ranges::find(request.asked, id, &Asked::peer) != request.asked.end()) continue;
        const double busy_seconds = std::chrono::duration<double>(peer.busy).count();
        // As if the unknown speed had been seen for a tenth of a second before.
        const double speed =
            (static_cast<double>(peer.bytes_sent) + unknown_speed / 10) / (busy_seconds + 0.1);
        const double wait = static_cast<double>(peer.owed + 1) / speed;
        if (best && wait >= best_wait) continue;
        best = id;
        best_wait = wait;
    }
    return best;
}

bool BlockClient::ask(std::int64_t height, Request& request, Time now) {
    const auto peer = best_peer(height, request);
    if (!peer) return false;
    Peer& chosen = peers_.at(*peer);
    if (chosen.owed == 0) chosen.heard = now;
    ++chosen.owed;
    request.asked.push_back({*peer, now});
    unasked_.erase(height);
    effects_.emplace_back(AskBlock{*peer, height});
    return true;
}

void BlockClient::ask_again(std::int64_t height, const Request& request) {
    if (!request.block && std::ranges::all_of(request.asked, &Asked::is_late))
        unasked_.insert(height);
}

/// For what is asked beyond the two blocks that all else waits for.
bool BlockClient::has_room() const noexcept {
    const std::size_t coming = requests_.size() - waiting_blocks_;
    return requests_.size() < config_.heights_ahead_max &&
           waiting_bytes_ + coming * mean_bytes_ < config_.waiting_bytes_max;
}

void BlockClient::ask_more(Time now) {
    latest_ = now;
    const std::vector<std::int64_t> again(unasked_.begin(), unasked_.end());
    for (const std::int64_t height : again) std::ignore = ask(height, requests_.at(height), now);
    const std::int64_t top = height_max();
    for (std::int64_t height = next_height_ + static_cast<std::int64_t>(requests_.size());
         height <= top && (height <= next_height_ + 1 || has_room()); ++height) {
        Request request;
        if (!ask(height, request, now)) return;
        requests_.emplace(height, std::move(request));
    }
}

std::optional<BlockEffect> BlockClient::next_effect() {
    if (effects_.empty()) return std::nullopt;
    BlockEffect effect = std::move(effects_.front());
    effects_.pop_front();
    return effect;
}

// ---- Time

void BlockClient::tick(Time now) {
    next_tick_ = now + tick_interval;
    if (now >= next_status_) {
        next_status_ = now + config_.status_interval;
        for (const auto& [id, peer] : peers_) effects_.emplace_back(AskStatus{id});
    }
    std::vector<PeerId> silent;
    for (const auto& [id, peer] : peers_)
        if (peer.owed > 0 && now - peer.heard >= config_.silence_timeout) silent.push_back(id);
    for (const PeerId id : silent)
        drop(id, {"blocksync.timeout", "it did not answer in time"}, now);
    for (auto& [height, request] : requests_) {
        // What all wait for is soon asked of a second peer.
        const Time patience = height <= next_height_ + 1
                                  ? std::min(config_.second_peer_after, config_.request_timeout)
                                  : config_.request_timeout;
        for (Asked& asked : request.asked) asked.is_late = now - asked.at >= patience;
        ask_again(height, request);
    }
    ask_more(now);
}

// ---- Blocks

base::Verdict BlockClient::verify(const chain::State& state, const chain::Validation& validation,
                                  const Request& first, const types::Block& second,
                                  SyncedBlock& out) const {
    const types::Block& block = *first.block;
    const std::int64_t height = block.header.height;
    auto parts = types::PartSet::split(wire::encode(block));
    out.id = {types::hash_of(block.header), parts.header()};
    if (!second.last_commit) return base::refuse("last_commit", "there is none");
    TANDEM_TRY(base::within("last_commit",
                            types::verify_commit(*state.validators, state.chain_id, out.id, height,
                                                 *second.last_commit, validation.verifier)));
    chain::Validation rest = validation;
    rest.basic_is_validated = true;
    rest.last_commit_is_verified = commit_is_verified_ == first.block;
    TANDEM_TRY(chain::validate_block(state, block, rest));
    const bool enabled = state.consensus_params.abci.extensions_enabled(height);
    if (enabled != first.extended.has_value())
        return base::refuse("ext_commit", enabled ? "it is missing" : "there must be none");
    if (enabled) {
        TANDEM_TRY(types::ensure_extensions(*first.extended, true));
        TANDEM_TRY(base::within("ext_commit", types::verify_commit_extended(
                                                  *state.validators, state.chain_id, out.id, height,
                                                  *first.extended, validation.verifier)));
        out.commit = first.extended;
    } else {
        out.commit = Shared<types::Commit>::make(*second.last_commit);
    }
    out.block = first.block;
    out.parts = Shared<types::PartSet>::make(std::move(parts));
    return {};
}

std::optional<SyncedBlock> BlockClient::next_block(const chain::State& state,
                                                   const chain::Validation& validation, Time now) {
    TANDEM_CHECK(state.next_height() == next_height_);
    const auto first = requests_.find(next_height_);
    const auto second = requests_.find(next_height_ + 1);
    if (first == requests_.end() || second == requests_.end()) return std::nullopt;
    if (!first->second.block || !second->second.block) return std::nullopt;
    SyncedBlock out;
    if (auto verdict = verify(state, validation, first->second, *second->second.block, out);
        !verdict) {
        reject_pair(std::move(verdict).error(), now);
        return std::nullopt;
    }
    commit_is_verified_ = second->second.block;
    return out;
}

void BlockClient::discard(Request& request) {
    waiting_bytes_ -= request.bytes;
    --waiting_blocks_;
    request.bytes = 0;
    request.block = {};
    request.extended = {};
}

/// Either sender may have lied; nothing else that they brought is kept.
void BlockClient::reject_pair(base::Refusal why, Time now) {
    const std::array<PeerId, 2> senders{requests_.at(next_height_).from,
                                        requests_.at(next_height_ + 1).from};
    why.check = "blocksync." + why.check;
    why.why = fmt::format("block {}: {}", next_height_, why.why);
    for (auto& [height, request] : requests_)
        if (request.block && std::ranges::find(senders, request.from) != senders.end()) {
            discard(request);
            ask_again(height, request);
        }
    commit_is_verified_ = {};
    for (const PeerId sender : senders) drop(sender, why, now);
    ask_more(now);
}

void BlockClient::executed(Time now) {
    const auto done = requests_.find(next_height_);
    TANDEM_CHECK(done != requests_.end() && done->second.block);
    discard(done->second);
    let_off(done->second, now);
    requests_.erase(done);
    ++next_height_;
    ++executed_count_;
    ask_more(now);
}

void BlockClient::was_deaf(Time span) {
    for (auto& [id, peer] : peers_) peer.heard += span;
    for (auto& [height, request] : requests_)
        for (Asked& asked : request.asked) asked.at += span;
}

void BlockClient::passed(Time now) {
    commit_is_verified_ = {};  // it was held against a block that may not be the one
    if (const auto done = requests_.find(next_height_); done != requests_.end()) {
        if (done->second.block) discard(done->second);
        let_off(done->second, now);
        unasked_.erase(next_height_);
        requests_.erase(done);
    }
    ++next_height_;
    ask_more(now);
}

/// Who still owes it need not bring it any more.
void BlockClient::let_off(const Request& request, Time now) {
    for (const Asked& asked : request.asked)
        if (const auto peer = peers_.find(asked.peer); peer != peers_.end())
            no_longer_owes(peer->second, now);
}

// ---- Where it stands

std::int64_t BlockClient::height_max() const noexcept {
    std::int64_t highest = 0;
    for (const auto& [id, peer] : peers_)
        if (peer.counts) highest = std::max(highest, peer.height);
    return highest;
}

bool BlockClient::is_caught_up() const noexcept {
    const bool heard =
        std::ranges::any_of(peers_, [](const auto& entry) { return entry.second.counts; });
    return heard && latest_ - *first_heard_ >= config_.settle && next_height_ >= height_max() - 1;
}

}  // namespace tandem::sync
