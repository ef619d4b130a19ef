// What a running process checks signatures with: the same keys sign at every height, and a
// signature is met more than once.
#pragma once
#include "crypto/preparing_verifier.h"
#include "crypto/remembering_verifier.h"

namespace tandem::program {

/// For one thread.
class ProcessVerifier final : public crypto::Verifier {
  public:
    [[nodiscard]] bool verify(const crypto::PublicKey& key, base::BytesView message,
                              base::BytesView signature) const override {
        return remembering_.verify(key, message, signature);
    }
    [[nodiscard]] bool verify_all(std::span<const crypto::SignedMessage> messages) const override {
        return remembering_.verify_all(messages);
    }

  private:
    static constexpr std::size_t keys_max = 256;
    static constexpr std::size_t signatures_max = 4096;

    crypto::PreparingVerifier preparing_{crypto::real_verifier(), keys_max};
    crypto::RememberingVerifier remembering_{preparing_, signatures_max};
};

}  // namespace tandem::program
