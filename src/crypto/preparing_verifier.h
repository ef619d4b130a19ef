// Prepares the keys that sign again and again: validators and their nodes. A key is prepared once
// it has signed often enough to be worth it, so that whoever signs once or wrongly costs nothing.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>

#include "crypto/ed25519.h"
#include "crypto/verifier.h"

namespace tandem::crypto {

/// For one thread.
class PreparingVerifier final : public Verifier {
  public:
    /// Valid signatures by which a key has earned its table.
    static constexpr std::uint32_t signatures_min = 4;

    /// `asked` outlives this. `keys_max`: as many keys, of 30 KiB each, and at most twice as many.
    PreparingVerifier(const Verifier& asked, std::size_t keys_max)
        : asked_(asked), keys_max_(keys_max) {}

    [[nodiscard]] bool verify(const PublicKey& key, base::BytesView message,
                              base::BytesView signature) const override;
    /// Those of prepared keys one by one, the others together.
    [[nodiscard]] bool verify_all(std::span<const SignedMessage> messages) const override;

  private:
    struct Known {
        std::uint32_t signatures = 0;  // valid ones, until the key was prepared
        std::optional<Ed25519PreparedKey> prepared;
    };
    struct HashOfKey {
        std::size_t operator()(const PublicKey& key) const noexcept {
            return std::hash<std::string_view>()(base::as_text(key.bytes));
        }
    };
    using Keys = std::unordered_map<PublicKey, Known, HashOfKey>;

    [[nodiscard]] const Ed25519PreparedKey* prepared(const PublicKey& key) const;
    /// A valid signature of a key that is not prepared yet.
    void count(const PublicKey& key) const;
    void make_room() const;

    const Verifier& asked_;
    std::size_t keys_max_;
    mutable Keys young_, old_;  // invariant: neither has more than keys_max_; no key is in both
};

}  // namespace tandem::crypto
