#include "base/nearest_name.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace tandem::base {
namespace {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) noexcept {
    TANDEM_CHECK(a.size() <= nearest_name_bytes_max && b.size() <= nearest_name_bytes_max);
    using Row = std::array<std::size_t, nearest_name_bytes_max + 1>;
    Row before{};  // distances of the prefix of `a` two characters shorter
    Row last{};    // one character shorter
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string_view nearest_name(std::string_view name,
                              std::span<const std::string_view> known) noexcept {
    if (name.size() > nearest_name_bytes_max) return {};
    std::string_view nearest;
    std::size_t nearest_distance = nearest_name_bytes_max;
    for (const std::string_view candidate : known) {
        if (candidate.size() > nearest_name_bytes_max) continue;
        const std::size_t distance = edit_distance(name, candidate);
        if (distance > std::max(name.size(), candidate.size()) / 3) continue;
        if (distance >= nearest_distance) continue;
        nearest = candidate;
        nearest_distance = distance;
    }
    return nearest;
}

}  // namespace tandem::base
