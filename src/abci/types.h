// ABCI 2.0: what requests and responses are made of: events, results, validators, votes. Field
// names and numbers as in CometBFT's proto files (wire page of ABCI, messages). Plain data; the
// calls and their order are in application.h.
#pragma once
#include "types/commit.h"
#include "types/params.h"
#include "types/validator.h"
#include "wire/txs.h"

namespace tandem::abci {

using types::Bytes;
using types::BytesView;
using types::Timestamp;

enum class MisbehaviorType : std::int32_t {
    unknown = 0,
    duplicate_vote = 1,
    light_client_attack = 2
};

struct EventAttribute {
    std::string key;
    std::string value;
    bool index = false;  // indexers make it searchable

    bool operator==(const EventAttribute&) const = default;
};

struct Event {
    std::string type;
    std::vector<EventAttribute> attributes;

    bool operator==(const Event&) const = default;
};

/// What became of one transaction. code, data, gas_wanted and gas_used must be the same on every
/// node (results.h); the rest is for people and clients.
struct ExecTxResult {
    std::uint32_t code = 0;  // 0: done
    Bytes data;
    std::string log;
    std::string info;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
    std::vector<Event> events;
    std::string codespace;  // says whose codes these are

    bool operator==(const ExecTxResult&) const = default;
};

/// A transaction and its result, as indexers and subscribers get it.
struct TxResult {
    std::int64_t height = 0;
    std::uint32_t index = 0;  // in the block
    Bytes tx;
    ExecTxResult result;

    bool operator==(const TxResult&) const = default;
};

struct Validator {
    types::Address address;
    std::int64_t power = 0;

    bool operator==(const Validator&) const = default;
};

/// A change of the validator set; power 0 removes.
struct ValidatorUpdate {
    crypto::PublicKey pub_key;
    std::int64_t power = 0;

    bool operator==(const ValidatorUpdate&) const = default;
};

struct VoteInfo {
    Validator validator;
    types::BlockIdFlag block_id_flag = types::BlockIdFlag::unknown;

    bool operator==(const VoteInfo&) const = default;
};

struct ExtendedVoteInfo {
    Validator validator;
    Bytes vote_extension;
    types::Signature extension_signature;
    types::BlockIdFlag block_id_flag = types::BlockIdFlag::unknown;

    bool operator==(const ExtendedVoteInfo&) const = default;
};

/// The commit of the height before: an entry for each of its validators, in set order.
struct CommitInfo {
    std::int32_t round = 0;
    std::vector<VoteInfo> votes;

    bool operator==(const CommitInfo&) const = default;
};

struct ExtendedCommitInfo {
    std::int32_t round = 0;
    std::vector<ExtendedVoteInfo> votes;

    bool operator==(const ExtendedCommitInfo&) const = default;
};

/// One validator's; an attack on light clients makes an entry for each that took part.
struct Misbehavior {
    MisbehaviorType type = MisbehaviorType::unknown;
    Validator validator;      // with its power at `height`
    std::int64_t height = 0;  // of the misbehaviour
    Timestamp time;           // of the block at `height`
    std::int64_t total_voting_power = 0;

    bool operator==(const Misbehavior&) const = default;
};

struct Snapshot {
    std::uint64_t height = 0;
    std::uint32_t format = 0;  // the application's own number
    std::uint32_t chunks = 0;
    Bytes hash;  // any bytes that tell snapshots of one height and format apart
    Bytes metadata;

    bool operator==(const Snapshot&) const = default;
};

}  // namespace tandem::abci

namespace tandem::wire {

template <>
struct Described<abci::EventAttribute> {
    using M = abci::EventAttribute;
    static constexpr std::string_view name = "EventAttribute";
    static constexpr auto fields = std::tuple{
        field<1>("key", &M::key), field<2>("value", &M::value), field<3>("index", &M::index)};
};

template <>
struct Described<abci::Event> {
    using M = abci::Event;
    static constexpr std::string_view name = "Event";
    static constexpr auto fields =
        std::tuple{field<1>("type", &M::type), field<2>("attributes", &M::attributes)};
};

template <>
struct Described<abci::ExecTxResult> {
    using M = abci::ExecTxResult;
    static constexpr std::string_view name = "ExecTxResult";
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
struct Described<abci::TxResult> {
    using M = abci::TxResult;
    static constexpr std::string_view name = "TxResult";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("index", &M::index),
                   field<3>("tx", &M::tx), field<4>("result", &M::result)};
};

template <>
struct Described<abci::Validator> {
    using M = abci::Validator;
    static constexpr std::string_view name = "Validator";
    static constexpr auto fields =
        std::tuple{field<1>("address", &M::address), field<3>("power", &M::power)};
};

template <>
struct Described<abci::ValidatorUpdate> {
    using M = abci::ValidatorUpdate;
    static constexpr std::string_view name = "ValidatorUpdate";
    static constexpr auto fields =
        std::tuple{field<1>("pub_key", &M::pub_key), field<2>("power", &M::power)};
};

template <>
struct Described<abci::VoteInfo> {
    using M = abci::VoteInfo;
    static constexpr std::string_view name = "VoteInfo";
    static constexpr auto fields = std::tuple{field<1>("validator", &M::validator),
                                              field<3>("block_id_flag", &M::block_id_flag)};
};

template <>
struct Described<abci::ExtendedVoteInfo> {
    using M = abci::ExtendedVoteInfo;
    static constexpr std::string_view name = "ExtendedVoteInfo";
    static constexpr auto fields = std::tuple{
        field<1>("validator", &M::validator), field<3>("vote_extension", &M::vote_extension),
        field<4>("extension_signature", &M::extension_signature),
        field<5>("block_id_flag", &M::block_id_flag)};
};

template <>
struct Described<abci::CommitInfo> {
    using M = abci::CommitInfo;
    static constexpr std::string_view name = "CommitInfo";
    static constexpr auto fields =
        std::tuple{field<1>("round", &M::round), field<2>("votes", &M::votes)};
};

template <>
struct Described<abci::ExtendedCommitInfo> {
    using M = abci::ExtendedCommitInfo;
    static constexpr std::string_view name = "ExtendedCommitInfo";
    static constexpr auto fields =
        std::tuple{field<1>("round", &M::round), field<2>("votes", &M::votes)};
};

template <>
struct Described<abci::Misbehavior> {
    using M = abci::Misbehavior;
    static constexpr std::string_view name = "Misbehavior";
    static constexpr auto fields =
        std::tuple{field<1>("type", &M::type), field<2>("validator", &M::validator),
                   field<3>("height", &M::height), field<4>("time", &M::time),
                   field<5>("total_voting_power", &M::total_voting_power)};
};

template <>
struct Described<abci::Snapshot> {
    using M = abci::Snapshot;
    static constexpr std::string_view name = "Snapshot";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("format", &M::format),
                   field<3>("chunks", &M::chunks), field<4>("hash", &M::hash),
                   field<5>("metadata", &M::metadata)};
};

}  // namespace tandem::wire
