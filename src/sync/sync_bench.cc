// Following a chain by block sync: answers decoded, commits verified, blocks validated and cut into
// parts. What execution and the disk add is not in it.
#include <benchmark/benchmark.h>

#include "sync/testing.h"

namespace tandem::sync {
namespace {

void follow_chain(benchmark::State& state) {
    testing::Source source;
    source.grow(200, static_cast<std::size_t>(state.range(0)));
    std::map<std::int64_t, base::Bytes> answers;
    std::size_t bytes = 0;
    for (std::int64_t height = 1; height <= source.height(); ++height) {
        answers[height] =
            *answer_to({height}, source.blocks, source.states.back().consensus_params);
        bytes += answers[height].size();
    }
    for (auto _ : state) {
        chain::State at = source.states[0];
        BlockClient client({}, 1, Time{0});
        client.add_peer({1}, "peer", Time{0});
        client.hear({1}, types::StatusResponse{source.height(), 1}, Time{0});
        while (const auto effect = client.next_effect()) {
            const auto* question = std::get_if<AskBlock>(&*effect);
            if (question == nullptr) continue;
            auto message =
                types::decode_checked<types::BlocksyncMessage>(answers.at(question->height));
            const auto taken =
                client.hear({1}, std::get<types::BlockResponse>(std::move(message->sum)), Time{0});
            TANDEM_CHECK(taken.has_value());
            while (const auto block = client.next_block(at, chain::test_validation(), Time{0})) {
                at = source.states.at(static_cast<std::size_t>(block->block->header.height));
                client.executed(Time{0});
            }
        }
        TANDEM_CHECK(client.next_height() == source.height());
    }
    const auto rounds = static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(rounds * source.height());
    state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
}
BENCHMARK(follow_chain)->Arg(50)->Arg(870'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tandem::sync
