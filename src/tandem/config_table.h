// All keys of config.toml, in the order of CometBFT's file: the one place where a key is described.
#pragma once
#include <span>
#include <variant>

#include "tandem/config.h"

namespace tandem::program {

/// Gives a key's member of a configuration.
template <typename T>
using Member = T& (*)(Config&);
using AnyMember = std::variant<Member<bool>, Member<std::int64_t>, Member<std::string>,
                               Member<Duration>, Member<Texts>>;

struct ConfigKey {
    std::string_view section;  // empty for those at the top
    std::string_view key;
    AnyMember member;
    std::string_view meaning;              // one or more lines
    std::string_view no_effect_because{};  // empty: honoured
    std::string_view allowed{};            // values with bars between; empty: any
    std::int64_t least = 0;                // of numbers and durations (nanoseconds)
    std::int64_t most = std::numeric_limits<std::int64_t>::max();

    [[nodiscard]] std::string name() const {
        return section.empty() ? std::string(key) : std::string(section).append(1, '.').append(key);
    }
};

struct ConfigSection {
    std::string_view name;
    std::string_view about;
};

/// A key of other releases, or of CometBFT's own tests.
struct ForeignKey {
    std::string_view name;
    std::string_view why;
    enum class Treatment : std::uint8_t {
        passed_over,    // with a warning, as CometBFT passes over it
        refused_if_on,  // a table with `enabled`; else passed over without a word
        refused,
    };
    using enum Treatment;
    Treatment treatment;
};

[[nodiscard]] std::span<const ConfigKey> config_keys();
[[nodiscard]] std::span<const ConfigSection> config_sections();
[[nodiscard]] std::span<const ForeignKey> foreign_keys();

}  // namespace tandem::program
