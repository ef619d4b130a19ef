// What we believe a peer has: where it stands in consensus, and which proposal, parts and votes it
// holds (wire page of consensus, section 9.2).
//
// It is learnt from what the peer says and from what we send it. It may be wrong, for instance when
// the peer dropped a vote of ours; VoteSetBits sets it right. What is believed decides only what we
// say to this peer, so a peer that lies harms itself.
//
// Bounded: everything is of one height, and of the sizes that messages are held to when they are
// read (types/consensus_messages.h).
//
// Not here: what to send (peer_gossip.h).
#pragma once
#include <optional>

#include "consensus/state.h"
#include "types/consensus_messages.h"

namespace tandem::gossip {

using types::BitArray;

/// The part of a set of votes that the model needs to know them by.
struct VoteSetName {
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::SignedMsgType type = types::SignedMsgType::unknown;

    auto operator<=>(const VoteSetName&) const = default;
};

struct PeerModel {
    std::int64_t height = 0;  // 0: it has not said yet
    std::int32_t round = -1;
    std::uint32_t step = 0;
    bool has_proposal = false;
    types::PartSetHeader parts_header;
    std::optional<BitArray> parts;  // nothing: we do not know which block it collects
    std::int32_t pol_round = -1;    // of its proposal
    std::optional<BitArray> pol;    // prevotes of that round
    std::optional<BitArray> prevotes;
    std::optional<BitArray> precommits;
    std::int32_t last_commit_round = -1;
    std::optional<BitArray> last_commit;  // precommits of height - 1
    std::int32_t catchup_commit_round = -1;
    std::optional<BitArray> catchup_commit;  // precommits that decided `height`, for one that lags

    bool operator==(const PeerModel&) const = default;

    // ---- What the peer says.

    /// Where it does not lead on from where the peer stood, it is ignored.
    void hear(const types::NewRoundStep& message);
    void hear(const types::NewValidBlock& message);
    void hear(const types::Proposal& proposal);
    void hear(const types::ProposalPol& message);
    void hear(const types::HasVote& message);
    /// `ours`: our own votes for that block, where the message is of our height.
    void hear(const types::VoteSetBits& message, const BitArray* ours);

    // ---- What it has, from now on.

    void has_part(std::int64_t at_height, std::int32_t at_round, std::uint32_t index);
    void has_vote(const VoteSetName& name, std::size_t index);

    // ---- What we want to know of.

    /// Makes room to note votes of a set of `height`, or of the last commit.
    void expect_votes(std::int64_t of_height, std::size_t validators);
    /// The peer is to get the precommits that decided its height.
    void expect_commit(std::int64_t of_height, std::int32_t of_round, std::size_t validators);
    /// The block of the peer's height, of which it is to get parts.
    void expect_parts(const types::PartSetHeader& header);
    /// Null where votes of that kind are not noted.
    [[nodiscard]] BitArray* votes(const VoteSetName& name);
    [[nodiscard]] const BitArray* votes(const VoteSetName& name) const {
        return const_cast<PeerModel*>(this)->votes(name);
    }
};

}  // namespace tandem::gossip
