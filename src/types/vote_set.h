// The votes of one height, round and type, as one node has seen them.
//
// Each validator has a main slot, which holds the first vote that came. A second, different vote
// of the same validator is evidence; it is also counted for its block where some peer has claimed
// two thirds for that block, so that equivocators cannot keep a node from seeing a majority that
// others have seen. The first block to gather more than two thirds is the majority for good, and
// its votes move into the main slots (wire page 03, section 5).
//
// Memory is bounded by validators and peers: a vote for a block that nobody claimed is kept in the
// main slot alone.
#pragma once
#include <map>
#include <memory>
#include <optional>

#include "crypto/verifier.h"
#include "types/bit_array.h"
#include "types/commit.h"
#include "types/validator_set.h"

namespace tandem::types {

enum class VoteFault : std::uint8_t {
    none,
    invalid_validator_index,
    invalid_validator_address,
    unexpected_step,  // another height, round or type
    invalid_signature,
    non_deterministic_signature,  // the same vote was signed in two ways
    unexpected_extension,         // extension data where extensions are disabled
    missing_extension,            // no extension signature where extensions are enabled
    conflicting_vote,             // the validator voted for something else before
};

struct AddedVote {
    bool added = false;  // false and no fault: it was there already
    VoteFault fault = VoteFault::none;
    std::shared_ptr<const Vote> earlier;  // of a conflicting vote: the one in the main slot
};

/// The vote's address against the key, its signature, and that of its extension where `extended`
/// wants one; extension data is refused elsewhere.
[[nodiscard]] VoteFault verify_vote(std::string_view chain_id, const Vote& vote,
                                    const PublicKey& key, bool extended,
                                    const crypto::Verifier& verifier = crypto::real_verifier());

class VoteSet {
  public:
    /// REQUIRES: a set, a prevote or precommit type; extended only for precommits.
    VoteSet(std::int64_t height, std::int32_t round, SignedMsgType type, bool extended,
            std::shared_ptr<const ValidatorSet> validators);
    /// The precommits that a stored commit holds; refused unless they make a majority for its
    /// block. Signatures are not checked: they were when the commit was stored.
    [[nodiscard]] static Result<VoteSet> from_commit(
        const Commit& commit, std::shared_ptr<const ValidatorSet> validators);
    [[nodiscard]] static Result<VoteSet> from_commit(
        const ExtendedCommit& commit, std::shared_ptr<const ValidatorSet> validators);

    /// Checks everything, signatures included.
    [[nodiscard]] AddedVote add(std::string_view chain_id, std::shared_ptr<const Vote> vote,
                                const crypto::Verifier& verifier = crypto::real_verifier());
    /// The same without the signatures, which the caller has verified.
    [[nodiscard]] AddedVote add_verified(std::shared_ptr<const Vote> vote);

    /// `peer` says that two thirds voted for `id`. Refused when it has claimed another block.
    [[nodiscard]] Verdict claim_majority(std::string_view peer, const BlockId& id);

    [[nodiscard]] std::int64_t height() const noexcept { return height_; }
    [[nodiscard]] std::int32_t round() const noexcept { return round_; }
    [[nodiscard]] SignedMsgType type() const noexcept { return type_; }
    [[nodiscard]] bool extended() const noexcept { return extended_; }
    [[nodiscard]] const ValidatorSet& validators() const noexcept { return *validators_; }
    [[nodiscard]] std::size_t size() const noexcept { return votes_.size(); }

    /// The block of the majority, a zero id for nil; null while there is none.
    [[nodiscard]] const BlockId* majority() const noexcept {
        return majority_ ? &*majority_ : nullptr;
    }
    /// Of who voted, whatever for.
    [[nodiscard]] std::int64_t power() const noexcept { return power_; }
    /// More than two thirds voted, whatever for.
    [[nodiscard]] bool has_two_thirds_any() const noexcept;
    [[nodiscard]] bool has_all() const noexcept;
    /// Null where the validator has not voted or the index is out of range.
    [[nodiscard]] const std::shared_ptr<const Vote>* vote(std::size_t index) const noexcept;
    [[nodiscard]] BitArray bit_array() const;
    /// Votes counted for one block; nothing where none is tracked.
    [[nodiscard]] std::optional<BitArray> bit_array_of(const BlockId& id) const;
    /// Blocks that are tracked, in the order in which they appeared.
    [[nodiscard]] std::vector<BlockId> tracked_blocks() const;
    /// The validator's vote for a tracked block, which need not stand in its main slot; null where
    /// there is none.
    [[nodiscard]] const std::shared_ptr<const Vote>* vote_for(const BlockId& id,
                                                              std::size_t index) const noexcept;
    /// Which peer claimed a majority for which block.
    [[nodiscard]] const std::map<std::string, BlockId, std::less<>>& claims() const noexcept {
        return claims_;
    }

    /// Refused where there is no commit to make: not precommits, no majority yet, or extension data
    /// in a vote for nil, which validate_basic refuses and CometBFT stops at.
    [[nodiscard]] Verdict can_make_commit() const;
    /// The commit for the majority: votes for another block become absent entries, and votes for
    /// nil come without extension data. REQUIRES: precommits with a majority.
    [[nodiscard]] ExtendedCommit make_extended_commit() const;
    [[nodiscard]] Commit make_commit() const { return make_extended_commit().without_extensions(); }

    bool operator==(const VoteSet& other) const;

  private:
    struct BlockVotes {
        BlockId id;
        bool claimed = false;  // by some peer
        std::vector<std::shared_ptr<const Vote>> votes;
        std::int64_t power = 0;
    };
    /// What can be said before the signature is checked; nothing to do for a duplicate.
    [[nodiscard]] VoteFault check_place(const Vote& vote) const;
    [[nodiscard]] const Vote* known(const Vote& vote) const;
    [[nodiscard]] AddedVote count(std::shared_ptr<const Vote> vote);
    [[nodiscard]] BlockVotes* find(const BlockId& id);
    [[nodiscard]] const BlockVotes* find(const BlockId& id) const;

    std::int64_t height_;
    std::int32_t round_;
    SignedMsgType type_;
    bool extended_;
    std::shared_ptr<const ValidatorSet> validators_;
    std::vector<std::shared_ptr<const Vote>> votes_;  // main slots, by validator
    std::int64_t power_ = 0;                          // of validators with a main slot
    std::optional<BlockId> majority_;
    std::vector<BlockVotes> by_block_;
    std::map<std::string, BlockId, std::less<>> claims_;  // by peer
};

}  // namespace tandem::types
