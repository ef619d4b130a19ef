// How fast the primitives are, each beside what it is measured against: run as a whole, and
// compare neighbours. Ratios are in docs/performance.md.
#include <benchmark/benchmark.h>
#include <sodium/crypto_sign_ed25519.h>
#include <vector>

#include "base/random.h"
#include "crypto/crc32c.h"
#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/secp256k1.h"
#include "crypto/sha256.h"

namespace tandem::crypto {
namespace {

using base::Bytes, base::BytesView;

std::int64_t count_of(std::size_t size) {
    return static_cast<std::int64_t>(size);
}

void sha256_64_kib(benchmark::State& state) {
    const Bytes bytes = base::SeededRandom(1).bytes(65536);
    for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
    state.SetBytesProcessed(state.iterations() * count_of(bytes.size()));
}
BENCHMARK(sha256_64_kib);

// ---- A tree over 1,000 transactions of 1 KB, and plain hashing of the same transactions.

struct Transactions {
    std::vector<Bytes> items;
    std::vector<BytesView> views;

    explicit Transactions(std::size_t size) {
        base::SeededRandom random(2);
        for (int i = 0; i < 1000; ++i) items.push_back(random.bytes(size));
        views.assign(items.begin(), items.end());
    }
    [[nodiscard]] std::int64_t bytes() const { return count_of(items.size() * items[0].size()); }
};

void plain_hashing_1000(benchmark::State& state) {
    const Transactions all(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        for (const BytesView item : all.views) benchmark::DoNotOptimize(sha256(item));
    state.SetBytesProcessed(state.iterations() * all.bytes());
}
BENCHMARK(plain_hashing_1000)->Arg(1000)->Arg(1024);

void merkle_root_1000(benchmark::State& state) {
    const Transactions all(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) benchmark::DoNotOptimize(merkle_root(all.views));
    state.SetBytesProcessed(state.iterations() * all.bytes());
}
BENCHMARK(merkle_root_1000)->Arg(1000)->Arg(1024);

// ---- Signatures. An item is one signature of a message as long as a vote's sign-bytes.

struct Signatures {
    struct One {
        Ed25519PublicKey key;
        Bytes message;
        Ed25519Signature signature;
    };
    std::vector<One> all;

    explicit Signatures(std::size_t count) {
        base::SeededRandom random(3);
        for (std::size_t i = 0; i < count; ++i) {
            const Ed25519PrivateKey key = Ed25519PrivateKey::from_seed(random.bytes(32));
            const Bytes message = random.bytes(118);
            all.push_back({key.public_key(), message, key.sign(message)});
        }
    }
};

void ed25519_libsodium(benchmark::State& state) {
    const Signatures signatures(64);
    for (auto _ : state)
        for (const auto& one : signatures.all)
            benchmark::DoNotOptimize(crypto_sign_ed25519_verify_detached(
                one.signature.data(), one.message.data(), one.message.size(), one.key.data()));
    state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(ed25519_libsodium);

void ed25519_single(benchmark::State& state) {
    const Signatures signatures(64);
    for (auto _ : state)
        for (const auto& one : signatures.all)
            benchmark::DoNotOptimize(ed25519_verify(one.key, one.message, one.signature));
    state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(ed25519_single);

void ed25519_prepared(benchmark::State& state) {
    const Signatures signatures(16);
    std::vector<Ed25519PreparedKey> keys;
    keys.reserve(signatures.all.size());
    for (const auto& one : signatures.all) keys.push_back(*Ed25519PreparedKey::from_bytes(one.key));
    for (auto _ : state)
        for (std::size_t i = 0; i < keys.size(); ++i)
            benchmark::DoNotOptimize(
                keys[i].verify(signatures.all[i].message, signatures.all[i].signature));
    state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(ed25519_prepared);

void ed25519_prepare(benchmark::State& state) {
    const Signatures signatures(1);
    for (auto _ : state)
        benchmark::DoNotOptimize(Ed25519PreparedKey::from_bytes(signatures.all[0].key));
}
BENCHMARK(ed25519_prepare);

void ed25519_batch(benchmark::State& state) {
    const Signatures signatures(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        Ed25519Batch batch;
        batch.reserve(signatures.all.size());
        for (const auto& one : signatures.all)
            if (!batch.add(one.key, one.message, one.signature)) state.SkipWithError("not added");
        if (!batch.verify().all) state.SkipWithError("not valid");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ed25519_batch)->Arg(1)->Arg(2)->Arg(4)->Arg(16)->Arg(64)->Arg(100)->Arg(128)->Arg(1000);

/// What the strict verifier refuses: the price of a forged signature.
void ed25519_refused(benchmark::State& state) {
    Signatures signatures(1);
    auto& one = signatures.all[0];
    one.message[0] ^= 1;
    for (auto _ : state)
        benchmark::DoNotOptimize(ed25519_verify(one.key, one.message, one.signature));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ed25519_refused);

void secp256k1_single(benchmark::State& state) {
    const auto key = Secp256k1PrivateKey::from_bytes(Bytes(32, 1)).value();
    const Bytes message = base::SeededRandom(4).bytes(118);
    const Secp256k1PublicKey public_key = key.public_key();
    const Secp256k1Signature signature = key.sign(message);
    for (auto _ : state) benchmark::DoNotOptimize(secp256k1_verify(public_key, message, signature));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(secp256k1_single);

void crc32c_64_kib(benchmark::State& state) {
    const Bytes bytes = base::SeededRandom(5).bytes(65536);
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(bytes));
    state.SetBytesProcessed(state.iterations() * count_of(bytes.size()));
}
BENCHMARK(crc32c_64_kib);

}  // namespace
}  // namespace tandem::crypto
