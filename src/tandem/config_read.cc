// config.toml, environment and flags to a configuration.
#include <charconv>
#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/nearest_name.h"
#include "tandem/config_table.h"
#include "tandem/duration_text.h"

namespace tandem::program {
namespace {

/// Why a value does not fit, without where it stands.
using Misfit = std::expected<void, std::string>;

std::unexpected<std::string> misfit(std::string why) {
    return std::unexpected(std::move(why));
}

// ---- From a text: a variable, a flag, or a quoted value of the file.

Misfit take(bool& out, std::string_view text) {
    for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"})
        if (text == yes) return out = true, Misfit{};
    for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"})
        if (text == no) return out = false, Misfit{};
    return misfit(fmt::format("must be true or false, not \"{}\"", text));
}

Misfit take(std::int64_t& out, std::string_view text) {
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc() || stop != text.end())
        return misfit(fmt::format("must be a whole number, not \"{}\"", text));
    out = value;
    return {};
}

Misfit take(std::string& out, std::string_view text) {
    out = text;
    return {};
}

Misfit take(Duration& out, std::string_view text) {
    const auto span = duration_from_text(text);
    if (!span) return misfit(span.error().why);
    out = *span;
    return {};
}

Misfit take(Texts& out, std::string_view text) {
    out.clear();
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        out.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
        if (text.empty()) out.emplace_back();
    }
    return {};
}

// ---- From a value of the file. A quoted number is a number: CometBFT's own file has one.

template <typename T>
Misfit take(T& out, const toml::node& node) {
    if (const auto* text = node.as_string()) return take(out, std::string_view(text->get()));
    if constexpr (std::is_same_v<T, bool>) {
        if (const auto* value = node.as_boolean()) return out = value->get(), Misfit{};
        return misfit("must be true or false");
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
        if (const auto* value = node.as_integer()) return out = value->get(), Misfit{};
        return misfit("must be a whole number");
    } else if constexpr (std::is_same_v<T, Duration>) {
        return misfit("must be a span of time in quotes, such as \"1m30s\" or \"250ms\"");
    } else if constexpr (std::is_same_v<T, Texts>) {
        const auto* array = node.as_array();
        if (array == nullptr) return misfit("must be a list of texts in quotes");
        Texts texts;
        for (const toml::node& element : *array) {
            const auto* text = element.as_string();
            if (text == nullptr) return misfit("must be a list of texts in quotes");
            texts.push_back(text->get());
        }
        out = std::move(texts);
        return {};
    } else {
        return misfit("must be a text in quotes");
    }
}

const ConfigKey* find_key(std::string_view name) {
    for (const ConfigKey& key : config_keys())
        if (key.name() == name) return &key;
    return nullptr;
}

const ForeignKey* find_foreign(std::string_view name) {
    for (const ForeignKey& key : foreign_keys())
        if (key.name == name) return &key;
    return nullptr;
}

/// "; did you mean ...?", or where that key belongs, or nothing.
std::string hint(std::string_view section, std::string_view key) {
    std::vector<std::string_view> here;
    for (const ConfigKey& known : config_keys())
        if (known.section == section) here.push_back(known.key);
    if (const auto near = base::nearest_name(key, here); !near.empty())
        return fmt::format("; did you mean \"{}\"?", near);
    for (const ConfigKey& known : config_keys())
        if (known.key == key)
            return known.section.empty() ? std::string("; it belongs above the first section")
                                         : fmt::format("; it belongs under [{}]", known.section);
    return {};
}

class FileReading {
  public:
    FileReading(std::string_view file, const Config& defaults) : file_(file) {
        reading_.config = defaults;
    }

    Verdict read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            if (const toml::table* section = node.as_table())
                TANDEM_TRY(read_section(key, *section));
            else
                TANDEM_TRY(read_key("", key, node));
        }
        return {};
    }

    ConfigReading take_reading() && { return std::move(reading_); }

  private:
    [[nodiscard]] std::unexpected<Refusal> refused(std::string_view name,
                                                   const toml::source_region& where,
                                                   std::string why) const {
        return refuse(name, fmt::format("{} line {}: {}", file_, where.begin.line, why));
    }

    Verdict read_section(const toml::key& name, const toml::table& section) {
        bool is_known = false;
        std::vector<std::string_view> known;
        for (const ConfigSection& candidate : config_sections()) {
            if (candidate.name.empty()) continue;
            known.push_back(candidate.name);
            is_known |= candidate.name == name.str();
        }
        if (!is_known) {
            if (const ForeignKey* foreign = find_foreign(name.str()))
                return pass_over(*foreign, name.source(), section);
            const auto near = base::nearest_name(name.str(), known);
            return refused(name.str(), name.source(),
                           fmt::format("unknown section [{}]{}", name.str(),
                                       near.empty() ? std::string()
                                                    : fmt::format("; did you mean [{}]?", near)));
        }
        for (const auto& [key, node] : section) TANDEM_TRY(read_key(name.str(), key, node));
        return {};
    }

    Verdict read_key(std::string_view section, const toml::key& key, const toml::node& node) {
        const std::string name = section.empty()
                                     ? std::string(key.str())
                                     : std::string(section).append(1, '.').append(key.str());
        const ConfigKey* known = find_key(name);
        if (known == nullptr) {
            if (const ForeignKey* foreign = find_foreign(name))
                return pass_over(*foreign, key.source(), node);
            return refused(name, key.source(),
                           fmt::format("unknown key \"{}\"{}", name, hint(section, key.str())));
        }
        const Misfit taken = std::visit(
            [&](auto member) { return take(member(reading_.config), node); }, known->member);
        if (!taken) return refused(name, node.source(), fmt::format("{} {}", name, taken.error()));
        return {};
    }

    Verdict pass_over(const ForeignKey& foreign, const toml::source_region& where,
                      const toml::node& node) {
        const toml::table* table = node.as_table();
        const bool is_on = table != nullptr && (*table)["enabled"].value_or(false);
        if (foreign.treatment == ForeignKey::refused ||
            (foreign.treatment == ForeignKey::refused_if_on && is_on))
            return refused(foreign.name, where,
                           fmt::format("{} is refused: {}", foreign.name, foreign.why));
        if (foreign.treatment == ForeignKey::passed_over)
            reading_.warnings.push_back(fmt::format("{} line {}: {} has no effect: {}", file_,
                                                    where.begin.line, foreign.name, foreign.why));
        return {};
    }

    std::string_view file_;
    ConfigReading reading_;
};

/// P2P_LADDR of p2p.laddr.
std::string variable_name(const ConfigKey& key) {
    std::string name = key.name();
    for (char& c : name) {
        if (c == '.' || c == '-') c = '_';
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

}  // namespace

Result<ConfigReading> config_from_toml(std::string_view text, std::string_view file,
                                       const Config& defaults) {
    const toml::parse_result parsed = toml::parse(text);
    if (!parsed)
        return refuse("toml",
                      fmt::format("{} line {}: {}", file, parsed.error().source().begin.line,
                                  parsed.error().description()));
    FileReading reading(file, defaults);
    TANDEM_TRY(reading.read(parsed.table()));
    return std::move(reading).take_reading();
}

Verdict set_key(Config& config, std::string_view name, std::string_view value) {
    const ConfigKey* key = find_key(name);
    if (key == nullptr) return refuse(name, fmt::format("unknown key \"{}\"", name));
    const Misfit taken =
        std::visit([&](auto member) { return take(member(config), value); }, key->member);
    if (!taken) return refuse(name, fmt::format("{} {}", name, taken.error()));
    return {};
}

Verdict apply_environment(Config& config, const Environment& variable) {
    for (const ConfigKey& key : config_keys())
        for (const std::string_view prefix : {"TANDEM_", "CMT_", "CMT"}) {
            const std::string name = std::string(prefix) + variable_name(key);
            const char* value = variable(name);
            if (value == nullptr || *value == '\0') continue;
            if (Verdict set = set_key(config, key.name(), value); !set)
                return refuse(key.name(),
                              fmt::format("environment variable {}: {}", name, set.error().why));
            break;
        }
    return {};
}

std::vector<std::string_view> list_items(std::string_view list) {
    std::vector<std::string_view> items;
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (!item.empty()) items.push_back(item);
    }
    return items;
}

}  // namespace tandem::program
