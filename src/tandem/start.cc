#include "tandem/start.h"

#include "tandem/running_node.h"

namespace tandem::program {

Outcome start(const Home& home, const Config& config) {
    auto opened = RunningNode::open(home, config);
    if (!opened) return fail(std::move(opened).error());
    return (*opened)->run();
}

}  // namespace tandem::program
