#include "tandem/reporter.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace tandem::program {
namespace {

constexpr int none = 4;
constexpr std::string_view names[] = {"debug", "info", "warn", "error"};

std::optional<int> level_from(std::string_view text) {
    if (text == "none") return none;
    if (text == "warning") return 2;
    for (int i = 0; i < none; ++i)
        if (text == names[i]) return i;
    return std::nullopt;
}

}  // namespace

struct ProcessReporter::Sink {
    spdlog::logger logger{"tandem", std::make_shared<spdlog::sinks::stdout_sink_mt>()};
    bool json = false;
};

ProcessReporter::ProcessReporter() : sink_(std::make_unique<Sink>()) {}
ProcessReporter::~ProcessReporter() = default;

base::Result<std::unique_ptr<ProcessReporter>> ProcessReporter::make(std::string_view level,
                                                                     bool json) {
    std::unique_ptr<ProcessReporter> reporter(new ProcessReporter);
    reporter->sink_->json = json;
    reporter->sink_->logger.set_level(spdlog::level::trace);
    reporter->sink_->logger.set_pattern(json ? "%v" : "%L[%Y-%m-%d|%H:%M:%S.%e] %v");
    reporter->sink_->logger.flush_on(spdlog::level::trace);
    while (!level.empty()) {
        const std::size_t comma = std::min(level.find(','), level.size());
        const std::string_view item = level.substr(0, comma);
        level.remove_prefix(std::min(comma + 1, level.size()));
        const std::size_t colon = item.find(':');
        const std::string_view module =
            colon == std::string_view::npos ? "*" : item.substr(0, colon);
        const auto parsed =
            level_from(colon == std::string_view::npos ? item : item.substr(colon + 1));
        if (!parsed)
            return base::refuse("log_level",
                                fmt::format("\"{}\" is no level: debug, info, warn, error or none, "
                                            "for all or as module:level with commas between",
                                            item));
        if (module == "*")
            reporter->usual_level_ = *parsed;
        else
            reporter->levels_.insert_or_assign(std::string(module), *parsed);
    }
    return reporter;
}

bool ProcessReporter::wants(node::LogLevel level, std::string_view module) const {
    const auto found = levels_.find(module);
    return static_cast<int>(level) >= (found == levels_.end() ? usual_level_ : found->second);
}

void ProcessReporter::report(node::LogLevel level, std::string_view module, std::string_view text) {
    if (!wants(level, module)) return;
    const auto number = static_cast<std::size_t>(level);
    constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                    spdlog::level::warn, spdlog::level::err};
    if (!sink_->json) return sink_->logger.log(levels[number], fmt::format("{}: {}", module, text));
    const auto now = std::chrono::system_clock::now();
    nlohmann::ordered_json line{
        {"level", names[number]},
        {"ts",
         std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count()},
        {"module", module},
        {"msg", text}};
    sink_->logger.log(levels[number],
                      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace tandem::program
