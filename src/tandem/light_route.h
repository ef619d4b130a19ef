// One question to the light client's proxy: asks the primary, verifies what it says.
#pragma once
#include "io/rpc_client.h"
#include "rpc/routes.h"
#include "tandem/light_verifier.h"

namespace tandem::program {

/// JSON for the caller. Refused: in the primary's words where it refuses, in ours where what it
/// says does not hold ("light.*").
[[nodiscard]] base::Result<std::string> light_answer(io::RpcClient& primary,
                                                     LightVerifier& verifier,
                                                     const rpc::Route& route,
                                                     const rpc::Arguments& arguments);

}  // namespace tandem::program
