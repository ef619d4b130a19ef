#include "io/network_host.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <fmt/format.h>
#include <iostream>

#include "io/exit_codes.h"
#include "io/files.h"
#include "io/fresh_secret.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t aside_waiting_max = 64;
constexpr std::size_t read_bytes_max = 64 * 1024;
constexpr std::chrono::milliseconds read_pause{5};
// So many handlers that are ready make one turn.
constexpr int turn_handlers_max = 256;

}  // namespace

struct NetworkHost::Link {
    Link(node::LinkId id, Tcp::socket opened, bool accepted)
        : number(id),
          socket(std::move(opened)),
          inbound(accepted),
          pause(socket.get_executor()),
          write_deadline(socket.get_executor()) {}

    node::LinkId number;
    Tcp::socket socket;
    bool inbound;
    bool closing = false;  // once everything is written
    bool writing = false;
    asio::steady_timer pause;
    asio::steady_timer write_deadline;
    std::deque<base::Bytes> waiting;
    std::vector<base::Bytes> in_flight;
    std::size_t unsent = 0;
    std::array<std::uint8_t, read_bytes_max> input{};
};

struct NetworkHost::Dial {
    Dial(asio::io_context& loop, types::PeerAddress to)
        : address(std::move(to)), resolver(loop), socket(loop), deadline(loop) {}

    types::PeerAddress address;
    Tcp::resolver resolver;
    Tcp::socket socket;
    asio::steady_timer deadline;
    bool done = false;
};

NetworkHost::NetworkHost(asio::io_context& loop, node::Reporter& reporter, NetworkConfig config)
    : loop_(loop),
      reporter_(reporter),
      config_(std::move(config)),
      acceptor_(loop),
      next_link_(config_.first_link),
      timer_(loop),
      indexing_(std::in_place, aside_waiting_max),
      searching_(std::in_place, aside_waiting_max) {}

NetworkHost::~NetworkHost() = default;

// ---- Clocks and dice

node::Time NetworkHost::now() const {
    return std::chrono::steady_clock::now().time_since_epoch();
}

types::Timestamp NetworkHost::wall_clock() const {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return {seconds.count(),
            static_cast<std::int32_t>(
                std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count())};
}

void NetworkHost::call_at(node::Time at, std::function<void()> work) {
    waiting_.emplace(at, std::move(work));
    arm_timers();
}

void NetworkHost::arm_timers() {
    if (waiting_.empty() || stopping_) return;
    const node::Time first = waiting_.begin()->first;
    if (armed_ && armed_for_ <= first) return;
    armed_ = true;
    armed_for_ = first;
    timer_.expires_at(std::chrono::steady_clock::time_point(first));
    timer_.async_wait([this](const error_code& error) {
        if (error == asio::error::operation_aborted) return;  // armed again for an earlier time
        armed_ = false;
        // What is added now belongs to the next turn, even if it is due.
        std::vector<std::function<void()>> due;
        while (!waiting_.empty() && waiting_.begin()->first <= now())
            due.push_back(std::move(waiting_.extract(waiting_.begin()).mapped()));
        for (const auto& work : due)
            if (!stopping_) work();
        arm_timers();
    });
}

crypto::SecretArray<32> NetworkHost::fresh_secret() {
    return io::fresh_secret();
}

// ---- Connections

base::Verdict NetworkHost::listen() {
    error_code error;
    const auto address = asio::ip::make_address(config_.listen_host, error);
    if (error)
        return base::refuse(
            "p2p.laddr", fmt::format("\"{}\" is no IP address to listen at", config_.listen_host));
    const Tcp::endpoint endpoint(address, config_.listen_port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
        return base::refuse(
            "p2p.laddr",
            fmt::format("cannot listen at {}:{}: {}. Is another node running here? Stop it, or "
                        "set another port at [p2p] laddr",
                        config_.listen_host, config_.listen_port, error.message()));
    port_ = acceptor_.local_endpoint().port();
    accept();
    return {};
}

void NetworkHost::accept() {
    // Beyond the limit connections wait in the kernel's queue, until one of ours ends.
    if (stopping_ || inbound_ >= config_.inbound_max) return;
    acceptor_.async_accept([this](const error_code& error, Tcp::socket socket) {
        if (error == asio::error::operation_aborted || stopping_) return;
        if (!error) open(std::move(socket), std::nullopt);
        if (error == asio::error::no_descriptors) {
            call_at(now() + std::chrono::seconds(1), [this] { accept(); });
            return;
        }
        accept();
    });
}

void NetworkHost::open(Tcp::socket socket, std::optional<types::PeerAddress> dialled) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) {
        if (dialled) node_->dial_failed(*dialled);
        return;
    }
    socket.set_option(Tcp::no_delay(true), error);
    const node::LinkId number{next_link_++};
    const auto link = std::make_shared<Link>(number, std::move(socket), !dialled);
    if (link->inbound) ++inbound_;
    links_.emplace(number, link);
    const auto ip = types::IpAddress::from_text(remote.address().to_string());
    node_->link_opened(number, std::move(dialled), ip.value_or(types::IpAddress{}));
    read(link);
}

void NetworkHost::read(const std::shared_ptr<Link>& link) {
    if (!links_.contains(link->number) || link->closing) return;
    const std::size_t allowance =
        std::min(node_->receive_allowance(link->number), link->input.size());
    if (allowance == 0) {  // over its rate
        link->pause.expires_after(read_pause);
        link->pause.async_wait([this, link](const error_code& error) {
            if (!error) read(link);
        });
        return;
    }
    link->socket.async_read_some(asio::buffer(link->input.data(), allowance),
                                 [this, link](const error_code& error, std::size_t bytes) {
                                     if (error) return lost(link);
                                     if (!links_.contains(link->number)) return;
                                     node_->link_bytes(link->number,
                                                       base::BytesView(link->input.data(), bytes));
                                     read(link);
                                 });
}

void NetworkHost::write(node::LinkId number, base::Bytes bytes) {
    const auto found = links_.find(number);
    if (found == links_.end() || found->second->closing) return;
    found->second->unsent += bytes.size();
    found->second->waiting.push_back(std::move(bytes));
    start_writing(found->second);
}

void NetworkHost::start_writing(const std::shared_ptr<Link>& link) {
    if (link->writing || link->waiting.empty()) return;
    link->writing = true;
    link->in_flight.assign(std::make_move_iterator(link->waiting.begin()),
                           std::make_move_iterator(link->waiting.end()));
    link->waiting.clear();
    std::vector<asio::const_buffer> buffers;
    for (const base::Bytes& bytes : link->in_flight) buffers.emplace_back(asio::buffer(bytes));
    link->write_deadline.expires_after(config_.write_timeout);
    link->write_deadline.async_wait([this, link](const error_code& error) {
        if (!error && link->writing) lost(link);
    });
    asio::async_write(link->socket, buffers, [this, link](const error_code& error, std::size_t) {
        link->writing = false;
        link->write_deadline.cancel();
        if (error) return lost(link);
        link->in_flight.clear();
        link->unsent = 0;
        for (const base::Bytes& bytes : link->waiting) link->unsent += bytes.size();
        if (!link->waiting.empty()) return start_writing(link);
        if (link->closing) return lost(link);
        node_->link_drained(link->number);
    });
}

std::size_t NetworkHost::unsent_bytes(node::LinkId number) const {
    const auto found = links_.find(number);
    return found == links_.end() ? 0 : found->second->unsent;
}

void NetworkHost::close(node::LinkId number) {
    const auto found = links_.find(number);
    if (found == links_.end()) return;
    const std::shared_ptr<Link> link = found->second;
    link->closing = true;
    // In a handler of its own: the node may be in the middle of something.
    if (!link->writing) asio::post(loop_, [this, link] { lost(link); });
}

void NetworkHost::lost(const std::shared_ptr<Link>& link) {
    const auto found = links_.find(link->number);
    if (found == links_.end()) return;
    links_.erase(found);
    error_code ignored;
    link->pause.cancel();
    link->write_deadline.cancel();
    link->socket.close(ignored);
    if (link->inbound && inbound_-- == config_.inbound_max) accept();
    if (!stopping_) node_->link_closed(link->number);
}

void NetworkHost::dial(const types::PeerAddress& address) {
    const auto dial = std::make_shared<Dial>(loop_, address);
    const auto finish = [this, dial](bool connected) {
        if (std::exchange(dial->done, true)) return;
        dial->deadline.cancel();
        dial->resolver.cancel();
        if (stopping_) return;
        if (connected) return open(std::move(dial->socket), dial->address);
        error_code ignored;
        dial->socket.close(ignored);
        node_->dial_failed(dial->address);
    };
    dial->deadline.expires_after(config_.dial_timeout);
    dial->deadline.async_wait([finish](const error_code& error) {
        if (!error) finish(false);
    });
    dial->resolver.async_resolve(
        address.host, std::to_string(address.port), Tcp::resolver::numeric_service,
        [dial, finish](const error_code& error, const Tcp::resolver::results_type& found) {
            if (error || dial->done) return finish(false);
            asio::async_connect(
                dial->socket, found,
                [finish](const error_code& failed, const Tcp::endpoint&) { finish(!failed); });
        });
}

void NetworkHost::save_address_book(std::string text) {
    if (config_.address_book.empty()) return;
    constexpr unsigned mode = 0644;
    if (const auto saved = replace_file(config_.address_book, base::as_bytes(text), mode); !saved)
        reporter_.report(node::LogLevel::warning, "p2p",
                         "the address book is not saved: " + saved.error().why);
}

// ---- The loop

void NetworkHost::do_aside(node::Aside kind, std::function<void()> work,
                           std::function<void()> done) {
    std::optional<Worker>& worker = kind == node::Aside::indexing ? indexing_ : searching_;
    if (!worker) return;  // the loop has ended
    worker->give([this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        {
            const std::scoped_lock lock(done_mutex_);
            done_.push_back(std::move(done));
        }
        boost::asio::post(loop_, [this] { tell_done(); });
    });
}

void NetworkHost::tell_done() {
    std::vector<std::function<void()>> done;
    {
        const std::scoped_lock lock(done_mutex_);
        done.swap(done_);
    }
    for (const std::function<void()>& tell : done) tell();
}

void NetworkHost::run() {
    while (!stopping_) {
        if (loop_.run_one() == 0) break;
        for (int i = 1; i < turn_handlers_max && !stopping_ && loop_.poll_one() > 0;) ++i;
        if (!stopping_) node_->end_turn();
    }
    searching_->drop();
    searching_.reset();
    indexing_.reset();
    done_.clear();
}

void NetworkHost::stop_loop() {
    if (std::exchange(stopping_, true)) return;
    error_code ignored;
    acceptor_.close(ignored);
    timer_.cancel();
    for (const auto& [number, link] : links_) {
        link->pause.cancel();
        link->write_deadline.cancel();
        link->socket.close(ignored);
    }
    links_.clear();
    loop_.stop();
}

void NetworkHost::stop(const base::Refusal& why) {
    reporter_.report(node::LogLevel::error, "node", why.check + ": " + why.why);
    std::cerr << "tandem: " << why.check << ": " << why.why << '\n';
    std::_Exit(exit_code::broken);
}

}  // namespace tandem::io
