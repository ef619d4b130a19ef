// The votes of one height: two vote sets for each round that is tracked.
//
// Tracked are the rounds up to the present one and the next, and beyond those up to two rounds for
// each peer, so that a node which fell behind can take in the commit of a round that it is not in,
// and nobody can make it keep votes of ever more rounds.
//
// A set is made when its first vote or claim comes.
#pragma once
#include <expected>
#include <limits>
#include <map>
#include <string>

#include "consensus/inputs.h"
#include "consensus/refusal.h"
#include "types/vote_set.h"

namespace tandem::consensus {

/// Beyond this no vote counts, so that adding one never overflows.
inline constexpr std::int32_t round_max = std::numeric_limits<std::int32_t>::max() / 2;

/// What became of a vote that was not refused: it was added, or conflicts with another, or both.
struct VoteTaken {
    bool added = false;
    Shared<types::Vote> conflicts_with;  // null: nothing
    bool by_catchup = false;             // a round of its own was opened for the peer
};

/// Adds a vote to its set. REQUIRES: the vote's signatures were checked as the set demands.
[[nodiscard]] std::expected<VoteTaken, Refusal> add_to(types::VoteSet& set,
                                                       const Verified<types::Vote>& vote);

class HeightVotes {
  public:
    HeightVotes() = default;
    HeightVotes(std::int64_t height, Shared<types::ValidatorSet> validators, Extensions extensions);

    /// Tracks all rounds up to `round`, for whoever sends votes.
    void track(std::int32_t round);

    /// REQUIRES: the vote is of this height.
    [[nodiscard]] std::expected<VoteTaken, Refusal> add(const Verified<types::Vote>& vote,
                                                        PeerId from);
    /// What `add` would say of a vote without adding it, as far as that can be told: refusals for
    /// the round, the validator, and a vote that is there already.
    [[nodiscard]] std::expected<void, Refusal> consider(const types::Vote& vote, PeerId from) const;
    /// Notes that the peer claims two thirds for a block.
    [[nodiscard]] std::expected<void, Refusal> claim(const PeerClaimsMajority& claim);

    /// Null where no vote of that kind and round has come.
    [[nodiscard]] const types::VoteSet* prevotes(std::int32_t round) const;
    [[nodiscard]] const types::VoteSet* precommits(std::int32_t round) const;
    /// The block for which more than two thirds voted, a zero id for nil; null for none.
    [[nodiscard]] const BlockId* polka(std::int32_t round) const;
    [[nodiscard]] const BlockId* precommit_majority(std::int32_t round) const;
    /// More than two thirds voted, whatever for.
    [[nodiscard]] bool prevotes_of_two_thirds(std::int32_t round) const;
    [[nodiscard]] bool precommits_of_two_thirds(std::int32_t round) const;

    /// Rounds up to this one are tracked for everybody.
    [[nodiscard]] std::int32_t tracked() const noexcept { return tracked_; }
    [[nodiscard]] const Shared<types::ValidatorSet>& validators() const { return validators_; }
    /// For the digest.
    [[nodiscard]] const auto& rounds() const noexcept { return rounds_; }
    [[nodiscard]] const auto& catchup_rounds() const noexcept { return catchup_rounds_; }

    bool operator==(const HeightVotes&) const = default;

    static constexpr std::size_t catchup_rounds_max = 2;  // of one peer

  private:
    struct RoundVotes {
        std::optional<types::VoteSet> prevotes;
        std::optional<types::VoteSet> precommits;

        bool operator==(const RoundVotes&) const = default;
    };

    [[nodiscard]] types::VoteSet& set_for(std::int32_t round, types::SignedMsgType type);
    [[nodiscard]] const types::VoteSet* find(std::int32_t round, types::SignedMsgType type) const;
    [[nodiscard]] bool admits(std::int32_t round, PeerId from) const;

    std::int64_t height_ = 0;
    Shared<types::ValidatorSet> validators_;
    Extensions extensions_ = Extensions::disabled;
    std::int32_t tracked_ = -1;  // every round up to this one, of whichever votes came
    std::map<std::int32_t, RoundVotes> rounds_;
    std::map<PeerId, std::vector<std::int32_t>> catchup_rounds_;
};

}  // namespace tandem::consensus
