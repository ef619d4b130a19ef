// Bytes as docs/formats/README.md lays them out, written once more for the second opinion.
#pragma once
#include "base/bytes.h"
#include "crypto/public_key.h"

namespace tandem::sim {

/// The fourth byte of a special transaction, 0 of any other; '?' where it is no known kind.
[[nodiscard]] inline char kind_of(base::BytesView tx) {
    if (tx.size() < 3 || tx[0] != 0 || tx[1] != 'T' || tx[2] != 'D') return 0;
    const char letter = tx.size() > 3 ? static_cast<char>(tx[3]) : '?';
    return letter == 'R' || letter == 'A' || letter == 'H' ? letter : '?';
}

/// Something to be signed: tag and chain id, then what is added.
class SignedText {
  public:
    SignedText(std::string_view tag, std::string_view chain_id) {
        prefixed(base::as_bytes(tag)).prefixed(base::as_bytes(chain_id));
    }
    SignedText& number(std::uint64_t value, unsigned width) {
        for (unsigned i = width; i > 0; --i)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * (i - 1)) & 0xff));
        return *this;
    }
    SignedText& raw(base::BytesView bytes) {
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    SignedText& prefixed(base::BytesView bytes) { return number(bytes.size(), 2).raw(bytes); }
    SignedText& text(std::string_view text) { return prefixed(base::as_bytes(text)); }
    SignedText& key(const crypto::PublicKey& key) {
        return number(static_cast<std::uint64_t>(key.type), 1).prefixed(key.bytes);
    }
    [[nodiscard]] base::Bytes take() { return std::move(bytes_); }

  private:
    base::Bytes bytes_;
};

}  // namespace tandem::sim
