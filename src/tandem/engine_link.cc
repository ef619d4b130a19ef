#include "tandem/engine_link.h"

#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "tandem/node_client.h"

namespace tandem::program {
namespace {

constexpr std::chrono::milliseconds question_timeout{2'000};

/// The newest block that a peer says it has; peers are in consensus for the one after it.
std::int64_t best_peer_height(const json& dump) {
    std::int64_t best = 0;
    for (const json& peer : member(dump, "peers"))
        best =
            std::max(best, number(member(member(peer, "peer_state"), "round_state"), "height") - 1);
    return best;
}

}  // namespace

EngineLink::EngineLink(boost::asio::io_context& loop, node::Reporter& reporter,
                       io::RpcAddress engine)
    : loop_(loop), reporter_(reporter), engine_(std::move(engine)), thread_([this] { run(); }) {}

EngineLink::~EngineLink() {
    {
        const std::lock_guard lock(mutex_);
        ends_ = true;
    }
    wakes_.notify_one();
    thread_.join();
}

void EngineLink::send_heartbeat(base::Bytes tx) {
    {
        const std::lock_guard lock(mutex_);
        heartbeat_ = std::move(tx);
    }
    wakes_.notify_one();
}

void EngineLink::ask_progress(Answer answer) {
    {
        const std::lock_guard lock(mutex_);
        if (questions_.size() < questions_max) {
            questions_.push_back(std::move(answer));
            answer = nullptr;
        }
    }
    if (answer) return answer(base::refuse("engine.busy", "too many questions wait already"));
    wakes_.notify_one();
}

void EngineLink::run() {
    io::RpcClient client(engine_, question_timeout);
    std::unique_lock lock(mutex_);
    for (;;) {
        wakes_.wait(lock, [this] { return ends_ || heartbeat_ || !questions_.empty(); });
        if (ends_) return;
        if (heartbeat_) {
            const base::Bytes tx = std::move(*heartbeat_);
            heartbeat_.reset();
            lock.unlock();
            send(client, tx);
        } else {
            Answer answer = std::move(questions_.front());
            questions_.pop_front();
            lock.unlock();
            boost::asio::post(
                loop_, [answer = std::move(answer), said = progress_of(client)] { answer(said); });
        }
        lock.lock();
    }
}

void EngineLink::send(io::RpcClient& client, const base::Bytes& tx) {
    const auto sent = client.call("broadcast_tx_async", {{"tx", base::to_base64(tx)}});
    const bool arrived =
        sent || sent.error().why.find("already exists in cache") != std::string::npos;
    if (arrived == !reported_) return;  // as before
    reported_ = !arrived;
    boost::asio::post(loop_, [this, arrived, why = arrived ? "" : sent.error().why] {
        reporter_.report(arrived ? node::LogLevel::info : node::LogLevel::warning, "shim",
                         arrived ? std::string("the engine takes heartbeats")
                                 : fmt::format("the engine at {} takes no heartbeat, and records "
                                               "will call this node dead: {}",
                                               engine_.to_text(), why));
    });
}

base::Result<EngineLink::Progress> EngineLink::progress_of(io::RpcClient& client) {
    const auto status = client.call("status");
    if (!status) return std::unexpected(status.error());
    const auto dump = client.call("dump_consensus_state");
    if (!dump) return std::unexpected(dump.error());
    const json& sync = member(*status, "sync_info");
    return Progress{member(sync, "catching_up") != false, number(sync, "latest_block_height"),
                    best_peer_height(*dump)};
}

}  // namespace tandem::program
