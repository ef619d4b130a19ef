// Remembers what verified lately: a precommit comes as a vote, and again in the commit of the next
// block. What did not verify is not remembered, so a flood of wrong signatures pushes nothing out.
#pragma once
#include <cstring>
#include <unordered_set>

#include "crypto/sha256.h"
#include "crypto/verifier.h"

namespace tandem::crypto {

/// For one thread.
class RememberingVerifier final : public Verifier {
  public:
    /// `asked` outlives this. `remembered_max`: of the newest at least so many, and at most twice
    /// as many of all.
    RememberingVerifier(const Verifier& asked, std::size_t remembered_max)
        : asked_(asked), remembered_max_(remembered_max) {}

    [[nodiscard]] bool verify(const PublicKey& key, base::BytesView message,
                              base::BytesView signature) const override;
    [[nodiscard]] bool verify_all(std::span<const SignedMessage> messages) const override;

  private:
    struct HashOfMark {  // a mark is a hash already
        std::size_t operator()(const Digest& mark) const noexcept {
            std::size_t value = 0;
            std::memcpy(&value, mark.data(), sizeof value);
            return value;
        }
    };
    /// Over key, message and signature.
    [[nodiscard]] static Digest mark_of(const SignedMessage& message);
    [[nodiscard]] bool remembers(const Digest& mark) const {
        return young_.contains(mark) || old_.contains(mark);
    }
    void remember(const Digest& mark) const;

    const Verifier& asked_;
    std::size_t remembered_max_;
    mutable std::unordered_set<Digest, HashOfMark> young_, old_;
};

}  // namespace tandem::crypto
