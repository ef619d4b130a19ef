// ABCI 2.0: what an application answers. Field names and numbers as in CometBFT's proto files
// (wire page of ABCI, messages). Plain data; the calls and their order are in application.h.
#pragma once
#include "abci/types.h"
#include "types/proof_ops.h"

namespace tandem::abci {

enum class OfferSnapshotResult : std::int32_t {
    unknown = 0,
    accept = 1,
    abort = 2,
    reject = 3,
    reject_format = 4,
    reject_sender = 5
};
enum class ApplySnapshotChunkResult : std::int32_t {
    unknown = 0,
    accept = 1,
    abort = 2,
    retry = 3,
    retry_snapshot = 4,
    reject_snapshot = 5
};
enum class ProposalStatus : std::int32_t { unknown = 0, accept = 1, reject = 2 };
enum class ExtensionStatus : std::int32_t { unknown = 0, accept = 1, reject = 2 };

/// The application failed; a node that gets one stops.
struct ResponseException {
    std::string error;

    bool operator==(const ResponseException&) const = default;
};

struct ResponseEcho {
    std::string message;

    bool operator==(const ResponseEcho&) const = default;
};

struct ResponseFlush {
    bool operator==(const ResponseFlush&) const = default;
};

struct ResponseInfo {
    std::string data;
    std::string version;
    std::uint64_t app_version = 0;       // of the protocol; stands in headers
    std::int64_t last_block_height = 0;  // that Commit was done for; 0: none
    Bytes last_block_app_hash;

    bool operator==(const ResponseInfo&) const = default;
};

struct ResponseInitChain {
    base::Box<types::ConsensusParamsMessage> consensus_params;  // what is to change
    std::vector<ValidatorUpdate> validators;  // all of them; none: as in the genesis
    Bytes app_hash;

    bool operator==(const ResponseInitChain&) const = default;
};

struct ResponseQuery {
    std::uint32_t code = 0;
    std::string log;
    std::string info;
    std::int64_t index = 0;
    Bytes key;
    Bytes value;
    base::Box<types::ProofOps> proof_ops;
    std::int64_t height = 0;  // that value and proof belong to
    std::string codespace;

    bool operator==(const ResponseQuery&) const = default;
};

struct ResponseCheckTx {
    std::uint32_t code = 0;  // 0: may enter the mempool
    Bytes data;
    std::string log;
    std::string info;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
    std::vector<Event> events;
    std::string codespace;

    bool operator==(const ResponseCheckTx&) const = default;
};

struct ResponseCommit {
    std::int64_t retain_height = 0;  // blocks below may go; 0: keep all

    bool operator==(const ResponseCommit&) const = default;
};

struct ResponseListSnapshots {
    std::vector<Snapshot> snapshots;

    bool operator==(const ResponseListSnapshots&) const = default;
};

struct ResponseOfferSnapshot {
    OfferSnapshotResult result = OfferSnapshotResult::unknown;

    bool operator==(const ResponseOfferSnapshot&) const = default;
};

struct ResponseLoadSnapshotChunk {
    Bytes chunk;  // empty: there is no such chunk

    bool operator==(const ResponseLoadSnapshotChunk&) const = default;
};

struct ResponseApplySnapshotChunk {
    ApplySnapshotChunkResult result = ApplySnapshotChunkResult::unknown;
    std::vector<std::uint32_t> refetch_chunks;
    std::vector<std::string> reject_senders;

    bool operator==(const ResponseApplySnapshotChunk&) const = default;
};

struct ResponsePrepareProposal {
    wire::Txs txs;  // of the block, in place of the candidates

    bool operator==(const ResponsePrepareProposal&) const = default;
};

struct ResponseProcessProposal {
    ProposalStatus status = ProposalStatus::unknown;

    bool operator==(const ResponseProcessProposal&) const = default;
};

struct ResponseExtendVote {
    Bytes vote_extension;  // at most types::vote_extension_bytes_max

    bool operator==(const ResponseExtendVote&) const = default;
};

struct ResponseVerifyVoteExtension {
    ExtensionStatus status = ExtensionStatus::unknown;

    bool operator==(const ResponseVerifyVoteExtension&) const = default;
};

struct ResponseFinalizeBlock {
    std::vector<Event> events;
    std::vector<ExecTxResult> tx_results;                              // one for each transaction
    std::vector<ValidatorUpdate> validator_updates;                    // act two heights later
    base::Box<types::ConsensusParamsMessage> consensus_param_updates;  // from the next height
    Bytes app_hash;  // stands in the next header; of any length

    bool operator==(const ResponseFinalizeBlock&) const = default;
};

}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::ResponseException> {
    using M = abci::ResponseException;
    static constexpr std::string_view name = "ResponseException";
    static constexpr auto fields = std::tuple{field<1>("error", &M::error)};
};

template <>
struct Described<abci::ResponseEcho> {
    using M = abci::ResponseEcho;
    static constexpr std::string_view name = "ResponseEcho";
    static constexpr auto fields = std::tuple{field<1>("message", &M::message)};
};

template <>
struct Described<abci::ResponseFlush> {
    using M = abci::ResponseFlush;
    static constexpr std::string_view name = "ResponseFlush";
    static constexpr auto fields = std::tuple<>{};
};

template <>
struct Described<abci::ResponseInfo> {
    using M = abci::ResponseInfo;
    static constexpr std::string_view name = "ResponseInfo";
    static constexpr auto fields =
        std::tuple{field<1>("data", &M::data), field<2>("version", &M::version),
                   field<3>("app_version", &M::app_version),
                   field<4>("last_block_height", &M::last_block_height),
                   field<5>("last_block_app_hash", &M::last_block_app_hash)};
};

template <>
struct Described<abci::ResponseInitChain> {
    using M = abci::ResponseInitChain;
    static constexpr std::string_view name = "ResponseInitChain";
    static constexpr auto fields =
        std::tuple{field<1>("consensus_params", &M::consensus_params),
                   field<2>("validators", &M::validators), field<3>("app_hash", &M::app_hash)};
};

template <>
struct Described<abci::ResponseQuery> {
    using M = abci::ResponseQuery;
    static constexpr std::string_view name = "ResponseQuery";
    static constexpr auto fields = std::tuple{field<1>("code", &M::code),
                                              field<3>("log", &M::log),
                                              field<4>("info", &M::info),
                                              field<5>("index", &M::index),
                                              field<6>("key", &M::key),
                                              field<7>("value", &M::value),
                                              field<8>("proof_ops", &M::proof_ops),
                                              field<9>("height", &M::height),
                                              field<10>("codespace", &M::codespace)};
};

template <>
struct Described<abci::ResponseCheckTx> {
    using M = abci::ResponseCheckTx;
    static constexpr std::string_view name = "ResponseCheckTx";
    static constexpr auto fields = std::tuple{field<1>("code", &M::code),
                                              field<2>("data", &M::data),
                                              field<3>("log", &M::log),
                                              field<4>("info", &M::info),
                                              field<5>("gas_wanted", &M::gas_wanted),
                                              field<6>("gas_used", &M::gas_used),
                                              field<7>("events", &M::events),
                                              field<8>("codespace", &M::codespace)};
};

template <>
struct Described<abci::ResponseCommit> {
    using M = abci::ResponseCommit;
    static constexpr std::string_view name = "ResponseCommit";
    static constexpr auto fields = std::tuple{field<3>("retain_height", &M::retain_height)};
};

template <>
struct Described<abci::ResponseListSnapshots> {
    using M = abci::ResponseListSnapshots;
    static constexpr std::string_view name = "ResponseListSnapshots";
    static constexpr auto fields = std::tuple{field<1>("snapshots", &M::snapshots)};
};

template <>
struct Described<abci::ResponseOfferSnapshot> {
    using M = abci::ResponseOfferSnapshot;
    static constexpr std::string_view name = "ResponseOfferSnapshot";
    static constexpr auto fields = std::tuple{field<1>("result", &M::result)};
};

template <>
struct Described<abci::ResponseLoadSnapshotChunk> {
    using M = abci::ResponseLoadSnapshotChunk;
    static constexpr std::string_view name = "ResponseLoadSnapshotChunk";
    static constexpr auto fields = std::tuple{field<1>("chunk", &M::chunk)};
};

template <>
struct Described<abci::ResponseApplySnapshotChunk> {
    using M = abci::ResponseApplySnapshotChunk;
    static constexpr std::string_view name = "ResponseApplySnapshotChunk";
    static constexpr auto fields =
        std::tuple{field<1>("result", &M::result), field<2>("refetch_chunks", &M::refetch_chunks),
                   field<3>("reject_senders", &M::reject_senders)};
};

template <>
struct Described<abci::ResponsePrepareProposal> {
    using M = abci::ResponsePrepareProposal;
    static constexpr std::string_view name = "ResponsePrepareProposal";
    static constexpr auto fields = std::tuple{field<1>("txs", &M::txs)};
};

template <>
struct Described<abci::ResponseProcessProposal> {
    using M = abci::ResponseProcessProposal;
    static constexpr std::string_view name = "ResponseProcessProposal";
    static constexpr auto fields = std::tuple{field<1>("status", &M::status)};
};

template <>
struct Described<abci::ResponseExtendVote> {
    using M = abci::ResponseExtendVote;
    static constexpr std::string_view name = "ResponseExtendVote";
    static constexpr auto fields = std::tuple{field<1>("vote_extension", &M::vote_extension)};
};

template <>
struct Described<abci::ResponseVerifyVoteExtension> {
    using M = abci::ResponseVerifyVoteExtension;
    static constexpr std::string_view name = "ResponseVerifyVoteExtension";
    static constexpr auto fields = std::tuple{field<1>("status", &M::status)};
};

template <>
struct Described<abci::ResponseFinalizeBlock> {
    using M = abci::ResponseFinalizeBlock;
    static constexpr std::string_view name = "ResponseFinalizeBlock";
    static constexpr auto fields =
        std::tuple{field<1>("events", &M::events), field<2>("tx_results", &M::tx_results),
                   field<3>("validator_updates", &M::validator_updates),
                   field<4>("consensus_param_updates", &M::consensus_param_updates),
                   field<5>("app_hash", &M::app_hash)};
};

}  // namespace tandem::wire
