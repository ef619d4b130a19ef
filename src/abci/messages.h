// ABCI 2.0 as it stands on a socket: one oneof for requests, one for responses. The numbers that
// are missing are reserved.
#pragma once
#include "abci/requests.h"
#include "abci/responses.h"

namespace tandem::abci {

struct Request {
    std::variant<std::monostate, RequestEcho, RequestFlush, RequestInfo, RequestInitChain,
                 RequestQuery, RequestCheckTx, RequestCommit, RequestListSnapshots,
                 RequestOfferSnapshot, RequestLoadSnapshotChunk, RequestApplySnapshotChunk,
                 RequestPrepareProposal, RequestProcessProposal, RequestExtendVote,
                 RequestVerifyVoteExtension, RequestFinalizeBlock>
        value;

    bool operator==(const Request&) const = default;
};

struct Response {
    std::variant<std::monostate, ResponseException, ResponseEcho, ResponseFlush, ResponseInfo,
                 ResponseInitChain, ResponseQuery, ResponseCheckTx, ResponseCommit,
                 ResponseListSnapshots, ResponseOfferSnapshot, ResponseLoadSnapshotChunk,
                 ResponseApplySnapshotChunk, ResponsePrepareProposal, ResponseProcessProposal,
                 ResponseExtendVote, ResponseVerifyVoteExtension, ResponseFinalizeBlock>
        value;

    bool operator==(const Response&) const = default;
};

}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::Request> {
    static constexpr std::string_view name = "Request";
    static constexpr auto fields =
        std::tuple{one_of<1, 2, 3, 5, 6, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20>(
            "value", &abci::Request::value, "echo", "flush", "info", "init_chain", "query",
            "check_tx", "commit", "list_snapshots", "offer_snapshot", "load_snapshot_chunk",
            "apply_snapshot_chunk", "prepare_proposal", "process_proposal", "extend_vote",
            "verify_vote_extension", "finalize_block")};
};

template <>
struct Described<abci::Response> {
    static constexpr std::string_view name = "Response";
    static constexpr auto fields =
        std::tuple{one_of<1, 2, 3, 4, 6, 7, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21>(
            "value", &abci::Response::value, "exception", "echo", "flush", "info", "init_chain",
            "query", "check_tx", "commit", "list_snapshots", "offer_snapshot",
            "load_snapshot_chunk", "apply_snapshot_chunk", "prepare_proposal", "process_proposal",
            "extend_vote", "verify_vote_extension", "finalize_block")};
};

}  // namespace tandem::wire
