#include "sync/snapshot_client.h"

#include <fmt/format.h>

#include "base/check.h"
#include "crypto/sha256.h"

namespace tandem::sync {
namespace {

/// Rejections are remembered for so many; a peer that invents more is asked in vain.
constexpr std::size_t rejected_max = 10'000;

}  // namespace

base::Bytes encode(const AskSnapshots&) {
    types::StatesyncMessage message;
    message.sum = types::SnapshotsRequest{};
    return wire::encode(message);
}

base::Bytes encode(const AskChunk& question) {
    types::StatesyncMessage message;
    message.sum = question.request;
    return wire::encode(message);
}

SnapshotClient::SnapshotClient(SnapshotClientConfig config, Time now)
    : config_(config), discovered_at_(now + config.discovery), asked_at_(now) {}

SnapshotClient::SnapshotKey SnapshotClient::key_of(const abci::Snapshot& snapshot) {
    const std::string numbers =
        fmt::format("{}:{}:{}", snapshot.height, snapshot.format, snapshot.chunks);
    crypto::Sha256 hash;
    const crypto::Digest digest = hash.update(base::as_bytes(numbers))
                                      .update(snapshot.hash)
                                      .update(snapshot.metadata)
                                      .finish();
    return base::to_bytes(digest);
}

// ---- Peers

void SnapshotClient::add_peer(PeerId peer, std::string identity, Time) {
    if (phase_ == Phase::ended || rejected_peers_.contains(identity)) return;
    peers_.insert_or_assign(peer, Peer{std::move(identity), {}});
    effects_.emplace_back(AskSnapshots{peer});
}

void SnapshotClient::remove_peer(PeerId peer, Time now) {
    if (peers_.erase(peer) == 0) return;
    for (auto& [key, known] : known_) known.peers.erase(peer);
    for (auto& [index, chunk] : chunks_) {
        if (chunk.asked == peer) chunk.asked.reset();
        chunk.lack.erase(peer);
    }
    forget_snapshots_without_peers();
    if (phase_ == Phase::applying) fetch(now);
}

/// What is being restored stays known: its chunks may be here already.
void SnapshotClient::forget_snapshots_without_peers() {
    std::erase_if(known_, [&](const auto& entry) {
        return entry.second.peers.empty() && entry.first != chosen_;
    });
}

void SnapshotClient::hear(PeerId peer, const types::SnapshotsResponse& said, Time now) {
    const auto from = peers_.find(peer);
    if (from == peers_.end() || phase_ == Phase::ended) return;
    if (said.chunks > config_.chunks_max) return reject_peer(std::string(from->second.identity));
    const abci::Snapshot snapshot{said.height, said.format, said.chunks, said.hash, said.metadata};
    const SnapshotKey key = key_of(snapshot);
    if (rejected_snapshots_.contains(key) || rejected_formats_.contains(snapshot.format)) return;
    auto& theirs = from->second.snapshots;
    if (theirs.size() >= config_.snapshots_per_peer_max && !theirs.contains(key)) {
        // The oldest goes, if this one is newer.
        const auto height_of = [&](const SnapshotKey& one) {
            const auto found = known_.find(one);
            return found == known_.end() ? 0 : found->second.snapshot.height;
        };
        const auto oldest = std::ranges::min_element(theirs, {}, height_of);
        if (*oldest == chosen_ || height_of(*oldest) >= snapshot.height) return;
        if (const auto old = known_.find(*oldest); old != known_.end())
            old->second.peers.erase(peer);
        theirs.erase(oldest);
        forget_snapshots_without_peers();
    }
    theirs.insert(key);
    auto& known = known_[key];
    known.snapshot = snapshot;
    known.peers.insert(peer);
    if (phase_ == Phase::applying && key == chosen_) fetch(now);
}

/// By the name that the application uses.
void SnapshotClient::reject_peer(const std::string& identity) {
    if (rejected_peers_.size() < rejected_max) rejected_peers_.insert(identity);
    for (auto peer = peers_.begin(); peer != peers_.end();) {
        if (peer->second.identity != identity) {
            ++peer;
            continue;
        }
        for (auto& [key, known] : known_) known.peers.erase(peer->first);
        for (auto& [index, chunk] : chunks_)
            if (chunk.asked == peer->first) chunk.asked.reset();
        peer = peers_.erase(peer);
    }
    forget_snapshots_without_peers();
}

// ---- Which snapshot

void SnapshotClient::discover(Time now) {
    phase_ = Phase::discovering;
    discovered_at_ = now + config_.discovery;
    ask_for_snapshots(now);
}

void SnapshotClient::ask_for_snapshots(Time now) {
    asked_at_ = now;
    for (const auto& [peer, unused] : peers_) effects_.emplace_back(AskSnapshots{peer});
}

void SnapshotClient::choose(Time now) {
    const std::pair<const SnapshotKey, Known>* best = nullptr;
    const auto rank = [](const Known& known) {
        return std::tuple(known.snapshot.height, known.snapshot.format, known.peers.size());
    };
    for (const auto& entry : known_) {
        if (entry.second.peers.empty()) continue;
        if (best == nullptr || rank(entry.second) > rank(best->second)) best = &entry;
    }
    if (best == nullptr) return discover(now);
    chosen_ = best->first;
    phase_ = Phase::trusting;
    effects_.emplace_back(Trust{best->second.snapshot.height});
}

void SnapshotClient::give_up_snapshot(Time now) {
    if (rejected_snapshots_.size() < rejected_max) rejected_snapshots_.insert(*chosen_);
    known_.erase(*chosen_);
    for (auto& [peer, state] : peers_) state.snapshots.erase(*chosen_);
    chosen_.reset();
    chunks_.clear();
    applying_.reset();
    choose(now);
}

void SnapshotClient::trusted(base::Bytes app_hash, Time) {
    TANDEM_CHECK(phase_ == Phase::trusting);
    app_hash_ = std::move(app_hash);
    phase_ = Phase::offering;
    effects_.emplace_back(Offer{{base::Box<abci::Snapshot>(current().snapshot), app_hash_}});
}

void SnapshotClient::not_trusted(Time now) {
    TANDEM_CHECK(phase_ == Phase::trusting);
    give_up_snapshot(now);
}

void SnapshotClient::offered(abci::OfferSnapshotResult result, Time now) {
    TANDEM_CHECK(phase_ == Phase::offering);
    using enum abci::OfferSnapshotResult;
    switch (result) {
        case accept:
            return begin_chunks(now);
        case abort:
            return fail("statesync.abort", "the application wants no snapshot any more");
        case reject:
            return give_up_snapshot(now);
        case reject_format: {
            const std::uint32_t format = current().snapshot.format;
            rejected_formats_.insert(format);
            const SnapshotKey chosen = *chosen_;
            std::erase_if(known_, [&](const auto& entry) {
                return entry.first != chosen && entry.second.snapshot.format == format;
            });
            return give_up_snapshot(now);
        }
        case reject_sender: {
            const std::set<PeerId> senders = current().peers;
            for (const PeerId peer : senders)
                if (const auto found = peers_.find(peer); found != peers_.end())
                    reject_peer(std::string(found->second.identity));
            return give_up_snapshot(now);
        }
        case unknown:
            break;
    }
    fail("statesync.offer", "the application gave no answer that means anything");
}

// ---- Chunks

void SnapshotClient::begin_chunks(Time now) {
    phase_ = Phase::applying;
    chunks_.clear();
    applying_.reset();
    applied_.assign(current().snapshot.chunks, false);
    progress_at_ = now;
    fetch(now);
}

std::optional<std::uint32_t> SnapshotClient::lowest_unapplied() const {
    const auto found = std::ranges::find(applied_, false);
    if (found == applied_.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - applied_.begin());
}

std::size_t SnapshotClient::waiting_bytes() const noexcept {
    std::size_t bytes = 0;
    for (const auto& [index, chunk] : chunks_)
        if (chunk.bytes) bytes += chunk.bytes->size();
    return bytes;
}

void SnapshotClient::ask(std::uint32_t index, Chunk& chunk, Time now) {
    std::vector<PeerId> able;
    for (const PeerId peer : current().peers)
        if (!chunk.lack.contains(peer)) able.push_back(peer);
    if (able.empty()) {
        // Everybody had his turn; they have another.
        chunk.lack.clear();
        able.assign(current().peers.begin(), current().peers.end());
    }
    if (able.empty()) return;
    const PeerId peer = able[static_cast<std::size_t>(turn_++ % able.size())];
    chunk.asked = peer;
    chunk.asked_at = now;
    const abci::Snapshot& snapshot = current().snapshot;
    effects_.emplace_back(AskChunk{peer, {snapshot.height, snapshot.format, index}});
}

void SnapshotClient::fetch(Time now) {
    const auto lowest = lowest_unapplied();
    if (!lowest) return;
    std::uint32_t asked = 0;
    for (const auto& [index, chunk] : chunks_)
        if (chunk.asked) ++asked;
    const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(
        applied_.size(), std::uint64_t{*lowest} + config_.chunks_ahead_max + 1));
    for (std::uint32_t index = *lowest; index < end && asked < config_.fetchers; ++index) {
        if (applied_[index]) continue;
        Chunk& chunk = chunks_[index];
        if (chunk.bytes || chunk.asked) continue;
        ask(index, chunk, now);
        if (!chunk.asked) return;  // nobody is there
        ++asked;
    }
}

void SnapshotClient::hear(PeerId peer, types::ChunkResponse answer, Time now) {
    if (phase_ != Phase::applying || !peers_.contains(peer)) return;
    const abci::Snapshot& snapshot = current().snapshot;
    if (answer.height != snapshot.height || answer.format != snapshot.format) return;
    const auto found = chunks_.find(answer.index);
    if (found == chunks_.end() || found->second.asked != peer) return;
    Chunk& chunk = found->second;
    chunk.asked.reset();
    if (answer.missing) {
        // Not at once of the same peer again, should it be the only one: that would be a loop.
        chunk.lack.insert(peer);
        chunk.missing.insert(peer);
        // Not while the application is asked: its answer is of this snapshot.
        if (!applying_ && std::ranges::includes(chunk.missing, current().peers))
            return give_up_snapshot(now);
        const bool others = std::ranges::any_of(
            current().peers, [&](PeerId other) { return !chunk.lack.contains(other); });
        if (!others) {
            chunk.asked = peer;
            chunk.asked_at = now;
        }
    } else {
        chunk.bytes = std::move(answer.chunk).take();
        chunk.sender = peers_.at(peer).identity;
        progress_at_ = now;
    }
    fetch(now);
    apply_next(now);
}

void SnapshotClient::apply_next(Time) {
    if (applying_) return;
    const auto lowest = lowest_unapplied();
    if (!lowest) {
        phase_ = Phase::ended;
        effects_.emplace_back(Restored{current().snapshot, app_hash_});
        return;
    }
    const auto chunk = chunks_.find(*lowest);
    if (chunk == chunks_.end() || !chunk->second.bytes) return;
    applying_ = lowest;
    effects_.emplace_back(Apply{{*lowest, *chunk->second.bytes, chunk->second.sender}});
}

void SnapshotClient::applied(const abci::ResponseApplySnapshotChunk& answer, Time now) {
    TANDEM_CHECK(phase_ == Phase::applying && applying_);
    const std::uint32_t index = *std::exchange(applying_, std::nullopt);
    for (const std::uint32_t again : answer.refetch_chunks) {
        if (again >= applied_.size()) continue;
        applied_[again] = false;
        chunks_.erase(again);
    }
    // Where that leads far back, what was held ahead of here is fetched again in its time.
    if (const auto lowest = lowest_unapplied(); lowest && !answer.refetch_chunks.empty())
        std::erase_if(chunks_, [&](const auto& entry) {
            return entry.first > std::uint64_t{*lowest} + config_.chunks_ahead_max;
        });
    for (const std::string& sender : answer.reject_senders) {
        reject_peer(sender);
        std::erase_if(chunks_, [&](const auto& entry) {
            return entry.first != index && entry.second.sender == sender;
        });
    }
    using enum abci::ApplySnapshotChunkResult;
    switch (answer.result) {
        case accept:
            // One that is to be fetched again is applied again, too.
            if (std::ranges::find(answer.refetch_chunks, index) == answer.refetch_chunks.end())
                applied_[index] = true;
            chunks_.erase(index);
            progress_at_ = now;
            break;
        case retry:
            break;
        case retry_snapshot:
            phase_ = Phase::offering;
            chunks_.clear();
            effects_.emplace_back(
                Offer{{base::Box<abci::Snapshot>(current().snapshot), app_hash_}});
            return;
        case reject_snapshot:
            return give_up_snapshot(now);
        case abort:
            return fail("statesync.abort", "the application wants no snapshot any more");
        case unknown:
            return fail("statesync.apply", "the application gave no answer that means anything");
    }
    fetch(now);
    apply_next(now);
}

// ---- Time, and the end

void SnapshotClient::tick(Time now) {
    if (phase_ == Phase::discovering && now >= discovered_at_) return choose(now);
    if (phase_ == Phase::discovering && now - asked_at_ >= config_.ask_again)
        ask_for_snapshots(now);
    if (phase_ != Phase::applying) return;
    if (!applying_ && now - progress_at_ >= config_.snapshot_timeout) return give_up_snapshot(now);
    for (auto& [index, chunk] : chunks_) {
        if (!chunk.asked || now - chunk.asked_at < config_.chunk_timeout) continue;
        chunk.lack.insert(*chunk.asked);
        chunk.asked.reset();
    }
    fetch(now);
}

void SnapshotClient::fail(std::string_view check, std::string why) {
    phase_ = Phase::ended;
    effects_.emplace_back(SnapshotsFailed{{std::string(check), std::move(why)}});
}

std::optional<SnapshotEffect> SnapshotClient::next_effect() {
    if (effects_.empty()) return std::nullopt;
    SnapshotEffect effect = std::move(effects_.front());
    effects_.pop_front();
    return effect;
}

}  // namespace tandem::sync
