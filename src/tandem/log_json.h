// The log as lines of JSON, and back.
//
// A line shows an entry, and carries the frame that it was read from:
//
//     {"event":"vote_signed",...,"segment":3,"position":8192,"frame":"14IAAAAY..."}
//
// The frame alone is what counts on the way back, so the log is the same to the byte. What a line
// shows beside it must be what the frame says: who changed it is told so, and not ignored. The last
// line of a segment says where it ends, and how many zeros follow; without it lines are missing.
//
// Rejected: making frames of what is shown. Encodings that differ and say the same would come out
// as one, and a checksum that is made anew hides what happened to the lines on their way.
//
// Not here: files, and what a log means (store/log.h).
#pragma once
#include <nlohmann/json.hpp>

#include "store/log.h"

namespace tandem::program {

/// Of a segment that is read here, in bytes.
inline constexpr std::size_t segment_bytes_max =
    store::log_segment_bytes + 2 * std::size_t{store::log_body_bytes_max};

/// REQUIRES: `step` is an entry, and `frame` are its bytes.
[[nodiscard]] nlohmann::json log_line(std::uint64_t segment, const store::LogStep& step,
                                      base::BytesView frame);
/// `step`: the end of a segment of `bytes` bytes, torn or not. A torn end is cut on the way back.
[[nodiscard]] nlohmann::json log_end_line(std::uint64_t segment, const store::LogStep& step,
                                          std::size_t bytes);
/// One line, without its line feed. Texts of a log need not be UTF-8.
[[nodiscard]] std::string to_text(const nlohmann::json& line);

/// Takes the lines of a log, one after the other.
class LogFromJson {
  public:
    struct Segment {
        std::uint64_t number = 0;
        base::Bytes bytes;
    };

    /// Refused as "log.<what>", with the number of the line; then nothing can be made of the rest.
    [[nodiscard]] base::Verdict add(std::string_view line);
    /// Refused where lines are missing at the end, or a node would not start from the log.
    [[nodiscard]] base::Result<std::vector<Segment>> finish() &&;

  private:
    [[nodiscard]] base::Verdict add_object(const nlohmann::json& line);
    [[nodiscard]] base::Verdict take_segment(std::uint64_t number);
    [[nodiscard]] base::Verdict add_end(const nlohmann::json& line);
    [[nodiscard]] base::Verdict add_frame(const nlohmann::json& line);

    std::vector<Segment> segments_;
    std::string chain_id_;   // of the first head
    bool has_ended_ = true;  // the newest of them
    std::size_t line_ = 0;
};

}  // namespace tandem::program
