// The bench of scenarios about consensus: one core, and what stands around it.
//
// consensus_scenario.cc carries out commands, consensus_harness.cc what the core wants. The
// commands and the transcript are described in consensus_scenario.h.
#pragma once
#include <deque>
#include <fmt/format.h>
#include <map>
#include <set>

#include "consensus/core_testing.h"
#include "sim/scenario.h"

namespace tandem::sim {

namespace bench = consensus::testing;
using consensus::Event;
using consensus::HeldBlock;
using consensus::Judgement;
using consensus::Shared;
using types::BlockId;
using types::SignedMsgType;

[[nodiscard]] std::string name_of(consensus::Step step);
[[nodiscard]] std::string_view name_of(SignedMsgType type);

class ConsensusHarness final : public Harness {
  public:
    base::Verdict execute(const Command& command) override;

  private:
    using Handler = base::Verdict (ConsensusHarness::*)(const Command&);
    base::Verdict start_core(const Command& command);
    base::Verdict ring(const Command& command);
    base::Verdict make_block(const Command& command);
    base::Verdict propose(const Command& command);
    base::Verdict part(const Command& command);
    base::Verdict vote(const Command& command);
    base::Verdict claim(const Command& command);
    base::Verdict hold(const Command& command);
    base::Verdict late_precommit(const Command& command);
    base::Verdict next_height(const Command& command);
    base::Verdict transactions(const Command& command);
    base::Verdict show_state(const Command& command);

    void begin_height(std::int64_t height);
    void receive(types::Vote vote, std::uint64_t peer);
    void feed(Event event);
    void step(Event event);
    void say(std::string text) {
        transcript.push_back(
            fmt::format("{}/{}: {}", core_.state().height, core_.state().round, text));
    }
    /// Answers, unless it is held.
    void answer(const std::string& what, Event event) {
        if (held_.contains(what))
            waiting_.emplace_back(what, std::move(event));
        else
            answers_.push_back(std::move(event));
    }

    void on(const consensus::SetTimer& e);
    void on(const consensus::BuildBlock& e);
    void on(const consensus::JudgeBlock& e);
    void on(const consensus::ExtendVote& e);
    void on(const consensus::JudgeExtension& e);
    void on(const consensus::ReportConflict& e);
    void on(const consensus::Halt& e) { say("HALTS: two thirds want " + name(e.id)); }
    void on(const consensus::NewRoundStep& e) { say("step " + name_of(e.step)); }
    void on(const consensus::NewValidBlock& e);
    void on(const consensus::VoteAdded&) {}
    void on(const consensus::ProposalAccepted&) {}
    void on(const consensus::PartAdded&) {}
    void on(const consensus::BlockUnreadable&) { say("cannot read the block it has collected"); }
    void on(const consensus::Notify& e);
    void on(const consensus::CastProposal& e);
    void on(const consensus::CastVote& e);
    void on(const consensus::Decide& e);

    [[nodiscard]] std::string name(const BlockId& id) const;
    [[nodiscard]] base::Result<const HeldBlock*> block_of(const Command& command) const;
    [[nodiscard]] base::Result<std::vector<std::size_t>> voters_of(const Command& command) const;
    [[nodiscard]] const types::Validator& validator(std::size_t index) const {
        return validators_->validators()[index];
    }
    [[nodiscard]] std::size_t proposer(std::int32_t round) const {
        const types::ValidatorSet set = round == 0 ? *validators_ : validators_->advanced(round);
        return *validators_->index_of(base::view(set.proposer().address));
    }
    [[nodiscard]] consensus::Extensions extensions() const {
        return extensions_ ? consensus::Extensions::enabled : consensus::Extensions::disabled;
    }

    consensus::Core core_;
    Shared<types::ValidatorSet> validators_;
    std::optional<std::size_t> own_;
    bool extensions_ = false;
    bool proof_block_needed_ = true;
    consensus::Config config_;
    types::Timestamp now_{1'000'000, 0};
    std::vector<consensus::Timer> timers_;
    std::map<std::string, HeldBlock> blocks_;
    std::map<std::string, Judgement> judgements_;
    std::set<std::string> held_;
    std::deque<Event> answers_;
    std::vector<std::pair<std::string, Event>> waiting_;
    std::optional<consensus::Decide> decided_;
};

}  // namespace tandem::sim
