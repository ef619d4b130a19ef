#include "io/remote_signer.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fmt/format.h>

#include "io/signer_link.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using base::refuse;
using ErrorCode = boost::system::error_code;
using Time = signer::RemoteClient::Time;

constexpr std::string_view setting = "priv_validator_laddr";
constexpr std::string_view module = "privval";

Time now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

struct RemoteSigner::Core : std::enable_shared_from_this<Core> {
    Core(asio::io_context& the_loop, node::Reporter& the_reporter, std::string chain_id,
         signer::RemoteClient::Timing the_timing)
        : loop(the_loop),
          reporter(the_reporter),
          timing(the_timing),
          client(std::move(chain_id), the_timing),
          acceptor(the_loop),
          timer(the_loop) {}

    [[nodiscard]] base::Verdict open(const std::string& text);
    void accept();
    void opened();
    void closed(const std::string& why);
    void work_soon();
    void work();
    void drop(const base::Refusal& why);
    void report(node::LogLevel level, std::string_view text) const {
        reporter.report(level, module, text);
    }

    asio::io_context& loop;
    node::Reporter& reporter;
    signer::RemoteClient::Timing timing;
    signer::RemoteClient client;
    std::shared_ptr<const crypto::SigningKey> key;  // of the seal; null: there is none
    AbciPlace::Acceptor acceptor;
    asio::steady_timer timer;
    std::string address;
    std::string path;  // to remove at the end
    std::shared_ptr<SignerLink> link;
    bool is_open = false;  // the link, and its seal
    bool is_stopped = false;
    bool works_soon = false;
    std::optional<base::Refusal> refusal;  // of the newest connection
};

base::Verdict RemoteSigner::Core::open(const std::string& text) {
    auto place = signer_place(setting, text);
    if (!place) return std::unexpected(place.error());
    if (place->path.empty() && text.starts_with("tcp://:")) place->host = "0.0.0.0";
    const auto listening = place->listen(loop, acceptor);
    if (!listening)
        return refuse(setting, fmt::format("cannot listen for a signer on {}: {}", text,
                                           listening.error().message()));
    path = place->path;
    address = *listening;
    if (path.empty()) key = passing_key();
    return {};
}

void RemoteSigner::Core::accept() {
    if (is_stopped) return;
    acceptor.async_accept([self = shared_from_this()](ErrorCode error, SignerLink::Socket socket) {
        if (self->is_stopped) return;
        if (error) {  // such as too many open files
            self->report(node::LogLevel::error, "cannot take a connection: " + error.message());
            self->timer.expires_after(std::chrono::seconds(1));
            return self->timer.async_wait([self](ErrorCode) { self->accept(); });
        }
        const std::weak_ptr<Core> core = self;
        SignerLink::Events events;
        events.opened = [core] {
            if (const auto alive = core.lock()) alive->opened();
        };
        events.came = [core](base::BytesView bytes) {
            const auto alive = core.lock();
            if (!alive) return;
            if (const auto verdict = alive->client.receive(bytes, now()); !verdict)
                return alive->drop(verdict.error());
            alive->work();
        };
        events.closed = [core](const std::string& why) {
            if (const auto alive = core.lock()) alive->closed(why);
        };
        self->link = std::make_shared<SignerLink>(std::move(socket), self->key, std::nullopt,
                                                  std::move(events));
        self->link->begin();
    });
}

void RemoteSigner::Core::opened() {
    is_open = true;
    report(node::LogLevel::info, "a signer is connected at " + address);
    client.connected(now());
}

void RemoteSigner::Core::closed(const std::string& why) {
    link.reset();
    if (is_stopped) return;
    report(node::LogLevel::warning,
           fmt::format("the connection of a signer at {} ended: {}", address, why));
    if (std::exchange(is_open, false)) client.disconnected(now());
    accept();
}

void RemoteSigner::Core::drop(const base::Refusal& why) {
    refusal = why;
    if (link) link->close(why.why);
    work_soon();
}

void RemoteSigner::Core::work_soon() {
    if (std::exchange(works_soon, true)) return;
    asio::post(loop, [self = shared_from_this()] { self->work(); });
}

void RemoteSigner::Core::work() {
    works_soon = false;
    if (is_stopped) return;
    if (const auto verdict = client.pass(now()); !verdict) return drop(verdict.error());
    if (const base::Bytes output = client.take_output(); !output.empty()) link->write(output);
    timer.cancel();
    const auto next = client.next();
    if (!next) return;
    if (*next <= now()) return work_soon();
    timer.expires_at(std::chrono::steady_clock::time_point(*next));
    timer.async_wait([self = shared_from_this()](ErrorCode error) {
        if (!error) self->work();
    });
}

base::Result<std::unique_ptr<RemoteSigner>> RemoteSigner::listen(
    asio::io_context& loop, node::Reporter& reporter, const std::string& address,
    std::string chain_id, signer::RemoteClient::Timing timing) {
    auto core = std::make_shared<Core>(loop, reporter, std::move(chain_id), timing);
    TANDEM_TRY(core->open(address));
    core->client.on_work = [weak = std::weak_ptr(core)] {
        if (const auto alive = weak.lock()) alive->work_soon();
    };
    core->accept();
    return std::unique_ptr<RemoteSigner>(new RemoteSigner(std::move(core)));
}

RemoteSigner::~RemoteSigner() {
    core_->is_stopped = true;
    ErrorCode ignored;
    core_->acceptor.close(ignored);
    core_->timer.cancel();
    if (core_->link) core_->link->close("this node stops");
    std::error_code error;
    if (!core_->path.empty()) std::filesystem::remove(core_->path, error);
}

base::Verdict RemoteSigner::wait_for_key() {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    while (!core_->client.key()) {
        const auto& refusal = core_->refusal;
        if (refusal && (refusal->check == "signer.refused" || refusal->check == "signer.key"))
            return std::unexpected(*refusal);
        const auto limit =
            start + core_->timing.connect + (core_->is_open ? core_->timing.answer : Time(0));
        if (Clock::now() >= limit)
            return refuse(
                setting,
                fmt::format("no signer came to {} within {} s{}: start it, which keeps "
                            "dialling, and then this node again",
                            address(),
                            std::chrono::round<std::chrono::seconds>(limit - start).count(),
                            refusal ? " (the last one: " + refusal->why + ")" : ""));
        if (core_->loop.stopped()) core_->loop.restart();
        core_->loop.run_one_until(limit);
    }
    return {};
}

signer::RemoteClient& RemoteSigner::client() {
    return core_->client;
}

std::string RemoteSigner::address() const {
    return core_->address;
}

bool RemoteSigner::is_connected() const {
    return core_->is_open;
}

}  // namespace tandem::io
