// What the shim serves over HTTP: health endpoints with the meaning that they have at a node, and
// the metrics of seats.
//
//     GET /health       200 while the shim runs
//     GET /ready, /ready?lag=N, /validator, /standby     rpc/health.h; 503 where the engine does
//                                                        not answer
//     GET /metrics      docs/metrics.md
#pragma once
#include "io/http_server.h"
#include "tandem/engine_link.h"
#include "tandem/seats_metrics.h"

namespace tandem::program {

class ShimHealth final : public io::HttpHandler {
  public:
    struct Parts {
        EngineLink& engine;
        const seats::SeatsApplication& seats;
        const SeatsMetrics& metrics;
        base::Bytes own;  // address of this node's consensus key
        std::string chain_id;
    };
    explicit ShimHealth(Parts parts) : parts_(std::move(parts)) {}

    void count_heartbeat() noexcept { ++heartbeats_sent_; }

    void handle(rpc::HttpRequest request, std::function<void(rpc::HttpResponse)> reply) override;
    std::unique_ptr<rpc::WebSocketSession> open_websocket(const std::string&,
                                                          std::function<void()>) override {
        return nullptr;
    }

  private:
    [[nodiscard]] rpc::Readiness readiness(const EngineLink::Progress& engine) const;
    [[nodiscard]] std::string metrics() const;

    Parts parts_;
    std::uint64_t heartbeats_sent_ = 0;
};

}  // namespace tandem::program
