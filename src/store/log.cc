#include "store/log.h"

#include <fmt/format.h>

#include "base/check.h"
#include "crypto/crc32c.h"

namespace tandem::wire {

template <>
struct Described<store::SegmentHead> {
    using M = store::SegmentHead;
    static constexpr std::string_view name = "SegmentHead";
    static constexpr auto fields =
        std::tuple{field<1>("format", &M::format),     field<2>("number", &M::number),
                   field<3>("chain_id", &M::chain_id), field<4>("has_marker", &M::has_marker),
                   field<5>("marker", &M::marker),     field<6>("watermark", &M::watermark)};
};

template <>
struct Described<store::EndOfHeight> {
    static constexpr std::string_view name = "EndOfHeight";
    static constexpr auto fields = std::tuple{field<1>("height", &store::EndOfHeight::height)};
};

}  // namespace tandem::wire

namespace tandem::store {
namespace {

constexpr std::uint8_t magic = 0xd7;  // not zero: zeros are room that was made in advance
constexpr std::uint8_t barrier_flag = 0x80;
enum Kind : std::uint8_t { head = 1, input = 2, end_of_height = 3, watermark = 4 };
constexpr std::uint32_t format = 1;

void write_big_endian(std::uint8_t* out, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::uint32_t read_big_endian(const std::uint8_t* bytes) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value = value << 8 | bytes[i];
    return value;
}

/// Over kind, length and body.
std::uint32_t checksum(const std::uint8_t* frame, std::size_t body_bytes) {
    const std::uint32_t begun = crypto::crc32c({frame + 1, 5});
    return crypto::crc32c({frame + log_frame_header_bytes, body_bytes}, begun);
}

/// Bytes of the body of the frame at the beginning of `at`, or why there is no whole frame.
std::expected<std::size_t, std::string> whole_frame(BytesView at) {
    if (at.size() < log_frame_header_bytes) return std::unexpected("its header is cut off");
    if (at[0] != magic) return std::unexpected("no frame begins here");
    const std::size_t length = read_big_endian(at.data() + 2);
    if (length > log_body_bytes_max)
        return std::unexpected(fmt::format("a body of {} bytes is too long", length));
    if (length > at.size() - log_frame_header_bytes) return std::unexpected("its body is cut off");
    if (checksum(at.data(), length) != read_big_endian(at.data() + 6))
        return std::unexpected("its checksum does not hold");
    return length;
}

/// Where behind `begin` a whole frame with the flag begins; or the position at which the search was
/// given up, for it would read more than a few times the segment.
std::optional<std::size_t> find_flagged(BytesView segment, std::size_t begin) {
    std::size_t budget = 4 * segment.size() + 4096;
    for (std::size_t at = begin; at + log_frame_header_bytes <= segment.size(); ++at) {
        if (segment[at] != magic || (segment[at + 1] & barrier_flag) == 0) continue;
        const std::size_t length = read_big_endian(segment.data() + at + 2);
        if (length > segment.size() - at - log_frame_header_bytes) continue;
        if (length > budget) return at;
        budget -= length;
        if (whole_frame(segment.subspan(at))) return at;
    }
    return std::nullopt;
}

base::Result<LogEntry> decode_entry(std::uint8_t kind, BytesView body) {
    const auto read = [&]<typename M>(M) -> base::Result<LogEntry> {
        auto message = wire::decode<M>(body);
        if (!message) return std::unexpected(message.error().to_refusal());
        return std::move(*message);
    };
    switch (kind) {
        case Kind::head:
            return read(SegmentHead{});
        case Kind::input: {
            auto entry = decode_input(body);
            if (!entry) return std::unexpected(std::move(entry).error());
            return std::move(*entry);
        }
        case Kind::end_of_height:
            return read(EndOfHeight{});
        case Kind::watermark:
            return LoggedWatermark{base::to_bytes(body)};
        default:
            return base::refuse("log.kind", fmt::format("{} is no kind of frame", kind));
    }
}

}  // namespace

// ---- Writing

void LogWriter::frame(Bytes& out, std::uint8_t kind, BytesView body) {
    TANDEM_CHECK(body.size() <= log_body_bytes_max);
    const std::size_t begin = out.size();
    out.resize(begin + log_frame_header_bytes);
    base::append(out, body);
    std::uint8_t* at = out.data() + begin;
    at[0] = magic;
    at[1] = after_barrier_ ? kind | barrier_flag : kind;
    write_big_endian(at + 2, static_cast<std::uint32_t>(body.size()));
    write_big_endian(at + 6, checksum(at, body.size()));
    after_barrier_ = false;
    bytes_ += out.size() - begin;
}

Bytes LogWriter::begin_segment() {
    TANDEM_CHECK(!begun_ || after_barrier_);
    if (begun_) ++head_.number;
    head_.format = format;
    begun_ = true;
    bytes_ = 0;
    after_barrier_ = true;
    Bytes out;
    frame(out, Kind::head, wire::encode(head_));
    return out;
}

void LogWriter::input(Bytes& out, const consensus::Input& input) {
    at_marker_ = false;
    frame(out, Kind::input, encode_input(input));
}

void LogWriter::end_of_height(Bytes& out, std::int64_t height) {
    head_.has_marker = true;
    head_.marker = height;
    at_marker_ = true;
    frame(out, Kind::end_of_height, wire::encode(EndOfHeight{height}));
}

void LogWriter::watermark(Bytes& out, BytesView record) {
    at_marker_ = false;
    head_.watermark = base::to_bytes(record);
    frame(out, Kind::watermark, record);
}

// ---- Reading

LogStep SegmentReader::broken(std::string why) const {
    LogStep step;
    step.begin = position_;
    const auto flagged = find_flagged(segment_, position_ + 1);
    step.state = flagged ? LogStep::State::damaged : LogStep::State::torn;
    if (flagged)
        why += fmt::format(", and what stands at {} was written after it was durable", *flagged);
    step.why = {"log.damaged", std::move(why)};
    return step;
}

LogStep SegmentReader::next() {
    LogStep step;
    step.begin = position_;
    const BytesView rest = segment_.subspan(position_);
    if (std::ranges::all_of(rest.first(std::min<std::size_t>(rest.size(), 64)),
                            [](std::uint8_t byte) { return byte == 0; }) &&
        std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == 0; }))
        return step;
    const auto length = whole_frame(rest);
    if (!length) return broken(length.error());
    const std::uint8_t kind = rest[1] & static_cast<std::uint8_t>(~barrier_flag);
    auto entry = decode_entry(kind, rest.subspan(log_frame_header_bytes, *length));
    if (!entry) {
        // The checksum holds: somebody wrote this, but no program that we know.
        step.state = LogStep::State::damaged;
        step.why = std::move(entry).error();
        return step;
    }
    step.state = LogStep::State::entry;
    step.after_barrier = (rest[1] & barrier_flag) != 0;
    step.entry = std::move(*entry);
    position_ += log_frame_header_bytes + *length;
    return step;
}

namespace {

std::uint64_t peer_of(const LoggedInput& input) {
    return std::visit(
        [](const auto& event) -> std::uint64_t {
            if constexpr (requires { event.peer; })
                return event.peer.value;
            else
                return 0;
        },
        input.event);
}

/// Gathers the entries of all segments in order.
struct Gathering {
    LogContents contents;
    std::size_t last_marker = 0;  // index in contents.entries, behind the newest marker

    void add(LogEntry entry) {
        auto& newest = *contents.newest;
        if (const auto* input = std::get_if<LoggedInput>(&entry)) {
            contents.peer_max = std::max(contents.peer_max, peer_of(*input));
        } else if (const auto* mark = std::get_if<LoggedWatermark>(&entry)) {
            newest.watermark = mark->record;
        } else if (const auto* marker = std::get_if<EndOfHeight>(&entry)) {
            newest.has_marker = true;
            newest.marker = marker->height;
            // Keep what follows the marker before this one.
            contents.entries.erase(
                contents.entries.begin(),
                contents.entries.begin() + static_cast<std::ptrdiff_t>(last_marker));
            contents.entries.push_back(std::move(entry));
            last_marker = contents.entries.size() - 1;
            return;
        }
        contents.entries.push_back(std::move(entry));
    }
};

base::Refusal at(const LogSegment& segment, std::size_t position, base::Refusal why) {
    why.why = fmt::format("segment {} of the log, byte {}: {}", segment.number, position, why.why);
    return why;
}

base::Verdict check_head(const SegmentHead& found, const LogSegment& segment,
                         const std::optional<SegmentHead>& before, std::string_view chain_id) {
    if (found.format != format)
        return base::refuse("log.format", fmt::format("it is of format {}, and this program reads "
                                                      "format {}",
                                                      found.format, format));
    if (found.chain_id != chain_id)
        return base::refuse("log.chain_id", fmt::format("it belongs to chain '{}', and this is "
                                                        "'{}'",
                                                        found.chain_id, chain_id));
    if (found.number != segment.number)
        return base::refuse("log.number",
                            fmt::format("it says that it is segment {}", found.number));
    if (before && found.number != before->number + 1)
        return base::refuse("log.gap", fmt::format("the segment before it is {}", before->number));
    if (before && (found.has_marker != before->has_marker || found.marker != before->marker ||
                   found.watermark != before->watermark))
        return base::refuse("log.head", "it does not repeat what the segment before it says");
    return {};
}

}  // namespace

base::Result<LogContents> read_log(std::span<const LogSegment> segments,
                                   std::string_view chain_id) {
    Gathering gathering;
    LogContents& contents = gathering.contents;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const LogSegment& segment = segments[i];
        const bool is_last = i + 1 == segments.size();
        SegmentReader reader(segment.bytes);
        LogStep step = reader.next();
        const SegmentHead* found =
            step.state == LogStep::State::entry ? std::get_if<SegmentHead>(&*step.entry) : nullptr;
        if (found == nullptr) {
            const bool unfinished =
                step.state == LogStep::State::end || step.state == LogStep::State::torn;
            if (is_last && unfinished) {
                contents.empty_segments = 1;
                break;
            }
            return std::unexpected(at(segment, 0, {"log.head", "no head begins it"}));
        }
        if (auto verdict = check_head(*found, segment, contents.newest, chain_id); !verdict)
            return std::unexpected(at(segment, 0, std::move(verdict).error()));
        contents.newest = *found;
        for (step = reader.next(); step.state == LogStep::State::entry; step = reader.next()) {
            if (std::holds_alternative<SegmentHead>(*step.entry))
                return std::unexpected(
                    at(segment, step.begin, {"log.head", "a second head stands here"}));
            gathering.add(std::move(*step.entry));
        }
        // A segment was begun only when all of the one before it was on the disk.
        contents.torn = step.state == LogStep::State::torn;
        if (step.state == LogStep::State::damaged || (contents.torn && !is_last))
            return std::unexpected(at(segment, step.begin, step.why));
        contents.good_bytes = reader.position();
    }
    return std::move(contents);
}

}  // namespace tandem::store
