#include "wire/reader.h"

#include <limits>

#include "base/check.h"

namespace tandem::wire {

std::string_view to_text(DecodeFault fault) noexcept {
    switch (fault) {
        case DecodeFault::none:
            return "no fault";
        case DecodeFault::unexpected_end:
            return "the input ends inside a field";
        case DecodeFault::varint_too_long:
            return "a varint has more than ten bytes";
        case DecodeFault::illegal_tag:
            return "a field number is not positive";
        case DecodeFault::unopened_group:
            return "a group ends that never began";
        case DecodeFault::wrong_wire_type:
            return "the field has another wire type";
        case DecodeFault::illegal_wire_type:
            return "a wire type is not defined";
        case DecodeFault::negative_length:
            return "a length is negative";
        case DecodeFault::timestamp_range:
            return "a time is outside the years 1 to 9999";
        case DecodeFault::duration_range:
            return "a duration is out of range";
    }
    return "unknown fault";
}

base::Refusal DecodeError::to_refusal() const {
    std::string why(message);
    if (!field.empty()) why.append(".").append(field);
    why.append(": ").append(to_text(fault));
    return {"wire.decode", std::move(why)};
}

BytesView DecodeContext::keep(BytesView view) {
    if (!owner) {
        owner = std::make_shared<const Bytes>(input.begin(), input.end());
        // From here on `input` stays where the readers are; offsets are the same in both.
    }
    if (view.empty()) return {};
    const auto inside_owner = [&](const std::uint8_t* byte) {
        return byte >= owner->data() && byte < owner->data() + owner->size();
    };
    if (inside_owner(view.data())) return view;
    const auto offset = static_cast<std::size_t>(view.data() - input.data());
    TANDEM_CHECK(offset + view.size() <= owner->size());
    return BytesView(*owner).subspan(offset, view.size());
}

bool Reader::read_long_varint(std::uint64_t& value) {
    std::uint64_t result = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (shift >= 64) return fail(DecodeFault::varint_too_long);
        if (position_ == end_) return fail(DecodeFault::unexpected_end);
        const std::uint8_t byte = *position_++;
        result |= static_cast<std::uint64_t>(byte & 0x7f) << shift;  // bits above the 64th drop
        if (byte < 0x80) break;
    }
    value = result;
    return true;
}

bool Reader::read_fixed64(std::uint64_t& value) {
    if (end_ - position_ < 8) return fail(DecodeFault::unexpected_end);
    value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= static_cast<std::uint64_t>(position_[i]) << (8 * i);
    position_ += 8;
    return true;
}

bool Reader::skip_bytes(std::uint64_t count) {
    if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
        return fail(DecodeFault::negative_length);
    if (count > static_cast<std::uint64_t>(end_ - position_))
        return fail(DecodeFault::unexpected_end);
    position_ += count;
    return true;
}

bool Reader::read_run(const std::uint8_t*& run_end) {
    std::uint64_t length = 0;
    if (!read_varint(length)) return false;
    const std::uint8_t* start = position_;
    if (!skip_bytes(length)) return false;
    run_end = position_;
    position_ = start;
    return true;
}

bool Reader::read_bytes(BytesView& bytes) {
    const std::uint8_t* run_end = nullptr;
    if (!read_run(run_end)) return false;
    bytes = BytesView(position_, run_end);
    position_ = run_end;
    return true;
}

bool Reader::skip(WireType type) {
    std::uint64_t depth = 0;
    for (;;) {
        std::uint64_t value = 0;
        switch (type) {
            case WireType::varint:
                if (!read_varint(value)) return false;
                break;
            case WireType::fixed64:
                if (!skip_bytes(8)) return false;
                break;
            case WireType::bytes:
                if (!read_varint(value) || !skip_bytes(value)) return false;
                break;
            case WireType::start_group:
                ++depth;
                break;
            case WireType::end_group:
                if (depth == 0) return fail(DecodeFault::unopened_group);
                --depth;
                break;
            case WireType::fixed32:
                if (!skip_bytes(4)) return false;
                break;
            default:
                return fail(DecodeFault::illegal_wire_type);
        }
        if (depth == 0) return true;
        if (!read_varint(value)) return false;
        type = static_cast<WireType>(value & 7);
    }
}

}  // namespace tandem::wire
