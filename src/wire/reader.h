// Reading protobuf bytes exactly as CometBFT's generated code reads them: what is skipped, what is
// cut, what is refused (wire page, "protobuf encoding rules"). Total over all inputs; never reads
// past the end, allocates nothing by itself.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/refusal.h"

namespace tandem::wire {

using base::Bytes;
using base::BytesView;

enum class WireType : std::uint8_t {
    varint = 0,
    fixed64 = 1,
    bytes = 2,
    start_group = 3,
    end_group = 4,
    fixed32 = 5,
};

enum class DecodeFault : std::uint8_t {
    none,
    unexpected_end,     // the input ends inside a field
    varint_too_long,    // more than ten bytes
    illegal_tag,        // field number zero or negative
    unopened_group,     // an end-group tag at the top of a message
    wrong_wire_type,    // a known field in another wire type
    illegal_wire_type,  // 6 or 7
    negative_length,    // a length above 2^63-1
    timestamp_range,    // outside years 1 to 9999, or nanoseconds outside [0, 10^9)
    duration_range,     // mixed signs, or does not fit 64 bits of nanoseconds
};

[[nodiscard]] std::string_view to_text(DecodeFault fault) noexcept;

/// Where and why a message was refused. The names point at string literals.
struct DecodeError {
    DecodeFault fault = DecodeFault::none;
    std::string_view message;
    std::string_view field;

    [[nodiscard]] base::Refusal to_refusal() const;
};

/// What one top-level decode shares with its nested readers.
struct DecodeContext {
    BytesView input;
    std::shared_ptr<const Bytes> owner;  // owns `input` once somebody wanted to keep views of it
    DecodeError error;

    /// The same bytes as `view`, a part of `input`, inside a buffer that `owner` keeps alive. The
    /// first call copies the input unless the caller handed over an owner.
    [[nodiscard]] BytesView keep(BytesView view);
};

class Reader {
  public:
    Reader(DecodeContext& context, BytesView bytes) noexcept
        : context_(&context), position_(bytes.data()), end_(bytes.data() + bytes.size()) {}

    [[nodiscard]] bool at_end() const noexcept { return position_ == end_; }
    [[nodiscard]] const std::uint8_t* position() const noexcept { return position_; }
    [[nodiscard]] DecodeContext& context() noexcept { return *context_; }

    /// Each returns false and leaves the fault in the context when the input does not hold one.
    [[nodiscard]] bool read_varint(std::uint64_t& value) {
        if (position_ != end_ && *position_ < 0x80) [[likely]] {
            value = *position_++;
            return true;
        }
        return read_long_varint(value);
    }
    [[nodiscard]] bool read_fixed64(std::uint64_t& value);
    /// A length and that many bytes, as a view into the input.
    [[nodiscard]] bool read_bytes(BytesView& bytes);
    /// The length in front of a packed run; `run_end` is where the run should end.
    [[nodiscard]] bool read_run(const std::uint8_t*& run_end);
    /// Skips one unknown field of the given type, whose tag has been read. Groups are skipped with
    /// all that they hold; the number that closes a group need not be the one that opened it.
    [[nodiscard]] bool skip(WireType type);

    /// Records the fault; always false, so that callers can return it.
    bool fail(DecodeFault fault) noexcept {
        context_->error.fault = fault;
        return false;
    }

  private:
    [[nodiscard]] bool read_long_varint(std::uint64_t& value);
    [[nodiscard]] bool skip_bytes(std::uint64_t count);

    DecodeContext* context_;
    const std::uint8_t* position_;
    const std::uint8_t* end_;
};

}  // namespace tandem::wire
