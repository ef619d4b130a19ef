#include "tandem/running_node.h"

#include "io/termination.h"
#include "tandem/node_settings.h"
#include "tandem/running_node_parts.h"

namespace tandem::program {

RunningNode::RunningNode(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RunningNode::~RunningNode() = default;

std::expected<std::unique_ptr<RunningNode>, Failure> RunningNode::open(const Home& home,
                                                                       const Config& config) {
    return open(std::make_unique<Parts>(home, config));
}

std::expected<std::unique_ptr<RunningNode>, Failure> RunningNode::open_to_look(
    const Home& home, const Config& config) {
    auto parts = std::make_unique<Parts>(home, config);
    parts->only_looks = true;
    return open(std::move(parts));
}

std::expected<std::unique_ptr<RunningNode>, Failure> RunningNode::open(
    std::unique_ptr<Parts> parts) {
    for (const auto step : {&Parts::read_files, &Parts::open_storage, &Parts::find_validator_key,
                            &Parts::choose_application, &Parts::open_network, &Parts::assemble})
        if (auto done = ((*parts).*step)(); !done) return std::unexpected(done.error());
    return std::unique_ptr<RunningNode>(new RunningNode(std::move(parts)));
}

base::Verdict RunningNode::Parts::serve_rpc() {
    if (config.rpc.laddr.empty()) return {};
    service.emplace(*environment, *bus, *indexer, service_config(config.rpc));
    rpc_handler.emplace(*service);
    auto server = io::HttpServer::start(loop, *rpc_handler, http_config(config.rpc, home));
    if (!server) return std::unexpected(server.error());
    rpc_server = std::move(*server);
    for (const std::string& address : rpc_server->addresses())
        reporter->report(node::LogLevel::info, "rpc", "serving at " + address);
    return {};
}

base::Verdict RunningNode::Parts::serve_metrics() {
    if (!metrics) return {};
    metrics_handler.emplace([this] { return metrics->text(); });
    auto server =
        io::HttpServer::start(loop, *metrics_handler, http_config(config.instrumentation));
    if (!server) return std::unexpected(server.error());
    metrics_server = std::move(*server);
    reporter->report(node::LogLevel::info, "node",
                     "metrics at " + metrics_server->addresses().front() + "/metrics");
    return {};
}

RunningNode::Replayed RunningNode::replay() {
    TANDEM_CHECK(parts_->only_looks);
    node::Node& node = *parts_->node;
    node.begin_offline();
    // No turn follows; what was begun beside this thread ends.
    parts_->host->stop_loop();
    parts_->host->run();
    parts_->log->sync();
    parts_->database->sync();
    return {parts_->facts_before, node.engine().state().last_block_height,
            &node.engine().consensus_state()};
}

Outcome RunningNode::run() {
    Parts& parts = *parts_;
    if (const auto verdict = parts.host->listen(); !verdict)
        return failed(verdict.error(), ExitCode::busy);
    if (const auto verdict = parts.serve_rpc(); !verdict)
        return failed(verdict.error(), ExitCode::busy);
    if (const auto verdict = parts.serve_metrics(); !verdict)
        return failed(verdict.error(), ExitCode::busy);
    const io::Termination termination(parts.loop, [&parts](int signal) {
        parts.reporter->report(node::LogLevel::info, "node",
                               fmt::format("stopping on signal {}", signal));
        parts.host->stop_loop();
    });
    parts.reporter->report(
        node::LogLevel::info, "node",
        fmt::format("node {} of chain {} at height {}, listening at port {}", parts.local->id(),
                    parts.genesis.chain_id, parts.node->engine().state().last_block_height,
                    parts.host->port()));
    parts.node->start();
    parts.host->run();
    parts.log->sync();
    parts.database->sync();
    return {};
}

}  // namespace tandem::program
