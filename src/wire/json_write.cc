#include "wire/json_write.h"

#include <fmt/format.h>

#include "base/check.h"
#include "wire/utf8.h"

namespace tandem::wire {
namespace {

/// U+2028 and U+2029 end a line in JavaScript, hence their escapes.
constexpr std::string_view line_separators = "\xE2\x80\xA8\xE2\x80\xA9";
constexpr std::size_t line_separator_bytes = 3;

/// Characters of HTML that Go escapes, so that JSON can stand inside a page.
constexpr bool is_html(char c) noexcept {
    return c == '<' || c == '>' || c == '&';
}

/// "\u2028" or "\u2029" where one of the two stands at the front of `text`, else nothing.
std::string_view line_separator_escape(std::string_view text) noexcept {
    if (!text.starts_with(line_separators.substr(0, 2)) || text.size() < line_separator_bytes)
        return {};
    if (text[2] == line_separators[2]) return "\\u2028";
    if (text[2] == line_separators[5]) return "\\u2029";
    return {};
}

void append_unicode_escape(std::string& out, char c) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
}

void append_ascii(std::string& out, char c) {
    constexpr std::string_view special = "\"\\\b\f\n\r\t";
    constexpr std::string_view letters = "\"\\bfnrt";
    if (const std::size_t index = special.find(c); index != std::string_view::npos) {
        out.push_back('\\');
        out.push_back(letters[index]);
    } else if (static_cast<unsigned char>(c) < 0x20 || is_html(c)) {
        append_unicode_escape(out, c);
    } else {
        out.push_back(c);
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        std::size_t length = utf8_length(text);
        if (length == 0) {
            out += "\\ufffd";
            length = 1;
        } else if (length == 1) {
            append_ascii(out, text.front());
        } else if (const auto escape = line_separator_escape(text); !escape.empty()) {
            out += escape;
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    out.push_back('"');
}

void JsonWriter::before_value() {
    if (comma_due_) out_.push_back(',');
    comma_due_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
    before_value();
    out_.push_back(bracket);
    ++depth_;
    comma_due_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    TANDEM_CHECK(depth_ > 0);
    out_.push_back(bracket);
    --depth_;
    comma_due_ = true;
    return *this;
}

JsonWriter& JsonWriter::name(std::string_view name) {
    TANDEM_CHECK(depth_ > 0);
    string(name);
    out_.push_back(':');
    comma_due_ = false;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    before_value();
    append_json_string(out_, text);
    return *this;
}

JsonWriter& JsonWriter::number(std::int64_t value) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
}

JsonWriter& JsonWriter::quoted(std::int64_t value) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
    return *this;
}

JsonWriter& JsonWriter::quoted(std::uint64_t value) {
    before_value();
    fmt::format_to(std::back_inserter(out_), "\"{}\"", value);
    return *this;
}

JsonWriter& JsonWriter::hex(base::BytesView bytes) {
    before_value();
    out_.push_back('"');
    out_ += base::to_hex(bytes, base::HexCase::upper);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::base64(base::BytesView bytes) {
    before_value();
    out_.push_back('"');
    out_ += base::to_base64(bytes);
    out_.push_back('"');
    return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

std::string JsonWriter::take() {
    TANDEM_CHECK(depth_ == 0 && !out_.empty());
    comma_due_ = false;
    return std::move(out_);
}

std::string compact_json(const JsonValue& value) {
    std::string out;
    out.reserve(value.raw().size());
    bool in_string = false;
    for (std::string_view rest = value.raw(); !rest.empty();) {
        const char c = rest.front();
        std::size_t taken = 1;
        if (!in_string) {
            if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out.push_back(c);
            in_string = c == '"';
        } else if (c == '\\') {
            taken = 2;
            out += rest.substr(0, taken);
        } else if (is_html(c)) {
            append_unicode_escape(out, c);
        } else if (const auto escape = line_separator_escape(rest); !escape.empty()) {
            taken = line_separator_bytes;
            out += escape;
        } else {
            out.push_back(c);
            in_string = c != '"';
        }
        rest.remove_prefix(taken);
    }
    return out;
}

std::string indent_json(std::string_view compact, std::string_view indent) {
    std::string out;
    out.reserve(2 * compact.size());  // enough for the files of keys, whose text must not move
    std::size_t depth = 0;
    const auto new_line = [&] {
        out.push_back('\n');
        for (std::size_t i = 0; i < depth; ++i) out += indent;
    };
    bool in_string = false;
    for (std::size_t i = 0; i < compact.size(); ++i) {
        const char c = compact[i];
        if (in_string) {
            out.push_back(c);
            if (c == '\\') out.push_back(compact[++i]);
            in_string = c != '"';
            continue;
        }
        const bool closing = c == '}' || c == ']';
        const bool after_opening = i > 0 && (compact[i - 1] == '{' || compact[i - 1] == '[');
        if (closing && !after_opening) {
            --depth;
            new_line();
        } else if (!closing && after_opening) {
            ++depth;
            new_line();
        }
        out.push_back(c);
        if (c == ',') new_line();
        if (c == ':') out.push_back(' ');
        in_string = c == '"';
    }
    return out;
}

}  // namespace tandem::wire
