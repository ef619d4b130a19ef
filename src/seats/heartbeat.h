// Heartbeats: a node's signed statement "I have executed block g; its hash is B, and the
// application hash after it is A" (seats page, sections 3 and 6; docs/formats/heartbeat.md).
//
// A heartbeat can be made only by executing: who is behind has no fresh g, who has diverged has
// another A. Hence whoever is promoted is in step.
#pragma once
#include <map>

#include "crypto/verifier.h"
#include "seats/by_address.h"
#include "seats/state.h"

namespace tandem::seats {

struct Heartbeat {
    Bytes node_address;       // of the sender's consensus key, 20 bytes
    std::int64_t height = 0;  // g
    Bytes block_hash;         // B, 32 bytes
    Bytes app_hash;           // A, as the engine received it
    Bytes signature;          // 64 bytes, by the liveness key

    bool operator==(const Heartbeat&) const = default;
};

/// What the signature covers: domain tag, chain id, g, B and A. Every Ed25519 message of this
/// project begins with its own tag, so that no signature can be taken for another's.
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Heartbeat& heartbeat);

/// As p2p message and as transaction. REQUIRES: every byte string has its size.
[[nodiscard]] Bytes encode_heartbeat(const Heartbeat& heartbeat);
[[nodiscard]] Result<Heartbeat> decode_heartbeat(BytesView bytes);

/// The heartbeat that the node of this key and address sends for the newest block, whose
/// application hash must be in `state` already. REQUIRES: state.height >= state.initial_height.
[[nodiscard]] Heartbeat make_heartbeat(const State& state, BytesView node_address,
                                       const crypto::SigningKey& key);

/// Whether a statement about block `g` is fresh for a record that judges `judged` (= H-1), by the
/// heights and block times alone. REQUIRES: state.height == judged.
[[nodiscard]] bool is_fresh(const State& state, std::int64_t g, std::int64_t judged);

/// What a node's own chain says of a heartbeat that it met.
enum class HeartbeatStanding : std::uint8_t {
    confirmed,   // signed by a registered node, B and A are the chain's own, still fresh
    not_yet,     // well signed by a registered node, for one of the two heights above the last
                 // executed one
    stale,       // too old for any record to come
    wrong_hash,  // B or A differs from the chain's
    forged,      // bad signature
    unknown_node,
    too_far_ahead,
};

[[nodiscard]] HeartbeatStanding judge_heartbeat(const State& state, const Heartbeat& heartbeat,
                                                const crypto::Verifier& verifier);

/// Heartbeats that wait for a proposer: per node and height at most four, for every height that is
/// still fresh and two above. A confirmed one displaces waiting ones; a waiting one displaces
/// nothing. So a stolen liveness key cannot silence a node by signing nonsense in its name.
///
/// One confirmed heartbeat per node and height is enough, so no more are kept; waiting ones say
/// different things. What cannot be kept is refused before its signature is looked at. Every state
/// handed in must be the newest of one chain, its newest application hash filled in.
class HeartbeatPool {
  public:
    static constexpr std::size_t per_node_and_height_max = 4;
    static constexpr std::int64_t heights_ahead_max = 2;

    enum class Added : std::uint8_t {
        kept,   // new here: relay it when it is confirmed
        known,  // one that says the same is here already
        full,   // its places are taken by others that wait; offer it again once its block is
                // executed
        refused,
    };

    Added add(const State& state, const Heartbeat& heartbeat, const crypto::Verifier& verifier);
    /// After a block was executed: judges what waited, drops what is no longer fresh or whose node
    /// or key left the registry. Returns what became confirmed and should now be relayed.
    std::vector<Heartbeat> executed(const State& state);
    /// The newest confirmed and fresh heartbeat of a node for a record judging `judged`, or null.
    [[nodiscard]] const Heartbeat* freshest(const State& state, BytesView node_address,
                                            std::int64_t judged) const;
    /// Whether this very heartbeat was verified here with this liveness key, so that a record that
    /// carries it need not do it again.
    [[nodiscard]] bool is_confirmed(const Heartbeat& heartbeat,
                                    const PublicKey& liveness_key) const;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// The same heartbeats, judged alike.
    friend bool operator==(const HeartbeatPool& a, const HeartbeatPool& b) {
        return a.entries_ == b.entries_;
    }

  private:
    struct Entry {
        Heartbeat heartbeat;
        PublicKey liveness_key;  // that it was verified with
        bool confirmed = false;

        bool operator==(const Entry&) const = default;
    };
    [[nodiscard]] const std::vector<Entry>* list(std::int64_t height, BytesView node_address) const;
    /// The liveness key of a registered node, or null.
    [[nodiscard]] const PublicKey* liveness_key_of(const State& state, BytesView node_address);
    void refresh_liveness_keys(const State& state);

    // By height, then by node address. Invariant: no list is empty or longer than
    // per_node_and_height_max, and a confirmed entry is alone in its list.
    std::map<std::int64_t, ByAddress<std::vector<Entry>>> entries_;
    std::size_t size_ = 0;                    // invariant: entries in all lists
    ByAddress<PublicKey> liveness_keys_;      // by node address
    std::int64_t liveness_keys_height_ = -1;  // of the state that they are from
    bool keys_changed_ = false;               // since all entries were compared with them
    std::int64_t judged_up_to_ = -1;          // entries up to this height are all confirmed
};

}  // namespace tandem::seats
