// Block sync: asking peers for blocks, and how far they are.
//
// A block response is the longest message of all. Before one is decoded,
// check_before_decoding_blocksync counts its signatures, of which two bytes on the wire would take
// a hundred in memory.
//
// Not here: whether a response was asked for (sync).
#pragma once
#include "types/block.h"

namespace tandem::types {

struct BlockRequest {
    std::int64_t height = 0;

    bool operator==(const BlockRequest&) const = default;
};

struct NoBlockResponse {
    std::int64_t height = 0;

    bool operator==(const NoBlockResponse&) const = default;
};

struct BlockResponse {
    base::Box<Block> block;
    base::Box<ExtendedCommit> ext_commit;  // where vote extensions were enabled at the height

    bool operator==(const BlockResponse&) const = default;
};

struct StatusRequest {
    bool operator==(const StatusRequest&) const = default;
};

struct StatusResponse {
    std::int64_t height = 0;  // the highest block that the sender has
    std::int64_t base = 0;    // and the lowest

    bool operator==(const StatusResponse&) const = default;
};

struct BlocksyncMessage {
    std::variant<std::monostate, BlockRequest, NoBlockResponse, BlockResponse, StatusRequest,
                 StatusResponse>
        sum;

    bool operator==(const BlocksyncMessage&) const = default;
};

/// Judges the bytes of a message before they are decoded: at most votes_max signatures in last
/// commits and as many in extended commits, over all repetitions of their fields. Other messages
/// and empty ones pass. A refusal ends the connection.
[[nodiscard]] Verdict check_before_decoding_blocksync(BytesView message);

/// A member is there and valid; a block and its commit are validated as when they are read alone.
[[nodiscard]] Verdict check_decoded(BlocksyncMessage& message);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::BlockRequest> {
    static constexpr std::string_view name = "BlockRequest";
    static constexpr auto fields = std::tuple{field<1>("height", &types::BlockRequest::height)};
};

template <>
struct Described<types::NoBlockResponse> {
    static constexpr std::string_view name = "NoBlockResponse";
    static constexpr auto fields = std::tuple{field<1>("height", &types::NoBlockResponse::height)};
};

template <>
struct Described<types::BlockResponse> {
    static constexpr std::string_view name = "BlockResponse";
    static constexpr auto fields =
        std::tuple{field<1>("block", &types::BlockResponse::block),
                   field<2>("ext_commit", &types::BlockResponse::ext_commit)};
};

template <>
struct Described<types::StatusRequest> {
    static constexpr std::string_view name = "StatusRequest";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::StatusResponse> {
    static constexpr std::string_view name = "StatusResponse";
    static constexpr auto fields = std::tuple{field<1>("height", &types::StatusResponse::height),
                                              field<2>("base", &types::StatusResponse::base)};
};

template <>
struct Described<types::BlocksyncMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields = std::tuple{one_of<1, 2, 3, 4, 5>(
        "sum", &types::BlocksyncMessage::sum, "block_request", "no_block_response",
        "block_response", "status_request", "status_response")};
};

}  // namespace tandem::wire
