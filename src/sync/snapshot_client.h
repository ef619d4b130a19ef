// State sync as a client: from peers' snapshots to an application that stands at a height (wire
// page 04, section 4).
//
//     discover --best snapshot--> trust --> offer --> fetch and apply --> restored
//        ^                          |         |             |
//        +---- nothing left --------+-refused-+-------------+
//
// Questions are effects, and each is answered by one call: which application hash the chain has at
// a height (a light client knows: Trust), what the application says to a snapshot (Offer) and to a
// chunk (Apply). Only one of them is open at a time. Chunks come from peers meanwhile, a few ahead
// of the one that is applied, and that is all that they can make us hold; CometBFT keeps all of
// them in files, so here more is fetched again where the application wants to begin anew. A
// snapshot of which nobody has a chunk any more is given up at once: chains of short blocks replace
// theirs every few seconds, and so peers are asked for them again until one is chosen.
//
// Nothing that a peer says of a snapshot is believed: the application hash comes from a verified
// header, and the application has to come to it. What is asked of one peer is not taken of another.
//
// A value; time is told. Not here: the light client, the state that follows (node), channels.
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "abci/messages.h"
#include "consensus/inputs.h"
#include "types/statesync_messages.h"

namespace tandem::sync {

using Time = std::chrono::nanoseconds;
using PeerId = consensus::PeerId;

struct SnapshotClientConfig {
    Time discovery = std::chrono::seconds(15);
    Time ask_again = std::chrono::seconds(2);         // while it discovers: snapshots come and go
    Time chunk_timeout = std::chrono::seconds(10);    // then it is asked of another peer
    Time snapshot_timeout = std::chrono::minutes(2);  // without any chunk: the snapshot is given up
    std::uint32_t fetchers = 4;                       // requests at a time
    std::uint32_t chunks_ahead_max = 8;               // held, beyond the one to apply
    std::size_t snapshots_per_peer_max = 10;
    std::uint32_t chunks_max = 100'000;  // whoever offers one of more is asked nothing any more
};

struct AskSnapshots {
    PeerId peer;

    bool operator==(const AskSnapshots&) const = default;
};
struct AskChunk {
    PeerId peer;
    types::ChunkRequest request;

    bool operator==(const AskChunk&) const = default;
};
/// Which application hash does the chain have after `height`? -> trusted(), or not_trusted().
struct Trust {
    std::uint64_t height = 0;

    bool operator==(const Trust&) const = default;
};
/// -> offered()
struct Offer {
    abci::RequestOfferSnapshot request;

    bool operator==(const Offer&) const = default;
};
/// -> applied()
struct Apply {
    abci::RequestApplySnapshotChunk request;

    bool operator==(const Apply&) const = default;
};
/// All chunks were taken. The application's Info is to be compared with the header, and anything
/// but what it should be is fatal.
struct Restored {
    abci::Snapshot snapshot;
    base::Bytes app_hash;

    bool operator==(const Restored&) const = default;
};
/// The application wants no more of it, or answers what it cannot.
struct SnapshotsFailed {
    base::Refusal why;

    bool operator==(const SnapshotsFailed&) const = default;
};
using SnapshotEffect =
    std::variant<AskSnapshots, AskChunk, Trust, Offer, Apply, Restored, SnapshotsFailed>;

/// Messages for channels 0x60 and 0x61.
[[nodiscard]] base::Bytes encode(const AskSnapshots& question);
[[nodiscard]] base::Bytes encode(const AskChunk& question);

class SnapshotClient {
  public:
    SnapshotClient(SnapshotClientConfig config, Time now);

    // ---- Peers. `identity` is what the application knows a sender by (the node id).
    void add_peer(PeerId peer, std::string identity, Time now);
    void remove_peer(PeerId peer, Time now);
    // ---- What they say, well-formed.
    void hear(PeerId peer, const types::SnapshotsResponse& said, Time now);
    void hear(PeerId peer, types::ChunkResponse answer, Time now);
    void tick(Time now);

    // ---- Answers. REQUIRES: the question was asked.
    void trusted(base::Bytes app_hash, Time now);
    void not_trusted(Time now);
    void offered(abci::OfferSnapshotResult result, Time now);
    void applied(const abci::ResponseApplySnapshotChunk& answer, Time now);

    [[nodiscard]] std::optional<SnapshotEffect> next_effect();
    [[nodiscard]] bool has_ended() const noexcept { return phase_ == Phase::ended; }
    /// Bytes of chunks that wait.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept;

  private:
    enum class Phase : std::uint8_t { discovering, trusting, offering, applying, ended };
    using SnapshotKey = base::Bytes;  // a hash of all that a peer says of it

    struct Peer {
        std::string identity;
        std::set<SnapshotKey> snapshots;
    };
    struct Known {
        abci::Snapshot snapshot;
        std::set<PeerId> peers;
    };
    struct Chunk {
        std::optional<PeerId> asked;
        Time asked_at{0};
        std::set<PeerId> lack;     // or were too slow
        std::set<PeerId> missing;  // said so
        std::optional<base::Bytes> bytes;
        std::string sender;
    };

    [[nodiscard]] static SnapshotKey key_of(const abci::Snapshot& snapshot);
    [[nodiscard]] const Known& current() const { return known_.at(*chosen_); }
    void choose(Time now);
    void discover(Time now);
    void ask_for_snapshots(Time now);
    void give_up_snapshot(Time now);
    void reject_peer(const std::string& identity);
    void forget_snapshots_without_peers();
    void begin_chunks(Time now);
    void fetch(Time now);
    void ask(std::uint32_t index, Chunk& chunk, Time now);
    void apply_next(Time now);
    void fail(std::string_view check, std::string why);
    [[nodiscard]] std::optional<std::uint32_t> lowest_unapplied() const;

    SnapshotClientConfig config_;
    Phase phase_ = Phase::discovering;
    Time discovered_at_;  // when to choose
    Time asked_at_;       // for snapshots
    std::map<PeerId, Peer> peers_;
    std::map<SnapshotKey, Known> known_;
    std::set<SnapshotKey> rejected_snapshots_;
    std::set<std::uint32_t> rejected_formats_;
    std::set<std::string> rejected_peers_;

    std::optional<SnapshotKey> chosen_;
    base::Bytes app_hash_;
    std::vector<bool> applied_;
    std::map<std::uint32_t, Chunk> chunks_;  // asked or held
    std::optional<std::uint32_t> applying_;  // the application was asked
    Time progress_at_{0};
    std::uint64_t turn_ = 0;  // whom to ask next
    std::deque<SnapshotEffect> effects_;
};

}  // namespace tandem::sync
