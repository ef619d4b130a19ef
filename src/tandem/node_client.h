// What commands ask of a running node, and how they put a transaction on chain and wait for it.
//
// A transaction is never called failed while it may still land: until a block has it, or no later
// block can, the answer is that it is under way.
//
// Rejected: broadcast_tx_commit, which ends after the node's own timeout with a transaction that
// may land a moment later.
#pragma once
#include "io/rpc_client.h"
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

/// What became of a transaction.
struct Landed {
    std::int64_t height = 0;  // of its block; 0: the node did not take it
    std::int64_t code = 0;    // the application's; 0: it succeeded
    std::string log;
    base::Bytes data;  // the application's answer
    std::string hash;  // hexadecimal
};
/// The failure of a transaction that did not succeed.
[[nodiscard]] Outcome check_success(const Landed& landed);

class NodeClient {
  public:
    [[nodiscard]] static std::expected<NodeClient, Failure> open(const Context& context,
                                                                 const NodeOptions& options);

    [[nodiscard]] std::expected<ChainStatus, Failure> status();
    [[nodiscard]] std::expected<json, Failure> call(const std::string& method, json params);

    /// Sends a transaction and waits until a block has it. `height_last`: no later block takes it;
    /// 0: every one may. `how_to_look` ends what is said when the time is up.
    [[nodiscard]] std::expected<Landed, Failure> send(base::BytesView tx, std::int64_t height_last,
                                                      std::string_view how_to_look);
    /// Waits until block `height` is there.
    [[nodiscard]] Outcome wait_for(std::int64_t height);

    [[nodiscard]] std::string address() const { return client_.address().to_text(); }

  private:
    NodeClient(io::RpcClient client, NodeOptions options)
        : client_(std::move(client)), options_(std::move(options)) {}
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const;
    /// The block's answer to the transaction, or null where the block does not have it.
    [[nodiscard]] std::expected<json, Failure> find_in_block(std::int64_t height,
                                                             const std::string& tx);
    /// Where the transaction already is, if in a block that the node's index has.
    [[nodiscard]] std::optional<Landed> find_in_index(base::BytesView hash);
    [[nodiscard]] std::expected<Landed, Failure> wait_for_tx(Landed sent, const std::string& tx,
                                                             std::int64_t next,
                                                             std::int64_t height_last,
                                                             std::string_view how_to_look);

    io::RpcClient client_;
    NodeOptions options_;
};

// ---- Answers, which may hold anything.
/// A member of an object; null where there is none, or no object.
[[nodiscard]] const json& member(const json& value, const char* name);
/// Numbers of 64 bits are texts in the node's JSON.
[[nodiscard]] std::int64_t number(const json& value, const char* name);
/// Empty for anything but base64.
[[nodiscard]] base::Bytes bytes_at(const json& value, const char* name);

}  // namespace tandem::program
