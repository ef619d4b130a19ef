// An application of ours for an engine in another process, over a socket (ABCI 2.0).
//
// An engine opens several connections; their requests are taken one by one, as the application
// wants it. Answers are held back until the engine asks to flush.
//
// Rejected: a thread a connection with a lock around the application, which would serialise them
// just the same.
//
// Not here: which application; seats in between (both are abci::Application).
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "abci/application.h"
#include "base/refusal.h"

namespace tandem::io {

class AbciServer {
  public:
    /// An engine has four; a few more for tools.
    static constexpr std::size_t connections_max = 64;
    /// Of one request; a block of the largest size and what is said about it.
    static constexpr std::size_t request_bytes_max = std::size_t{256} << 20;

    /// "tcp://HOST:PORT" (port 0: any) or "unix://PATH". Refused ("abci.address") when it cannot be
    /// had. `loop` and `application` outlive this.
    [[nodiscard]] static base::Result<std::unique_ptr<AbciServer>> start(
        boost::asio::io_context& loop, abci::Application& application, const std::string& address);
    /// Closes every connection.
    ~AbciServer();

    /// As a client writes it, with the port that was given.
    [[nodiscard]] std::string address() const;

  private:
    struct Core;
    explicit AbciServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    std::shared_ptr<Core> core_;
};

}  // namespace tandem::io
