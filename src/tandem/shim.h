// `tandem shim`: seats between a stock CometBFT process and an application.
//
//     CometBFT  --ABCI-->  shim (seats)  --ABCI-->  application
//        ^                  |
//        '------- RPC ------'   heartbeats, as transactions; how far along the engine is
//
// The shim stands beside one CometBFT process and uses its home folder: genesis.json names the
// seats, priv_validator_key.json says which node this is (its address; the secret is not looked
// at), config.toml where to listen. Its own are liveness_key.json and data/seats, where the state
// of seats is.
//
// A heartbeat is submitted after the engine has its answer to Commit, never during it: the mempool
// is locked then. CheckTx takes fresh ones, gossip carries them to every other shim's CheckTx, and
// checking again after each block drops those that are stale.
//
// When one of the three processes dies the engine stops too, and all are started again; each
// remembers by itself, and the handshake brings them in step.
//
// Not here: the seats (seats), the socket (io/abci_server.h), the engine's RPC (engine_link.h).
#pragma once
#include "tandem/cli.h"

namespace tandem::program {

struct ShimOptions {
    std::string application;  // an address, or the name of a built-in one
    std::string listen;       // for the engine; empty: proxy_app of its config.toml
    std::string engine;       // its RPC; empty: that of its config.toml
    std::string health;       // where health and metrics are served; empty: nowhere
    std::string address;      // of the validator key, where it is not in a file here
    std::string log_level = "info";
    std::string log_format = "plain";  // or "json"
};

/// Runs until SIGTERM or SIGINT, or says why it did not start.
[[nodiscard]] Outcome run_shim(const Home& home, const ShimOptions& options);

}  // namespace tandem::program
