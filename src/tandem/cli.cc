#include "tandem/cli.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <fmt/format.h>

namespace tandem::program {

std::unexpected<Failure> fail(ExitCode code, std::string what) {
    return std::unexpected(Failure{code, std::move(what)});
}

std::unexpected<Failure> fail(const Refusal& refusal, ExitCode code) {
    struct Known {
        std::string_view check;
        ExitCode code;
    };
    constexpr std::array known{
        Known{"file.missing", ExitCode::no_input},  Known{"file.read", ExitCode::no_input},
        Known{"file.too_long", ExitCode::no_input}, Known{"file.exists", ExitCode::failed},
        Known{"file.mode", ExitCode::permission},   Known{"file.permission", ExitCode::permission},
        Known{"file.", ExitCode::io_error},         Known{"folder.busy", ExitCode::busy},
        Known{"folder.", ExitCode::io_error},
    };
    for (const Known& entry : known)
        if (refusal.check.starts_with(entry.check)) return fail(entry.code, refusal.why);
    return fail(code, refusal.why);
}

std::expected<Config, Failure> Context::config(const Home& home) const {
    auto reading = load_config(home, process_environment());
    if (!reading) return fail(reading.error());
    for (const std::string& warning : reading->warnings) print_error("warning: " + warning);
    if (log_level) reading->config.base.log_level = *log_level;
    if (const Verdict valid = validate(reading->config); !valid) {
        const std::string where = home.config().string();
        return fail(ExitCode::configuration,
                    fmt::format("{}; correct it in {}, or in the environment if it is set there",
                                valid.error().why, where));
    }
    return std::move(reading->config);
}

void print_text(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_line(std::string_view text) {
    print_text(text);
    std::fputc('\n', stdout);
}

void print_error(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fputc('\n', stderr);
}

void print_log(const Context& context, const std::vector<LogLine>& lines) {
    if (context.is_json()) return;
    const std::string_view level = context.log_level ? *context.log_level : std::string_view();
    if (level == "error" || level == "none") return;
    std::timespec now{};
    std::timespec_get(&now, TIME_UTC);
    std::tm parts{};
    localtime_r(&now.tv_sec, &parts);
    std::array<char, 32> stamp{};
    (void)std::strftime(stamp.data(), stamp.size(), "%Y-%m-%d|%H:%M:%S", &parts);
    for (const LogLine& line : lines) {
        std::string text = fmt::format("I[{}.{:03}] {:<44} module=main", stamp.data(),
                                       now.tv_nsec / 1'000'000, line.message);
        for (const LogField& field : line.fields)
            text += fmt::format(" {}={}", field.name, field.value);
        print_line(text);
    }
}

CLI::App* add_command(CLI::App& app, std::string name, std::string about,
                      std::initializer_list<const char*> aliases) {
    CLI::App* command = app.add_subcommand(std::move(name), std::move(about));
    for (const char* alias : aliases) command->alias(alias);
    command->fallthrough();
    return command;
}

}  // namespace tandem::program
