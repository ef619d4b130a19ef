// What to say to one peer about consensus: the next thing that it lacks (wire page of consensus,
// section 9.3).
//
// Nothing is polled. Whoever changed something (a step of the core, a message of the peer, room in
// its queues) asks next() for each channel until there is nothing more to say; what is given out
// counts as said. So a vote leaves in the turn in which it was cast, and an idle peer costs
// nothing.
//
// Facts that only the newest of matters (where we stand, which block we collect) are kept once and
// not queued, so that a slow peer gets the truth and not a history.
//
// Not here: whether a message is well-formed (types), signatures and the core (node), sockets and
// queues (p2p).
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "consensus/effects.h"
#include "gossip/peer_model.h"
#include "gossip/spared.h"

namespace tandem::gossip {

enum class Channel : std::uint8_t {
    state = 0x20,
    data = 0x21,
    vote = 0x22,
    vote_set_bits = 0x23,
};

/// Blocks of heights that are done, for peers that lag.
class StoredBlocks {
  public:
    virtual ~StoredBlocks() = default;
    /// The lowest height that is kept; 0 while there is none.
    [[nodiscard]] virtual std::int64_t base() const = 0;
    [[nodiscard]] virtual std::optional<types::PartSetHeader> parts_header(
        std::int64_t height) const = 0;
    [[nodiscard]] virtual std::optional<types::Part> part(std::int64_t height,
                                                          std::uint32_t index) const = 0;
    /// The precommits that decided the height; with extensions where they were enabled there.
    [[nodiscard]] virtual consensus::CommitRecord commit(std::int64_t height) const = 0;
};

/// What we have ourselves.
struct OurView {
    const consensus::State& state;
    const StoredBlocks& blocks;
    types::Timestamp now;
};

class PeerGossip {
  public:
    /// Each peer gets the parts of a block in an order of its own, so that peers can soon help each
    /// other.
    explicit PeerGossip(consensus::PeerId peer) : peer_(peer) {}

    /// The peer said this, and it was well-formed. What it means for consensus is for the caller to
    /// hand on, VoteSetMaj23 before this call, so that the answer knows of it.
    void hear(const types::ConsensusMessage& message, const OurView& ours);

    /// We tell everybody; the same facts that the core gave out.
    void tell_round_step() noexcept { owes_round_step_ = true; }
    void tell(const consensus::NewValidBlock& fact) { valid_block_ = fact; }
    void tell(const consensus::VoteAdded& fact);
    /// All parts are there. For peers that are spared parts: others learn of it with the first
    /// prevotes.
    void tell_complete_block(const consensus::State& state);

    /// These came from a neighbour of the peer: it is not told them until end_sparing() was called
    /// twice.
    void spare(const consensus::PartAdded& fact) {
        spared_.add(Spared::parts_of(fact.height, fact.round), fact.index);
    }
    void spare(const consensus::VoteAdded& fact);
    /// True where something was spared, and may have to be said now.
    bool end_sparing();
    /// Majorities that were claimed are claimed again. To be called now and then, about every two
    /// seconds, while the peer stays where it is: it may not have taken what we believe that it
    /// has.
    void claim_again() { claimed_.clear(); }

    /// The next message for the channel, encoded; nothing when there is nothing to say.
    [[nodiscard]] std::optional<base::Bytes> next(Channel channel, const OurView& ours);

    [[nodiscard]] const PeerModel& model() const noexcept { return model_; }

  private:
    using Said = std::optional<types::ConsensusMessage>;

    [[nodiscard]] Said next_state(const OurView& ours);
    [[nodiscard]] Said next_claim(const OurView& ours);
    [[nodiscard]] Said next_data(const OurView& ours);
    [[nodiscard]] Said next_stored_part(const OurView& ours);
    [[nodiscard]] Said next_vote(const OurView& ours);
    [[nodiscard]] Said next_vote_at_our_height(const consensus::State& state);
    [[nodiscard]] Said next_bits(const OurView& ours);
    [[nodiscard]] Said vote_of(const types::VoteSet* votes);
    [[nodiscard]] Said vote_of(const consensus::CommitRecord& record);
    [[nodiscard]] Said claim(const types::VoteSet* votes, VoteSetName name);
    /// The first of `set` that we have, and that the peer lacks and is not spared, in the order of
    /// this peer.
    [[nodiscard]] std::optional<std::size_t> first_lacking(const BitArray& ours,
                                                           const BitArray& theirs,
                                                           const VoteSetName& set) const;

    consensus::PeerId peer_;
    PeerModel model_;
    Spared spared_;
    bool owes_round_step_ = true;  // a peer that never hears of our height sends nothing
    bool owes_pol_ = false;        // the proposal was said; its proof of lock comes next
    std::optional<consensus::NewValidBlock> valid_block_;
    std::deque<types::HasVote> has_votes_;
    std::vector<VoteSetName> claimed_;       // at the peer's height
    std::deque<types::VoteSetMaj23> asked_;  // answers owed
};

}  // namespace tandem::gossip
