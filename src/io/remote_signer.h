// The place where a validator waits for the process that holds its key (priv_validator_laddr). The
// signer dials, as it does to CometBFT; one is taken at a time, and the next one's turn comes when
// that connection has ended.
//
// Not here: what is asked and what becomes of it (signer/remote_client.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>

#include "node/host.h"
#include "signer/remote_client.h"

namespace tandem::io {

class RemoteSigner {
  public:
    /// "tcp://HOST:PORT" (port 0: any; no host: every address) or "unix://PATH". Refused
    /// ("priv_validator_laddr") when it cannot be had. `loop` and `reporter` outlive this.
    [[nodiscard]] static base::Result<std::unique_ptr<RemoteSigner>> listen(
        boost::asio::io_context& loop, node::Reporter& reporter, const std::string& address,
        std::string chain_id, signer::RemoteClient::Timing timing = {});
    /// Closes the connection.
    ~RemoteSigner();

    /// Runs the loop until a signer has shown its key. Refused: nobody came within Timing::connect,
    /// or nobody with a key for this chain.
    [[nodiscard]] base::Verdict wait_for_key();

    [[nodiscard]] signer::RemoteClient& client();
    /// As a signer dials it, with the port that was given.
    [[nodiscard]] std::string address() const;
    [[nodiscard]] bool is_connected() const;

  private:
    struct Core;
    explicit RemoteSigner(std::shared_ptr<Core> core) : core_(std::move(core)) {}
    std::shared_ptr<Core> core_;
};

}  // namespace tandem::io
