// What a node does most: a vote in, a block in. One core; docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <new>

#include "base/random.h"
#include "types/block.h"
#include "types/decode.h"

// Counts allocations, for the claim that reading a block allocates nothing per transaction. Not
// inlined: GCC would see free() meet what looks like a plain new.
static std::size_t allocations = 0;
[[gnu::noinline]] void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace tandem::types {
namespace {

Vote sample_vote() {
    base::SeededRandom random(1);
    const auto hash = [&] { return Hash(BytesView(random.bytes(hash_bytes))); };
    Vote vote;
    vote.type = SignedMsgType::precommit;
    vote.height = 123'456;
    vote.round = 1;
    vote.block_id = {hash(), {3, hash()}};
    vote.timestamp = {1'700'000'000, 123'456'789};
    vote.validator_address = Address(BytesView(random.bytes(address_bytes)));
    vote.validator_index = 7;
    vote.signature = Signature(BytesView(random.bytes(64)));
    return vote;
}

/// Decode, validate, sign-bytes; without the signature check.
void vote_in(benchmark::State& state) {
    const Bytes bytes = wire::encode(sample_vote());
    for (auto _ : state) {
        const auto vote = decode_checked<Vote>(bytes);
        benchmark::DoNotOptimize(validate_basic(*vote).has_value());
        benchmark::DoNotOptimize(sign_bytes("a-chain-of-four", *vote));
    }
}
BENCHMARK(vote_in);

std::shared_ptr<const Bytes> block_bytes(std::size_t tx_count, std::size_t tx_bytes) {
    base::SeededRandom random(2);
    std::vector<Bytes> txs;
    for (std::size_t i = 0; i < tx_count; ++i) txs.push_back(random.bytes(tx_bytes));
    Block block;
    block.header.version.block = block_protocol;
    block.header.chain_id = "bench";
    block.header.height = 1;
    block.header.validators_hash.assign(hash_bytes, 1);
    block.header.proposer_address.assign(address_bytes, 2);
    block.data.txs = wire::Txs::copy_of(txs);
    block.last_commit = Commit{};
    fill_header(block);
    return std::make_shared<const Bytes>(wire::encode(block));
}

/// Decode alone: a block of about 1 MB in transactions of the given size.
void block_decode(benchmark::State& state) {
    const auto tx_bytes = static_cast<std::size_t>(state.range(0));
    const auto bytes = block_bytes(1'000'000 / tx_bytes, tx_bytes);
    std::size_t used = 0;
    for (auto _ : state) {
        const std::size_t before = allocations;
        benchmark::DoNotOptimize(wire::decode<Block>(*bytes, bytes)->data.txs.size());
        used = allocations - before;
    }
    state.counters["allocations"] = static_cast<double>(used);
}
BENCHMARK(block_decode)->Arg(1000)->Arg(100)->Arg(10);

/// Decode with the checks that belong to reading: hashes of transactions, commit and evidence.
void block_decode_checked(benchmark::State& state) {
    const auto bytes = block_bytes(1000, 1000);
    for (auto _ : state) benchmark::DoNotOptimize(decode_checked<Block>(*bytes, bytes).has_value());
}
BENCHMARK(block_decode_checked);

}  // namespace
}  // namespace tandem::types
