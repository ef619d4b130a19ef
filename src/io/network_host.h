// The event loop under a node: sockets, clocks and dice, on one thread.
//
// A handler of the loop does one small thing with the node, and when no more are ready the turn
// ends: what the node wants to say leaves in one write a peer, and node and loop sleep until
// something happens. Nothing polls.
//
// What a stranger can make us hold: so many accepted sockets, for each of them what one read
// brings, and of what we say no more than the node says (Node::end_turn looks at unsent_bytes). A
// peer that takes nothing for `write_timeout` is closed.
//
// What may take long and touches nothing of the node's has threads of its own (do_aside).
//
// Not here: what bytes mean (node), files (log_file.h), RPC (http_server.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <map>
#include <memory>

#include "io/worker.h"
#include "node/node.h"

namespace tandem::io {

struct NetworkConfig {
    std::string listen_host = "0.0.0.0";
    std::uint16_t listen_port = 26656;  // 0: any
    std::size_t inbound_max = 40;       // accepted sockets at a time
    std::uint64_t first_link = 1;       // number of the first connection
    std::chrono::milliseconds dial_timeout{1000};
    std::chrono::milliseconds write_timeout{10'000};
    std::filesystem::path address_book;  // its file; empty: it is not kept
};

class NetworkHost final : public node::Host {
  public:
    NetworkHost(boost::asio::io_context& loop, node::Reporter& reporter, NetworkConfig config);
    ~NetworkHost() override;

    /// REQUIRES: before anything else happens. The node is borrowed.
    void attach(node::Node& node) noexcept { node_ = &node; }
    /// Opens the port. Refused, with what to do, when it cannot be had.
    [[nodiscard]] base::Verdict listen();
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

    /// Runs the loop until stop_loop().
    void run();
    /// Closes every connection and lets run() return.
    void stop_loop();

    // ---- node::Host
    [[nodiscard]] node::Time now() const override;
    [[nodiscard]] types::Timestamp wall_clock() const override;
    void call_at(node::Time at, std::function<void()> work) override;
    void do_aside(node::Aside kind, std::function<void()> work,
                  std::function<void()> done) override;
    [[nodiscard]] crypto::SecretArray<32> fresh_secret() override;
    void write(node::LinkId number, base::Bytes bytes) override;
    [[nodiscard]] std::size_t unsent_bytes(node::LinkId number) const override;
    void close(node::LinkId number) override;
    void dial(const types::PeerAddress& address) override;
    void save_address_book(std::string text) override;
    [[noreturn]] void stop(const base::Refusal& why) override;

  private:
    using Tcp = boost::asio::ip::tcp;
    struct Link;
    struct Dial;

    void accept();
    void open(Tcp::socket socket, std::optional<types::PeerAddress> dialled);
    void read(const std::shared_ptr<Link>& link);
    void start_writing(const std::shared_ptr<Link>& link);
    void lost(const std::shared_ptr<Link>& link);
    void arm_timers();
    void tell_done();

    boost::asio::io_context& loop_;
    node::Reporter& reporter_;
    NetworkConfig config_;
    node::Node* node_ = nullptr;
    Tcp::acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::uint64_t next_link_;
    std::size_t inbound_ = 0;
    std::map<node::LinkId, std::shared_ptr<Link>> links_;
    // One timer of the loop serves all work that waits for its time.
    std::multimap<node::Time, std::function<void()>> waiting_;
    boost::asio::steady_timer timer_;
    node::Time armed_for_{0};
    bool armed_ = false;
    bool stopping_ = false;
    std::mutex done_mutex_;
    std::vector<std::function<void()>> done_;     // aside, and to be told in a turn
    std::optional<Worker> indexing_, searching_;  // until the loop ends
};

}  // namespace tandem::io
