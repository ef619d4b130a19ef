#include "io/signer_dialer.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "io/signer_link.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds dial_time_max{3};
constexpr std::string_view module = "signer";

}  // namespace

struct SignerDialer::Core : std::enable_shared_from_this<Core> {
    Core(asio::io_context& loop, node::Reporter& the_reporter, signer::RemoteService& the_service,
         std::string the_address, AbciPlace the_place)
        : reporter(the_reporter),
          service(the_service),
          address(std::move(the_address)),
          place(std::move(the_place)),
          key(place.path.empty() ? passing_key() : nullptr),
          resolver(loop),
          tcp(loop),
          local(loop),
          timer(loop) {}

    void dial();
    void dialled(ErrorCode error);
    void came(base::BytesView bytes);
    void ended(const std::string& why);
    void report(node::LogLevel level, std::string_view text) const {
        reporter.report(level, module, text);
    }

    node::Reporter& reporter;
    signer::RemoteService& service;
    std::string address;
    AbciPlace place;
    std::shared_ptr<const crypto::SigningKey> key;
    Tcp::resolver resolver;
    Tcp::socket tcp;
    asio::local::stream_protocol::socket local;
    asio::steady_timer timer;  // of the dial, or the pause before it
    std::shared_ptr<SignerLink> link;
    std::optional<signer::RequestReader> reader;
    std::optional<Clock::time_point> since;  // the link is open
    std::chrono::milliseconds pause = first_pause;
    std::string said;  // of a validator that cannot be reached: once
    bool is_stopped = false;
};

void SignerDialer::Core::dial() {
    timer.expires_after(dial_time_max);
    timer.async_wait([self = shared_from_this()](ErrorCode error) {
        if (error) return;
        ErrorCode ignored;
        self->resolver.cancel();
        self->tcp.close(ignored);
        self->local.close(ignored);
    });
    if (!place.path.empty()) {
        local.async_connect(asio::local::stream_protocol::endpoint(place.path),
                            [self = shared_from_this()](ErrorCode error) { self->dialled(error); });
        return;
    }
    resolver.async_resolve(
        place.host, place.port,
        [self = shared_from_this()](ErrorCode error, const Tcp::resolver::results_type& found) {
            if (error) return self->dialled(error);
            asio::async_connect(self->tcp, found, [self](ErrorCode failed, const Tcp::endpoint&) {
                self->dialled(failed);
            });
        });
}

void SignerDialer::Core::dialled(ErrorCode error) {
    timer.cancel();
    if (is_stopped) return;
    if (error)
        return ended(error == asio::error::operation_aborted ? "it does not answer"
                                                             : error.message());
    SignerLink::Events events;
    const std::weak_ptr<Core> core = weak_from_this();
    events.opened = [core] {
        const auto self = core.lock();
        if (!self) return;
        self->since = Clock::now();
        self->said.clear();
        self->report(node::LogLevel::info, "connected to the validator at " + self->address);
    };
    events.came = [core](base::BytesView bytes) {
        if (const auto self = core.lock()) self->came(bytes);
    };
    events.closed = [core](const std::string& why) {
        if (const auto self = core.lock()) self->ended(why);
    };
    reader.emplace(service);
    auto socket = place.path.empty() ? SignerLink::Socket(std::move(tcp))
                                     : SignerLink::Socket(std::move(local));
    link = std::make_shared<SignerLink>(std::move(socket), key, silence_max, std::move(events));
    link->begin();
}

void SignerDialer::Core::came(base::BytesView bytes) {
    const std::uint64_t refused_before = service.counts().refused;
    const auto answers = reader->receive(bytes);
    if (service.counts().refused != refused_before)
        report(node::LogLevel::warning, "refused: " + service.newest_refusal());
    if (!answers) return link->close(answers.error().why);
    if (!answers->empty()) link->write(*answers);
}

void SignerDialer::Core::ended(const std::string& why) {
    link.reset();
    if (is_stopped) return;
    ErrorCode ignored;
    tcp.close(ignored);
    local.close(ignored);
    if (since) {
        report(node::LogLevel::warning,
               fmt::format("the connection to the validator at {} ended: {}", address, why));
        if (Clock::now() - *since > longest_pause) pause = first_pause;
        since.reset();
    } else if (why != std::exchange(said, why)) {
        report(node::LogLevel::warning,
               fmt::format("the validator at {} cannot be reached: {}; dialling until it can",
                           address, why));
    }
    timer.expires_after(std::exchange(pause, std::min(2 * pause, longest_pause)));
    timer.async_wait([self = shared_from_this()](ErrorCode error) {
        if (!error && !self->is_stopped) self->dial();
    });
}

base::Verdict SignerDialer::check_address(const std::string& address) {
    TANDEM_TRY(signer_place("connect", address));
    return {};
}

base::Result<std::unique_ptr<SignerDialer>> SignerDialer::start(asio::io_context& loop,
                                                                node::Reporter& reporter,
                                                                signer::RemoteService& service,
                                                                const std::string& address) {
    auto place = signer_place("connect", address);
    if (!place) return std::unexpected(place.error());
    auto core = std::make_shared<Core>(loop, reporter, service, address, std::move(*place));
    core->dial();
    return std::unique_ptr<SignerDialer>(new SignerDialer(std::move(core)));
}

SignerDialer::~SignerDialer() {
    core_->is_stopped = true;
    ErrorCode ignored;
    core_->timer.cancel();
    core_->resolver.cancel();
    core_->tcp.close(ignored);
    core_->local.close(ignored);
    if (core_->link) core_->link->close("this signer stops");
}

}  // namespace tandem::io
