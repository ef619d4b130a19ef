// Everything that can happen to consensus, as plain data.
//
// The node appends each input to its log before it is stepped; after a crash the same inputs lead
// to the same state. Some inputs answer a question that an effect asked (effects.h); they name
// what they answer, and an answer that comes too late is refused and harmless.
//
// Not here: unsigned or unchecked votes and proposals. There is no such input (verified.h).
#pragma once
#include <compare>
#include <optional>
#include <variant>

#include "consensus/verified.h"
#include "types/block.h"
#include "types/part_set.h"
#include "types/validator_set.h"

namespace tandem::consensus {

using types::BlockId;
using types::Duration;
using types::Timestamp;

/// Steps of a round, with their numbers on the wire. PrecommitWait is a flag and no step; its
/// number only names the timer.
enum class Step : std::uint8_t {
    new_height = 1,
    new_round = 2,
    propose = 3,
    prevote = 4,
    prevote_wait = 5,
    precommit = 6,
    precommit_wait = 7,
    commit = 8,
};

/// A timer is a name, not a handle: the node owns the clock and hands the name back when it rings.
/// One is outstanding at a time; setting the next replaces it, so nothing is ever cancelled.
struct Timer {
    std::int64_t height = 0;
    std::int32_t round = 0;
    Step step = Step::new_height;

    auto operator<=>(const Timer&) const = default;
};

/// Who sent an input; the node gives the numbers, and gives none of them twice.
struct PeerId {
    std::uint64_t value = 0;

    auto operator<=>(const PeerId&) const = default;
};
inline constexpr PeerId ourselves{0};

/// What this node may choose for itself.
struct Config {
    Duration timeout_propose{3'000'000'000};
    Duration timeout_propose_delta{500'000'000};  // more for each round
    Duration timeout_prevote{1'000'000'000};
    Duration timeout_prevote_delta{500'000'000};
    Duration timeout_precommit{1'000'000'000};
    Duration timeout_precommit_delta{500'000'000};
    Duration timeout_commit{1'000'000'000};
    bool skip_timeout_commit = false;
    bool create_empty_blocks = true;
    Duration create_empty_blocks_interval{0};

    bool operator==(const Config&) const = default;
    [[nodiscard]] bool waits_for_transactions() const noexcept {
        return !create_empty_blocks || create_empty_blocks_interval.nanos > 0;
    }
};

/// The precommits that decided a height, with their extensions where those were enabled; nothing
/// before the first block.
using CommitRecord =
    std::variant<std::monostate, Shared<types::Commit>, Shared<types::ExtendedCommit>>;

/// A height begins. REQUIRES: it follows the height that was decided, or is the first input, or
/// is beyond the present height (the node was overtaken and synchronised blocks instead).
struct StartHeight {
    std::int64_t height = 0;
    std::int64_t initial_height = 1;
    Shared<types::ValidatorSet> validators;       // of `height`, as round 0 finds it
    Shared<types::ValidatorSet> last_validators;  // of height - 1; unused at the initial height
    /// Seen precommits of height - 1. A core that decided height - 1 itself goes on with its own
    /// set of them, late ones included, and does not look here.
    CommitRecord last_commit;
    std::optional<types::Address> own_address;  // none: never votes
    std::int64_t block_bytes_max = -1;          // consensus parameter; -1: the absolute maximum
    bool extensions_enabled = false;            // at `height`
    bool last_extensions_enabled = false;       // at height - 1
    bool proof_block_needed = true;             // the application hash changed: do not wait for txs
    Config config;

    bool operator==(const StartHeight&) const = default;
};

struct ProposalReceived {
    PeerId peer;
    Verified<types::Proposal> proposal;

    bool operator==(const ProposalReceived&) const = default;
};

struct PartReceived {
    PeerId peer;
    std::int64_t height = 0;
    std::int32_t round = 0;    // as the message says; not looked at
    Shared<types::Part> part;  // passed validate_basic

    bool operator==(const PartReceived&) const = default;
};

struct VoteReceived {
    PeerId peer;
    Verified<types::Vote> vote;

    bool operator==(const VoteReceived&) const = default;
};

/// VoteSetMaj23: the peer says it has seen two thirds vote for one block.
struct PeerClaimsMajority {
    PeerId peer;
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::SignedMsgType type = types::SignedMsgType::unknown;
    BlockId block_id;

    bool operator==(const PeerClaimsMajority&) const = default;
};

struct TimerRang {
    Timer timer;

    bool operator==(const TimerRang&) const = default;
};

/// Answers BuildBlock. REQUIRES: `parts` is complete, and `id` is that of block and parts.
struct BlockBuilt {
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId id;
    Shared<types::Block> block;
    Shared<types::PartSet> parts;

    bool operator==(const BlockBuilt&) const = default;
};

/// Answers JudgeBlock.
enum class Judgement : std::uint8_t {
    invalid,   // against the state: nobody correct can vote for it
    rejected,  // valid, but the application's ProcessProposal says no
    accepted,
};
struct BlockJudged {
    std::int64_t height = 0;
    BlockId id;
    Judgement judgement = Judgement::invalid;

    bool operator==(const BlockJudged&) const = default;
};

/// Answers ExtendVote.
struct VoteExtended {
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId id;
    types::Bytes extension;

    bool operator==(const VoteExtended&) const = default;
};

/// Answers JudgeExtension.
struct ExtensionJudged {
    std::int64_t height = 0;
    std::uint64_t question = 0;
    bool accepted = false;

    bool operator==(const ExtensionJudged&) const = default;
};

/// The mempool has transactions for this height. Matters only where blocks wait for them.
struct TransactionsAvailable {
    std::int64_t height = 0;

    bool operator==(const TransactionsAvailable&) const = default;
};

/// Answers CastProposal and CastVote, with the time that the signer put in: an older one where it
/// had signed the same before. A signer that refuses answers nothing.
struct ProposalSigned {
    Verified<types::Proposal> proposal;

    bool operator==(const ProposalSigned&) const = default;
};
struct VoteSigned {
    Verified<types::Vote> vote;

    bool operator==(const VoteSigned&) const = default;
};

using Event = std::variant<StartHeight, ProposalReceived, PartReceived, VoteReceived,
                           PeerClaimsMajority, TimerRang, BlockBuilt, BlockJudged, VoteExtended,
                           ExtensionJudged, TransactionsAvailable, ProposalSigned, VoteSigned>;

/// The clock is an argument, too: `now` is logged with the event and never read anywhere else.
struct Input {
    Timestamp now;
    Event event;

    bool operator==(const Input&) const = default;
};

}  // namespace tandem::consensus
