// The RPC servers by which a node that begins with a snapshot verifies it ([statesync]
// rpc_servers).
//
// Questions wait for answers on a thread of their own, one at a time; the loop is told when there
// is one. Each server has one connection, kept while it is asked.
//
// Not here: what to ask and what to believe (sync/light_sync.h). HTTPS: a server behind TLS only is
// refused at the start.
#pragma once
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "io/rpc_client.h"
#include "node/node.h"

namespace tandem::program {

class RpcLightServers final : public node::LightServers {
  public:
    /// `loop` is the node's, and outlives this.
    RpcLightServers(boost::asio::io_context& loop, std::vector<io::RpcAddress> addresses);
    /// Waits for the question that is open, for as long as a server may take.
    ~RpcLightServers() override;

    /// REQUIRES: before the first question. Borrowed.
    void attach(node::Node& node) noexcept { node_ = &node; }
    void ask(const sync::LightQuestion& question) override;

  private:
    void run();
    void answer(const sync::LightQuestion& question);

    boost::asio::io_context& loop_;
    node::Node* node_ = nullptr;
    std::vector<io::RpcClient> clients_;  // of the thread alone
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<sync::LightQuestion> open_;
    bool stopping_ = false;
    std::thread thread_;  // the last member: it uses the others
};

/// The light block of a height, as `commit` and `validators` of one server have it. Nothing of it
/// is verified.
[[nodiscard]] base::Result<types::LightBlock> light_block_from(io::RpcClient& server,
                                                               std::int64_t height);
[[nodiscard]] base::Result<types::ConsensusParams> params_from(io::RpcClient& server,
                                                               std::int64_t height);

}  // namespace tandem::program
