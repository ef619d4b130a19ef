#include "tandem/built_in.h"

#include "io/abci_client.h"
#include "io/shared_database.h"
#include "ledger/kvstore.h"
#include "ledger/noop.h"
#include "ledger/share.h"
#include "seats/genesis.h"

namespace tandem::program {
namespace {

/// Whether the genesis begins `share` as it must.
base::Verdict share_begins(const types::GenesisDoc& genesis) {
    const auto read = seats::read_genesis(base::as_bytes(genesis.app_state));
    if (!read) return std::unexpected(read.error());
    const auto begun = ledger::share_genesis(read->application_state);
    return begun ? base::Verdict{} : std::unexpected(begun.error());
}

}  // namespace

base::Result<ChosenApplication> choose_application(const std::string& name,
                                                   const types::GenesisDoc& genesis,
                                                   io::RocksDatabase& database,
                                                   node::Reporter& reporter,
                                                   const crypto::Verifier& verifier,
                                                   ledger::ShareSnapshotRules snapshots) {
    ChosenApplication chosen;
    if (name == "kvstore") {
        chosen.storage = std::make_unique<ledger::MemoryStorage>();
        chosen.application = std::make_unique<ledger::KvStore>(*chosen.storage);
    } else if (name == "persistent_kvstore") {
        chosen.storage = std::make_unique<io::ApplicationStorage>(database);
        chosen.application = std::make_unique<ledger::KvStore>(*chosen.storage);
        chosen.is_in_database = true;
    } else if (name == "share") {
        TANDEM_TRY(share_begins(genesis));
        chosen.storage = std::make_unique<io::ApplicationStorage>(database);
        chosen.application = std::make_unique<ledger::Share>(
            *chosen.storage, verifier, ledger::ShareSettings{genesis.chain_id, snapshots});
        chosen.is_in_database = true;
    } else if (name == "noop") {
        chosen.application = std::make_unique<ledger::NoOp>();
    } else {
        auto client = io::AbciClient::connect(name, [&reporter](const std::string& why) {
            reporter.report(node::LogLevel::warning, "proxy", why);
        });
        if (!client)
            return base::refuse("proxy_app",
                                client.error().why +
                                    "; or name a built-in one: kvstore, persistent_kvstore, share, "
                                    "noop");
        chosen.application = std::move(*client);
    }
    return chosen;
}

}  // namespace tandem::program
