#include "sync/block_server.h"

namespace tandem::sync {

/// A BlockResponse whose members are encoded already.
struct RawBlockResponse {
    Bytes block;
    Bytes extended_commit;  // empty: left out
};
struct RawMessage {
    std::variant<std::monostate, RawBlockResponse> sum;
};

}  // namespace tandem::sync

namespace tandem::wire {

template <>
struct Described<sync::RawBlockResponse> {
    static constexpr std::string_view name = "BlockResponse";
    static constexpr auto fields =
        std::tuple{field<1>("block", &sync::RawBlockResponse::block),
                   field<2>("ext_commit", &sync::RawBlockResponse::extended_commit)};
};

template <>
struct Described<sync::RawMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields =
        std::tuple{one_of<3>("sum", &sync::RawMessage::sum, "block_response")};
};

}  // namespace tandem::wire

namespace tandem::sync {

Bytes status_message(const store::BlockStore& blocks) {
    types::BlocksyncMessage message;
    message.sum = types::StatusResponse{blocks.height(), blocks.base()};
    return wire::encode(message);
}

std::optional<Bytes> answer_to(const types::BlockRequest& request, const store::BlockStore& blocks,
                               const types::ConsensusParams& params) {
    RawBlockResponse response;
    auto block = blocks.block_bytes(request.height);
    if (!block) {
        types::BlocksyncMessage message;
        message.sum = types::NoBlockResponse{request.height};
        return wire::encode(message);
    }
    response.block = std::move(*block);
    if (params.abci.extensions_enabled(request.height)) {
        const auto extended = blocks.extended_commit(request.height);
        if (!extended) return std::nullopt;
        response.extended_commit = wire::encode(*extended);
    }
    return wire::encode(RawMessage{std::move(response)});
}

}  // namespace tandem::sync
