#include "types/store_messages.h"

#include <fmt/format.h>

namespace tandem::types::store_keys {

std::string block_meta(std::int64_t height) {
    return fmt::format("H:{}", height);
}
std::string block_part(std::int64_t height, std::uint32_t index) {
    return fmt::format("P:{}:{}", height, index);
}
std::string commit(std::int64_t height) {
    return fmt::format("C:{}", height);
}
std::string seen_commit(std::int64_t height) {
    return fmt::format("SC:{}", height);
}
std::string extended_commit(std::int64_t height) {
    return fmt::format("EC:{}", height);
}
std::string height_of_block(BytesView block_hash) {
    return "BH:" + base::to_hex(block_hash);
}
std::string validators(std::int64_t height) {
    return fmt::format("validatorsKey:{}", height);
}
std::string consensus_params(std::int64_t height) {
    return fmt::format("consensusParamsKey:{}", height);
}
std::string abci_responses(std::int64_t height) {
    return fmt::format("abciResponsesKey:{}", height);
}

}  // namespace tandem::types::store_keys
