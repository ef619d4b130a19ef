// Reading JSON exactly as Go's encoding/json does, since CometBFT's genesis, key files and RPC are
// defined by it: a text that one node takes and another refuses is a network that does not start.
//
//   - Values nest at most 10,000 deep; anything but blanks behind the value is an error.
//   - In strings, control characters are refused. Bytes that are no UTF-8 pass: each becomes
//     U+FFFD when the string is read, and so does half of a surrogate pair.
//   - Names may repeat; readers of objects let the last one win.
//
// A text is checked once, as a whole; after that a JsonValue is a view of one value's own bytes,
// which are walked again when somebody asks what is inside. So a genesis of a gigabyte, most of it
// one raw `app_state`, costs no memory beside its text, and raw() gives that member back byte for
// byte. The check keeps one byte per open bracket and does not recurse; nor does anything else
// here.
//
// Rejected: nlohmann/json and simdjson, which refuse broken UTF-8, keep no raw text of a member and
// no line numbers (docs/adr/0002). Tests hold this reader against the former.
//
// Not here: what a value means, such as 64-bit integers in strings (json_read.h); writing
// (json_write.h).
#pragma once
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "base/refusal.h"

namespace tandem::wire {

enum class JsonKind : std::uint8_t { null, boolean, number, string, array, object };

inline constexpr std::size_t json_depth_max = 10'000;

class JsonElements;
class JsonMembers;

/// A view of one value inside a checked text, which must outlive it.
class JsonValue {
  public:
    [[nodiscard]] JsonKind kind() const noexcept;
    [[nodiscard]] bool is_null() const noexcept { return kind() == JsonKind::null; }
    /// The bytes of the value as they stand, without the blanks around it. For a number this is
    /// the number; for a string it holds the quotes and escapes.
    [[nodiscard]] std::string_view raw() const noexcept { return raw_; }
    /// From 1. Counts through the text, so for messages only.
    [[nodiscard]] std::size_t line() const noexcept;

    /// REQUIRES: a boolean.
    [[nodiscard]] bool boolean() const;
    /// What stands between the quotes, escapes unread. REQUIRES: a string.
    [[nodiscard]] std::string_view raw_string() const;
    /// The string that is meant: well-formed UTF-8, whatever the text holds. REQUIRES: a string.
    [[nodiscard]] std::string string() const;
    /// Whether string() is `wanted`, without making it. REQUIRES: a string; `wanted` is ASCII.
    [[nodiscard]] bool string_is(std::string_view wanted) const;
    /// REQUIRES: an array.
    [[nodiscard]] JsonElements elements() const;
    /// REQUIRES: an object.
    [[nodiscard]] JsonMembers members() const;

  private:
    friend class JsonWalk;
    friend base::Result<JsonValue> parse_json(std::string_view text);
    JsonValue(std::string_view text, std::string_view raw) noexcept : text_(text), raw_(raw) {}

    std::string_view text_;  // whole
    std::string_view raw_;   // invariant: a part of text_
};

/// Checks all of `text`. The refusal says line and column, what was expected and what was found.
[[nodiscard]] base::Result<JsonValue> parse_json(std::string_view text);

struct JsonMember {
    JsonValue name;
    JsonValue value;
};

/// Goes through the inside of one array or object.
class JsonWalk {
  public:
    explicit JsonWalk(const JsonValue& container) noexcept;
    [[nodiscard]] bool at_end() const noexcept;
    /// REQUIRES: not at_end().
    JsonValue next();

  private:
    void skip_blanks() noexcept;
    std::string_view text_;
    std::string_view rest_;
};

/// For range-for, in the order of the text.
class JsonElements {
  public:
    explicit JsonElements(const JsonValue& array) noexcept : walk_(array) {}

    class Iterator {
      public:
        explicit Iterator(const JsonWalk& walk) : walk_(walk) {}
        JsonValue operator*() { return walk_.next(); }  // once per element
        Iterator& operator++() noexcept { return *this; }
        bool operator==(std::default_sentinel_t) const noexcept { return walk_.at_end(); }

      private:
        JsonWalk walk_;
    };
    [[nodiscard]] Iterator begin() const { return Iterator(walk_); }
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

  private:
    JsonWalk walk_;
};

class JsonMembers {
  public:
    explicit JsonMembers(const JsonValue& object) noexcept : walk_(object) {}

    class Iterator {
      public:
        explicit Iterator(const JsonWalk& walk) : walk_(walk) {}
        JsonMember operator*() {  // once per member
            const JsonValue name = walk_.next();
            return {name, walk_.next()};
        }
        Iterator& operator++() noexcept { return *this; }
        bool operator==(std::default_sentinel_t) const noexcept { return walk_.at_end(); }

      private:
        JsonWalk walk_;
    };
    [[nodiscard]] Iterator begin() const { return Iterator(walk_); }
    [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

  private:
    JsonWalk walk_;
};

}  // namespace tandem::wire
