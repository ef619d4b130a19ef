#include "sync/snapshot_server.h"

namespace tandem::sync {

std::vector<base::Bytes> advertise(const abci::ResponseListSnapshots& list) {
    std::vector<abci::Snapshot> newest = list.snapshots;
    std::erase_if(newest, [](const abci::Snapshot& snapshot) {
        return snapshot.height == 0 || snapshot.hash.empty() || snapshot.chunks == 0;
    });
    std::ranges::sort(newest, [](const abci::Snapshot& a, const abci::Snapshot& b) {
        return std::tie(a.height, a.format) > std::tie(b.height, b.format);
    });
    if (newest.size() > snapshots_advertised_max) newest.resize(snapshots_advertised_max);
    std::vector<base::Bytes> messages;
    for (abci::Snapshot& snapshot : newest) {
        types::StatesyncMessage message;
        message.sum =
            types::SnapshotsResponse{snapshot.height, snapshot.format, snapshot.chunks,
                                     std::move(snapshot.hash), std::move(snapshot.metadata)};
        messages.push_back(wire::encode(message));
    }
    return messages;
}

abci::RequestLoadSnapshotChunk load_request(const types::ChunkRequest& request) {
    return {request.height, request.format, request.index};
}

base::Bytes chunk_message(const types::ChunkRequest& request,
                          abci::ResponseLoadSnapshotChunk answer) {
    types::ChunkResponse response;
    response.height = request.height;
    response.format = request.format;
    response.index = request.index;
    response.missing = answer.chunk.empty();
    if (!response.missing) response.chunk = types::ChunkBytes(std::move(answer.chunk));
    types::StatesyncMessage message;
    message.sum = std::move(response);
    return wire::encode(message);
}

}  // namespace tandem::sync
