// What consensus wants done. The type of an effect says when it may happen.
//
// An inward effect stays inside the node and is harmless if a crash loses it: carry it out at
// once, in the order given. An outward effect binds us in the eyes of others: it may happen only
// after every input so far, the one just stepped included, is on disk.
#pragma once
#include <boost/container/small_vector.hpp>

#include "consensus/inputs.h"

namespace tandem::consensus {

// ---- Inward: timers and questions. Each question is answered by one input, or never.

/// Rings `after` from now; not positive: at once. Replaces the timer that was set before.
struct SetTimer {
    Timer timer;
    Duration after;

    bool operator==(const SetTimer&) const = default;
};

/// We propose: have a block made (PrepareProposal) that carries `last_commit`. -> BlockBuilt
struct BuildBlock {
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::Address proposer;  // our own
    CommitRecord last_commit;

    bool operator==(const BuildBlock&) const = default;
};

/// Validate the block against the state, then ask the application (ProcessProposal). The block
/// has passed its basic validation and is of this height. -> BlockJudged
struct JudgeBlock {
    std::int64_t height = 0;
    BlockId id;
    Shared<types::Block> block;

    bool operator==(const JudgeBlock&) const = default;
};

/// We are about to precommit the block: ask the application for an extension. -> VoteExtended
struct ExtendVote {
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId id;
    Shared<types::Block> block;

    bool operator==(const ExtendVote&) const = default;
};

/// Somebody's precommit waits for the application's VerifyVoteExtension. -> ExtensionJudged
struct JudgeExtension {
    std::int64_t height = 0;
    std::uint64_t question = 0;  // to be given back in the answer
    Shared<types::Vote> vote;

    bool operator==(const JudgeExtension&) const = default;
};

/// One validator, two blocks: for the evidence pool.
struct ReportConflict {
    Shared<types::Vote> first;
    Shared<types::Vote> second;

    bool operator==(const ReportConflict&) const = default;
};

/// The node must stop, with a clear exit code: going on would be against all evidence.
enum class HaltReason : std::uint8_t {
    polka_for_invalid_block,  // more than two thirds prevote what our state calls invalid
};
struct Halt {
    HaltReason reason = HaltReason::polka_for_invalid_block;
    std::int64_t height = 0;
    std::int32_t round = 0;
    BlockId id;

    bool operator==(const Halt&) const = default;
};

// ---- Inward: facts for gossip.

/// Our place in the protocol changed, or is worth repeating (unchanged on PrecommitWait).
struct NewRoundStep {
    std::int64_t height = 0;
    std::int32_t round = 0;
    Step step = Step::new_height;
    Timestamp start_time;                 // of the height
    std::int32_t last_commit_round = -1;  // -1: none, before the first block

    bool operator==(const NewRoundStep&) const = default;
};

/// We know which block to collect: two thirds voted for it.
struct NewValidBlock {
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::PartSetHeader part_set_header;
    types::BitArray parts;  // that we have
    bool is_commit = false;

    bool operator==(const NewValidBlock&) const = default;
};

/// To be told as HasVote, relayed, and published as event Vote.
struct VoteAdded {
    Shared<types::Vote> vote;
    PeerId from;

    bool operator==(const VoteAdded&) const = default;
};

/// State::proposal is new; our own too.
struct ProposalAccepted {
    Shared<types::Proposal> proposal;
    PeerId from;

    bool operator==(const ProposalAccepted&) const = default;
};

/// One more part in State::parts; of our own block all of them come at once, without this fact.
struct PartAdded {
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::uint32_t index = 0;
    PeerId from;

    bool operator==(const PartAdded&) const = default;
};

/// All parts are there and do not make a block that could be voted for.
struct BlockUnreadable {
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::PartSetHeader part_set_header;
    base::Refusal why;

    bool operator==(const BlockUnreadable&) const = default;
};

// ---- Inward: events for subscribers (beside those that follow from the facts).
enum class Notice : std::uint8_t {
    new_round,
    complete_proposal,
    timeout_propose,
    timeout_wait,
    polka,
    lock,
    relock,
    unlock,
    valid_block,
};
struct Notify {
    Notice notice = Notice::new_round;
    std::int64_t height = 0;
    std::int32_t round = 0;
    Step step = Step::new_height;
    BlockId id;  // complete_proposal: the block

    bool operator==(const Notify&) const = default;
};

using Inward = std::variant<SetTimer, BuildBlock, JudgeBlock, ExtendVote, JudgeExtension,
                            ReportConflict, Halt, NewRoundStep, NewValidBlock, VoteAdded,
                            ProposalAccepted, PartAdded, BlockUnreadable, Notify>;

// ---- Outward.

/// Sign it with the present time and answer with ProposalSigned.
struct CastProposal {
    types::Proposal unsigned_proposal;  // its timestamp is that of the input
    Shared<types::Block> block;
    Shared<types::PartSet> parts;

    bool operator==(const CastProposal&) const = default;
};

/// Sign it and answer with VoteSigned. Whoever signs much later than the input may move the
/// timestamp on, to max(his now, time_min).
struct CastVote {
    types::Vote unsigned_vote;  // timestamp: max(now of the input, time_min)
    Timestamp time_min;         // 1 ms after the time of the block we work on

    bool operator==(const CastVote&) const = default;
};

/// The height is decided; at most once per height. The receiver validates the block against the
/// state before it stores it (it may never have been judged), and stops the node if it is invalid.
struct Decide {
    std::int64_t height = 0;
    std::int32_t round = 0;  // of the precommits
    BlockId id;
    Shared<types::Block> block;
    Shared<types::PartSet> parts;
    CommitRecord commit;  // extended where extensions are enabled at this height

    bool operator==(const Decide&) const = default;
};

using Outward = std::variant<CastProposal, CastVote, Decide>;

struct Ready {
    boost::container::small_vector<Inward, 4> now;
    std::vector<Outward> once_durable;  // in this order, after every input so far is on disk

    bool operator==(const Ready&) const = default;
};

}  // namespace tandem::consensus
