// What the core costs a node: one height in one round, everything included but signatures, the
// application and the disk. `steps` are inputs a second.
#include <benchmark/benchmark.h>
#include <chrono>

#include "consensus/core_testing.h"

namespace tandem::consensus::testing {
namespace {

/// The inputs of a height as a follower sees them when all goes well.
std::vector<Input> inputs_of(std::int64_t height, const Shared<types::ValidatorSet>& validators,
                             const types::Commit& last_commit) {
    const Timestamp now{1'000'000 + height, 0};
    const HeldBlock block = make_block(height, "a", last_commit);
    std::vector<Input> inputs;
    const auto add = [&](Event event) { inputs.push_back({now, std::move(event)}); };
    StartHeight start;
    start.height = height;
    start.validators = validators;
    start.last_validators = validators;
    add(start);
    add(TimerRang{{height, 0, Step::new_height}});
    types::Proposal proposal;
    proposal.type = types::SignedMsgType::proposal;
    proposal.height = height;
    proposal.pol_round = -1;
    proposal.block_id = block.id;
    proposal.timestamp = now;
    add(ProposalReceived{a_peer, signed_proposal(proposal, validators->proposer().pub_key)});
    add(PartReceived{a_peer, height, 0, Shared<types::Part>::make(*block.parts->part(0))});
    add(BlockJudged{height, block.id, Judgement::accepted});
    for (const auto type : {types::SignedMsgType::prevote, types::SignedMsgType::precommit}) {
        for (std::size_t i = 0; i < validators->size(); ++i) {
            types::Vote vote;
            vote.type = type;
            vote.height = height;
            vote.block_id = block.id;
            vote.timestamp = now;
            vote.validator_index = static_cast<std::int32_t>(i);
            vote.validator_address = validators->validators()[i].address;
            add(VoteReceived{a_peer, signed_vote(vote, validators->validators()[i].pub_key,
                                                 Extensions::disabled)});
        }
    }
    return inputs;
}

void height_in_one_round(benchmark::State& state) {
    const auto validators =
        validators_of(std::vector<std::int64_t>(static_cast<std::size_t>(state.range(0)), 10));
    Core core;
    types::Commit last_commit;
    std::int64_t height = 0;
    std::int64_t steps = 0;
    for (auto _ : state) {
        const std::vector<Input> inputs = inputs_of(++height, validators, last_commit);
        const auto begin = std::chrono::steady_clock::now();
        for (const Input& input : inputs) {
            auto ready = core.step(input);
            core.check_invariants();
            if (!ready) continue;
            for (const Outward& effect : ready->once_durable)
                if (const auto* decision = std::get_if<Decide>(&effect))
                    last_commit = *std::get<Shared<types::Commit>>(decision->commit);
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        state.SetIterationTime(took.count());
        steps += static_cast<std::int64_t>(inputs.size());
        TANDEM_CHECK(core.state().decided);
    }
    state.SetItemsProcessed(steps);
}
BENCHMARK(height_in_one_round)->Arg(4)->Arg(8)->Arg(100)->UseManualTime();

void digest(benchmark::State& state) {
    const auto validators =
        validators_of(std::vector<std::int64_t>(static_cast<std::size_t>(state.range(0)), 10));
    Core core;
    for (const Input& input : inputs_of(1, validators, {})) (void)core.step(input);
    for (auto _ : state) benchmark::DoNotOptimize(core.digest());
}
BENCHMARK(digest)->Arg(4)->Arg(100);

}  // namespace
}  // namespace tandem::consensus::testing
