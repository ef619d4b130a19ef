#include "crypto/ed25519.h"

#include <algorithm>
#include <sodium/crypto_core_ed25519.h>
#include <sodium/crypto_sign_ed25519.h>

#include "base/check.h"
#include "crypto/edwards25519.h"
#include "crypto/sha256.h"

namespace tandem::crypto {
namespace {

using edwards25519::PreparedPoint;
using edwards25519::Scalar;
using edwards25519::Term;

// More terms share the doublings better but leave the second-level cache.
constexpr std::size_t entries_per_sum_max = 128;

/// k = SHA-512(R | A | M) mod L, over the encodings as given.
Scalar challenge_of(base::BytesView public_key, base::BytesView message,
                    base::BytesView point) noexcept {
    const auto hash = sha512({point, public_key, message});
    Scalar challenge;
    crypto_core_ed25519_scalar_reduce(challenge.data(), hash.data());
    return challenge;
}

/// The full ZIP-215 check: 8 (S (-B) + k A + R) vanishes, written with the negated points that
/// decode_negated yields, as S (-B) = -(k (-A) + (-R)).
bool verify_zip215(base::BytesView public_key, base::BytesView point, const Scalar& response,
                   const Scalar& challenge) {
    if (!edwards25519::is_canonical(response)) return false;
    const auto a = edwards25519::decode_negated(public_key.first<32>());
    const auto r = edwards25519::decode_negated(point.first<32>());
    if (!a || !r) return false;
    Scalar minus_response;
    crypto_core_ed25519_scalar_negate(minus_response.data(), response.data());
    const std::array<Term, 3> terms = {
        {{minus_response, edwards25519::minus_base_point()}, {challenge, *a}, {Scalar{1}, *r}}};
    return edwards25519::sum_has_small_order(terms);
}

bool sizes_fit(base::BytesView public_key, base::BytesView signature) noexcept {
    return public_key.size() == ed25519_public_key_size &&
           signature.size() == ed25519_signature_size;
}

/// Random weights for the entries of a sum, 128 bits each. Whoever made the entries cannot choose
/// them: they are hashed from all entries, by way of `seed`. So the library needs no dice, and
/// the same batch gives the same verdict on every machine.
class Weights {
  public:
    explicit Weights(const Digest& seed) noexcept : seed_(seed) {}

    Scalar next() noexcept {
        if (used_ == block_.size()) {
            const std::array<std::uint8_t, 4> number = {
                static_cast<std::uint8_t>(blocks_), static_cast<std::uint8_t>(blocks_ >> 8),
                static_cast<std::uint8_t>(blocks_ >> 16), static_cast<std::uint8_t>(blocks_ >> 24)};
            block_ = sha512({seed_, number});
            ++blocks_;
            used_ = 0;
        }
        Scalar weight{};
        std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), 16, weight.begin());
        used_ += 16;
        return weight;
    }

  private:
    Digest seed_;
    std::array<std::uint8_t, 64> block_{};
    std::size_t used_ = block_.size();
    std::uint32_t blocks_ = 0;
};

}  // namespace

bool ed25519_verify(base::BytesView public_key, base::BytesView message,
                    base::BytesView signature) noexcept {
    if (!sizes_fit(public_key, signature)) return false;
    if (crypto_sign_ed25519_verify_detached(signature.data(), message.data(), message.size(),
                                            public_key.data()) == 0)
        return true;
    const base::BytesView point = signature.first(32);
    Scalar response;
    std::ranges::copy(signature.subspan(32), response.begin());
    return verify_zip215(public_key, point, response, challenge_of(public_key, message, point));
}

Ed25519PreparedKey::Ed25519PreparedKey(base::BytesView public_key,
                                       const edwards25519::Point& minus_point)
    : public_key_(), minus_point_(std::make_unique<PreparedPoint>(minus_point)) {
    std::ranges::copy(public_key, public_key_.begin());
}
Ed25519PreparedKey::Ed25519PreparedKey(Ed25519PreparedKey&&) noexcept = default;
Ed25519PreparedKey& Ed25519PreparedKey::operator=(Ed25519PreparedKey&&) noexcept = default;
Ed25519PreparedKey::~Ed25519PreparedKey() = default;

std::optional<Ed25519PreparedKey> Ed25519PreparedKey::from_bytes(base::BytesView public_key) {
    if (public_key.size() != ed25519_public_key_size) return std::nullopt;
    const auto minus_point = edwards25519::decode_negated(public_key.first<32>());
    if (!minus_point) return std::nullopt;
    return Ed25519PreparedKey(public_key, *minus_point);
}

bool Ed25519PreparedKey::verify(base::BytesView message, base::BytesView signature) const noexcept {
    static const PreparedPoint minus_base(edwards25519::minus_base_point());
    if (!sizes_fit(public_key_, signature)) return false;
    const base::BytesView point = signature.first(32);
    Scalar response;
    std::ranges::copy(signature.subspan(32), response.begin());
    if (!edwards25519::is_canonical(response)) return false;
    const auto r = edwards25519::decode_negated(point.first<32>());
    if (!r) return false;
    Scalar minus_response;
    crypto_core_ed25519_scalar_negate(minus_response.data(), response.data());
    return PreparedPoint::sum_has_small_order(
        {minus_response, minus_base}, {challenge_of(public_key_, message, point), *minus_point_},
        *r);
}

bool Ed25519Batch::add(base::BytesView public_key, base::BytesView message,
                       base::BytesView signature) {
    if (!sizes_fit(public_key, signature)) return false;
    Entry& entry = entries_.emplace_back();
    std::ranges::copy(public_key, entry.public_key.begin());
    std::ranges::copy(signature.first(32), entry.point.begin());
    std::ranges::copy(signature.subspan(32), entry.response.begin());
    entry.challenge = challenge_of(public_key, message, entry.point);
    return true;
}

bool Ed25519Batch::sum_vanishes(std::span<const Entry> entries) {
    Sha256 hash;
    for (const Entry& entry : entries)
        hash.update(entry.public_key)
            .update(entry.point)
            .update(entry.response)
            .update(entry.challenge);
    Weights weights(hash.finish());

    // Sum over all entries of z (S (-B) + k A + R), signs as in verify_zip215.
    std::vector<Term> terms;
    terms.reserve(2 * entries.size() + 1);
    Scalar base_scalar{};
    for (const Entry& entry : entries) {
        if (!edwards25519::is_canonical(entry.response)) return false;
        const auto a = edwards25519::decode_negated(entry.public_key);
        const auto r = edwards25519::decode_negated(entry.point);
        if (!a || !r) return false;
        const Scalar weight = weights.next();
        Scalar product;
        crypto_core_ed25519_scalar_mul(product.data(), weight.data(), entry.response.data());
        crypto_core_ed25519_scalar_sub(base_scalar.data(), base_scalar.data(), product.data());
        crypto_core_ed25519_scalar_mul(product.data(), weight.data(), entry.challenge.data());
        terms.push_back({product, *a});
        terms.push_back({weight, *r});
    }
    terms.push_back({base_scalar, edwards25519::minus_base_point()});
    return edwards25519::sum_has_small_order(terms);
}

Ed25519Batch::Outcome Ed25519Batch::verify() const {
    Outcome outcome{.all = !entries_.empty(), .each = std::vector<bool>(entries_.size(), true)};
    for (std::size_t begin = 0; begin < entries_.size(); begin += entries_per_sum_max) {
        const std::size_t count = std::min(entries_per_sum_max, entries_.size() - begin);
        const auto chunk = std::span(entries_).subspan(begin, count);
        if (sum_vanishes(chunk)) continue;
        for (std::size_t i = 0; i < count; ++i) {
            const Entry& entry = chunk[i];
            const bool valid =
                verify_zip215(entry.public_key, entry.point, entry.response, entry.challenge);
            outcome.each[begin + i] = valid;
            outcome.all = outcome.all && valid;
        }
    }
    return outcome;
}

Ed25519PrivateKey Ed25519PrivateKey::from_seed(base::BytesView seed) noexcept {
    TANDEM_CHECK(seed.size() == ed25519_seed_size);
    Ed25519PrivateKey key;
    Ed25519PublicKey public_key;
    crypto_sign_ed25519_seed_keypair(public_key.data(), key.bytes_.span().data(), seed.data());
    return key;
}

base::Result<Ed25519PrivateKey> Ed25519PrivateKey::from_bytes(base::BytesView bytes) {
    if (bytes.size() != ed25519_private_key_size)
        return base::refuse("ed25519.private_key_size",
                            "an Ed25519 private key has 64 bytes, seed and public key; these are " +
                                std::to_string(bytes.size()));
    Ed25519PrivateKey key = from_seed(bytes.first(ed25519_seed_size));
    // Signing under a public key that is not the seed's own gives the seed's scalar away.
    if (!base::equal(key.public_key(), bytes.subspan(ed25519_seed_size)))
        return base::refuse("ed25519.private_key_public",
                            "the last 32 bytes of the Ed25519 private key are not the public key "
                            "of the first 32");
    return key;
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const noexcept {
    Ed25519PublicKey key;
    std::ranges::copy(bytes_.span().last<ed25519_public_key_size>(), key.begin());
    return key;
}

Ed25519Signature ed25519_sign(base::BytesView key, base::BytesView message) noexcept {
    TANDEM_CHECK(key.size() == ed25519_private_key_size);
    Ed25519Signature signature;
    crypto_sign_ed25519_detached(signature.data(), nullptr, message.data(), message.size(),
                                 key.data());
    return signature;
}

Ed25519Signature Ed25519PrivateKey::sign(base::BytesView message) const noexcept {
    return ed25519_sign(bytes_.span(), message);
}

Ed25519PrivateKey Ed25519PrivateKey::clone() const noexcept {
    Ed25519PrivateKey key;
    key.bytes_ = bytes_.clone();
    return key;
}

}  // namespace tandem::crypto
