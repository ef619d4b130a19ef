#include "io/termination.h"

#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <thread>
#include <utility>

#include "io/exit_codes.h"
#include "io/failure.h"

namespace tandem::io {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

struct Termination::Impl {
    Impl(asio::io_context& asked_loop, std::function<void(int)> asked,
         std::chrono::milliseconds patience)
        : signals(own_loop, SIGTERM, SIGINT), deadline(own_loop) {
        signals.async_wait([this, &asked_loop, asked = std::move(asked), patience](
                               const ErrorCode& error, int signal) mutable {
            if (error) return;
            asio::post(asked_loop, [asked = std::move(asked), signal] { asked(signal); });
            deadline.expires_after(patience);
            deadline.async_wait([](const ErrorCode& cancelled) {
                if (!cancelled) give_up();
            });
        });
        thread = std::thread([this] { own_loop.run(); });
        sigset_t ours;
        sigemptyset(&ours);
        for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ours, signal);
        pthread_sigmask(SIG_BLOCK, &ours, &mask_before);  // else a call would be told EINTR
    }
    ~Impl() {
        own_loop.stop();
        thread.join();
        pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
    }
    [[noreturn]] static void give_up() {
        end_process(exit_code::broken,
                    "asked to stop, and something still waits, most likely for an application "
                    "that does not answer: ended without it. Nothing is lost; the next start "
                    "recovers as after a kill. See the application's own log");
    }

    asio::io_context own_loop{1};
    asio::signal_set signals;
    asio::steady_timer deadline;
    std::thread thread;
    sigset_t mask_before{};
};

Termination::Termination(asio::io_context& loop, std::function<void(int)> asked,
                         std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(loop, std::move(asked), patience)) {}
Termination::~Termination() = default;

}  // namespace tandem::io
