// What verifying costs beside the signatures themselves, and how long rotation takes. One core;
// docs/performance.md has the figures.
#include <benchmark/benchmark.h>
#include <map>

#include "types/median_time.h"
#include "types/signing_testing.h"
#include "types/verify_commit.h"

namespace tandem::types {
namespace {

testing::Signers make_signers(std::int64_t count) {
    std::vector<ValidatorChange> changes;
    std::map<Address, crypto::Ed25519PrivateKey> keys;
    for (std::int64_t i = 0; i < count; ++i) {
        crypto::Ed25519PrivateKey key = testing::key_from(static_cast<std::uint32_t>(i));
        const PublicKey public_key = testing::public_key_of(key);
        changes.push_back({public_key, 1'000 + i});
        keys.emplace(Address(crypto::address(public_key)), std::move(key));
    }
    testing::Signers signers{ValidatorSet::make(changes).value(), {}};
    for (const Validator& validator : signers.set.validators())
        signers.keys.push_back(std::move(keys.at(validator.address)));
    return signers;
}

const BlockId block = testing::block_id_from("block");

/// The measure: the same signatures in one batch, with their sign-bytes at hand.
void batch_alone(benchmark::State& state) {
    const testing::Signers signers = make_signers(state.range(0));
    const Commit commit = testing::make_commit(signers, block, 10);
    std::vector<Bytes> texts;
    for (std::size_t i = 0; i < commit.signatures.size(); ++i)
        texts.push_back(vote_sign_bytes(testing::chain_id, commit, i));
    for (auto _ : state) {
        crypto::Ed25519Batch batch;
        batch.reserve(texts.size());
        for (std::size_t i = 0; i < texts.size(); ++i)
            if (!batch.add(signers.set.validators()[i].pub_key.bytes, texts[i],
                           commit.signatures[i].signature))
                state.SkipWithError("an entry is refused");
        if (!batch.verify().all) state.SkipWithError("the batch fails");
    }
}
BENCHMARK(batch_alone)->Arg(100);

void verify_full(benchmark::State& state) {
    const testing::Signers signers = make_signers(state.range(0));
    const Commit commit = testing::make_commit(signers, block, 10);
    for (auto _ : state)
        if (!verify_commit(signers.set, testing::chain_id, block, 10, commit))
            state.SkipWithError("refused");
}
BENCHMARK(verify_full)->Arg(100);

void verify_trusting(benchmark::State& state) {
    const testing::Signers signers = make_signers(state.range(0));
    const Commit commit = testing::make_commit(signers, block, 10);
    for (auto _ : state)
        if (!verify_commit_trusting(signers.set, testing::chain_id, commit, {1, 3}, true))
            state.SkipWithError("refused");
}
BENCHMARK(verify_trusting)->Arg(100);

/// Everything but the signatures.
class BelievingVerifier final : public crypto::Verifier {
    bool verify(const PublicKey&, BytesView message, BytesView) const override {
        benchmark::DoNotOptimize(message.data());
        return true;
    }
};

void verify_without_signatures(benchmark::State& state) {
    const testing::Signers signers = make_signers(state.range(0));
    const Commit commit = testing::make_commit(signers, block, 10);
    const BelievingVerifier verifier;
    for (auto _ : state)
        if (!verify_commit(signers.set, testing::chain_id, block, 10, commit, verifier))
            state.SkipWithError("refused");
}
BENCHMARK(verify_without_signatures)->Arg(100);

void advance(benchmark::State& state) {
    ValidatorSet set = make_signers(state.range(0)).set;
    for (auto _ : state) {
        set.advance(1);
        benchmark::DoNotOptimize(set.proposer().voting_power);
    }
}
BENCHMARK(advance)->Arg(100)->Arg(1'000);

void change_one(benchmark::State& state) {
    ValidatorSet set = make_signers(state.range(0)).set;
    std::array<ValidatorChange, 1> change{{{testing::public_key_from(0), 1}}};
    for (auto _ : state) {
        change[0].voting_power = 3'000 - change[0].voting_power;
        if (!set.apply_changes(change)) state.SkipWithError("refused");
    }
}
BENCHMARK(change_one)->Arg(1'000);

void hash_of_set(benchmark::State& state) {
    const ValidatorSet set = make_signers(state.range(0)).set;
    for (auto _ : state) benchmark::DoNotOptimize(set.hash());
}
BENCHMARK(hash_of_set)->Arg(1'000);

void median_of_times(benchmark::State& state) {
    const testing::Signers signers = make_signers(state.range(0));
    const Commit commit = testing::make_commit(signers, block, 10);
    for (auto _ : state) benchmark::DoNotOptimize(median_time(commit, signers.set));
}
BENCHMARK(median_of_times)->Arg(100);

}  // namespace
}  // namespace tandem::types
