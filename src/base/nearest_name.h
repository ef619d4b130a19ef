// "Did you mean ...?": which known name a mistyped one resembles.
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

namespace tandem::base {

/// Names longer than this are compared with nothing.
inline constexpr std::size_t nearest_name_bytes_max = 64;

/// How many single characters must be inserted, removed, replaced or swapped with their
/// neighbour to make `b` of `a`; letters differ not by case. REQUIRES: neither is longer than
/// nearest_name_bytes_max.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b) noexcept;

/// The known name nearest to `name`, the first of several; empty where none is near: at most a
/// third of its characters may differ.
[[nodiscard]] std::string_view nearest_name(std::string_view name,
                                            std::span<const std::string_view> known) noexcept;

}  // namespace tandem::base
