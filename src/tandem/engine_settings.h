// What the shim reads in the config.toml of the engine that it serves, and what must stand there.
//
// The engine is somebody else's program, of one version or another: what it knows and we do not is
// none of our business, so only the keys that matter here are looked at. One that is missing has
// the engine's own default.
#pragma once
#include "tandem/home.h"

namespace tandem::program {

struct EngineSettings {
    std::string proxy_app = "tcp://127.0.0.1:26658";
    std::string abci = "socket";
    std::string genesis_file = "config/genesis.json";
    std::string validator_key_file = "config/priv_validator_key.json";
    std::string data_folder = "data";
    std::string rpc_laddr = "tcp://127.0.0.1:26657";
    std::string mempool_type = "flood";
    bool recheck = true;
    bool broadcast = true;
    bool creates_empty_blocks = true;
    bool adaptive_sync = false;
};

/// Refused where the text is no TOML, or one of these keys holds something of another kind.
[[nodiscard]] Result<EngineSettings> engine_settings(std::string_view toml,
                                                     const std::string& path);

/// What would keep seats from working, one sentence each, with what to write instead.
[[nodiscard]] Texts engine_faults(const EngineSettings& settings);

/// "address" of a priv_validator_key.json, 20 bytes. Nothing else in it is looked at.
[[nodiscard]] Result<base::Bytes> validator_address_in(std::string_view text);

}  // namespace tandem::program
