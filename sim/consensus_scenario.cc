#include "sim/consensus_scenario.h"

#include <deque>
#include <fmt/format.h>
#include <set>

#include "consensus/core_testing.h"

namespace tandem::sim {
namespace {

namespace bench = consensus::testing;
using consensus::Event;
using consensus::HeldBlock;
using consensus::Judgement;
using consensus::Shared;
using consensus::Step;
using types::BlockId;
using types::SignedMsgType;

const std::vector<CommandShape>& shapes() {
    static const std::vector<CommandShape> known{
        {"core", {"powers", "own", "extensions", "skip-timeout-commit", "empty-blocks"}},
        {"ring", {"step"}},
        {"block", {"name", "invalid", "rejected", "parts"}},
        {"propose", {"block", "pol-round", "round", "by", "parts"}},
        {"part", {"block", "index", "bad"}},
        {"prevote", {"by", "block", "round", "peer", "again"}},
        {"precommit", {"by", "block", "round", "peer", "again", "extension"}},
        {"claim", {"peer", "round", "type", "block"}},
        {"hold", {"what"}},
        {"release", {"what"}},
        {"transactions", {}},
        {"next-height", {"app-hash"}},
        {"late-precommit", {"by"}},
        {"state", {}}};
    return known;
}

const std::vector<std::pair<Step, std::string>>& steps() {
    static const std::vector<std::pair<Step, std::string>> names{
        {Step::new_height, "new-height"},
        {Step::new_round, "new-round"},
        {Step::propose, "propose"},
        {Step::prevote, "prevote"},
        {Step::prevote_wait, "prevote-wait"},
        {Step::precommit, "precommit"},
        {Step::precommit_wait, "precommit-wait"},
        {Step::commit, "commit"}};
    return names;
}

std::string name_of(Step step) {
    for (const auto& [value, name] : steps())
        if (value == step) return name;
    return "?";
}

std::string_view name_of(SignedMsgType type) {
    return type == SignedMsgType::prevote ? "prevote" : "precommit";
}

std::string_view name_of(consensus::Notice notice) {
    using consensus::Notice;
    switch (notice) {
        case Notice::lock:
            return "locks";
        case Notice::relock:
            return "locks again";
        case Notice::unlock:
            return "unlocks";
        case Notice::timeout_propose:
            return "has waited for a proposal";
        case Notice::timeout_wait:
            return "has waited for votes";
        case Notice::new_round:
        case Notice::complete_proposal:
        case Notice::polka:
        case Notice::valid_block:
            break;  // told by what follows
    }
    return "";
}

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

// ---- Commands

base::Verdict ConsensusHarness::execute(const Command& command) {
    TANDEM_TRY(check_shape(command, shapes()));
    static const std::map<std::string, Handler> handlers{
        {"core", &ConsensusHarness::start_core},
        {"ring", &ConsensusHarness::ring},
        {"block", &ConsensusHarness::make_block},
        {"propose", &ConsensusHarness::propose},
        {"part", &ConsensusHarness::part},
        {"prevote", &ConsensusHarness::vote},
        {"precommit", &ConsensusHarness::vote},
        {"claim", &ConsensusHarness::claim},
        {"hold", &ConsensusHarness::hold},
        {"release", &ConsensusHarness::hold},
        {"transactions", &ConsensusHarness::transactions},
        {"next-height", &ConsensusHarness::next_height},
        {"late-precommit", &ConsensusHarness::late_precommit},
        {"state", &ConsensusHarness::show_state}};
    return (this->*handlers.at(command.verb))(command);
}

base::Verdict ConsensusHarness::start_core(const Command& command) {
    if (validators_) return base::refuse("scenario", "there is a core already");
    auto powers = command.numbers("powers");
    if (!powers) return std::unexpected(powers.error());
    if (powers->empty()) powers->assign(4, 10);
    if (std::ranges::any_of(*powers, [](std::int64_t power) { return power < 1; }))
        return base::refuse("scenario", "powers are above 0");
    validators_ = bench::validators_of(*powers);
    if (const std::string own = command.text("own", "3"); own == "proposer") {
        own_ = proposer(0);
    } else if (own != "none") {
        const auto index = command.number("own", 3);
        if (!index) return std::unexpected(index.error());
        if (*index < 0 || *index >= static_cast<std::int64_t>(powers->size()))
            return base::refuse("scenario", "own is proposer, none, or the index of a validator");
        own_ = static_cast<std::size_t>(*index);
    }
    extensions_ = command.text("extensions") == "on";
    config_.skip_timeout_commit = command.text("skip-timeout-commit") == "on";
    if (command.text("empty-blocks") == "off") {
        config_.create_empty_blocks = false;
        proof_block_needed_ = false;
    }
    begin_height(1);
    return {};
}

void ConsensusHarness::begin_height(std::int64_t height) {
    consensus::StartHeight event;
    event.height = height;
    event.validators = validators_;
    event.last_validators = validators_;
    if (own_) event.own_address = validator(*own_).address;
    event.extensions_enabled = extensions_;
    event.last_extensions_enabled = extensions_;
    event.proof_block_needed = proof_block_needed_;
    event.config = config_;
    feed(std::move(event));
}

base::Verdict ConsensusHarness::ring(const Command& command) {
    std::vector<std::string> known;
    for (auto timer = timers_.rbegin(); timer != timers_.rend(); ++timer) {
        known.push_back(name_of(timer->step));
        if (command.has("step") && command.text("step") != known.back()) continue;
        feed(consensus::TimerRang{*timer});
        return {};
    }
    return std::unexpected(unknown("timer", command.text("step"), known));
}

base::Verdict ConsensusHarness::make_block(const Command& command) {
    const std::string wanted = command.text("name");
    if (wanted.empty() || wanted == "nil" || blocks_.contains(wanted))
        return base::refuse("scenario", "a block needs a name of its own");
    const auto parts = command.number("parts", 1);
    if (!parts) return std::unexpected(parts.error());
    types::Commit last;
    if (decided_)
        if (const auto* commit = std::get_if<Shared<types::Commit>>(&decided_->commit))
            last = **commit;
    const std::uint32_t part_bytes = *parts > 1 ? 200 : types::part_bytes;
    blocks_[wanted] = bench::make_block(core_.state().height, wanted, last, part_bytes);
    if (command.text("invalid") == "on") judgements_[wanted] = Judgement::invalid;
    if (command.text("rejected") == "on") judgements_[wanted] = Judgement::rejected;
    return {};
}

base::Result<const HeldBlock*> ConsensusHarness::block_of(const Command& command) const {
    std::vector<std::string> names;
    for (const auto& [known, block] : blocks_) {
        if (known == command.text("block")) return &block;
        names.push_back(known);
    }
    return std::unexpected(unknown("block", command.text("block"), names));
}

base::Verdict ConsensusHarness::propose(const Command& command) {
    const auto block = block_of(command);
    if (!block) return std::unexpected(block.error());
    const auto pol_round = command.number("pol-round", -1);
    const auto round = command.number("round", core_.state().round);
    if (!pol_round) return std::unexpected(pol_round.error());
    if (!round) return std::unexpected(round.error());
    types::Proposal proposal;
    proposal.type = SignedMsgType::proposal;
    proposal.height = core_.state().height;
    proposal.round = static_cast<std::int32_t>(*round);
    proposal.pol_round = static_cast<std::int32_t>(*pol_round);
    proposal.block_id = (*block)->id;
    proposal.timestamp = now_;
    const auto by = command.number("by", static_cast<std::int64_t>(proposer(proposal.round)));
    if (!by) return std::unexpected(by.error());
    if (*by < 0 || *by >= static_cast<std::int64_t>(validators_->size()))
        return base::refuse("scenario", "by is the index of a validator");
    feed(consensus::ProposalReceived{
        bench::a_peer,
        bench::signed_proposal(proposal, validator(static_cast<std::size_t>(*by)).pub_key)});
    if (command.text("parts") == "off") return {};
    return part(command);
}

base::Verdict ConsensusHarness::part(const Command& command) {
    const auto block = block_of(command);
    if (!block) return std::unexpected(block.error());
    const auto only = command.number("index", -1);
    if (!only) return std::unexpected(only.error());
    for (std::uint32_t i = 0; i < (*block)->parts->total(); ++i) {
        if (*only >= 0 && i != static_cast<std::uint32_t>(*only)) continue;
        types::Part piece = *(*block)->parts->part(i);
        if (command.text("bad") == "on") piece.bytes.back() ^= 1;
        feed(consensus::PartReceived{bench::a_peer, core_.state().height, core_.state().round,
                                     Shared<types::Part>::make(std::move(piece))});
    }
    return {};
}

base::Result<std::vector<std::size_t>> ConsensusHarness::voters_of(const Command& command) const {
    const auto by = command.numbers("by");
    if (!by) return std::unexpected(by.error());
    std::vector<std::size_t> voters;
    for (const std::int64_t index : *by) {
        if (index < 0 || index >= static_cast<std::int64_t>(validators_->size()))
            return base::refuse("scenario", fmt::format("there is no validator {}", index));
        voters.push_back(static_cast<std::size_t>(index));
    }
    if (voters.empty()) return base::refuse("scenario", "by names the validators that vote");
    return voters;
}

base::Verdict ConsensusHarness::vote(const Command& command) {
    const auto voters = voters_of(command);
    if (!voters) return std::unexpected(voters.error());
    const auto round = command.number("round", core_.state().round);
    const auto peer = command.number("peer", 1);
    if (!round) return std::unexpected(round.error());
    if (!peer) return std::unexpected(peer.error());
    BlockId id;
    if (command.has("block") && command.text("block") != "nil") {
        const auto block = block_of(command);
        if (!block) return std::unexpected(block.error());
        id = (*block)->id;
    }
    for (const std::size_t index : *voters) {
        types::Vote vote;
        vote.type = command.verb == "prevote" ? SignedMsgType::prevote : SignedMsgType::precommit;
        vote.height = core_.state().height;
        vote.round = static_cast<std::int32_t>(*round);
        vote.block_id = id;
        vote.timestamp = now_;
        if (command.text("again") == "on") vote.timestamp.nanos += 1;  // signed once more
        vote.validator_address = validator(index).address;
        vote.validator_index = static_cast<std::int32_t>(index);
        if (command.has("extension"))
            vote.extension = base::to_bytes(base::as_bytes(command.text("extension")));
        receive(vote, static_cast<std::uint64_t>(*peer));
    }
    return {};
}

/// Signs as its validator would; what does not verify never reaches the core.
void ConsensusHarness::receive(types::Vote vote, std::uint64_t peer) {
    const crypto::PublicKey& key =
        validator(static_cast<std::size_t>(vote.validator_index)).pub_key;
    vote.signature = bench::sign(key, types::sign_bytes(bench::chain_id, vote));
    if (extensions_ && vote.type == SignedMsgType::precommit && !vote.block_id.is_zero())
        vote.extension_signature =
            bench::sign(key, types::extension_sign_bytes(bench::chain_id, vote));
    auto verified =
        consensus::verify_vote(bench::FakeVerifier{}, bench::chain_id, key,
                               Shared<types::Vote>::make(std::move(vote)), extensions());
    if (verified)
        feed(consensus::VoteReceived{{peer}, std::move(*verified)});
    else
        say("does not verify: " + verified.error().check);
}

base::Verdict ConsensusHarness::late_precommit(const Command& command) {
    const auto voters = voters_of(command);
    if (!voters) return std::unexpected(voters.error());
    if (!decided_) return base::refuse("scenario", "nothing was decided yet");
    for (const std::size_t index : *voters) {
        types::Vote vote;
        vote.type = SignedMsgType::precommit;
        vote.height = decided_->height;
        vote.round = decided_->round;
        vote.block_id = decided_->id;
        vote.timestamp = now_;
        vote.validator_address = validator(index).address;
        vote.validator_index = static_cast<std::int32_t>(index);
        const auto before = core_.state().last_commit;
        receive(vote, bench::a_peer.value);
        if (core_.state().last_commit != before)
            say(fmt::format("takes the late precommit of {}", index));
    }
    return {};
}

base::Verdict ConsensusHarness::claim(const Command& command) {
    const auto round = command.number("round", core_.state().round);
    const auto peer = command.number("peer", 1);
    if (!round) return std::unexpected(round.error());
    if (!peer) return std::unexpected(peer.error());
    const auto block = block_of(command);
    if (!block) return std::unexpected(block.error());
    feed(consensus::PeerClaimsMajority{
        {static_cast<std::uint64_t>(*peer)},
        core_.state().height,
        static_cast<std::int32_t>(*round),
        command.text("type") == "precommit" ? SignedMsgType::precommit : SignedMsgType::prevote,
        (*block)->id});
    return {};
}

base::Verdict ConsensusHarness::hold(const Command& command) {
    const std::vector<std::string> known{"signatures", "judgements", "extensions",
                                         "extension-judgements", "blocks"};
    const std::string what = command.text("what");
    if (std::ranges::find(known, what) == known.end())
        return std::unexpected(unknown("answer", what, known));
    if (command.verb == "hold") {
        held_.insert(what);
        return {};
    }
    held_.erase(what);
    std::vector<Event> released;
    for (auto& [kind, event] : waiting_)
        if (kind == what) released.push_back(event);
    std::erase_if(waiting_, [&](const auto& entry) { return entry.first == what; });
    for (Event& event : released) feed(std::move(event));
    return {};
}

base::Verdict ConsensusHarness::transactions(const Command&) {
    feed(consensus::TransactionsAvailable{core_.state().height});
    return {};
}

base::Verdict ConsensusHarness::next_height(const Command&) {
    if (!decided_ || decided_->height != core_.state().height)
        return base::refuse("scenario", "this height is not decided");
    // As the chain goes on: the rotation moves one turn.
    validators_ = Shared<types::ValidatorSet>::make(validators_->advanced(1));
    begin_height(decided_->height + 1);
    return {};
}

base::Verdict ConsensusHarness::show_state(const Command&) {
    const consensus::State& state = core_.state();
    const auto held = [this](const std::optional<HeldBlock>& block, std::int32_t round) {
        return block ? fmt::format("{} of round {}", name(block->id), round) : std::string("none");
    };
    say(fmt::format("is in {}; locked {}; valid {}", name_of(state.step),
                    held(state.locked, state.locked_round), held(state.valid, state.valid_round)));
    return {};
}

// ---- The core and its surroundings

void ConsensusHarness::feed(Event event) {
    step(std::move(event));
    while (!answers_.empty()) {
        Event next = std::move(answers_.front());
        answers_.pop_front();
        step(std::move(next));
    }
}

void ConsensusHarness::step(Event event) {
    const auto ready = bench::checked_step(core_, {now_, std::move(event)});
    if (!ready) {
        const auto blame = consensus::blame(ready.error());
        say(fmt::format("refused: {}{}", consensus::to_text(ready.error()),
                        blame == consensus::Blame::peer_disconnect ? ", the peer is dropped" : ""));
        return;
    }
    for (const consensus::Inward& effect : ready->now)
        std::visit([this](const auto& e) { on(e); }, effect);
    for (const consensus::Outward& effect : ready->once_durable)
        std::visit([this](const auto& e) { on(e); }, effect);
}

std::string ConsensusHarness::name(const BlockId& id) const {
    if (id.is_zero()) return "nil";
    for (const auto& [known, block] : blocks_)
        if (block.id == id) return known;
    return "a block without a name";
}

void ConsensusHarness::on(const consensus::SetTimer& e) {
    timers_.push_back(e.timer);
    say(fmt::format("timer {} of round {} in {} ms", name_of(e.timer.step), e.timer.round,
                    e.after.nanos / 1'000'000));
}

void ConsensusHarness::on(const consensus::BuildBlock& e) {
    say("asks for a block");
    const auto* commit = std::get_if<Shared<types::Commit>>(&e.last_commit);
    const std::string own = fmt::format("own-{}", e.round);
    blocks_[own] = bench::make_block(e.height, own, commit != nullptr ? **commit : types::Commit{});
    const HeldBlock& block = blocks_[own];
    answer("blocks", consensus::BlockBuilt{e.height, e.round, block.id, block.block, block.parts});
}

void ConsensusHarness::on(const consensus::JudgeBlock& e) {
    const auto known = judgements_.find(name(e.id));
    const Judgement judgement = known == judgements_.end() ? Judgement::accepted : known->second;
    say(fmt::format("asks about {}", name(e.id)));
    answer("judgements", consensus::BlockJudged{e.height, e.id, judgement});
}

void ConsensusHarness::on(const consensus::ExtendVote& e) {
    say(fmt::format("asks for an extension of its precommit for {}", name(e.id)));
    answer("extensions", consensus::VoteExtended{e.height, e.round, e.id,
                                                 base::to_bytes(base::as_bytes("ours"))});
}

void ConsensusHarness::on(const consensus::JudgeExtension& e) {
    const bool good = !base::equal(e.vote->extension, base::as_bytes("bad"));
    say(fmt::format("asks about the extension of {}", e.vote->validator_index));
    answer("extension-judgements", consensus::ExtensionJudged{e.height, e.question, good});
}

void ConsensusHarness::on(const consensus::ReportConflict& e) {
    say(fmt::format("reports {}: {} for {} and for {} in round {}", e.first->validator_index,
                    name_of(e.first->type), name(e.first->block_id), name(e.second->block_id),
                    e.first->round));
}

void ConsensusHarness::on(const consensus::NewValidBlock& e) {
    std::string which = "a block without a name";
    for (const auto& [known, block] : blocks_)
        if (block.id.part_set_header == e.part_set_header) which = known;
    say(fmt::format("tells that it {} {}{}", e.parts.is_full() ? "has" : "wants", which,
                    e.is_commit ? ", decided" : ""));
}

void ConsensusHarness::on(const consensus::Notify& e) {
    const std::string_view words = name_of(e.notice);
    if (words.empty()) return;
    const auto& locked = core_.state().locked;
    const bool names_lock =
        e.notice == consensus::Notice::lock || e.notice == consensus::Notice::relock;
    say(fmt::format("{}{}", words, names_lock && locked ? " " + name(locked->id) : std::string()));
}

void ConsensusHarness::on(const consensus::CastProposal& e) {
    const types::Proposal& proposal = e.unsigned_proposal;
    say(proposal.pol_round < 0 ? fmt::format("proposes {}", name(proposal.block_id))
                               : fmt::format("proposes {}, polka of round {}",
                                             name(proposal.block_id), proposal.pol_round));
    answer("signatures",
           consensus::ProposalSigned{bench::signed_proposal(proposal, validator(*own_).pub_key)});
}

void ConsensusHarness::on(const consensus::CastVote& e) {
    say(fmt::format("{}s {}", name_of(e.unsigned_vote.type), name(e.unsigned_vote.block_id)));
    answer("signatures", consensus::VoteSigned{bench::signed_vote(
                             e.unsigned_vote, validator(*own_).pub_key, extensions())});
}

void ConsensusHarness::on(const consensus::Decide& e) {
    decided_ = e;
    std::size_t signers = 0, nil = 0;
    if (const auto* commit = std::get_if<Shared<types::Commit>>(&e.commit))
        for (const types::CommitSig& entry : (*commit)->signatures) {
            if (entry.block_id_flag == types::BlockIdFlag::commit) ++signers;
            if (entry.block_id_flag == types::BlockIdFlag::nil) ++nil;
        }
    if (const auto* commit = std::get_if<Shared<types::ExtendedCommit>>(&e.commit))
        for (const types::ExtendedCommitSig& entry : (*commit)->extended_signatures) {
            if (entry.block_id_flag == types::BlockIdFlag::commit) ++signers;
            if (entry.block_id_flag == types::BlockIdFlag::nil) ++nil;
        }
    say(fmt::format("DECIDES {} by precommits of round {}: {} for it, {} nil", name(e.id), e.round,
                    signers, nil));
}

}  // namespace

std::unique_ptr<Harness> make_consensus_harness() {
    return std::make_unique<ConsensusHarness>();
}

}  // namespace tandem::sim
