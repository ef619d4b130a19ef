#include "crypto/transcript.h"

#include <algorithm>
#include <bit>

#include "crypto/secret.h"

namespace tandem::crypto {
namespace {

// STROBE-128: the state's 200 bytes less 32 of capacity, less 2 for STROBE's own padding.
constexpr std::uint8_t rate = 166;

// Flags of STROBE's operations.
constexpr std::uint8_t flag_inbound = 1;
constexpr std::uint8_t flag_application = 2;
constexpr std::uint8_t flag_cipher = 4;
constexpr std::uint8_t flag_meta = 16;

using Lanes = std::array<std::uint64_t, 25>;  // lane (x, y) at x + 5 y

constexpr std::array<std::uint64_t, 24> round_constants = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

constexpr std::array<int, 25> rotations = {0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
                                           25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};

/// Keccak-f[1600] (FIPS 202 section 3).
void keccak_f1600(Lanes& a) noexcept {
    for (const std::uint64_t round_constant : round_constants) {
        std::array<std::uint64_t, 5> parity;  // theta
        for (std::size_t x = 0; x < 5; ++x)
            parity[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        for (std::size_t x = 0; x < 5; ++x) {
            const std::uint64_t d = parity[(x + 4) % 5] ^ std::rotl(parity[(x + 1) % 5], 1);
            for (std::size_t y = 0; y < 25; y += 5) a[x + y] ^= d;
        }
        Lanes b;  // rho and pi
        for (std::size_t y = 0; y < 5; ++y)
            for (std::size_t x = 0; x < 5; ++x)
                b[y + 5 * ((2 * x + 3 * y) % 5)] = std::rotl(a[x + 5 * y], rotations[x + 5 * y]);
        for (std::size_t y = 0; y < 25; y += 5)  // chi
            for (std::size_t x = 0; x < 5; ++x)
                a[x + y] = b[x + y] ^ (~b[(x + 1) % 5 + y] & b[(x + 2) % 5 + y]);
        a[0] ^= round_constant;  // iota
    }
}

void permute(std::array<std::uint8_t, 200>& state) noexcept {
    Lanes lanes{};
    for (std::size_t i = 0; i < state.size(); ++i)
        lanes[i / 8] |= std::uint64_t{state[i]} << (8 * (i % 8));
    keccak_f1600(lanes);
    for (std::size_t i = 0; i < state.size(); ++i)
        state[i] = static_cast<std::uint8_t>(lanes[i / 8] >> (8 * (i % 8)));
}

}  // namespace

Transcript::Transcript(std::string_view protocol_label) noexcept {
    constexpr std::array<std::uint8_t, 6> parameters = {1, rate + 2, 1, 0, 1, 12 * 8};
    constexpr std::string_view version = "STROBEv1.0.2";
    std::ranges::copy(parameters, state_.begin());
    std::ranges::copy(base::as_bytes(version), state_.begin() + parameters.size());
    permute(state_);
    begin_operation(flag_meta | flag_application);
    absorb(base::as_bytes("Merlin v1.0"));
    append("dom-sep", base::as_bytes(protocol_label));
}

Transcript::~Transcript() {
    wipe(state_);
}

void Transcript::append(std::string_view label, base::BytesView message) noexcept {
    meta_ad(label, static_cast<std::uint32_t>(message.size()));
    begin_operation(flag_application);
    absorb(message);
}

void Transcript::challenge(std::string_view label, std::span<std::uint8_t> out) noexcept {
    meta_ad(label, static_cast<std::uint32_t>(out.size()));
    begin_operation(flag_inbound | flag_application | flag_cipher);
    squeeze(out);
}

void Transcript::meta_ad(std::string_view label, std::uint32_t length) noexcept {
    begin_operation(flag_meta | flag_application);
    absorb(base::as_bytes(label));
    const std::array<std::uint8_t, 4> little_endian = {
        static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(length >> 8),
        static_cast<std::uint8_t>(length >> 16), static_cast<std::uint8_t>(length >> 24)};
    absorb(little_endian);  // the same operation, continued
}

void Transcript::begin_operation(std::uint8_t flags) noexcept {
    const std::array<std::uint8_t, 2> head = {operation_begin_, flags};
    operation_begin_ = position_ + 1;
    absorb(head);
    if ((flags & flag_cipher) != 0 && position_ != 0) run_permutation();
}

void Transcript::absorb(base::BytesView bytes) noexcept {
    for (const std::uint8_t byte : bytes) {
        state_[position_++] ^= byte;
        if (position_ == rate) run_permutation();
    }
}

void Transcript::squeeze(std::span<std::uint8_t> out) noexcept {
    for (std::uint8_t& byte : out) {
        byte = std::exchange(state_[position_++], std::uint8_t{0});
        if (position_ == rate) run_permutation();
    }
}

void Transcript::run_permutation() noexcept {
    state_[position_] ^= operation_begin_;
    state_[position_ + 1U] ^= 0x04;
    state_[rate + 1U] ^= 0x80;
    permute(state_);
    position_ = 0;
    operation_begin_ = 0;
}

}  // namespace tandem::crypto
