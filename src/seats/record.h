// The record: what the proposer of block H packs into it about block H-1, for every node of every
// seat, with the evidence (seats page, section 3; docs/formats/record.md).
//
// It is the first transaction of the block. Everything in it follows from the commit that the
// block carries and from the heartbeats that it carries, so that every honest node judges it
// alike: nothing that another honest node could see differently is a reason to refuse.
#pragma once
#include "abci/types.h"
#include "seats/heartbeat.h"

namespace tandem::seats {

/// A heartbeat inside a record: B and A are the chain's own, the node follows from the order.
struct CarriedHeartbeat {
    std::uint8_t age = 0;  // H-1 - g, 0 to 63
    Bytes signature;       // 64 bytes

    bool operator==(const CarriedHeartbeat&) const = default;
};

struct Record {
    std::int64_t height = 0;                   // H
    Bytes proposer_address;                    // 20 bytes
    std::vector<bool> alive;                   // per registered node, in registry order
    std::vector<CarriedHeartbeat> heartbeats;  // of the alive nodes without any vote in the commit
    Bytes signature;                           // 64 bytes, by the proposer's liveness key

    bool operator==(const Record&) const = default;
};

/// What transactions begin with (docs/formats/README.md). No other transaction may begin so.
enum class TxKind : std::uint8_t { application, record, admin, heartbeat, reserved };
[[nodiscard]] TxKind classify(BytesView tx) noexcept;

/// The commit of H-1 as block H carries it, by registered node.
struct CommitFacts {
    enum class Vote : std::uint8_t { not_validator, absent, nil, block };
    std::vector<Vote> votes;  // per registered node, in registry order

    /// Reads decided_last_commit, proposed_last_commit or local_last_commit; members that are not
    /// registered are ignored.
    [[nodiscard]] static CommitFacts from(const State& state, const abci::CommitInfo& commit);
    [[nodiscard]] static CommitFacts from(const State& state,
                                          const abci::ExtendedCommitInfo& commit);
};

/// What of block H the record is bound to.
struct RecordContext {
    std::int64_t height = 0;
    BytesView proposer_address;
    const CommitFacts& commit;
};

/// REQUIRES: 1 to nodes_max nodes, and every byte string has its size.
[[nodiscard]] Bytes encode_record(const Record& record);
/// Accepts exactly what encode_record writes.
[[nodiscard]] Result<Record> decode_record(BytesView tx);
/// What the proposer signs: domain tag, chain id, hash of block H-1, and all of the record but the
/// signature. REQUIRES: block H-1 is one of state.recent_blocks.
[[nodiscard]] Bytes sign_bytes(const State& state, const Record& record);

/// Builds the record that this node would propose in block `context.height`.
/// REQUIRES: state.height == context.height - 1 >= state.initial_height, the proposer is registered
/// and `key` its liveness key, and the pool has seen `state` (HeartbeatPool::executed).
[[nodiscard]] Record build_record(const State& state, const RecordContext& context,
                                  const HeartbeatPool& pool, const crypto::SigningKey& key);

/// The record's statuses per registered node, once everything in it was found true: canonical
/// bytes, height, proposer, signature, statuses as commit and heartbeats imply, every heartbeat
/// fresh, genuine, needed and there once. `pool` may be null; heartbeats that it confirmed are not
/// verified again. The refusal's check is one of those in the table of docs/formats/record.md.
/// REQUIRES: state.height == context.height - 1, and `commit` was made of `state`.
[[nodiscard]] Result<std::vector<Status>> check_record(const State& state,
                                                       const RecordContext& context, BytesView tx,
                                                       const crypto::Verifier& verifier,
                                                       const HeartbeatPool* pool);

/// The longest record for `nodes` registered nodes, in bytes.
[[nodiscard]] std::size_t record_bytes_max(std::size_t nodes) noexcept;

}  // namespace tandem::seats
