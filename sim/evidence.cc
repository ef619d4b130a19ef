#include "sim/evidence.h"

namespace tandem::sim {
namespace {

base::Bytes key_of(const types::Evidence& evidence) {
    return base::to_bytes(types::hash_of(evidence));
}

}  // namespace

void EvidencePool::recover(std::int64_t executed) {
    for (const auto& [height, stored] : blocks_)
        if (height <= executed) committed(stored.block->evidence);
}

void EvidencePool::report(const Shared<types::Vote>& one, const Shared<types::Vote>& other) {
    if (reported_.size() < pending_max) reported_.emplace_back(one, other);
}

std::vector<types::Evidence> EvidencePool::take_ripe() {
    std::vector<types::Evidence> ripe;
    std::erase_if(reported_, [&](const auto& votes) {
        const auto block = blocks_.find(votes.first->height);
        if (block == blocks_.end()) return false;
        const auto set = validators(votes.first->height);
        if (set == nullptr) return true;
        auto evidence = types::make_duplicate_vote(*votes.first, *votes.second,
                                                   block->second.block->header.time, *set);
        if (evidence) ripe.push_back({base::Box<types::DuplicateVoteEvidence>(*evidence)});
        return true;
    });
    return ripe;
}

bool EvidencePool::add(const types::Evidence& evidence, const types::EvidenceContext& context,
                       const crypto::Verifier& verifier) {
    if (pending_.size() >= pending_max || is_pending(evidence) || is_committed(evidence))
        return false;
    if (!types::verify_evidence(evidence, context, *this, verifier)) return false;
    pending_.emplace(key_of(evidence), evidence);
    return true;
}

void EvidencePool::committed(const types::EvidenceList& list) {
    for (const types::Evidence& evidence : list.evidence) {
        const base::Bytes key = key_of(evidence);
        pending_.erase(key);
        committed_.insert(key);
    }
}

std::vector<types::Evidence> EvidencePool::pending() const {
    std::vector<types::Evidence> all;
    for (const auto& [key, evidence] : pending_) all.push_back(evidence);
    return all;
}

std::shared_ptr<const types::Header> EvidencePool::header(std::int64_t height) const {
    const auto found = blocks_.find(height);
    if (found == blocks_.end()) return nullptr;
    const auto& block = found->second.block;
    return {block.pointer(), &block->header};
}

std::shared_ptr<const types::Commit> EvidencePool::commit(std::int64_t height) const {
    const auto found = blocks_.find(height);
    if (found == blocks_.end()) return nullptr;
    const auto* commit = std::get_if<Shared<types::Commit>>(&found->second.commit);
    return commit == nullptr ? nullptr : commit->pointer();
}

std::shared_ptr<const types::ValidatorSet> EvidencePool::validators(std::int64_t height) const {
    const auto found = header(height);
    return found == nullptr ? nullptr : library_.validators(found->validators_hash);
}

std::int64_t EvidencePool::latest_height() const {
    return blocks_.empty() ? 0 : blocks_.rbegin()->first;
}

bool EvidencePool::is_pending(const types::Evidence& evidence) const {
    return pending_.contains(key_of(evidence));
}

bool EvidencePool::is_committed(const types::Evidence& evidence) const {
    return committed_.contains(key_of(evidence));
}

}  // namespace tandem::sim
