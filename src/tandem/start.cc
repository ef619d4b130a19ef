#include "tandem/start.h"

#include <fmt/format.h>

#include <iostream>

#include "io/exit_codes.h"
#include "tandem/running_node.h"

namespace tandem::program {
namespace {

int failed(const StartFailure& failure) {
    std::cerr << fmt::format("ERROR: {}: {}\n", failure.why.check, failure.why.why);
    return failure.exit_code;
}

}  // namespace

int start(const Home& home, const Config& config) {
    auto opened = RunningNode::open(home, config);
    if (!opened) return failed(opened.error());
    if (const auto ran = (*opened)->run(); !ran) return failed(ran.error());
    return io::exit_code::ok;
}

}  // namespace tandem::program
