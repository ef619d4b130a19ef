// A remote signer under the virtual clock: a node's real client and the real service, with a
// connection of memory between them. The service outlives the node's process, and its memory
// outlives the service.
#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "signer/remote_client.h"
#include "signer/remote_service.h"

namespace tandem::testing {

class VirtualClock;

class VirtualSigner {
  public:
    using Time = signer::RemoteClient::Time;

    /// `seed`: of its Ed25519 key.
    VirtualSigner(VirtualClock& clock, std::string chain_id, base::Bytes seed);

    /// A process of the validator begins; `in_turn` runs work in a turn of its node. The signer is
    /// there, and has shown its key.
    signer::RemoteClient& begin(std::function<void(const std::function<void()>&)> in_turn);
    /// And ends.
    void end();

    /// The signer is killed, and comes back with what it kept.
    void go();
    void come();

    /// Each takes so long to be answered.
    Time answer_time{0};

    struct Said {
        bool by_node;
        types::PrivvalMessage message;
    };
    std::vector<Said> said;
    [[nodiscard]] const types::LastSigned& kept() const noexcept { return kept_; }

  private:
    void start_service();
    void work(std::uint64_t life);
    void hear(base::BytesView bytes);
    void write_down(bool by_node, base::BytesView frames);

    VirtualClock& clock_;
    std::string chain_id_;
    base::Bytes seed_;
    types::LastSigned kept_;
    std::optional<signer::RemoteService> service_;
    std::optional<signer::RequestReader> reader_;
    std::optional<signer::RemoteClient> client_;
    std::function<void(const std::function<void()>&)> in_turn_;
    std::uint64_t life_ = 0;  // of the connection
};

}  // namespace tandem::testing
