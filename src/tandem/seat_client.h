// What the seat commands ask of a node beyond what every command asks (node_client.h).
#pragma once
#include "seats/admin.h"
#include "tandem/node_client.h"

namespace tandem::program {

/// An operation that was decided.
struct Decided {
    std::int64_t height = 0;
    std::int64_t effective_height = 0;
    std::string hash;
};

class SeatClient : public NodeClient {
  public:
    [[nodiscard]] static std::expected<SeatClient, Failure> open(const Context& context,
                                                                 const NodeOptions& options);

    /// The answer to a query under /seats. Refused where the chain has no seats, or not this one.
    [[nodiscard]] std::expected<json, Failure> seats(const std::string& path = "");
    /// Sends an operation and waits until a block has decided it.
    [[nodiscard]] std::expected<Decided, Failure> submit(const seats::AdminTx& tx);

  private:
    explicit SeatClient(NodeClient client) : NodeClient(std::move(client)) {}
};

}  // namespace tandem::program
