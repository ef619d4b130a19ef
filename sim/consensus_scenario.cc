#include "sim/consensus_scenario.h"

#include <fmt/format.h>

#include "sim/consensus_harness.h"

namespace tandem::sim {
namespace {

using consensus::Step;

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

}  // namespace

std::string name_of(Step step) {
    for (const auto& [value, name] : steps())
        if (value == step) return name;
    return "?";
}

std::string_view name_of(SignedMsgType type) {
    return type == SignedMsgType::prevote ? "prevote" : "precommit";
}

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

std::unique_ptr<Harness> make_consensus_harness() {
    return std::make_unique<ConsensusHarness>();
}

}  // namespace tandem::sim
