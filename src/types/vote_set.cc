#include "types/vote_set.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

using VotePointer = std::shared_ptr<const Vote>;

std::int64_t quorum(std::int64_t total) {
    return total * 2 / 3 + 1;
}

bool same_votes(const std::vector<VotePointer>& a, const std::vector<VotePointer>& b) {
    return std::ranges::equal(a, b, [](const VotePointer& x, const VotePointer& y) {
        return x == y || (x && y && *x == *y);
    });
}

ExtendedCommitSig commit_sig(const VotePointer& vote, const BlockId& majority) {
    ExtendedCommitSig absent;
    absent.block_id_flag = BlockIdFlag::absent;
    if (!vote) return absent;
    if (vote->block_id.is_zero())
        return {
            BlockIdFlag::nil, vote->validator_address, vote->timestamp, vote->signature, {}, {}};
    if (vote->block_id != majority) return absent;
    return {BlockIdFlag::commit, vote->validator_address, vote->timestamp,
            vote->signature,     vote->extension,         vote->extension_signature};
}

}  // namespace

VoteFault verify_vote(std::string_view chain_id, const Vote& vote, const PublicKey& key,
                      bool extended, const crypto::Verifier& verifier) {
    if (!base::equal(crypto::address(key), vote.validator_address))
        return VoteFault::invalid_validator_address;
    if (!verifier.verify(key, sign_bytes(chain_id, vote), vote.signature))
        return VoteFault::invalid_signature;
    if (!extended) {
        const bool bare = vote.extension.empty() && vote.extension_signature.empty();
        return bare ? VoteFault::none : VoteFault::unexpected_extension;
    }
    if (vote.type != SignedMsgType::precommit || vote.block_id.is_zero()) return VoteFault::none;
    if (vote.extension_signature.empty()) return VoteFault::missing_extension;
    if (!verifier.verify(key, extension_sign_bytes(chain_id, vote), vote.extension_signature))
        return VoteFault::invalid_signature;
    return VoteFault::none;
}

VoteSet::VoteSet(std::int64_t height, std::int32_t round, SignedMsgType type, bool extended,
                 std::shared_ptr<const ValidatorSet> validators)
    : height_(height),
      round_(round),
      type_(type),
      extended_(extended),
      validators_(std::move(validators)) {
    TANDEM_CHECK(validators_ != nullptr && !validators_->empty());
    TANDEM_CHECK(type == SignedMsgType::prevote || type == SignedMsgType::precommit);
    TANDEM_CHECK(!extended || type == SignedMsgType::precommit);
    votes_.resize(validators_->size());
}

namespace {

template <typename CommitLike>
Result<VoteSet> votes_of(const CommitLike& commit, std::size_t entries, bool extended,
                         std::shared_ptr<const ValidatorSet> validators, const auto& flag_of) {
    if (!validators || entries != validators->size())
        return refuse("commit.signatures", fmt::format("{} entries for {} validators", entries,
                                                       validators ? validators->size() : 0));
    VoteSet set(commit.height, commit.round, SignedMsgType::precommit, extended,
                std::move(validators));
    for (std::size_t i = 0; i < entries; ++i) {
        if (flag_of(i) == BlockIdFlag::absent) continue;
        const AddedVote added = set.add_verified(std::make_shared<const Vote>(vote_of(commit, i)));
        if (!added.added) return refuse("commit.signatures", fmt::format("entry {} is no vote", i));
    }
    if (set.majority() == nullptr || *set.majority() != commit.block_id)
        return refuse("commit.signatures", "they make no majority for the commit's block");
    return set;
}

}  // namespace

Result<VoteSet> VoteSet::from_commit(const Commit& commit,
                                     std::shared_ptr<const ValidatorSet> validators) {
    return votes_of(commit, commit.signatures.size(), false, std::move(validators),
                    [&](std::size_t i) { return commit.signatures[i].block_id_flag; });
}

Result<VoteSet> VoteSet::from_commit(const ExtendedCommit& commit,
                                     std::shared_ptr<const ValidatorSet> validators) {
    return votes_of(commit, commit.extended_signatures.size(), true, std::move(validators),
                    [&](std::size_t i) { return commit.extended_signatures[i].block_id_flag; });
}

VoteFault VoteSet::check_place(const Vote& vote) const {
    if (vote.validator_index < 0) return VoteFault::invalid_validator_index;
    if (vote.validator_address.empty()) return VoteFault::invalid_validator_address;
    if (vote.height != height_ || vote.round != round_ || vote.type != type_)
        return VoteFault::unexpected_step;
    const auto index = static_cast<std::size_t>(vote.validator_index);
    if (index >= votes_.size()) return VoteFault::invalid_validator_index;
    if (validators_->validators()[index].address != vote.validator_address)
        return VoteFault::invalid_validator_address;
    return VoteFault::none;
}

const Vote* VoteSet::known(const Vote& vote) const {
    const auto index = static_cast<std::size_t>(vote.validator_index);
    if (votes_[index] && votes_[index]->block_id == vote.block_id) return votes_[index].get();
    const BlockVotes* block = find(vote.block_id);
    return block != nullptr ? block->votes[index].get() : nullptr;
}

AddedVote VoteSet::add(std::string_view chain_id, std::shared_ptr<const Vote> vote,
                       const crypto::Verifier& verifier) {
    if (const VoteFault fault = check_place(*vote); fault != VoteFault::none)
        return {false, fault, nullptr};
    if (known(*vote) == nullptr) {  // a known one is judged by comparison alone
        const auto index = static_cast<std::size_t>(vote->validator_index);
        const VoteFault fault = verify_vote(
            chain_id, *vote, validators_->validators()[index].pub_key, extended_, verifier);
        if (fault != VoteFault::none) return {false, fault, nullptr};
    }
    return count(std::move(vote));
}

AddedVote VoteSet::add_verified(std::shared_ptr<const Vote> vote) {
    if (const VoteFault fault = check_place(*vote); fault != VoteFault::none)
        return {false, fault, nullptr};
    return count(std::move(vote));
}

AddedVote VoteSet::count(std::shared_ptr<const Vote> vote) {
    if (const Vote* same = known(*vote); same != nullptr) {
        const bool duplicate = same->signature == vote->signature;
        return {false, duplicate ? VoteFault::none : VoteFault::non_deterministic_signature,
                nullptr};
    }
    const auto index = static_cast<std::size_t>(vote->validator_index);
    const std::int64_t power = validators_->validators()[index].voting_power;
    const VotePointer earlier = votes_[index];
    const VoteFault fault = earlier ? VoteFault::conflicting_vote : VoteFault::none;
    if (!earlier) {
        votes_[index] = vote;
        power_ += power;
    } else if (majority_ && *majority_ == vote->block_id) {
        votes_[index] = vote;
    }
    BlockVotes* block = find(vote->block_id);
    if (earlier && (block == nullptr || !block->claimed)) return {false, fault, earlier};
    if (block == nullptr)
        block = &by_block_.emplace_back(
            BlockVotes{vote->block_id, false, std::vector<VotePointer>(votes_.size()), 0});
    const std::int64_t needed = quorum(validators_->total_voting_power());
    const bool had_quorum = block->power >= needed;
    block->votes[index] = vote;
    block->power += power;
    if (!had_quorum && block->power >= needed && !majority_) {
        majority_ = block->id;
        for (std::size_t i = 0; i < votes_.size(); ++i)
            if (block->votes[i]) votes_[i] = block->votes[i];
    }
    return {true, fault, earlier};
}

Verdict VoteSet::claim_majority(std::string_view peer, const BlockId& id) {
    if (const auto claim = claims_.find(peer); claim != claims_.end()) {
        if (claim->second == id) return {};
        return refuse("vote_set.claim", fmt::format("peer {} claimed another block before", peer));
    }
    claims_.emplace(peer, id);
    if (BlockVotes* block = find(id); block != nullptr) {
        block->claimed = true;
    } else {
        by_block_.push_back({id, true, std::vector<VotePointer>(votes_.size()), 0});
    }
    return {};
}

VoteSet::BlockVotes* VoteSet::find(const BlockId& id) {
    const auto found = std::ranges::find(by_block_, id, &BlockVotes::id);
    return found == by_block_.end() ? nullptr : &*found;
}

const VoteSet::BlockVotes* VoteSet::find(const BlockId& id) const {
    const auto found = std::ranges::find(by_block_, id, &BlockVotes::id);
    return found == by_block_.end() ? nullptr : &*found;
}

bool VoteSet::has_two_thirds_any() const noexcept {
    return power_ > validators_->total_voting_power() * 2 / 3;
}

bool VoteSet::has_all() const noexcept {
    return power_ == validators_->total_voting_power();
}

const std::shared_ptr<const Vote>* VoteSet::vote(std::size_t index) const noexcept {
    return index < votes_.size() && votes_[index] ? &votes_[index] : nullptr;
}

BitArray VoteSet::bit_array() const {
    BitArray bits(votes_.size());
    for (std::size_t i = 0; i < votes_.size(); ++i) bits.set(i, votes_[i] != nullptr);
    return bits;
}

std::optional<BitArray> VoteSet::bit_array_of(const BlockId& id) const {
    const BlockVotes* block = find(id);
    if (block == nullptr) return std::nullopt;
    BitArray bits(votes_.size());
    for (std::size_t i = 0; i < votes_.size(); ++i) bits.set(i, block->votes[i] != nullptr);
    return bits;
}

std::vector<BlockId> VoteSet::tracked_blocks() const {
    std::vector<BlockId> blocks;
    blocks.reserve(by_block_.size());
    for (const BlockVotes& block : by_block_) blocks.push_back(block.id);
    return blocks;
}

const std::shared_ptr<const Vote>* VoteSet::vote_for(const BlockId& id,
                                                     std::size_t index) const noexcept {
    const BlockVotes* block = find(id);
    if (block == nullptr || index >= votes_.size() || !block->votes[index]) return nullptr;
    return &block->votes[index];
}

Verdict VoteSet::can_make_commit() const {
    if (type_ != SignedMsgType::precommit)
        return refuse("vote_set.type", "these are no precommits");
    if (!majority_) return refuse("vote_set.majority", "there is none yet");
    for (const VotePointer& vote : votes_) {
        if (!vote || !vote->block_id.is_zero()) continue;
        if (!vote->extension.empty() || !vote->extension_signature.empty())
            return refuse("vote_set.extension", "a vote for nil carries extension data");
    }
    return {};
}

ExtendedCommit VoteSet::make_extended_commit() const {
    TANDEM_CHECK(type_ == SignedMsgType::precommit && majority_.has_value());
    ExtendedCommit commit{height_, round_, *majority_, {}};
    commit.extended_signatures.reserve(votes_.size());
    for (const VotePointer& vote : votes_)
        commit.extended_signatures.push_back(commit_sig(vote, *majority_));
    return commit;
}

bool VoteSet::operator==(const VoteSet& other) const {
    const auto same_block = [](const BlockVotes& a, const BlockVotes& b) {
        return a.id == b.id && a.claimed == b.claimed && a.power == b.power &&
               same_votes(a.votes, b.votes);
    };
    return height_ == other.height_ && round_ == other.round_ && type_ == other.type_ &&
           extended_ == other.extended_ &&
           (validators_ == other.validators_ || *validators_ == *other.validators_) &&
           power_ == other.power_ && majority_ == other.majority_ && claims_ == other.claims_ &&
           same_votes(votes_, other.votes_) &&
           std::ranges::equal(by_block_, other.by_block_, same_block);
}

}  // namespace tandem::types
