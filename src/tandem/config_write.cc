// A configuration as config.toml, and the table as a page of documentation.
#include <array>
#include <fmt/format.h>

#include "tandem/config_table.h"
#include "tandem/duration_text.h"

namespace tandem::program {
namespace {

std::string value_text(bool value) {
    return value ? "true" : "false";
}

std::string value_text(std::int64_t value) {
    return std::to_string(value);
}

/// A basic string of TOML. Bytes of UTF-8 stand for themselves.
std::string value_text(const std::string& value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\')
            text.append(1, '\\').append(1, c);
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            text += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        else
            text.push_back(c);
    }
    return text + "\"";
}

std::string value_text(Duration value) {
    return value_text(to_text(value));
}

std::string value_text(const Texts& values) {
    std::string text = "[";
    for (const std::string& value : values) {
        if (text.size() > 1) text += ", ";
        text += value_text(value);
    }
    return text + "]";
}

std::string value_of(const ConfigKey& key, Config& config) {
    // CometBFT writes this list as one text, and this number in quotes; it reads either form.
    if (key.name() == "statesync.rpc_servers") {
        std::string text;
        for (const std::string& server : config.statesync.rpc_servers)
            text += (text.empty() ? "" : ",") + server;
        return value_text(text);
    }
    return std::visit([&](auto member) { return value_text(member(config)); }, key.member);
}

std::string kind_of(const ConfigKey& key) {
    constexpr std::array<std::string_view, 5> kinds{"true or false", "number", "text", "span",
                                                    "list of texts"};
    return std::string(kinds.at(key.member.index()));
}

std::string one_line(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c == '\n') c = ' ';
    return out;
}

}  // namespace

std::string without_effect(const Config& config) {
    Config mine = config;
    Config usual;
    usual.base.version = mine.base.version;
    std::string text;
    for (const ConfigKey& key : config_keys()) {
        if (key.no_effect_because.empty()) continue;
        if (value_of(key, mine) == value_of(key, usual)) continue;
        text +=
            fmt::format("{}{} ({})", text.empty() ? "" : "; ", key.name(), key.no_effect_because);
    }
    return text.empty() ? text : "these keys of config.toml have no effect in Tandem: " + text;
}

std::string config_file_text(const Config& config) {
    Config mine = config;
    std::string text =
        "# Configuration of one Tandem node. CometBFT 0.38 reads this file as well.\n"
        "#\n"
        "# Paths are absolute, or relative to the node's home folder (--home, TANDEM_HOME). Spans\n"
        "# of time are written like \"1m30s\" or \"250ms\". Any key can be set in the environment\n"
        "# instead: p2p.laddr as CMT_P2P_LADDR.\n";
    for (const ConfigSection& section : config_sections()) {
        text += fmt::format("\n########## {} ##########\n", section.about);
        if (!section.name.empty()) text += fmt::format("[{}]\n", section.name);
        for (const ConfigKey& key : config_keys()) {
            if (key.section != section.name) continue;
            text += "\n# ";
            for (const char c : key.meaning) {
                text.push_back(c);
                if (c == '\n') text += "# ";
            }
            if (!key.no_effect_because.empty())
                text += fmt::format("\n# No effect here: {}.", key.no_effect_because);
            text += fmt::format("\n{} = {}\n", key.key, value_of(key, mine));
        }
    }
    return text;
}

std::string config_reference() {
    Config usual;
    std::string text =
        "# config.toml\n\n"
        "Every key of CometBFT 0.38's `config.toml`, and Tandem's own `[seats]` and\n"
        "`[share]`. This page is written by `tandem config reference`. A key that is not listed is "
        "an error.\n\n"
        "Order of what counts: a flag of the command, then the environment (`TANDEM_P2P_LADDR`,\n"
        "`CMT_P2P_LADDR` or `CMTP2P_LADDR` for `p2p.laddr`), then the file, then the default.\n";
    for (const ConfigSection& section : config_sections()) {
        text += section.name.empty()
                    ? fmt::format("\n## {}\n", section.about)
                    : fmt::format("\n## [{}]\n\n{}.\n", section.name, section.about);
        text += "\n| key | kind | default | meaning |\n| --- | --- | --- | --- |\n";
        for (const ConfigKey& key : config_keys()) {
            if (key.section != section.name) continue;
            std::string meaning = one_line(key.meaning);
            if (!key.no_effect_because.empty())
                meaning += fmt::format(" *No effect: {}.*", key.no_effect_because);
            text += fmt::format("| `{}` | {} | `{}` | {} |\n", key.key, kind_of(key),
                                value_of(key, usual), meaning);
        }
    }
    text += "\n## Keys of other releases\n\n";
    constexpr std::array treatments{"passed over with a warning", "refused where it is enabled",
                                    "refused"};
    for (const ForeignKey& key : foreign_keys())
        text += fmt::format("- `{}`: {}; {}\n", key.name,
                            treatments[static_cast<std::size_t>(key.treatment)], key.why);
    return text;
}

}  // namespace tandem::program
