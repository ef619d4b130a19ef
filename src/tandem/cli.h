// What the commands of the program share: the options that stand before and behind all of them,
// how a command ends, and how it speaks.
//
// A command reads, checks, and only then changes anything; it ends with one Outcome. What went
// wrong is said once, on standard error: what, where, and what to do.
#pragma once
#include <CLI/CLI.hpp>
#include <initializer_list>

#include "io/exit_codes.h"
#include "tandem/home.h"

namespace tandem::program {

/// Documented in docs/exit-codes.md. CometBFT ends with 1 whatever is wrong.
enum class ExitCode : int {
    ok = io::exit_code::done,
    failed = io::exit_code::failed,  // also where the node or the chain refused it
    usage = io::exit_code::usage,
    bad_data = io::exit_code::bad_data,
    no_input = io::exit_code::no_input,
    unavailable = io::exit_code::unavailable,
    io_error = io::exit_code::io_error,
    busy = io::exit_code::busy,
    permission = io::exit_code::permission,
    configuration = io::exit_code::configuration,
};

struct Failure {
    ExitCode code = ExitCode::failed;
    std::string what;
};

using Outcome = std::expected<void, Failure>;

[[nodiscard]] std::unexpected<Failure> fail(ExitCode code, std::string what);
/// Of a refusal: checks "file.*" and "folder.*" have codes of their own.
[[nodiscard]] std::unexpected<Failure> fail(const Refusal& refusal,
                                            ExitCode code = ExitCode::configuration);

/// Returns the failure of a Verdict, Result or Outcome from a command, if any.
#define TANDEM_DO(expression)                                               \
    do {                                                                    \
        if (auto tandem_done = (expression); !tandem_done)                  \
            return ::tandem::program::fail(std::move(tandem_done).error()); \
    } while (false)
[[nodiscard]] inline std::unexpected<Failure> fail(Failure&& failure) {
    return std::unexpected(std::move(failure));
}

/// The options of all commands, and what became of the one that ran.
struct Context {
    std::optional<std::string> home_flag;
    std::optional<std::string> log_level;
    bool trace = false;           // accepted: there is no stack to print
    std::string output = "text";  // or "json"
    Outcome outcome;

    [[nodiscard]] bool is_json() const { return output == "json"; }
    [[nodiscard]] Result<Home> home() const { return find_home(home_flag, process_environment()); }
    /// The valid configuration of the home folder; its warnings go to standard error.
    [[nodiscard]] std::expected<Config, Failure> config(const Home& home) const;
};

/// One line as CometBFT's commands log them, on standard output: scripts read these.
struct LogField {
    std::string_view name;
    std::string value;
};
struct LogLine {
    std::string message;
    std::vector<LogField> fields;
};
void print_log(const Context& context, const std::vector<LogLine>& lines);
void print_text(std::string_view text);
void print_line(std::string_view text);
void print_error(std::string_view text);

/// A command under `app`; `aliases` are other names for it.
CLI::App* add_command(CLI::App& app, std::string name, std::string about,
                      std::initializer_list<const char*> aliases = {});

// ---- The commands, each in a file of its own.
void add_init(CLI::App& app, Context& context);
void add_start(CLI::App& app, Context& context);
void add_testnet(CLI::App& app, Context& context);
void add_key_commands(CLI::App& app, Context& context);
void add_reset_commands(CLI::App& app, Context& context);
void add_config_command(CLI::App& app, Context& context);
void add_version(CLI::App& app, Context& context);
void add_signer(CLI::App& app, Context& context);
void add_seat_commands(CLI::App& app, Context& context);
void add_verify_switch(CLI::App& app, Context& context);
void add_log(CLI::App& app, Context& context);
void add_shim(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_light(CLI::App& app, Context& context);
void add_status(CLI::App& app, Context& context);
void add_tx_commands(CLI::App& app, Context& context);
void add_query_commands(CLI::App& app, Context& context);
void add_member_keys(CLI::App& app, Context& context);

}  // namespace tandem::program
