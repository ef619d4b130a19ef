#include "sim/keys.h"

#include <algorithm>
#include <cstring>

#include "crypto/sha256.h"

namespace tandem::sim {
namespace {

constexpr std::size_t signature_size = 64;
constexpr std::size_t word_size = 8;

/// The number in front, then seven words that follow from it.
std::uint64_t word_of(std::uint64_t number, std::size_t index) noexcept {
    if (index == 0) return number;
    std::uint64_t word = (number + 1) * 0x9e3779b97f4a7c15 + index;
    word = (word ^ (word >> 29)) * 0xbf58476d1ce4e5b9;
    return word ^ (word >> 32);
}

crypto::SignatureBytes fake_signature(std::uint64_t number) {
    crypto::SignatureBytes signature(signature_size);
    for (std::size_t i = 0; i < signature_size / word_size; ++i) {
        const std::uint64_t word = word_of(number, i);
        std::memcpy(signature.data() + i * word_size, &word, word_size);
    }
    return signature;
}

std::optional<std::uint64_t> number_of(BytesView signature) noexcept {
    if (signature.size() != signature_size) return std::nullopt;
    std::uint64_t number = 0;
    std::memcpy(&number, signature.data(), word_size);
    for (std::size_t i = 1; i < signature_size / word_size; ++i) {
        const std::uint64_t word = word_of(number, i);
        if (std::memcmp(signature.data() + i * word_size, &word, word_size) != 0)
            return std::nullopt;
    }
    return number;
}

std::optional<std::uint64_t> read_varint(BytesView& rest) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
        const std::uint8_t byte = rest.front();
        rest = rest.subspan(1);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::int64_t read_fixed(BytesView& rest, std::uint8_t tag) {
    if (rest.size() < 9 || rest.front() != tag) return 0;
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(rest[1 + i]) << (8 * i);
    rest = rest.subspan(9);
    return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<SignedVoteLike> read_sign_bytes(BytesView message) {
    BytesView rest = message;
    const auto length = read_varint(rest);
    if (!length || *length != rest.size() || rest.size() < 2 || rest.front() != 0x08)
        return std::nullopt;
    rest = rest.subspan(1);
    const auto type = read_varint(rest);
    if (!type) return std::nullopt;
    SignedVoteLike what;
    what.type = static_cast<std::int32_t>(*type);
    what.height = read_fixed(rest, 0x11);
    what.round = read_fixed(rest, 0x19);
    return what;
}

class SimulatedKey final : public crypto::SigningKey {
  public:
    SimulatedKey(SignatureRegistry& registry, std::uint32_t signer, crypto::Ed25519PrivateKey key)
        : registry_(&registry), signer_(signer), key_(std::move(key)) {
        const auto bytes = key_.public_key();
        public_key_.type = crypto::KeyType::ed25519;
        public_key_.bytes.assign(bytes.begin(), bytes.end());
    }
    [[nodiscard]] PublicKey public_key() const override { return public_key_; }
    [[nodiscard]] crypto::SignatureBytes sign(BytesView message) const override {
        const std::uint64_t number = registry_->remember(signer_, message);
        if (!registry_->real_) return fake_signature(number);
        const auto bytes = key_.sign(message);
        crypto::SignatureBytes signature;
        signature.assign(bytes.begin(), bytes.end());
        return signature;
    }

  private:
    SignatureRegistry* registry_;
    std::uint32_t signer_;
    crypto::Ed25519PrivateKey key_;
    PublicKey public_key_;
};

std::shared_ptr<const crypto::SigningKey> SignatureRegistry::make_key() {
    const auto signer = static_cast<std::uint32_t>(keys_.size());
    const std::string text = "simulated key " + std::to_string(signer);
    auto key = std::make_shared<SimulatedKey>(
        *this, signer, crypto::Ed25519PrivateKey::from_seed(crypto::sha256(base::as_bytes(text))));
    keys_.push_back(key);
    public_keys_.push_back(key->public_key());
    return key;
}

std::shared_ptr<const crypto::SigningKey> SignatureRegistry::find_key(const PublicKey& key) const {
    const auto found = std::ranges::find(public_keys_, key);
    if (found == public_keys_.end()) return nullptr;
    return keys_[static_cast<std::size_t>(found - public_keys_.begin())];
}

bool SignatureRegistry::verify(const PublicKey& key, BytesView message, BytesView signature) const {
    if (real_) return crypto::real_verifier().verify(key, message, signature);
    const auto number = number_of(signature);
    if (!number || *number >= said_.size()) return false;
    const Said& said = said_[*number];
    return public_keys_[said.signer] == key && base::equal(said.message, message);
}

std::uint64_t SignatureRegistry::remember(std::uint32_t signer, BytesView message) {
    ++count_;
    std::uint64_t hash = std::hash<std::string_view>()(base::as_text(message)) + signer;
    for (;; ++hash) {  // until a free place or the same message is found
        const auto [entry, is_new] = numbers_.try_emplace(hash, said_.size());
        if (!is_new) {
            const Said& said = said_[entry->second];
            if (said.signer != signer || !base::equal(said.message, message)) continue;
            return entry->second;
        }
        said_.push_back({signer, base::to_bytes(message)});
        look_for_double_sign(signer, entry->second);
        return entry->second;
    }
}

void SignatureRegistry::look_for_double_sign(std::uint32_t signer, std::uint64_t number) {
    const auto what = read_sign_bytes(said_[number].message);
    if (!what) return;
    const auto [entry, is_new] = votes_.emplace(VoteLikeOf{signer, *what}, number);
    if (is_new)
        signed_heights_.push_back({public_keys_[signer], what->height});
    else
        double_signs_.push_back({public_keys_[signer], *what});
}

}  // namespace tandem::sim
