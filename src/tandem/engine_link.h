// The shim's way to the engine: what it tells and asks over RPC.
//
// Heartbeats go to the engine as transactions. Between two of them the engine may be slow, locked
// in a Commit, or not there yet: a thread of its own waits for it, and of heartbeats that wait
// meanwhile only the newest is worth sending.
//
// Rejected: asking from the loop, which has to answer CheckTx while the engine handles the
// question.
//
// Not here: ABCI, by which the engine asks us (io/abci_server.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "io/rpc_client.h"
#include "node/host.h"

namespace tandem::program {

class EngineLink {
  public:
    /// Questions that may wait at a time.
    static constexpr std::size_t questions_max = 64;

    /// `loop` and `reporter` outlive this; answers are called on `loop`.
    EngineLink(boost::asio::io_context& loop, node::Reporter& reporter, io::RpcAddress engine);
    /// Waits for what is being asked, two seconds at most.
    ~EngineLink();
    EngineLink(const EngineLink&) = delete;
    EngineLink& operator=(const EngineLink&) = delete;

    /// Soon, unless a newer one comes first.
    void send_heartbeat(base::Bytes tx);

    struct Progress {
        bool catching_up = false;
        std::int64_t height = 0;
        std::int64_t best_peer_height = 0;  // of a block that a peer has; 0: none known
    };
    using Answer = std::function<void(base::Result<Progress>)>;
    void ask_progress(Answer answer);

  private:
    void run();
    void send(io::RpcClient& client, const base::Bytes& tx);
    [[nodiscard]] static base::Result<Progress> progress_of(io::RpcClient& client);

    boost::asio::io_context& loop_;
    node::Reporter& reporter_;
    io::RpcAddress engine_;

    std::mutex mutex_;
    std::condition_variable wakes_;
    std::optional<base::Bytes> heartbeat_;  // the newest that waits
    std::deque<Answer> questions_;
    bool ends_ = false;
    bool reported_ = false;  // that heartbeats do not arrive; of the thread
    std::thread thread_;
};

}  // namespace tandem::program
