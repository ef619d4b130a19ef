// What seats cost a block. The commands and the figures are in docs/performance.md.
#include <benchmark/benchmark.h>

#include "crypto/preparing_verifier.h"
#include "seats/random_state.h"
#include "seats/rule.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

const std::vector<std::string> key_types{"ed25519"};

/// A chain with two nodes a seat, and the record of its next block: all validators have signed but
/// the first, and every node has sent a heartbeat.
struct RecordBench {
    explicit RecordBench(std::size_t seats) : chain(seats, 2) {
        chain.execute_blocks(100);
        abci::CommitInfo info = chain.full_commit();
        info.votes[0].block_id_flag = types::BlockIdFlag::absent;
        commit_info = info;
        commit = CommitFacts::from(chain.state(), info);
        proposer = chain.address(seats - 1, 0);
        for (std::size_t seat = 0; seat < seats; ++seat)
            for (std::size_t node = 0; node < 2; ++node)
                (void)pool.add(chain.state(), chain.heartbeat(seat, node, 100),
                               crypto::real_verifier());
        tx = encode_record(build_record(chain.state(), context(), pool,
                                        chain.liveness_key(chain.node(seats - 1, 0))));
    }
    [[nodiscard]] RecordContext context() const { return {101, proposer, commit}; }

    test::Chain chain;
    HeartbeatPool pool;
    abci::CommitInfo commit_info;
    CommitFacts commit;
    Bytes proposer;
    Bytes tx;
};

void verify_one_signature(benchmark::State& bench) {
    const test::TestKey key("bench");
    const PublicKey public_key = key.public_key();
    const Bytes message(180, 7);
    const auto signature = key.sign(message);
    for (auto _ : bench)
        benchmark::DoNotOptimize(
            crypto::real_verifier().verify(public_key, message, base::view(signature)));
}
BENCHMARK(verify_one_signature);

/// As a running node does, which has seen signatures of the proposer before.
void check_record_heard_before(benchmark::State& bench) {
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    const crypto::PreparingVerifier verifier(crypto::real_verifier(), 256);
    for (auto _ : bench) {
        const CommitFacts commit = CommitFacts::from(made.chain.state(), made.commit_info);
        const auto statuses = check_record(made.chain.state(), {101, made.proposer, commit},
                                           made.tx, verifier, &made.pool);
        if (!statuses) bench.SkipWithError("refused");
        benchmark::DoNotOptimize(statuses);
    }
}
BENCHMARK(check_record_heard_before)->Arg(4)->Arg(100);

/// The same without what the signatures cost.
void check_record_but_signatures(benchmark::State& bench) {
    class Trusting final : public crypto::Verifier {
        bool verify(const PublicKey&, BytesView, BytesView) const override { return true; }
    };
    const Trusting trusting;
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    for (auto _ : bench) {
        const CommitFacts commit = CommitFacts::from(made.chain.state(), made.commit_info);
        benchmark::DoNotOptimize(check_record(made.chain.state(), {101, made.proposer, commit},
                                              made.tx, trusting, &made.pool));
    }
}
BENCHMARK(check_record_but_signatures)->Arg(4)->Arg(100);

void check_record_new_to_us(benchmark::State& bench) {
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    for (auto _ : bench)
        benchmark::DoNotOptimize(check_record(made.chain.state(), made.context(), made.tx,
                                              crypto::real_verifier(), nullptr));
}
BENCHMARK(check_record_new_to_us)->Arg(4)->Arg(100);

/// Counting a record and judging every seat, one of which is silent and not yet for long.
void fold_and_judge(benchmark::State& bench) {
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    const auto statuses = check_record(made.chain.state(), made.context(), made.tx,
                                       crypto::real_verifier(), &made.pool);
    State state = made.chain.state();
    std::vector<Status> all = *statuses;
    all[0] = Status::dead;
    std::int64_t judged = 100;
    for (auto _ : bench) {
        count_record(state, judged, test::at_ms(judged), "beta", all);
        for (const Seat& seat : state.seats)
            benchmark::DoNotOptimize(
                decide(seat_facts(state, seat, judged + 1, test::at_ms(judged), key_types),
                       seat.run.length > 0));
        ++judged;
    }
}
BENCHMARK(fold_and_judge)->Arg(4)->Arg(100);

void hash_of_state(benchmark::State& bench) {
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    for (auto _ : bench) benchmark::DoNotOptimize(state_hash(made.chain.state()));
}
BENCHMARK(hash_of_state)->Arg(4)->Arg(100);

void invariants(benchmark::State& bench) {
    const RecordBench made(static_cast<std::size_t>(bench.range(0)));
    for (auto _ : bench) check_invariants(made.chain.state());
}
BENCHMARK(invariants)->Arg(4)->Arg(100);

/// What every node does with each heartbeat of a block, signatures aside.
void pool_one_block(benchmark::State& bench) {
    const auto seats = static_cast<std::size_t>(bench.range(0));
    test::CheapChain chain(seats, 2);
    const test::CheapVerifier verifier;
    chain.execute_blocks(100);
    HeartbeatPool pool;
    for (auto _ : bench) {
        bench.PauseTiming();
        std::vector<Heartbeat> heartbeats;
        chain.execute_block();
        for (std::size_t seat = 0; seat < seats; ++seat)
            for (std::size_t node = 0; node < 2; ++node)
                heartbeats.push_back(chain.heartbeat(seat, node, chain.state().height));
        bench.ResumeTiming();
        for (const Heartbeat& heartbeat : heartbeats)
            (void)pool.add(chain.state(), heartbeat, verifier);
        benchmark::DoNotOptimize(pool.executed(chain.state()));
    }
}
BENCHMARK(pool_one_block)->Arg(4)->Arg(100);

}  // namespace
}  // namespace tandem::seats
