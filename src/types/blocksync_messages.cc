#include "types/blocksync_messages.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

/// Counts the elements of a list of messages and keeps none.
struct ElementCount {
    std::size_t count = 0;
};

struct CountedCommit {
    ElementCount signatures;
};
struct CountedBlock {
    CountedCommit last_commit;
};
struct CountedBlockResponse {
    CountedBlock block;
    CountedCommit ext_commit;
};
/// Here the response is no member of a oneof: repetitions are merged, and all are counted.
struct CountedMessage {
    CountedBlockResponse block_response;
};

Verdict validate_height(std::string_view field, std::int64_t height) {
    if (height < 0) return refuse(field, fmt::format("{} is negative", height));
    return {};
}

Verdict check_member(const BlockRequest& m) {
    return validate_height("height", m.height);
}
Verdict check_member(const NoBlockResponse& m) {
    return validate_height("height", m.height);
}
Verdict check_member(const StatusRequest&) {
    return {};
}

Verdict check_member(BlockResponse& message) {
    if (!message.block) return refuse("block", "there is no block");
    TANDEM_TRY(within("block", check_decoded(*message.block)));
    if (message.ext_commit) TANDEM_TRY(within("ext_commit", check_decoded(*message.ext_commit)));
    return {};
}

Verdict check_member(const StatusResponse& message) {
    TANDEM_TRY(validate_height("base", message.base));
    TANDEM_TRY(validate_height("height", message.height));
    if (message.base > message.height)
        return refuse("base",
                      fmt::format("base {} is above height {}", message.base, message.height));
    return {};
}

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct FieldCodec<types::ElementCount> {
    static bool read(Reader& reader, WireType type, types::ElementCount& elements) {
        if (type != WireType::bytes) return reader.fail(DecodeFault::wrong_wire_type);
        BytesView element;
        if (!reader.read_bytes(element)) return false;
        ++elements.count;
        return true;
    }
};

template <>
struct Described<types::CountedCommit> {
    static constexpr std::string_view name = "Commit";
    static constexpr auto fields =
        std::tuple{field<4>("signatures", &types::CountedCommit::signatures)};
};

template <>
struct Described<types::CountedBlock> {
    static constexpr std::string_view name = "Block";
    static constexpr auto fields =
        std::tuple{field<4>("last_commit", &types::CountedBlock::last_commit)};
};

template <>
struct Described<types::CountedBlockResponse> {
    static constexpr std::string_view name = "BlockResponse";
    static constexpr auto fields =
        std::tuple{field<1>("block", &types::CountedBlockResponse::block),
                   field<2>("ext_commit", &types::CountedBlockResponse::ext_commit)};
};

template <>
struct Described<types::CountedMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields =
        std::tuple{field<3>("block_response", &types::CountedMessage::block_response)};
};

}  // namespace tandem::wire

namespace tandem::types {

Verdict check_before_decoding_blocksync(BytesView message) {
    const auto counted = wire::decode<CountedMessage>(message);
    if (!counted) return std::unexpected(counted.error().to_refusal());
    const auto& response = counted->block_response;
    for (const auto& [field, signatures] :
         {std::pair("last_commit", response.block.last_commit.signatures.count),
          std::pair("ext_commit", response.ext_commit.signatures.count)})
        if (signatures > votes_max)
            return refuse(std::string("blocksync.").append(field),
                          fmt::format("{} signatures are more than {}", signatures, votes_max));
    return {};
}

Verdict check_decoded(BlocksyncMessage& message) {
    return std::visit(
        [&]<typename M>(M& member) -> Verdict {
            if constexpr (std::same_as<M, std::monostate>) {
                return refuse("blocksync.sum", "the message has no member");
            } else {
                return within(wire::Described<M>::name, check_member(member));
            }
        },
        message.sum);
}

}  // namespace tandem::types
