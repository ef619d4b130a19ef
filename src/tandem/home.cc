#include "tandem/home.h"

#include <array>
#include <cstdlib>
#include <unistd.h>

#include "tandem/files.h"

namespace tandem::program {

Result<Home> find_home(const std::optional<std::string>& flag, const Environment& variable) {
    if (flag && !flag->empty()) return Home{*flag};
    for (const char* name : {"TANDEM_HOME", "CMTHOME", "CMT_HOME", "TMHOME"})
        if (const char* value = variable(name); value != nullptr && *value != '\0')
            return Home{value};
    if (const char* user = variable("HOME"); user != nullptr && *user != '\0')
        return Home{std::filesystem::path(user) / ".tandem"};
    return refuse("home", "no home folder: give --home FOLDER, or set TANDEM_HOME");
}

Environment process_environment() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program sets variables
    return [](const std::string& name) -> const char* { return std::getenv(name.c_str()); };
}

Config usual_config() {
    Config config;
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0')
        config.base.moniker = name.data();
    return config;
}

Result<ConfigReading> load_config(const Home& home, const Environment& variable) {
    ConfigReading reading{usual_config(), {}};
    if (is_there(home.config())) {
        const auto text = read_file(home.config(), config_file_bytes_max);
        if (!text) return std::unexpected(text.error());
        auto from_file = config_from_toml(*text, home.config().string(), reading.config);
        if (!from_file) return std::unexpected(from_file.error());
        reading = std::move(*from_file);
    }
    TANDEM_TRY(apply_environment(reading.config, variable));
    return reading;
}

}  // namespace tandem::program
