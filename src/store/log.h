// The log: everything that consensus was told, in order, and what the validator's key signed.
//
// After a crash the node steps the same inputs again and is where it was; and it remembers what it
// must not contradict, because a watermark stands before each signature (signer). One file serves
// both, so one barrier does.
//
// The log is a row of segments, each a file of frames (docs/formats/log.md):
//
//     frame = magic | kind and flag | length | CRC-32C | body
//
// A crash leaves a torn end: frames that were written after the last barrier may be there, be
// missing, or be there in part, in any pattern of pages. A broken disk damages what was durable.
// Both show as a frame that is not whole. To tell them apart, the first frame after each barrier
// carries a flag, "all before me was durable". No flagged frame behind the broken one: a torn end,
// to be cut. One behind it: damage, and the node must not start, for a watermark may be lost.
//
// A segment begins with a head that repeats the newest marker and the newest watermark, and new
// segments begin right behind a marker only. So the newest two segments hold all that recovery can
// ask for, and older files are removed.
//
// Not here: files (io), what an input means (consensus), the recovery table (chain).
#pragma once
#include <optional>

#include "store/log_input.h"

namespace tandem::store {

inline constexpr std::size_t log_frame_header_bytes = 10;
inline constexpr std::uint32_t log_body_bytes_max = 106'000'000;  // a block built, and its frame
inline constexpr std::size_t log_segment_bytes = std::size_t{16} << 20;

/// Inputs before it are of this height or lower. 0: the marker before the first block.
struct EndOfHeight {
    std::int64_t height = 0;

    bool operator==(const EndOfHeight&) const = default;
};

/// signer/watermark.h, as bytes.
struct LoggedWatermark {
    Bytes record;

    bool operator==(const LoggedWatermark&) const = default;
};

/// First frame of a segment.
struct SegmentHead {
    std::uint32_t format = 1;
    std::uint64_t number = 0;  // one more than that of the segment before
    std::string chain_id;
    bool has_marker = false;
    std::int64_t marker = 0;  // newest marker before this segment, if any
    Bytes watermark;          // newest before this segment, or empty

    bool operator==(const SegmentHead&) const = default;
};

using LogEntry = std::variant<SegmentHead, LoggedInput, EndOfHeight, LoggedWatermark>;

/// Makes the bytes to append, and knows what the next head must repeat. A value.
class LogWriter {
  public:
    /// A new log. Its first bytes are begin_segment().
    explicit LogWriter(std::string chain_id) { head_.chain_id = std::move(chain_id); }
    /// Goes on behind what was read.
    LogWriter(SegmentHead newest, std::size_t segment_bytes)
        : head_(std::move(newest)), bytes_(segment_bytes), begun_(true) {}

    /// The first bytes of the next segment. REQUIRES: all before it is durable.
    [[nodiscard]] Bytes begin_segment();
    /// Number of the segment that the next bytes belong to.
    [[nodiscard]] std::uint64_t segment() const noexcept { return head_.number; }
    /// A marker stands at the end, and the segment is long enough: begin the next one.
    [[nodiscard]] bool wants_segment(std::size_t bytes_max = log_segment_bytes) const noexcept {
        return at_marker_ && bytes_ >= bytes_max;
    }

    // ---- Each appends a frame to `out`.
    void input(Bytes& out, const consensus::Input& input);
    void end_of_height(Bytes& out, std::int64_t height);
    void watermark(Bytes& out, BytesView record);

    /// Everything that was given out so far is on the disk.
    void synced() noexcept { after_barrier_ = true; }

  private:
    void frame(Bytes& out, std::uint8_t kind, BytesView body);

    SegmentHead head_;       // of the present segment, with the newest marker and watermark
    std::size_t bytes_ = 0;  // in the present segment
    bool begun_ = false;
    bool at_marker_ = false;
    bool after_barrier_ = true;
};

/// One step of reading a segment.
struct LogStep {
    enum class State : std::uint8_t {
        entry,
        end,      // nothing but zeros follows, or nothing
        torn,     // a frame that is not whole, and nothing durable behind it
        damaged,  // a frame that is not whole, or does not say what it can say, amid good ones
    };
    State state = State::end;
    std::optional<LogEntry> entry;
    bool after_barrier = false;  // its flag
    std::size_t begin = 0;       // position of the frame, or of the end
    base::Refusal why;           // of torn and damaged
};

/// Reads any bytes; each call gives one entry, and the last state again and again after the end.
class SegmentReader {
  public:
    explicit SegmentReader(BytesView segment) : segment_(segment) {}
    [[nodiscard]] LogStep next();
    /// Where the next frame begins: everything before is good.
    [[nodiscard]] std::size_t position() const noexcept { return position_; }

  private:
    [[nodiscard]] LogStep broken(std::string why) const;

    BytesView segment_;
    std::size_t position_ = 0;
};

/// What recovery wants of a log.
struct LogContents {
    std::optional<SegmentHead> newest;  // with newest marker and watermark; none: there is no log
    std::size_t good_bytes = 0;         // of the newest segment; what follows is to be cut
    bool torn = false;
    /// Segments at the end without a whole head: a crash fell into their creation. Remove them.
    std::size_t empty_segments = 0;
    /// All inputs behind the marker before the newest one, in order, with markers and watermarks.
    std::vector<LogEntry> entries;
    std::uint64_t peer_max = 0;  // highest number of a peer in it
};

struct LogSegment {
    std::uint64_t number = 0;  // as its name says
    BytesView bytes;
};

/// Segments in ascending order. Refused, as "log.<what>", where the node must not start: damage,
/// a gap, another chain, another format; with the segment and the position.
[[nodiscard]] base::Result<LogContents> read_log(std::span<const LogSegment> segments,
                                                 std::string_view chain_id);

}  // namespace tandem::store
