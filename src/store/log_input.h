// An input of consensus as it stands in the log, and as it comes back.
//
// What comes back is enough to step the same inputs again, but for two things. Votes and proposals
// are unverified: a log proves nothing, and who replays it checks their signatures again
// (consensus/verified.h). And of a height's beginning only its place and its time are there: what
// StartHeight carries follows from the stored state.
//
// Numbers of peers are those of the process that wrote the log. A process that goes on with it
// gives its own peers numbers above them (LogContents::peer_max).
#pragma once
#include "consensus/inputs.h"
#include "wire/message.h"

namespace tandem::store {

using base::Bytes;
using base::BytesView;
using consensus::Shared;

struct HeightBegan {
    std::int64_t height = 0;

    bool operator==(const HeightBegan&) const = default;
};

struct UnverifiedProposal {
    consensus::PeerId peer;
    Shared<types::Proposal> proposal;
    bool signed_here = false;  // ProposalSigned, else ProposalReceived

    bool operator==(const UnverifiedProposal&) const = default;
};

struct UnverifiedVote {
    consensus::PeerId peer;
    Shared<types::Vote> vote;
    bool signed_here = false;  // VoteSigned, else VoteReceived

    bool operator==(const UnverifiedVote&) const = default;
};

using LoggedEvent =
    std::variant<HeightBegan, UnverifiedProposal, UnverifiedVote, consensus::PartReceived,
                 consensus::PeerClaimsMajority, consensus::TimerRang, consensus::BlockBuilt,
                 consensus::BlockJudged, consensus::VoteExtended, consensus::ExtensionJudged,
                 consensus::TransactionsAvailable>;

struct LoggedInput {
    types::Timestamp now;
    LoggedEvent event;

    bool operator==(const LoggedInput&) const = default;
};

/// A protobuf message (docs/formats/log.md).
[[nodiscard]] Bytes encode_input(const consensus::Input& input);
/// What was read, written again: for tools and tests.
[[nodiscard]] Bytes encode_input(const LoggedInput& input);
/// Refused where the bytes are no such message. Parts, votes, proposals and blocks have passed the
/// checks of reading, and nothing else is known of them.
[[nodiscard]] base::Result<LoggedInput> decode_input(BytesView bytes);

}  // namespace tandem::store
