// What the seat commands ask of a node, and how they put an operation on chain and wait for it.
//
// An operation is never called failed while it may still land: until its expiry height has passed
// or it stands in a block, the answer is that it is under way.
#pragma once
#include "io/rpc_client.h"
#include "seats/admin.h"
#include "tandem/cli.h"

namespace tandem::program {

using nlohmann::json;

/// Options of the commands that talk to a node.
struct NodeOptions {
    std::string address;  // --node; empty: that of the home's config.toml, else the usual one
    std::int64_t timeout_seconds = 60;
};
void add_node_options(CLI::App& command, NodeOptions& options);

struct ChainStatus {
    std::string chain_id;
    std::int64_t height = 0;
    bool catching_up = false;
};

/// An operation that was decided.
struct Decided {
    std::int64_t height = 0;
    std::int64_t effective_height = 0;
    std::string hash;
};

class SeatClient {
  public:
    [[nodiscard]] static std::expected<SeatClient, Failure> open(const Context& context,
                                                                 const NodeOptions& options);

    [[nodiscard]] std::expected<ChainStatus, Failure> status();
    /// The answer to a query under /seats. Refused where the chain has no seats, or not this one.
    [[nodiscard]] std::expected<json, Failure> seats(const std::string& path = "");
    [[nodiscard]] std::expected<json, Failure> call(const std::string& method, json params);

    /// Sends an operation and waits until a block has decided it.
    [[nodiscard]] std::expected<Decided, Failure> submit(const seats::AdminTx& tx);
    /// Waits until block `height` is there.
    [[nodiscard]] Outcome wait_for(std::int64_t height);

  private:
    SeatClient(io::RpcClient client, NodeOptions options)
        : client_(std::move(client)), options_(std::move(options)) {}
    /// The block's answer to the transaction, or null where the block does not have it.
    [[nodiscard]] std::expected<json, Failure> find_in_block(std::int64_t height,
                                                             const std::string& tx);

    io::RpcClient client_;
    NodeOptions options_;
};

/// Numbers of 64 bits are texts in the node's JSON.
[[nodiscard]] std::int64_t number(const json& value, const char* name);

}  // namespace tandem::program
