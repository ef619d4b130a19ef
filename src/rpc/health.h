// Health endpoints: yes or no as a status, for load balancers and service managers.
//
//     GET /ready          200 when in step with the chain, else 503
//     GET /ready?lag=N    likewise, and at most N blocks behind the best peer
//     GET /validator      200 while this node holds its seat
//     GET /standby        200 while it stands by for one
//
// Not here: /health, which is CometBFT's own route; how far along a node is (environment.h).
#pragma once
#include "rpc/environment.h"
#include "rpc/service.h"

namespace tandem::rpc {

/// Whether `path` is one of the three.
[[nodiscard]] bool is_health_endpoint(std::string_view path);

/// REQUIRES: is_health_endpoint(path).
[[nodiscard]] HttpResponse health_response(std::string_view path, std::string_view query,
                                           const Readiness& now, std::int64_t latest_height);

}  // namespace tandem::rpc
