#include "tandem/shim_health.h"

#include "rpc/health.h"
#include "rpc/uri.h"

namespace tandem::program {
namespace {

constexpr int status_ok = 200, status_not_found = 404, status_unavailable = 503;

rpc::HttpResponse plain(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

/// Whether the node is in the validator set of the next height.
bool holds_seat(const seats::State& state, const seats::NodeRef& node) {
    const seats::Seat& seat = state.seats[node.seat];
    const std::int64_t next = state.height + 1;
    if (seat.leaves_at != 0 && next >= seat.leaves_at) return false;
    return node.node == (seat.has_pending(next) ? seat.pending->from : seat.validator);
}

}  // namespace

void ShimHealth::handle(rpc::HttpRequest request, std::function<void(rpc::HttpResponse)> reply) {
    const auto target = rpc::parse_target(request.target);
    if (!target) return reply(rpc::malformed_request());
    if (target->path == "/health") return reply(plain(status_ok, "ok\n"));
    if (target->path == "/metrics") {
        rpc::HttpResponse page = plain(status_ok, metrics());
        page.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}};
        return reply(std::move(page));
    }
    if (!rpc::is_health_endpoint(target->path))
        return reply(
            plain(status_not_found, "here are /health /ready /validator /standby /metrics\n"));
    parts_.engine.ask_progress(
        [this, target = *target, reply = std::move(reply)](const auto& progress) {
            if (!progress) return reply(plain(status_unavailable, progress.error().why + "\n"));
            reply(rpc::health_response(target.path, target.query, readiness(*progress),
                                       progress->height));
        });
}

rpc::Readiness ShimHealth::readiness(const EngineLink::Progress& engine) const {
    rpc::Readiness now;
    now.catching_up = engine.catching_up;
    now.behind_blocks = std::max<std::int64_t>(0, engine.best_peer_height - engine.height);
    const seats::State& state = parts_.seats.state();
    const auto self = seats::find_by_consensus_address(state, parts_.own);
    now.is_validator = self && holds_seat(state, *self);
    now.is_standby = self && !now.is_validator;
    return now;
}

std::string ShimHealth::metrics() const {
    MetricsPage page(parts_.chain_id);
    page.under("tandem");
    parts_.metrics.write(page);
    page.one("seats_heartbeats_sent_total", MetricType::counter, "Heartbeats of this node's own.",
             heartbeats_sent_);
    return page.take();
}

}  // namespace tandem::program
