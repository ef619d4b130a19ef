// The agreed state of all seats after one block: what every node computes alike, what the `seats`
// leaf of the application hash covers, what a snapshot carries.
//
//   block H  --record, evidence, rule, operations, application-->  state after H
//
// Heights: the set of H+2 is decided in block H ("the newest decided set"). A switch decided in H
// is pending in H and H+1; from E = H+2 on the new validator is in the set, and only records that
// judge E or a later height count in the seat's windows and run.
//
// Plain data with its invariants, which stand beside `State`; process.h is the only code that
// changes it. Not here: blocks, signatures, the network.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crypto/public_key.h"
#include "seats/params.h"
#include "types/validator_set.h"

namespace tandem::seats {

using crypto::PublicKey;

/// What a node's status was during the block that a record judges (seats page, section 3).
enum class Status : std::uint8_t { dead = 0, heard = 1, has_signed = 2 };
[[nodiscard]] constexpr bool is_alive(Status status) noexcept {
    return status != Status::dead;
}

/// What the last 64 counted records said of a node. Bit 0 is the newest; records before the
/// window's start are not ALIVE.
struct Window {
    std::uint64_t alive_bits = 0;
    std::uint64_t signed_bits = 0;  // subset of alive_bits
    std::uint32_t count = 0;        // records counted so far, at most 64

    bool operator==(const Window&) const = default;
    void push(Status status) noexcept;
    [[nodiscard]] std::uint32_t alive_among_last(std::uint32_t records) const noexcept;
    [[nodiscard]] bool newest_alive() const noexcept { return (alive_bits & 1) != 0; }
};

/// What the newest valid record said of a node; unlike its window this outlives a switch.
enum class Liveness : std::int32_t { unknown = 0, alive = 1, dead = 2 };

struct Node {
    std::string name;
    crypto::AddressedKey consensus_key;
    PublicKey liveness_key;
    bool quarantined = false;  // convicted by evidence; no candidate until replaced
    Liveness liveness = Liveness::unknown;
    Window window;

    bool operator==(const Node&) const = default;
};

/// The unbroken series of counted records, up to the newest, that call the validator DEAD.
struct Run {
    std::int64_t length = 0;
    Timestamp first_time;                     // of the block that carries its first record
    std::vector<std::string> proposer_seats;  // seats that proposed its records, each once, sorted

    bool operator==(const Run&) const = default;
};

/// The unbroken series of counted records, up to the newest, none of which calls the validator
/// SIGNED.
struct UnsignedSeries {
    std::int64_t length = 0;
    Timestamp first_time;

    bool operator==(const UnsignedSeries&) const = default;
};

enum class SwitchReason : std::int32_t { run = 1, wedged = 2, evidence = 3, switchover = 4 };

struct PendingSwitch {
    std::uint32_t from = 0;  // index into Seat::nodes
    std::uint32_t to = 0;
    std::int64_t decided_height = 0;    // H
    std::int64_t effective_height = 0;  // H+2
    SwitchReason reason = SwitchReason::run;

    bool operator==(const PendingSwitch&) const = default;
};

/// After a switch by the rule that takes effect at E.
struct Cooldown {
    std::int64_t effective_height = 0;  // E; 0: none yet
    Timestamp effective_time;           // of block E, once it was processed

    bool operator==(const Cooldown&) const = default;
};

struct Seat {
    std::string id;
    std::int64_t power = 0;
    PublicKey admin_key;
    std::vector<Node> nodes;      // in the seat's order; never empty
    std::uint32_t validator = 0;  // index of the node in the newest decided set
    PublicKey identity;           // what the application sees: the first node's key at admission
    std::uint64_t nonce = 0;      // of the last operation that used one up
    bool paused = false;
    std::int64_t count_from = 0;       // records that judge a lower height do not count
    std::int64_t leaves_at = 0;        // first height whose set lacks the seat; 0: stays
    std::int64_t last_switchover = 0;  // height of the last accepted switchover; 0: none
    Run run;
    UnsignedSeries unsigned_series;
    base::Box<PendingSwitch> pending;
    Cooldown cooldown;

    bool operator==(const Seat&) const = default;

    /// In the newest decided set.
    [[nodiscard]] bool in_set() const noexcept { return leaves_at == 0; }
    /// A switch decided and not yet in effect when block `height` is processed.
    [[nodiscard]] bool has_pending(std::int64_t height) const noexcept {
        return pending && height < pending->effective_height;
    }
};

/// A key that belonged to a seat and never returns; addresses of earlier heights resolve by it.
struct RetiredKey {
    PublicKey key;
    std::string seat;
    PublicKey identity;  // of the seat, for consensus keys

    bool operator==(const RetiredKey&) const = default;
};

struct BlockFacts {  // of one of the last 64 blocks
    std::int64_t height = 0;
    types::Hash block_hash;
    types::Hash app_hash;  // as the engine received it; empty for the newest until it is known
    Timestamp time;

    bool operator==(const BlockFacts&) const = default;
};

/// A switch that was decided, for queries.
struct SwitchFact {
    std::string seat;
    std::string from;
    std::string to;
    SwitchReason reason = SwitchReason::run;
    std::int64_t decided_height = 0;
    std::int64_t effective_height = 0;

    bool operator==(const SwitchFact&) const = default;
};

/// Consensus parameters of the chain that bound what may be registered, as they hold for the next
/// block.
struct ChainParams {
    std::int64_t block_bytes_max = 0;  // -1: the absolute maximum
    std::int64_t evidence_bytes_max = 0;
    std::vector<std::string> key_types;  // that a validator's key may have

    bool operator==(const ChainParams&) const = default;
};

inline constexpr std::size_t switch_facts_max = 64;
/// Of all seats together. The longest record then fits one part of a block (record.cc), and a node
/// count two bytes.
inline constexpr std::size_t nodes_max = 1'000;
/// Far from where sums of heights and parameters would overflow.
inline constexpr std::int64_t heights_max = std::int64_t{1} << 60;
/// Hashes of blocks, and application hashes as an engine over seats receives them.
inline constexpr std::size_t hash_bytes = types::hash_bytes;

/// Invariants; H is `height`, the last processed block:
///  1. The parameters are valid, the chain id has 1 to 50 bytes,
///     1 <= initial_height <= H + 1 <= heights_max + 1.
///  2. At least one seat is in the newest decided set. Powers are positive; those of the set sum up
///     to at most total_voting_power_max.
///  3. Every seat has a node, all have at most nodes_max, and `validator` is one of the seat's.
///  4. Ids and names are valid. Ids of seats differ from each other and from retired ones, names
///     of nodes from those of the same seat. Retired keys and proposers of runs name seats that
///     are or were.
///  5. Keys have the size of their kind; liveness and admin keys are Ed25519. No key stands twice,
///     in use or retired. A seat's identity is a consensus key that it has or had.
///  6. A pending switch was decided in H-1 or H, takes effect two heights later, goes to the
///     seat's present validator from another of its nodes, and nothing counts before it does.
///  7. leaves_at is 0, H+1 or H+2; a seat that leaves has no pending switch.
///  8. initial_height <= count_from <= H+2.
///  9. A window holds at most one record per block above count_from; SIGNED is ALIVE; records
///     before its start are neither.
/// 10. The run is no longer than the unsigned series, that one than the records counted, and the
///     validator's window agrees with both. Its proposers are sorted, each once, at least one and
///     at most one per record. Series of no record have no first time.
/// 11. A cooldown begins at most two heights after H, and has a time only once it has begun.
///     last_switchover is 0 or from initial_height to H.
/// 12. recent_blocks are the last 64 heights up to H, or as many as there are. Hashes have 32
///     bytes; only the newest application hash may be empty.
/// 13. recent_switches are at most 64, in the order of their decision, none decided after H.
struct State {
    std::string chain_id;
    std::int64_t initial_height = 1;
    std::int64_t height = 0;  // of the last processed block; initial_height - 1 after InitChain
    Params params;
    ChainParams chain_params;
    bool application_sets_powers = false;    // a right that the genesis may give
    std::vector<Seat> seats;                 // by order of admission
    std::vector<std::string> retired_seats;  // ids of removed seats
    std::vector<RetiredKey> retired_keys;    // by order of retirement
    std::uint64_t quorum_nonce = 0;
    std::vector<BlockFacts> recent_blocks;    // the last 64, oldest first
    std::vector<SwitchFact> recent_switches;  // the last 64, oldest first

    bool operator==(const State&) const = default;

    [[nodiscard]] const Seat* find_seat(std::string_view id) const noexcept;
    [[nodiscard]] Seat* find_seat(std::string_view id) noexcept;
    /// Power of the newest decided set.
    [[nodiscard]] std::int64_t total_power() const noexcept;
    /// Present power of a seat by id: 0 for one that left or is leaving.
    [[nodiscard]] std::int64_t present_power(std::string_view id) const noexcept;
    /// Facts of block `height`, or null when it is none of the last 64.
    [[nodiscard]] const BlockFacts* block(std::int64_t block_height) const noexcept;
    /// All registered nodes, by seat and order within the seat.
    [[nodiscard]] std::size_t node_count() const noexcept;
};

/// Seat ids and node names: 1 to 64 of A-Z a-z 0-9 . _ -
inline constexpr std::size_t name_bytes_max = 64;
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;

/// A node in the registry: indices into State::seats and Seat::nodes.
struct NodeRef {
    std::size_t seat = 0;
    std::size_t node = 0;

    bool operator==(const NodeRef&) const = default;
};

/// The node whose consensus key has this address, if it is registered.
[[nodiscard]] std::optional<NodeRef> find_by_consensus_address(const State& state,
                                                               BytesView address);

/// The newest decided set: the validator of every seat that stays, with its power.
[[nodiscard]] std::vector<types::ValidatorChange> decided_set(const State& state);

/// Whether every invariant holds; the refusal names the first that does not. For what was read.
[[nodiscard]] Verdict validate(const State& state);
/// The same for what we made: aborts on a broken invariant. For tests, the simulator and after
/// each block.
void check_invariants(const State& state);

/// docs/formats/seats-state.md. The newest block's application hash is left out: it is known only
/// once this state was hashed. REQUIRES: all times are in range.
[[nodiscard]] Bytes encode_state(const State& state);
/// Accepts exactly what encode_state writes of a state whose invariants hold.
[[nodiscard]] Result<State> decode_state(BytesView bytes);
/// SHA-256 over the encoded state: the value of the `seats` leaf (app_hash.h).
[[nodiscard]] Bytes state_hash(const State& state);

}  // namespace tandem::seats
