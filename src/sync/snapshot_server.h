// State sync as a server: the application's snapshots and their chunks (wire page 04, section 4).
// The application is asked in between, by whoever holds it.
#pragma once
#include "abci/messages.h"
#include "types/statesync_messages.h"

namespace tandem::sync {

inline constexpr std::size_t snapshots_advertised_max = 10;

/// One message for each of the newest snapshots, for channel 0x60. What no peer would take (no
/// height, no hash, no chunks) is left out.
[[nodiscard]] std::vector<base::Bytes> advertise(const abci::ResponseListSnapshots& list);

[[nodiscard]] abci::RequestLoadSnapshotChunk load_request(const types::ChunkRequest& request);
/// For channel 0x61.
[[nodiscard]] base::Bytes chunk_message(const types::ChunkRequest& request,
                                        abci::ResponseLoadSnapshotChunk answer);

}  // namespace tandem::sync
