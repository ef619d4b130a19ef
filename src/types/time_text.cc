#include "types/time_text.h"

#include <chrono>  // the calendar alone; no clock
#include <fmt/format.h>

namespace tandem::types {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t text_seconds_min = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::size_t nano_digits = 9;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// Takes a text apart from the front.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    /// A number of `digits_min` to `digits_max` digits, as many as there are.
    bool number(std::size_t digits_min, std::size_t digits_max, int& value) {
        std::size_t count = 0;
        value = 0;
        while (count < digits_max && count < rest_.size() && is_digit(rest_[count]))
            value = value * 10 + (rest_[count++] - '0');
        if (count < digits_min) return false;
        rest_.remove_prefix(count);
        return true;
    }
    bool letter(char wanted) {
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Nanoseconds of a fraction, or 0 where none stands.
    std::int32_t fraction() {
        if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || !is_digit(rest_[1]))
            return 0;
        rest_.remove_prefix(1);
        std::int32_t nanos = 0;
        std::size_t count = 0;
        for (; !rest_.empty() && is_digit(rest_[0]); rest_.remove_prefix(1), ++count)
            if (count < nano_digits) nanos = nanos * 10 + (rest_[0] - '0');
        for (; count < nano_digits; ++count) nanos *= 10;
        return nanos;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    std::string_view rest_;
};

}  // namespace

bool has_text(Timestamp time) noexcept {
    return time.seconds >= text_seconds_min && time.seconds < wire::timestamp_seconds_end &&
           time.nanos >= 0 && time.nanos < wire::nanos_per_second;
}

Result<Timestamp> time_from_text(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view check = "time";
    if (!text.ends_with('Z')) return refuse(check, "does not end in \"Z\", which stands for UTC");
    int y = 0;
    int mo = 0;
    int d = 0;
    int h = 0;
    int mi = 0;
    int s = 0;
    Scanner scan(text);
    const bool in_form = scan.number(4, 4, y) && scan.letter('-') && scan.number(2, 2, mo) &&
                         scan.letter('-') && scan.number(2, 2, d) && scan.letter('T') &&
                         scan.number(1, 2, h) && scan.letter(':') && scan.number(2, 2, mi) &&
                         scan.letter(':') && scan.number(2, 2, s);
    if (!in_form) return refuse(check, "is not of the form 2006-01-02T15:04:05.999999999Z");
    const std::int32_t nanos = scan.fraction();
    if (!scan.letter('Z') || !scan.at_end())
        return refuse(check, "has something else between the seconds and the \"Z\"");
    const year_month_day date{year(y), month(static_cast<unsigned>(mo)),
                              day(static_cast<unsigned>(d))};
    if (!date.ok()) return refuse(check, "names a day that the calendar lacks");
    if (h > 23 || mi > 59 || s > 59) return refuse(check, "names a time that a day lacks");
    const std::int64_t days = sys_days(date).time_since_epoch().count();
    return Timestamp{days * seconds_per_day + h * 3600 + mi * 60 + s, nanos};
}

std::string to_text(Timestamp time) {
    using namespace std::chrono;
    if (!has_text(time)) return fmt::format("@{}.{:09}", time.seconds, time.nanos);
    std::int64_t day_count = time.seconds / seconds_per_day;
    std::int64_t in_day = time.seconds % seconds_per_day;
    if (in_day < 0) {
        --day_count;
        in_day += seconds_per_day;
    }
    const year_month_day date{sys_days(days(static_cast<int>(day_count)))};
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int{date.year()}, unsigned{date.month()},
                    unsigned{date.day()}, in_day / 3600, in_day / 60 % 60, in_day % 60);
    if (time.nanos != 0) {
        text += fmt::format(".{:09}", time.nanos);
        while (text.ends_with('0')) text.pop_back();
    }
    return text + 'Z';
}

}  // namespace tandem::types
