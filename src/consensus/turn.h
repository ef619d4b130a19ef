// One turn of the core: an input meets the rules. Private to consensus.
//
// Each `on` first looks whether the input has any business here, changing nothing, and then acts.
// The rules below them carry the names of CometBFT's; every one of them begins with the condition
// under which it does nothing. They call each other downward only (round, propose, prevote), for
// our own votes come back as inputs of their own: there is no recursion.
#pragma once
#include "consensus/core.h"

namespace tandem::consensus {

class Turn {
  public:
    using Verdict = std::expected<void, Refusal>;

    Turn(State& state, Marks& marks, Timestamp now, Ready& ready)
        : s_(state), marks_(marks), now_(now), ready_(ready) {}

    Verdict on(const StartHeight& event);            // turn_rounds.cc
    Verdict on(const TimerRang& event);              //
    Verdict on(const TransactionsAvailable& event);  //
    Verdict on(const ProposalReceived& event);       // turn_blocks.cc
    Verdict on(const ProposalSigned& event);         //
    Verdict on(const PartReceived& event);           //
    Verdict on(const BlockBuilt& event);             //
    Verdict on(const BlockJudged& event);            //
    Verdict on(const VoteReceived& event);           // turn_votes.cc
    Verdict on(const VoteSigned& event);             //
    Verdict on(const ExtensionJudged& event);        //
    Verdict on(const PeerClaimsMajority& event);     //
    Verdict on(const VoteExtended& event);           // turn_steps.cc

  private:
    // ---- Rounds: turn_rounds.cc
    void enter_new_round(std::int32_t round);
    void enter_propose(std::int32_t round);
    void propose();
    void clear_round();
    void set_timer(Step step, Duration after);
    [[nodiscard]] Duration timeout_of(Step step) const;
    [[nodiscard]] std::expected<std::optional<types::VoteSet>, Refusal> last_commit_for(
        const StartHeight& event) const;
    void begin(const StartHeight& event, std::optional<types::VoteSet> last_commit);

    // ---- The proposal and its block: turn_blocks.cc
    void cast_proposal(const HeldBlock& block, std::int32_t pol_round);
    [[nodiscard]] Verdict check_proposal(const Verified<types::Proposal>& proposal) const;
    void accept_proposal(const Verified<types::Proposal>& proposal, PeerId from);
    void read_block();
    void hold_proposal_block(HeldBlock block);
    void block_completed();
    void form_opinion(HeldBlock& block);
    void collect(const types::PartSetHeader& header);
    void drop_proposal_block();
    [[nodiscard]] bool collects(const types::PartSetHeader& header) const;

    // ---- Prevote, precommit, commit: turn_steps.cc
    void enter_prevote(std::int32_t round);
    void prevote_on_proposal_block();
    void enter_prevote_wait(std::int32_t round);
    void enter_precommit(std::int32_t round);
    void precommit_for_polka(const BlockId& polka);
    void lock_proposal_block();
    void unlock();
    void cast_precommit(const HeldBlock& block);
    void enter_precommit_wait(std::int32_t round);
    void enter_commit(std::int32_t round);
    void try_finalize();
    void cast_vote(types::SignedMsgType type, const BlockId& id, types::Bytes extension = {});
    [[nodiscard]] Timestamp vote_time_min() const;
    void halt(HaltReason reason);

    // ---- Votes that arrive: turn_votes.cc
    Verdict take_vote(const Verified<types::Vote>& vote, PeerId from);
    Verdict take_late_precommit(const Verified<types::Vote>& vote, PeerId from);
    Verdict ask_about_extension(const Verified<types::Vote>& vote, PeerId from);
    Verdict admit(const Verified<types::Vote>& vote, PeerId from);
    void report_conflict(const Shared<types::Vote>& first, const Shared<types::Vote>& second);
    void prevote_added(std::int32_t round);
    void weigh_polka(std::int32_t round, const BlockId& polka);
    void precommit_added(std::int32_t round);
    [[nodiscard]] bool is_own(const types::Vote& vote) const;

    // ---- Saying what happened.
    template <typename E>
    void emit(E effect) {
        ready_.now.emplace_back(std::move(effect));
    }
    template <typename E>
    void emit_once_durable(E effect) {
        ready_.once_durable.emplace_back(std::move(effect));
    }
    void announce_step();
    void announce_valid_block();
    void notify(Notice notice, const BlockId& id = {});
    void pass(Mark mark) { marks_.pass(mark); }

    State& s_;
    Marks& marks_;
    Timestamp now_;
    Ready& ready_;
};

}  // namespace tandem::consensus
