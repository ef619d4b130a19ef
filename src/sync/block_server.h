// Block sync as a server: blocks for peers that lack them (wire page 04, section 2).
//
// A stored block is its parts one behind the other, so an answer is put together of bytes: nothing
// is decoded and encoded again for whoever lags.
#pragma once
#include "store/block_store.h"
#include "types/blocksync_messages.h"
#include "types/params.h"

namespace tandem::sync {

using base::Bytes;
using base::BytesView;

/// What a new peer is told at once, and in answer to StatusRequest.
[[nodiscard]] Bytes status_message(const store::BlockStore& blocks);

/// BlockResponse; NoBlockResponse where there is none; nothing where an extended commit should go
/// with the block and is not here. `params` are the present ones, as CometBFT takes them.
/// REQUIRES: the request passed the checks of reading.
[[nodiscard]] std::optional<Bytes> answer_to(const types::BlockRequest& request,
                                             const store::BlockStore& blocks,
                                             const types::ConsensusParams& params);

}  // namespace tandem::sync
