// The light client of `tandem light` at work: it asks servers, keeps what was verified, and tells
// both sides of an attack.
//
// Used by several threads; one verification runs at a time.
//
// Not here: the rules (sync/light_client.h), what is done with verified headers (light_proxy.h).
#pragma once
#include <atomic>
#include <functional>
#include <mutex>

#include "io/rpc_client.h"
#include "node/host.h"
#include "sync/light_client.h"
#include "tandem/light_store.h"

namespace tandem::program {

class LightVerifier {
  public:
    /// `addresses` are those of the config's servers, in their order. The rest is borrowed;
    /// `attacked` is called once, with what both sides showed, on the thread that met it.
    LightVerifier(sync::LightClientConfig config, std::vector<io::RpcAddress> addresses,
                  std::map<std::int64_t, types::LightBlock> trusted, LightStore& store,
                  node::Reporter& reporter, std::function<void(std::string)> attacked);

    /// Trusts this header, and nothing that was trusted before.
    [[nodiscard]] base::Result<types::LightBlock> anchor(std::int64_t height, types::Hash hash);
    /// 0: the newest block of the primary.
    [[nodiscard]] base::Result<types::LightBlock> block(std::int64_t height);
    /// The same, and waits a while for a block that is not there yet.
    [[nodiscard]] base::Result<types::LightBlock> coming_block(std::int64_t height);

    /// Whom everything else is asked.
    [[nodiscard]] io::RpcAddress primary();
    /// From now on nothing is waited for.
    void stop();

  private:
    [[nodiscard]] base::Result<types::LightBlock> run();
    [[nodiscard]] base::Result<types::LightBlock> fetch(const sync::BlockQuestion& question);
    void tell_attack(const sync::LightAttack& attack);
    void report_evidence(std::size_t server, const types::LightClientAttackEvidence& evidence);

    std::mutex mutex_;
    sync::LightClient client_;
    std::vector<io::RpcAddress> addresses_;
    std::vector<io::RpcClient> servers_;
    LightStore& store_;
    node::Reporter& reporter_;
    std::function<void(std::string)> attacked_;
    bool is_told_ = false;
    std::atomic<bool> stopping_ = false;
};

}  // namespace tandem::program
