// What consensus remembers, as plain data, and what is always true of it.
//
// Gossip and RPC read it; only a step changes it. Everything but the last commit begins anew with
// each height.
//
// Invariants (check_invariants, after every step; R is `round`, "polka" is a two-thirds majority of
// prevotes of one round):
//   1. A block is locked exactly when locked_round >= 0, and locked_round <= R; the same of valid.
//   2. The prevotes of locked_round hold a polka for the locked block; the same of valid.
//   3. A proposal is of this height and of R, and its pol_round < R.
//   4. At most one of `parts` and `complete_parts` is there; a proposal block has complete parts,
//      and its id names them. Its header is of this height.
//   5. The step is `commit` exactly when commit_round >= 0; commit_round <= R, and the precommits
//      of commit_round hold a majority for one block.
//   6. Decided: the step is `commit`, and the proposal block is the one of that majority.
//   7. A prevote that waits has not been overtaken by its round: the step is prevote, prevote_wait
//      or precommit, and the proposal block's judgement is asked for.
//   8. A precommit that waits for an extension is for the locked block, and locked_round == R.
//   9. Votes are tracked for every round up to R.
//  10. The timer set last is of this height or an earlier one, and of no round beyond R.
//  11. Of each validator at most pending_votes_max votes wait for judgement of their extensions.
//  12. Where the precommits of any round hold a majority for a block, the step is `commit`, or
//      consensus has halted.
#pragma once
#include "consensus/height_votes.h"

namespace tandem::consensus {

/// What we know of a block's fitness. It is asked at most once while we hold the block.
enum class Opinion : std::uint8_t { unasked, awaited, invalid, rejected, accepted };

/// A whole block with its parts.
struct HeldBlock {
    BlockId id;
    Shared<types::Block> block;
    Shared<types::PartSet> parts;
    Opinion opinion = Opinion::unasked;

    bool operator==(const HeldBlock&) const = default;
};

/// What our precommit of this round waits for, if anything.
enum class PrecommitWaits : std::uint8_t { no, for_judgement, for_extension };

/// A checked vote whose extension the application is being asked about.
struct PendingVote {
    std::uint64_t question = 0;
    PeerId from;
    Verified<types::Vote> vote;

    bool operator==(const PendingVote&) const = default;
};
inline constexpr std::size_t pending_votes_max = 4;  // of one validator: two blocks, two rounds

struct State {
    // ---- Given at the start of the height. Null before the first one.
    Shared<StartHeight> start;

    // ---- Where we are.
    std::int64_t height = 0;
    std::int32_t round = 0;
    Step step = Step::new_height;
    Shared<types::ValidatorSet> validators;  // advanced to `round`
    Timestamp start_time;                    // of the height; lies ahead while in new_height
    std::optional<Timestamp> commit_time;
    Timer timer;  // set last

    // ---- The proposal of this round, and the block being collected.
    Shared<types::Proposal> proposal;
    std::optional<types::PartSet> parts;    // still coming in
    Shared<types::PartSet> complete_parts;  // all there
    std::optional<HeldBlock> proposal_block;
    std::optional<HeldBlock> own_block;  // built for this round, its proposal not yet signed
    bool building = false;               // asked to have a block built for this round

    // ---- Locking.
    std::int32_t locked_round = -1;
    std::optional<HeldBlock> locked;
    std::int32_t valid_round = -1;
    std::optional<HeldBlock> valid;

    // ---- Votes.
    HeightVotes votes;
    std::optional<types::VoteSet> last_commit;  // precommits of height - 1
    std::vector<PendingVote> pending_votes;     // oldest question first
    std::uint64_t next_question = 0;
    bool prevote_waits = false;  // for the judgement of the proposal block
    PrecommitWaits precommit_waits = PrecommitWaits::no;
    bool precommit_wait_set = false;  // the timer of PrecommitWait was set in this round

    // ---- The end.
    std::int32_t commit_round = -1;
    bool decided = false;
    bool halted = false;

    bool operator==(const State&) const = default;

    /// The block being collected or complete; null where there is none.
    [[nodiscard]] const types::PartSet* proposal_parts() const noexcept {
        if (parts) return &*parts;
        return complete_parts ? &*complete_parts : nullptr;
    }
    /// There is a proposal with its block and, if it names a proof-of-lock round, with a polka
    /// of that round for anything.
    [[nodiscard]] bool is_proposal_complete() const;
    /// Index of our own validator in the set of this height.
    [[nodiscard]] std::optional<std::size_t> own_index() const;
    [[nodiscard]] bool is_proposer() const;
};

/// Aborts where one of the invariants does not hold.
void check_invariants(const State& state);

/// SHA-256 over all of the state: equal digests have equal futures.
[[nodiscard]] crypto::Digest digest_of(const State& state);

}  // namespace tandem::consensus
