#include "evidence/pool.h"

#include "store/storage.h"

namespace tandem::evidence {
namespace {

using store::Key;
using store::KeySpace;

enum class Section : std::uint8_t { committed = 'c', pending = 'p' };

Bytes section_key(Section section) {
    const std::uint8_t byte = static_cast<std::uint8_t>(section);
    return Key(KeySpace::evidence).add({&byte, 1}).bytes();
}
Bytes section_end(Section section) {
    const std::uint8_t byte = static_cast<std::uint8_t>(static_cast<std::uint8_t>(section) + 1);
    return Key(KeySpace::evidence).add({&byte, 1}).bytes();
}
constexpr std::size_t height_offset = 2;
constexpr std::size_t hash_offset = height_offset + 8;

Bytes key_of(Section section, std::int64_t height, BytesView hash) {
    const std::uint8_t byte = static_cast<std::uint8_t>(section);
    return Key(KeySpace::evidence).add({&byte, 1}).add_u64(height).add(hash).bytes();
}
Bytes key_of(Section section, const Evidence& evidence) {
    const types::Hash hash = types::hash_of(evidence);
    return key_of(section, evidence.height(), hash);
}

types::EvidenceContext context_of(const chain::State& state) {
    return {state.chain_id, state.last_block_height, state.last_block_time,
            state.consensus_params.evidence};
}

/// What an item takes in an encoded list.
std::size_t bytes_in_list(const Evidence& evidence) {
    const std::size_t bytes = wire::encoded_size(evidence);
    return 1 + wire::varint_size(bytes) + bytes;
}

bool has_expired(const chain::State& state, std::int64_t height, types::Timestamp time) {
    return types::has_expired(state.last_block_height, state.last_block_time, height, time,
                              state.consensus_params.evidence);
}

/// Refusals that say more of us than of the evidence: a height that is not here, or no more, or a
/// chain that has moved on.
bool is_nobodys_fault(const base::Refusal& why) {
    return why.check == "height" || why.check == "timestamp" || why.check == "age";
}

}  // namespace

Pool::Pool(store::KeyValues& database, const store::BlockStore& blocks,
           const store::StateStore& states, const crypto::Verifier& verifier)
    : database_(&database), blocks_(&blocks), states_(&states), verifier_(&verifier) {
    database.visit(section_key(Section::pending), section_end(Section::pending),
                   store::Direction::ascending, [&](BytesView key, BytesView value) {
                       const auto height = store::height_in(key, height_offset);
                       auto evidence = types::decode_checked<Evidence>(value);
                       if (!height) store::damaged(key, {"key", "there is no height in it"});
                       if (!evidence) store::damaged(key, evidence.error());
                       hold({*height, base::to_bytes(key.subspan(hash_offset))},
                            std::move(*evidence));
                       return true;
                   });
}

// ---- What the chain remembers

std::shared_ptr<const types::Header> Pool::header(std::int64_t height) const {
    auto meta = blocks_->meta(height);
    if (!meta) return nullptr;
    return std::make_shared<const types::Header>(std::move(meta->header));
}

std::shared_ptr<const types::Commit> Pool::commit(std::int64_t height) const {
    // Not the one that this node saw: all nodes must come to the same verdict on a block.
    return blocks_->canonical_commit(height).pointer();
}

std::shared_ptr<const types::ValidatorSet> Pool::validators(std::int64_t height) const {
    return states_->validators(height).pointer();
}

bool Pool::is_pending(const Evidence& evidence) const {
    const types::Hash hash = types::hash_of(evidence);
    return pending_.contains({evidence.height(), base::to_bytes(base::view(hash))});
}

bool Pool::is_committed(const Evidence& evidence) const {
    return database_->get(key_of(Section::committed, evidence)).has_value();
}

// ---- In

void Pool::hold(const PendingKey& key, Evidence evidence) {
    Item item{std::move(evidence), 0, next_number_++};
    item.bytes = bytes_in_list(item.evidence);
    pending_bytes_ += item.bytes;
    pending_.insert_or_assign(key, std::move(item));
}

/// REQUIRES: it was verified.
void Pool::keep(const Evidence& evidence) {
    if (pending_.size() >= pending_items_max ||
        pending_bytes_ + bytes_in_list(evidence) > pending_bytes_max)
        return;
    const types::Hash hash = types::hash_of(evidence);
    database_->put(key_of(Section::pending, evidence), wire::encode(evidence));
    hold({evidence.height(), base::to_bytes(base::view(hash))}, evidence);
}

Verdict Pool::add(const Evidence& evidence, const chain::State& state) {
    TANDEM_TRY(base::within("evidence", types::validate_basic(evidence)));
    if (is_pending(evidence) || is_committed(evidence)) return {};
    TANDEM_TRY(base::within(
        "evidence", types::verify_evidence(evidence, context_of(state), *this, *verifier_)));
    keep(evidence);
    return {};
}

/// It contradicts a block that we have not got yet, in a time that we have not come to.
bool Pool::lies_ahead(const Evidence& evidence) const {
    const auto* attack = evidence.light_client_attack();
    if (attack == nullptr) return false;
    const types::Header& conflicting = *attack->conflicting_block->signed_header->header;
    const auto latest = header(latest_height());
    return conflicting.height > latest_height() && latest && latest->time < conflicting.time;
}

Verdict Pool::receive(Walk& from, const types::EvidenceList& list, const chain::State& state) {
    for (const Evidence& evidence : list.evidence) {
        if (!is_pending(evidence) && !is_committed(evidence)) {
            if (lies_ahead(evidence)) continue;
            const Verdict verdict =
                types::verify_evidence(evidence, context_of(state), *this, *verifier_);
            if (!verdict && is_nobodys_fault(verdict.error())) continue;
            if (!verdict) return base::within("evidence", verdict);
            keep(evidence);
        }
        const types::Hash hash = types::hash_of(evidence);
        const auto held = pending_.find({evidence.height(), base::to_bytes(base::view(hash))});
        if (held != pending_.end()) from.known_.insert(held->second.number);
    }
    return {};
}

void Pool::report(const types::Vote& first, const types::Vote& second) {
    if (reports_.size() < reports_max) reports_.emplace_back(first, second);
}

void Pool::ripen(const chain::State& state) {
    std::deque<std::pair<types::Vote, types::Vote>> waiting;
    for (auto& [first, second] : reports_) {
        if (first.height > state.last_block_height) {
            waiting.emplace_back(std::move(first), std::move(second));
            continue;
        }
        const auto block = header(first.height);
        const auto set = validators(first.height);
        if (!block || !set) continue;
        auto made = types::make_duplicate_vote(first, second, block->time, *set);
        if (!made) continue;
        Evidence evidence;
        evidence.sum = base::Box<types::DuplicateVoteEvidence>(std::move(*made));
        // Consensus checked the votes; should it err, our peers must not hear of it.
        std::ignore = add(evidence, state);
    }
    reports_ = std::move(waiting);
}

// ---- Blocks

Verdict Pool::judge_list(const chain::State& state, const types::EvidenceList& list) {
    TANDEM_TRY(types::verify_evidence_list(list.evidence, context_of(state), *this, *verifier_));
    for (const Evidence& evidence : list.evidence)
        if (!is_pending(evidence)) keep(evidence);
    return {};
}

void Pool::drop(store::Batch& batch, std::map<PendingKey, Item>::iterator item) {
    batch.remove(key_of(Section::pending, item->first.first, item->first.second));
    pending_bytes_ -= item->second.bytes;
    pending_.erase(item);
}

void Pool::remove_expired(store::Batch& batch, const chain::State& state) {
    // Times grow with heights, so the expired ones come first.
    while (!pending_.empty() && has_expired(state, pending_.begin()->first.first,
                                            pending_.begin()->second.evidence.time()))
        drop(batch, pending_.begin());
    database_->visit(section_key(Section::committed), section_end(Section::committed),
                     store::Direction::ascending, [&](BytesView key, BytesView value) {
                         const auto height = store::height_in(key, height_offset);
                         const auto seconds = store::height_in(value, 0);
                         if (!height || !seconds)
                             store::damaged(key, {"evidence", "there is no height or time"});
                         if (!has_expired(state, *height, {*seconds + 1, 0})) return false;
                         batch.remove(base::to_bytes(key));
                         return true;
                     });
}

void Pool::committed(const chain::State& after, const types::EvidenceList& list) {
    store::Batch batch;
    for (const Evidence& evidence : list.evidence) {
        const types::Hash hash = types::hash_of(evidence);
        const auto held = pending_.find({evidence.height(), base::to_bytes(base::view(hash))});
        if (held != pending_.end()) drop(batch, held);
        Bytes seconds = Key(KeySpace::evidence).add_u64(evidence.time().seconds).bytes();
        seconds.erase(seconds.begin());
        batch.put(key_of(Section::committed, evidence), std::move(seconds));
    }
    remove_expired(batch, after);
    if (!batch.empty()) database_->write(batch);
    ripen(after);
}

// ---- Out

std::vector<Evidence> Pool::pending(std::int64_t bytes_max) const {
    std::vector<Evidence> chosen;
    std::int64_t bytes = 0;
    for (const auto& [key, item] : pending_) {
        bytes += static_cast<std::int64_t>(item.bytes);
        if (bytes_max != -1 && bytes > bytes_max) break;
        chosen.push_back(item.evidence);
    }
    return chosen;
}

std::optional<Bytes> Pool::next_for(Walk& peer, std::int64_t peer_height,
                                    const chain::State& state) const {
    if (pending_.empty()) {
        peer.known_.clear();
        return std::nullopt;
    }
    const std::int64_t blocks_max = state.consensus_params.evidence.max_age_num_blocks;
    for (const auto& [key, item] : pending_) {
        // The peer can judge it, and it is not too old for it.
        if (peer_height <= key.first || peer_height - key.first > blocks_max) continue;
        if (!peer.known_.insert(item.number).second) continue;
        return wire::encode(types::EvidenceList{{item.evidence}});
    }
    if (peer.known_.size() <= 2 * pending_.size()) return std::nullopt;
    // Forget what has left.
    std::set<std::uint64_t> still;
    for (const auto& [key, item] : pending_)
        if (peer.known_.contains(item.number)) still.insert(item.number);
    peer.known_ = std::move(still);
    return std::nullopt;
}

}  // namespace tandem::evidence
