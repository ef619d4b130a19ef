// Single check, prepared keys, batch and the twin on libsodium's group operations must agree on
// every signature.
//
// Input: entries. An entry is a kind, and then: 0, a key, a signature and a message as they are;
// 1, a seed and a message that are signed; 2, a signature that fulfils the equation with points
// of small order added. Kinds 1 and 2 end with a position and a mask to change a byte of it.
#include <vector>

#include "base/check.h"
#include "crypto/ed25519.h"
#include "crypto/ed25519_twin.h"
#include "crypto/fuzz_input.h"

namespace tandem::crypto {
namespace {

constexpr std::size_t entries_max = 6;

struct Entry {
    base::Bytes public_key, message, signature;
};

Entry signed_entry(FuzzInput& input) {
    const auto key = Ed25519PrivateKey::from_seed(input.array<32>());
    base::Bytes message = base::to_bytes(input.prefixed());
    const auto signature = key.sign(message);
    return {base::to_bytes(key.public_key()), std::move(message), base::to_bytes(signature)};
}

Entry small_order_entry(FuzzInput& input) {
    const auto torsion = [&input] {
        const std::size_t which = input.byte() % twin::small_order_encodings.size();
        return base::from_hex(twin::small_order_encodings[which]).value();
    };
    // A key or commitment of scalar zero is the point of small order alone, as it is spelled.
    const auto scalar = [&input] {
        const std::uint8_t value = input.byte();
        if (value == 0) return twin::Encoding{};
        return twin::reduced(sha512({std::array<std::uint8_t, 1>{value}}));
    };
    const auto point = [](const twin::Encoding& factor, const base::Bytes& encoding) {
        if (factor == twin::Encoding{}) return encoding;
        return base::to_bytes(twin::sum(twin::base_product(factor), encoding).value());
    };
    const twin::Encoding key_scalar = scalar();
    const twin::Encoding commitment_scalar = scalar();
    Entry entry;
    entry.public_key = point(key_scalar, torsion());
    entry.signature = point(commitment_scalar, torsion());
    entry.message = base::to_bytes(input.prefixed());
    const twin::Encoding challenge =
        twin::reduced(sha512({entry.signature, entry.public_key, entry.message}));
    twin::Encoding response;
    crypto_core_ed25519_scalar_mul(response.data(), challenge.data(), key_scalar.data());
    crypto_core_ed25519_scalar_add(response.data(), response.data(), commitment_scalar.data());
    base::append(entry.signature, response);
    return entry;
}

Entry next_entry(FuzzInput& input) {
    const int kind = input.byte() % 3;
    if (kind == 0) {
        base::Bytes key = base::to_bytes(input.array<32>());
        base::Bytes signature = base::to_bytes(input.array<64>());
        return {std::move(key), base::to_bytes(input.prefixed()), std::move(signature)};
    }
    Entry entry = kind == 1 ? signed_entry(input) : small_order_entry(input);
    const std::uint8_t at = input.byte();
    const std::uint8_t mask = input.byte();
    std::uint8_t& changed = at % 3 == 0 ? entry.public_key[at % 32] : entry.signature[at % 64];
    changed = static_cast<std::uint8_t>(changed ^ mask);
    return entry;
}

}  // namespace
}  // namespace tandem::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::crypto;
    FuzzInput input(data, size);
    Ed25519Batch batch;
    std::vector<bool> each;
    while (!input.empty() && each.size() < entries_max) {
        const Entry entry = next_entry(input);
        const bool valid = ed25519_verify(entry.public_key, entry.message, entry.signature);
        TANDEM_CHECK(valid == twin::verify(entry.public_key, entry.message, entry.signature));
        const auto prepared = Ed25519PreparedKey::from_bytes(entry.public_key);
        TANDEM_CHECK(valid == (prepared && prepared->verify(entry.message, entry.signature)));
        TANDEM_CHECK(batch.add(entry.public_key, entry.message, entry.signature));
        each.push_back(valid);
    }
    const Ed25519Batch::Outcome outcome = batch.verify();
    TANDEM_CHECK(outcome.each == each);
    TANDEM_CHECK(outcome.all == (!each.empty() && std::ranges::count(each, false) == 0));
    return 0;
}
