// Records of CometBFT's block store that are not types of their own elsewhere, and the keys of its
// databases. Only of use to read or write the data folder of a CometBFT node.
#pragma once
#include "types/basic.h"

namespace tandem::types {

struct BlockStoreState {
    std::int64_t base = 0;  // lowest height that is kept
    std::int64_t height = 0;

    bool operator==(const BlockStoreState&) const = default;
};

namespace store_keys {

inline constexpr std::string_view block_store_state = "blockStore";
inline constexpr std::string_view state = "stateKey";
inline constexpr std::string_view genesis = "genesisDoc";
inline constexpr std::string_view last_abci_response = "lastABCIResponseKey";
inline constexpr std::string_view offline_statesync_height = "offlineStateSyncHeightKey";

[[nodiscard]] std::string block_meta(std::int64_t height);
[[nodiscard]] std::string block_part(std::int64_t height, std::uint32_t index);
[[nodiscard]] std::string commit(std::int64_t height);       // as the next block carries it
[[nodiscard]] std::string seen_commit(std::int64_t height);  // as this node collected it
[[nodiscard]] std::string extended_commit(std::int64_t height);
[[nodiscard]] std::string height_of_block(BytesView block_hash);
[[nodiscard]] std::string validators(std::int64_t height);
[[nodiscard]] std::string consensus_params(std::int64_t height);
[[nodiscard]] std::string abci_responses(std::int64_t height);

}  // namespace store_keys

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::BlockStoreState> {
    static constexpr std::string_view name = "BlockStoreState";
    static constexpr auto fields = std::tuple{field<1>("base", &types::BlockStoreState::base),
                                              field<2>("height", &types::BlockStoreState::height)};
};

}  // namespace tandem::wire
