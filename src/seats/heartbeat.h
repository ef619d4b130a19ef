// Heartbeats: a node's signed statement "I have executed block g; its hash is B, and the
// application hash after it is A" (seats page, sections 3 and 6; docs/formats/heartbeat.md).
//
// A heartbeat can be made only by executing: who is behind has no fresh g, who has diverged has
// another A. Hence whoever is promoted is in step.
#pragma once
#include "crypto/verifier.h"
#include "seats/state.h"

namespace tandem::seats {

struct Heartbeat {
    Bytes node_address;     // of the sender's consensus key, 20 bytes
    std::int64_t height = 0;  // g
    Bytes block_hash;       // B, 32 bytes
    Bytes app_hash;         // A, as the engine received it
    Bytes signature;        // 64 bytes, by the liveness key

    bool operator==(const Heartbeat&) const = default;
};

/// What the signature covers: domain tag, chain id, g, B and A. Every Ed25519 message of this
/// project begins with its own tag, so that no signature can be taken for another's.
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Heartbeat& heartbeat);

[[nodiscard]] Bytes encode_heartbeat(const Heartbeat& heartbeat);  // as p2p message and as transaction
[[nodiscard]] Result<Heartbeat> decode_heartbeat(BytesView bytes);

/// Whether a statement about block `g` is fresh for a record that judges `judged` (= H-1), by the
/// heights and block times alone. REQUIRES: state.height == judged.
[[nodiscard]] bool is_fresh(const State& state, std::int64_t g, std::int64_t judged);

/// What a node's own chain says of a heartbeat that it met.
enum class HeartbeatStanding : std::uint8_t {
    confirmed,   // signed by a registered node, B and A are the chain's own, still fresh
    not_yet,     // well signed, for one of the two heights above the last executed one
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
class HeartbeatPool {
  public:
    static constexpr std::size_t per_node_and_height_max = 4;
    static constexpr std::int64_t heights_ahead_max = 2;

    enum class Added : std::uint8_t { kept, known, full, refused };

    /// `kept` means new here: relay it when it is confirmed.
    Added add(const State& state, const Heartbeat& heartbeat, const crypto::Verifier& verifier);
    /// After a block was executed: judges what waited, drops what is no longer fresh. Returns what
    /// became confirmed and should now be relayed.
    std::vector<Heartbeat> executed(const State& state, const crypto::Verifier& verifier);
    /// The newest confirmed and fresh heartbeat of a node for a record judging `judged`, or null.
    [[nodiscard]] const Heartbeat* freshest(const State& state, BytesView node_address,
                                            std::int64_t judged) const;
    /// Signatures that were verified here, so that a record that carries them need not do it again.
    [[nodiscard]] bool is_confirmed(const Heartbeat& heartbeat) const;
    [[nodiscard]] std::size_t size() const noexcept;

    bool operator==(const HeartbeatPool&) const = default;

  private:
    struct Entry {
        Heartbeat heartbeat;
        bool confirmed = false;

        bool operator==(const Entry&) const = default;
    };
    // By height, then by node address.
    std::map<std::int64_t, std::map<Bytes, std::vector<Entry>>> entries_;
};

}  // namespace tandem::seats
