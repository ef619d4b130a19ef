// Topic state_transition: chains from genesis on, block by block, with blocks and answers that must
// be refused on the way.
#include "tests/vectors_program/convert.h"
//
#include "tests/vectors_program/chain_support.h"
#include "tests/vectors_program/state_json.h"

namespace tandem::vectors {
namespace {

using chain::DecidedBlock;
using chain::Execution;
using chain::ExecutionMode;
using chain::State;

/// A chain as far as it has come.
struct Progress {
    State state;
    consensus::CommitRecord last_commit;  // for the last block; nothing before the first
};

/// Decoded, with its basic validation, and validated against the state.
base::Verdict verdict_on(const State& state, const base::Bytes& bytes) {
    const auto owner = std::make_shared<const base::Bytes>(bytes);
    const auto block = types::decode_checked<types::Block>(*owner, owner);
    if (!block) return std::unexpected(block.error());
    return chain::validate_block(state, *block, full_validation());
}

void check_attempts(Case& c, const State& state, const Json& attempts, const Json& expected,
                    const std::string& where) {
    if (attempts.size() != expected.size()) return c.unknown("attempts without verdicts");
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        const auto verdict = verdict_on(state, bytes_from(attempts[i].at("block")));
        const std::string name = attempts[i].at("name").get<std::string>();
        if (expected[i].at("name") != name) c.unknown("attempts in another order");
        c.expect_at(expected[i], "ok", verdict.has_value(), where + "attempt '" + name + "' ");
    }
}

void check_bad_responses(Case& c, const Execution& execution, const Json& responses,
                         const Json& expected, const std::string& where) {
    if (responses.size() != expected.size()) return c.unknown("bad responses without verdicts");
    for (std::size_t i = 0; i < responses.size(); ++i) {
        auto answer =
            decoded<abci::ResponseFinalizeBlock>(responses[i].at("finalize_block_response"));
        const auto after = executed(execution, std::move(answer));
        const std::string name = responses[i].at("name").get<std::string>();
        if (expected[i].at("name") != name) c.unknown("bad responses in another order");
        c.expect_at(expected[i], "ok", after.has_value(), where + "bad response '" + name + "' ");
    }
}

/// False where the chain cannot go on.
bool run_step(Case& c, Progress& at, const Json& in, const Json& out) {
    const State& state = at.state;
    const std::string where = "height " + out.at("height").get<std::string>() + " ";
    c.expect_at(out, "height", std::to_string(state.next_height()), where);
    const auto round = static_cast<std::int32_t>(int64_from(in.at("round")));
    const types::ValidatorSet in_turn =
        round == 0 ? *state.validators : state.validators->advanced(round);
    c.expect_at(out, "proposer", hex(base::view(in_turn.proposer().address)), where);
    if (in.contains("attempts"))
        check_attempts(c, state, in.at("attempts"), out.at("attempts"), where);

    const base::Bytes bytes = bytes_from(in.at("block"));
    c.expect_at(out.at("validate"), "ok", verdict_on(state, bytes).has_value(),
                where + "validate ");
    auto block = decoded<types::Block>(in.at("block"));
    const auto time = chain::block_time(state, *block.last_commit, chain::ChainRules{});
    c.expect_at(out, "time", time ? to_json(*time) : Json(time.error().why), where);
    const auto built = rebuilt(state, at.last_commit, block);
    c.expect_at(in, "block", built ? hex(wire::encode(*built->block)) : built.error().why, where);

    const auto whole = chain::with_parts(std::move(block));
    c.expect_at(out, "block_id", to_json(whole.id), where);
    const Execution execution(ExecutionMode::decided, state,
                              DecidedBlock{whole.id, whole.block, whole.parts, {}});
    c.expect_at(out, "finalize_block_request", hex(wire::encode(execution.request())), where);
    if (in.contains("bad_responses"))
        check_bad_responses(c, execution, in.at("bad_responses"), out.at("bad_responses"), where);

    auto after =
        executed(execution, decoded<abci::ResponseFinalizeBlock>(in.at("finalize_block_response")));
    if (!after) {
        c.fail(where + "state", "executed", after.error().check + ": " + after.error().why);
        return false;
    }
    c.expect_at(out, "state", to_json(chain::to_record(*after)), where);
    const bool extended = state.consensus_params.abci.extensions_enabled(state.next_height());
    at.last_commit = record_of(decoded<types::Commit>(in.at("seen_commit")), extended);
    at.state = std::move(*after);
    return true;
}

/// Every member of a step is one that run_step looks at.
void check_members(Case& c, const Json& step, std::initializer_list<std::string_view> known) {
    for (const auto& [name, value] : step.items())
        if (std::ranges::find(known, name) == known.end()) c.unknown("member " + name);
}

void run_state_transition(Case& c) {
    auto state = state_after_handshake(c.in().at("genesis").get<std::string>(),
                                       uint64_from(c.in().at("app_version")), {});
    if (!state) return c.fail("genesis", "a state", state.error().why);
    c.expect_at(c.in(), "last_results_hash", hex(base::view(state->last_results_hash)));
    c.expect("genesis_state", to_json(chain::to_record(*state)));
    Progress at{std::move(*state), {}};
    const Json& steps = c.in().at("steps");
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Json& out = c.out().at("steps").at(i);
        check_members(c, steps[i],
                      {"attempts", "bad_responses", "block", "finalize_block_response", "round",
                       "seen_commit"});
        check_members(c, out,
                      {"attempts", "bad_responses", "block_id", "finalize_block_request", "height",
                       "proposer", "state", "time", "validate"});
        if (!run_step(c, at, steps[i], out)) return;
    }
}

const RegisterTopic state_transition("state_transition", run_state_transition);

}  // namespace
}  // namespace tandem::vectors
