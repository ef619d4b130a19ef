// A Merlin 1.0 transcript: both sides of a protocol feed it what they said, in order, and draw
// the same challenge from it.
//
// Merlin is a framing over STROBE-128 (strobe 1.0.2), which is a duplex over Keccak-f[1600]. Of
// STROBE only what Merlin uses is here: meta-AD, AD and PRF. No library on the system exports
// the bare permutation (SHA3 needs another padding), so it is written out in transcript.cc.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace tandem::crypto {

/// A value: a copy goes on from the same history. Wiped when destroyed, for a history may hold a
/// shared secret.
class Transcript {
  public:
    explicit Transcript(std::string_view protocol_label) noexcept;
    Transcript(const Transcript&) = default;
    Transcript& operator=(const Transcript&) = default;
    ~Transcript();

    /// REQUIRES: message.size() < 2^32.
    void append(std::string_view label, base::BytesView message) noexcept;
    /// Fills `out` with bytes that depend on everything before, and goes on from there.
    void challenge(std::string_view label, std::span<std::uint8_t> out) noexcept;

  private:
    void begin_operation(std::uint8_t flags) noexcept;
    void absorb(base::BytesView bytes) noexcept;
    void squeeze(std::span<std::uint8_t> out) noexcept;
    void meta_ad(std::string_view label, std::uint32_t length) noexcept;
    void run_permutation() noexcept;

    std::array<std::uint8_t, 200> state_{};
    std::uint8_t position_ = 0;         // in the rate part of the state
    std::uint8_t operation_begin_ = 0;  // where the current operation began, plus one; or 0
};

}  // namespace tandem::crypto
