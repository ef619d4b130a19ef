// ABCI 2.0: what an engine asks its application. Field names and numbers as in CometBFT's proto
// files (wire page of ABCI, messages). Plain data; the calls and their order are in application.h.
#pragma once
#include "abci/types.h"

namespace tandem::abci {

/// recheck: it passed before, and a block was committed since.
enum class CheckTxType : std::int32_t { new_tx = 0, recheck = 1 };

struct RequestEcho {
    std::string message;

    bool operator==(const RequestEcho&) const = default;
};

struct RequestFlush {
    bool operator==(const RequestFlush&) const = default;
};

struct RequestInfo {
    std::string version;
    std::uint64_t block_version = 0;
    std::uint64_t p2p_version = 0;
    std::string abci_version;

    bool operator==(const RequestInfo&) const = default;
};

struct RequestInitChain {
    Timestamp time;
    std::string chain_id;
    base::Box<types::ConsensusParamsMessage> consensus_params;  // set, all five parts
    std::vector<ValidatorUpdate> validators;  // by power descending, then by address
    Bytes app_state_bytes;                    // app_state of the genesis document, JSON
    std::int64_t initial_height = 0;

    bool operator==(const RequestInitChain&) const = default;
};

struct RequestQuery {
    Bytes data;
    std::string path;
    std::int64_t height = 0;  // 0: the newest
    bool prove = false;

    bool operator==(const RequestQuery&) const = default;
};

struct RequestCheckTx {
    Bytes tx;
    CheckTxType type = CheckTxType::new_tx;

    bool operator==(const RequestCheckTx&) const = default;
};

struct RequestCommit {
    bool operator==(const RequestCommit&) const = default;
};

struct RequestListSnapshots {
    bool operator==(const RequestListSnapshots&) const = default;
};

struct RequestOfferSnapshot {
    base::Box<Snapshot> snapshot;
    Bytes app_hash;  // from a verified header; what the snapshot says is not to be trusted

    bool operator==(const RequestOfferSnapshot&) const = default;
};

struct RequestLoadSnapshotChunk {
    std::uint64_t height = 0;
    std::uint32_t format = 0;
    std::uint32_t chunk = 0;

    bool operator==(const RequestLoadSnapshotChunk&) const = default;
};

struct RequestApplySnapshotChunk {
    std::uint32_t index = 0;
    Bytes chunk;
    std::string sender;  // node id of the peer

    bool operator==(const RequestApplySnapshotChunk&) const = default;
};

struct RequestPrepareProposal {
    std::int64_t max_tx_bytes = 0;  // for the answer, reckoned by types::tx_bytes_in_data
    wire::Txs txs;                  // candidates
    ExtendedCommitInfo local_last_commit;
    std::vector<Misbehavior> misbehavior;
    std::int64_t height = 0;
    Timestamp time;
    types::Hash next_validators_hash;
    types::Address proposer_address;  // our own

    bool operator==(const RequestPrepareProposal&) const = default;
};

struct RequestProcessProposal {
    wire::Txs txs;
    CommitInfo proposed_last_commit;
    std::vector<Misbehavior> misbehavior;
    types::Hash hash;  // of the header
    std::int64_t height = 0;
    Timestamp time;
    types::Hash next_validators_hash;
    types::Address proposer_address;

    bool operator==(const RequestProcessProposal&) const = default;
};

struct RequestExtendVote {
    types::Hash hash;  // of the block that the precommit is for
    std::int64_t height = 0;
    Timestamp time;
    wire::Txs txs;
    CommitInfo proposed_last_commit;
    std::vector<Misbehavior> misbehavior;
    types::Hash next_validators_hash;
    types::Address proposer_address;

    bool operator==(const RequestExtendVote&) const = default;
};

struct RequestVerifyVoteExtension {
    types::Hash hash;  // of the block that the precommit is for
    types::Address validator_address;
    std::int64_t height = 0;
    Bytes vote_extension;

    bool operator==(const RequestVerifyVoteExtension&) const = default;
};

struct RequestFinalizeBlock {
    wire::Txs txs;
    CommitInfo decided_last_commit;
    std::vector<Misbehavior> misbehavior;
    types::Hash hash;
    std::int64_t height = 0;
    Timestamp time;
    types::Hash next_validators_hash;
    types::Address proposer_address;

    bool operator==(const RequestFinalizeBlock&) const = default;
};

}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::RequestEcho> {
    using M = abci::RequestEcho;
    static constexpr std::string_view name = "RequestEcho";
    static constexpr auto fields = std::tuple{field<1>("message", &M::message)};
};

template <>
struct Described<abci::RequestFlush> {
    using M = abci::RequestFlush;
    static constexpr std::string_view name = "RequestFlush";
    static constexpr auto fields = std::tuple<>{};
};

template <>
struct Described<abci::RequestInfo> {
    using M = abci::RequestInfo;
    static constexpr std::string_view name = "RequestInfo";
    static constexpr auto fields = std::tuple{
        field<1>("version", &M::version), field<2>("block_version", &M::block_version),
        field<3>("p2p_version", &M::p2p_version), field<4>("abci_version", &M::abci_version)};
};

template <>
struct Described<abci::RequestInitChain> {
    using M = abci::RequestInitChain;
    static constexpr std::string_view name = "RequestInitChain";
    static constexpr auto fields = std::tuple{field<1>("time", &M::time),
                                              field<2>("chain_id", &M::chain_id),
                                              field<3>("consensus_params", &M::consensus_params),
                                              field<4>("validators", &M::validators),
                                              field<5>("app_state_bytes", &M::app_state_bytes),
                                              field<6>("initial_height", &M::initial_height)};
};

template <>
struct Described<abci::RequestQuery> {
    using M = abci::RequestQuery;
    static constexpr std::string_view name = "RequestQuery";
    static constexpr auto fields =
        std::tuple{field<1>("data", &M::data), field<2>("path", &M::path),
                   field<3>("height", &M::height), field<4>("prove", &M::prove)};
};

template <>
struct Described<abci::RequestCheckTx> {
    using M = abci::RequestCheckTx;
    static constexpr std::string_view name = "RequestCheckTx";
    static constexpr auto fields = std::tuple{field<1>("tx", &M::tx), field<2>("type", &M::type)};
};

template <>
struct Described<abci::RequestCommit> {
    using M = abci::RequestCommit;
    static constexpr std::string_view name = "RequestCommit";
    static constexpr auto fields = std::tuple<>{};
};

template <>
struct Described<abci::RequestListSnapshots> {
    using M = abci::RequestListSnapshots;
    static constexpr std::string_view name = "RequestListSnapshots";
    static constexpr auto fields = std::tuple<>{};
};

template <>
struct Described<abci::RequestOfferSnapshot> {
    using M = abci::RequestOfferSnapshot;
    static constexpr std::string_view name = "RequestOfferSnapshot";
    static constexpr auto fields =
        std::tuple{field<1>("snapshot", &M::snapshot), field<2>("app_hash", &M::app_hash)};
};

template <>
struct Described<abci::RequestLoadSnapshotChunk> {
    using M = abci::RequestLoadSnapshotChunk;
    static constexpr std::string_view name = "RequestLoadSnapshotChunk";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("format", &M::format),
                   field<3>("chunk", &M::chunk)};
};

template <>
struct Described<abci::RequestApplySnapshotChunk> {
    using M = abci::RequestApplySnapshotChunk;
    static constexpr std::string_view name = "RequestApplySnapshotChunk";
    static constexpr auto fields = std::tuple{
        field<1>("index", &M::index), field<2>("chunk", &M::chunk), field<3>("sender", &M::sender)};
};

template <>
struct Described<abci::RequestPrepareProposal> {
    using M = abci::RequestPrepareProposal;
    static constexpr std::string_view name = "RequestPrepareProposal";
    static constexpr auto fields =
        std::tuple{field<1>("max_tx_bytes", &M::max_tx_bytes),
                   field<2>("txs", &M::txs),
                   field<3>("local_last_commit", &M::local_last_commit),
                   field<4>("misbehavior", &M::misbehavior),
                   field<5>("height", &M::height),
                   field<6>("time", &M::time),
                   field<7>("next_validators_hash", &M::next_validators_hash),
                   field<8>("proposer_address", &M::proposer_address)};
};

template <>
struct Described<abci::RequestProcessProposal> {
    using M = abci::RequestProcessProposal;
    static constexpr std::string_view name = "RequestProcessProposal";
    static constexpr auto fields =
        std::tuple{field<1>("txs", &M::txs),
                   field<2>("proposed_last_commit", &M::proposed_last_commit),
                   field<3>("misbehavior", &M::misbehavior),
                   field<4>("hash", &M::hash),
                   field<5>("height", &M::height),
                   field<6>("time", &M::time),
                   field<7>("next_validators_hash", &M::next_validators_hash),
                   field<8>("proposer_address", &M::proposer_address)};
};

template <>
struct Described<abci::RequestExtendVote> {
    using M = abci::RequestExtendVote;
    static constexpr std::string_view name = "RequestExtendVote";
    static constexpr auto fields =
        std::tuple{field<1>("hash", &M::hash),
                   field<2>("height", &M::height),
                   field<3>("time", &M::time),
                   field<4>("txs", &M::txs),
                   field<5>("proposed_last_commit", &M::proposed_last_commit),
                   field<6>("misbehavior", &M::misbehavior),
                   field<7>("next_validators_hash", &M::next_validators_hash),
                   field<8>("proposer_address", &M::proposer_address)};
};

template <>
struct Described<abci::RequestVerifyVoteExtension> {
    using M = abci::RequestVerifyVoteExtension;
    static constexpr std::string_view name = "RequestVerifyVoteExtension";
    static constexpr auto fields =
        std::tuple{field<1>("hash", &M::hash), field<2>("validator_address", &M::validator_address),
                   field<3>("height", &M::height), field<4>("vote_extension", &M::vote_extension)};
};

template <>
struct Described<abci::RequestFinalizeBlock> {
    using M = abci::RequestFinalizeBlock;
    static constexpr std::string_view name = "RequestFinalizeBlock";
    static constexpr auto fields =
        std::tuple{field<1>("txs", &M::txs),
                   field<2>("decided_last_commit", &M::decided_last_commit),
                   field<3>("misbehavior", &M::misbehavior),
                   field<4>("hash", &M::hash),
                   field<5>("height", &M::height),
                   field<6>("time", &M::time),
                   field<7>("next_validators_hash", &M::next_validators_hash),
                   field<8>("proposer_address", &M::proposer_address)};
};

}  // namespace tandem::wire
