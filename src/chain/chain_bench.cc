// What a height costs beside consensus, by the number of validators: building, validating,
// executing. Signatures count as verified, for they have a benchmark of their own. One core;
// docs/performance.md has the figures.
#include <benchmark/benchmark.h>

#include "chain/test_chain.h"

namespace tandem::chain {
namespace {

struct TrustingVerifier final : crypto::Verifier {
    bool verify(const crypto::PublicKey&, BytesView, BytesView) const override { return true; }
};

/// Height 3 of a chain whose validators cannot sign and are believed.
struct Fixed {
    State state;
    consensus::CommitRecord last_commit;
    TrustingVerifier verifier;

    explicit Fixed(std::int64_t validators) {
        TestChain chain({10});
        abci::ResponseInitChain answer;
        for (std::int64_t i = 0; i < validators; ++i) {
            crypto::PublicKey key{crypto::KeyType::ed25519, {}};
            key.bytes.assign(32, static_cast<std::uint8_t>(i));
            answer.validators.push_back({key, 10 + i % 3});
        }
        chain.start(answer);
        for (int height = 1; height < 3; ++height) {
            const BuiltBlock built = chain.build();
            types::Commit commit{chain.state.next_height(), 0, built.id, {}};
            for (const types::Validator& validator : chain.state.validators->validators())
                commit.signatures.push_back({types::BlockIdFlag::commit, validator.address,
                                             seconds(height),
                                             types::Signature(std::size_t{64}, std::uint8_t{1})});
            chain.state = *update_state(chain.state, built.id, built.block->header, {});
            chain.last_commit = Shared<types::Commit>::make(std::move(commit));
        }
        state = std::move(chain.state);
        last_commit = std::move(chain.last_commit);
    }
    [[nodiscard]] BuiltBlock build() const {
        auto draft = draft_block(state, last_commit, state.validators->proposer().address, {}, {});
        return *finish_block(state, std::move(*draft), {});
    }
};

void build_block(benchmark::State& bench) {
    const Fixed fixed(bench.range(0));
    for (auto _ : bench) benchmark::DoNotOptimize(fixed.build());
}
BENCHMARK(build_block)->Arg(4)->Arg(100)->Unit(benchmark::kMicrosecond);

void validate(benchmark::State& bench) {
    const Fixed fixed(bench.range(0));
    const BuiltBlock built = fixed.build();
    Validation validation{fixed.verifier, accepting_judge, {}, std::nullopt};
    validation.basic_is_validated = true;  // as after decoding
    for (auto _ : bench)
        benchmark::DoNotOptimize(validate_block(fixed.state, *built.block, validation).has_value());
}
BENCHMARK(validate)->Arg(4)->Arg(100)->Unit(benchmark::kMicrosecond);

void execute(benchmark::State& bench) {
    const Fixed fixed(bench.range(0));
    const BuiltBlock built = fixed.build();
    for (auto _ : bench) {
        const Execution execution(ExecutionMode::decided, fixed.state,
                                  {built.id, built.block, built.parts, {}});
        benchmark::DoNotOptimize(execution.request());
        benchmark::DoNotOptimize(update_state(fixed.state, built.id, built.block->header, {}));
    }
}
BENCHMARK(execute)->Arg(4)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tandem::chain
