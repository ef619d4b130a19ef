// Which application stands below: one of our own by its name, or another's by its address.
#pragma once
#include "abci/application.h"
#include "crypto/verifier.h"
#include "io/rocks_database.h"
#include "ledger/share_snapshots.h"
#include "node/host.h"
#include "types/genesis.h"

namespace tandem::program {

struct ChosenApplication {
    std::unique_ptr<ledger::Storage> storage;  // outlives the application; none of its own: null
    std::unique_ptr<abci::Application> application;
    bool is_in_database = false;  // it writes its state into `database`, one batch a block
};

/// `name`: kvstore, persistent_kvstore, share or noop; else the address of an application's socket,
/// and this waits until somebody listens there. Refused for what is neither, and where the genesis
/// does not begin the application as it must. The rules are those of `share`. What is borrowed
/// outlives the answer.
[[nodiscard]] base::Result<ChosenApplication> choose_application(
    const std::string& name, const types::GenesisDoc& genesis, io::RocksDatabase& database,
    node::Reporter& reporter, const crypto::Verifier& verifier, ledger::ShareSnapshotRules = {});

}  // namespace tandem::program
