// A signer's end of its connection: dials the validator, answers what it asks, and dials again when
// the connection ends, at first soon and then once a second. A validator that starts waits three
// seconds for its signer, so that longer pauses would keep it from starting.
//
// Not here: what is answered (signer/remote_service.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "node/host.h"
#include "signer/remote_service.h"

namespace tandem::io {

class SignerDialer {
  public:
    static constexpr std::chrono::milliseconds first_pause{100};
    static constexpr std::chrono::milliseconds longest_pause{1'000};
    /// A validator says something every 3.3 s.
    static constexpr std::chrono::seconds silence_max{10};

    /// "tcp://HOST:PORT" or "unix://PATH". Refused ("connect") for what is neither.
    [[nodiscard]] static base::Verdict check_address(const std::string& address);

    /// Refused as check_address(). All three outlive this; it works while the loop runs.
    [[nodiscard]] static base::Result<std::unique_ptr<SignerDialer>> start(
        boost::asio::io_context& loop, node::Reporter& reporter, signer::RemoteService& service,
        const std::string& address);
    ~SignerDialer();

  private:
    struct Core;
    explicit SignerDialer(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    std::shared_ptr<Core> core_;
};

}  // namespace tandem::io
