// The digest of a state: every field that State compares, in order, each behind its length or as a
// number of fixed width, so that two different states never feed the same bytes.
#include "consensus/state.h"
#include "wire/message.h"

namespace tandem::consensus {

namespace {

class Digester {
  public:
    void add(std::integral auto value) {
        std::array<std::uint8_t, 8> bytes{};
        auto rest = static_cast<std::uint64_t>(value);
        for (std::uint8_t& byte : bytes) {
            byte = static_cast<std::uint8_t>(rest);
            rest >>= 8;
        }
        hash_.update(bytes);
    }
    template <typename E>
        requires std::is_enum_v<E>
    void add(E value) {
        add(static_cast<std::int64_t>(value));
    }
    void add(base::BytesView bytes) {
        add(bytes.size());
        hash_.update(bytes);
    }
    void add(const Timestamp& time) {
        add(time.seconds);
        add(time.nanos);
    }
    void add(const Duration& span) { add(span.nanos); }
    void add(const Timer& timer) {
        add(timer.height);
        add(timer.round);
        add(timer.step);
    }
    void add(const types::PartSetHeader& header) {
        add(header.total);
        add(base::view(header.hash));
    }
    void add(const BlockId& id) {
        add(base::view(id.hash));
        add(id.part_set_header);
    }
    void add(const types::Vote& vote) { add(base::BytesView(wire::encode(vote))); }
    void add(const types::Proposal& proposal) { add(base::BytesView(wire::encode(proposal))); }
    void add(const types::ValidatorSet& set) {
        add(base::BytesView(wire::encode(set.to_message())));
    }
    void add(const types::PartSet& parts) {
        add(parts.header());
        for (std::uint32_t i = 0; i < parts.total() && parts.count() > 0; ++i) {
            const types::Part* part = parts.part(i);
            if (part == nullptr) continue;
            add(i);
            // Each part was proved to belong under the header's hash.
            add(part->bytes.size());
        }
        add(parts.count());
    }
    void add(const HeldBlock& block) {
        add(block.id);
        add(block.opinion);
    }
    void add(const types::VoteSet& votes);
    void add(const Config& config);
    void add(const StartHeight& start);
    void add(const HeightVotes& votes);

    template <typename T>
    void add_if_any(const T& holder) {
        const bool any = static_cast<bool>(holder);
        add(any);
        if (any) add(*holder);
    }

    [[nodiscard]] crypto::Digest finish() { return hash_.finish(); }

  private:
    crypto::Sha256 hash_;
};

void Digester::add(const types::VoteSet& votes) {
    add(votes.height());
    add(votes.round());
    add(votes.type());
    add(votes.extended());
    for (std::size_t i = 0; i < votes.size(); ++i) {
        const auto* vote = votes.vote(i);
        add(vote != nullptr);
        if (vote != nullptr) add(**vote);
    }
    const std::vector<BlockId> tracked = votes.tracked_blocks();
    add(tracked.size());
    for (const BlockId& id : tracked) {
        add(id);
        for (std::size_t i = 0; i < votes.size(); ++i) {
            const auto* vote = votes.vote_for(id, i);
            add(vote != nullptr);
            if (vote != nullptr) add(**vote);
        }
    }
    add(votes.majority() != nullptr);
    if (votes.majority() != nullptr) add(*votes.majority());
    add(votes.claims().size());
    for (const auto& [peer, id] : votes.claims()) {
        add(base::as_bytes(peer));
        add(id);
    }
}

void Digester::add(const Config& c) {
    for (const Duration span :
         {c.timeout_propose, c.timeout_propose_delta, c.timeout_prevote, c.timeout_prevote_delta,
          c.timeout_precommit, c.timeout_precommit_delta, c.timeout_commit,
          c.create_empty_blocks_interval})
        add(span);
    add(c.skip_timeout_commit);
    add(c.create_empty_blocks);
}

void Digester::add(const StartHeight& start) {
    TANDEM_CHECK(std::holds_alternative<std::monostate>(start.last_commit));
    add(start.height);
    add(start.initial_height);
    add_if_any(start.validators);
    add_if_any(start.last_validators);
    add(start.own_address.has_value());
    if (start.own_address) add(base::view(*start.own_address));
    add(start.block_bytes_max);
    add(start.extensions_enabled);
    add(start.last_extensions_enabled);
    add(start.proof_block_needed);
    add(start.config);
}

void Digester::add(const HeightVotes& votes) {
    add(votes.tracked());
    add(votes.rounds().size());
    for (const auto& [round, sets] : votes.rounds()) {
        add(round);
        add_if_any(sets.prevotes);
        add_if_any(sets.precommits);
    }
    add(votes.catchup_rounds().size());
    for (const auto& [peer, rounds] : votes.catchup_rounds()) {
        add(peer.value);
        add(rounds.size());
        for (const std::int32_t round : rounds) add(round);
    }
}

void add_proposal(Digester& d, const State& s) {
    d.add_if_any(s.proposal);
    d.add_if_any(s.parts);
    d.add_if_any(s.complete_parts);
    d.add_if_any(s.proposal_block);
    d.add_if_any(s.own_block);
    d.add(s.building);
}

void add_votes(Digester& d, const State& s) {
    d.add(s.votes);
    d.add_if_any(s.last_commit);
    d.add(s.pending_votes.size());
    for (const PendingVote& pending : s.pending_votes) {
        d.add(pending.question);
        d.add(pending.from.value);
        d.add(*pending.vote);
    }
    d.add(s.next_question);
    d.add(s.prevote_waits);
    d.add(s.precommit_waits);
    d.add(s.precommit_wait_set);
}

}  // namespace

crypto::Digest digest_of(const State& s) {
    Digester d;
    d.add_if_any(s.start);
    d.add(s.height);
    d.add(s.round);
    d.add(s.step);
    d.add_if_any(s.validators);
    d.add(s.start_time);
    d.add_if_any(s.commit_time);
    d.add(s.timer);
    add_proposal(d, s);
    d.add(s.locked_round);
    d.add_if_any(s.locked);
    d.add(s.valid_round);
    d.add_if_any(s.valid);
    add_votes(d, s);
    d.add(s.commit_round);
    d.add(s.decided);
    d.add(s.halted);
    return d.finish();
}

}  // namespace tandem::consensus
