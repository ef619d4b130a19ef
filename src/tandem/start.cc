#include "tandem/start.h"

#include <fmt/format.h>

#include "tandem/running_node.h"

namespace tandem::program {
namespace {

std::unexpected<Failure> failed(const StartFailure& failure) {
    return fail(static_cast<ExitCode>(failure.exit_code),
                fmt::format("{}: {}", failure.why.check, failure.why.why));
}

}  // namespace

Outcome start(const Home& home, const Config& config) {
    auto opened = RunningNode::open(home, config);
    if (!opened) return failed(opened.error());
    if (const auto ran = (*opened)->run(); !ran) return failed(ran.error());
    return {};
}

}  // namespace tandem::program
