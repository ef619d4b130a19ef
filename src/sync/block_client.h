// Block sync as a client: fetch the chain from peers, block by block, until consensus can take over
// (wire page 04, section 2).
//
//     peers' statuses, answers, time  -->  requests, whom to drop
//     next_block(state)               -->  the next block, verified; execute it, say executed()
//     is_caught_up()                  -->  over to consensus
//
// Block h is proven by the commit that block h+1 carries, so two are needed to execute one. That
// commit is verified in full at once, every signature of it, and so needs no second look when h+1
// is validated. All else of h is validated as in consensus. Whatever is wrong may be the fault of
// the sender of either block: both are dropped, and both blocks are asked of others.
//
// What a peer can make us hold is bounded: it may answer what it was asked and nothing else, so
// many requests at a time, and no more is asked while received blocks wait that together exceed
// `waiting_bytes_max`. A peer that is silent or slow loses its requests, then its connection.
//
// A peer's claim of its height costs it something: what lies in it is asked, and a peer that has it
// not, or claims less than before, is out of the pool for a while. So an absurd claim holds us back
// only as long as one request may take.
//
// Where this differs from CometBFT, on purpose: requests go to the peer that is likely to answer
// first, by its speed and what it owes, not always to the fastest; a block is asked of a second
// peer only when the first lets us wait for it; a slow peer is told by unanswered requests, not by
// a rate; extended commits are verified, not only looked at.
//
// A value. Time is told, in nanoseconds that never go back. Not here: executing (node).
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "chain/block_validation.h"
#include "chain/execution.h"
#include "types/blocksync_messages.h"

namespace tandem::sync {

using Time = std::chrono::nanoseconds;
using PeerId = consensus::PeerId;
using consensus::Shared;

struct BlockClientConfig {
    std::size_t requests_per_peer_max = 20;
    std::size_t heights_ahead_max = 600;  // between what is executed and what is asked
    std::size_t waiting_bytes_max = std::size_t{64} << 20;
    Time request_timeout = std::chrono::seconds(30);
    Time silence_timeout = std::chrono::seconds(15);   // with requests unanswered
    Time second_peer_after = std::chrono::seconds(2);  // for the block that all wait for
    Time status_interval = std::chrono::seconds(10);
    Time ban = std::chrono::seconds(60);
    /// How long to listen, from the first peer that says how far it is, before believing that
    /// nobody is further. CometBFT looks once a second.
    Time settle = Time{0};
};

struct AskBlock {
    PeerId peer;
    std::int64_t height = 0;

    bool operator==(const AskBlock&) const = default;
};
struct AskStatus {
    PeerId peer;

    bool operator==(const AskStatus&) const = default;
};
/// Close the connection.
struct Drop {
    PeerId peer;
    base::Refusal why;

    bool operator==(const Drop&) const = default;
};
using BlockEffect = std::variant<AskBlock, AskStatus, Drop>;

/// Messages for channel 0x40.
[[nodiscard]] base::Bytes encode(const AskBlock& question);
[[nodiscard]] base::Bytes encode(const AskStatus& question);

/// Passed chain::validate_block against the state: skip that when it is executed.
using SyncedBlock = chain::DecidedBlock;

class BlockClient {
  public:
    /// `next_height`: the first block to fetch.
    BlockClient(BlockClientConfig config, std::int64_t next_height, Time now);

    // ---- Peers. `identity` outlives connections: by it a peer stays banned.
    void add_peer(PeerId peer, std::string identity, Time now);
    void remove_peer(PeerId peer, Time now);

    // ---- What they say. Refused for what costs the connection; the peer is forgotten then.
    void hear(PeerId peer, const types::StatusResponse& status, Time now);
    void hear(PeerId peer, const types::NoBlockResponse& answer, Time now);
    [[nodiscard]] base::Verdict hear(PeerId peer, types::BlockResponse answer, Time now);

    /// Timeouts, statuses. To be called at next_tick() or soon after.
    void tick(Time now);
    [[nodiscard]] Time next_tick() const noexcept { return next_tick_; }

    // ---- Blocks.
    /// The next one, if it and its successor are here and good. `validation` as in consensus; what
    /// is known to be verified is left out of it by itself. REQUIRES: the state is that before
    /// next_height().
    [[nodiscard]] std::optional<SyncedBlock> next_block(const chain::State& state,
                                                        const chain::Validation& validation,
                                                        Time now);
    /// What next_block() gave took effect.
    void executed(Time now);
    /// Nobody listened for so long, because blocks were executed: peers are not blamed for it.
    void was_deaf(Time span);
    /// The next block took effect without our doing.
    void passed(Time now);

    /// What is to be done, in order.
    [[nodiscard]] std::optional<BlockEffect> next_effect();

    // ---- Where it stands.
    [[nodiscard]] std::int64_t next_height() const noexcept { return next_height_; }
    [[nodiscard]] std::int64_t executed_count() const noexcept { return executed_count_; }
    /// Highest height that a peer in the pool claims; 0: nobody claims any.
    [[nodiscard]] std::int64_t height_max() const noexcept;
    /// A peer is in the pool, and none is ahead by more than consensus can make up for; as of the
    /// last event.
    [[nodiscard]] bool is_caught_up() const noexcept;
    [[nodiscard]] std::size_t peer_count() const noexcept { return peers_.size(); }
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

  private:
    struct Peer {
        std::string identity;
        std::int64_t base = 0;
        std::int64_t height = 0;
        bool has_said = false;    // base and height are what it said
        bool counts = false;      // and we have no reason to doubt it
        std::size_t strikes = 0;  // said in a row that it lacks what it claims
        std::size_t owed = 0;     // requests without an answer
        Time heard{0};            // its last answer, or when the first of the owed was asked
        std::size_t bytes_sent = 0;
        Time busy{0};  // while it owed something
    };
    struct Asked {
        PeerId peer;
        Time at{0};
        bool is_late = false;  // others were asked since, or may be
    };
    struct Request {
        std::vector<Asked> asked;  // who owes an answer
        std::vector<PeerId> lack;  // who said that he has not got it
        PeerId from;               // who brought the block
        Shared<types::Block> block;
        Shared<types::ExtendedCommit> extended;
        std::size_t bytes = 0;
    };

    [[nodiscard]] bool is_banned(const std::string& identity, Time now) const;
    void ban(PeerId peer, Time now);
    void forget(PeerId peer);
    void drop(PeerId peer, base::Refusal why, Time now);
    void reject_pair(base::Refusal why, Time now);
    void discard(Request& request);
    void let_off(const Request& request, Time now);
    void no_longer_owes(Peer& peer, Time now);
    [[nodiscard]] const Peer* find(PeerId peer) const;
    [[nodiscard]] std::optional<PeerId> best_peer(std::int64_t height,
                                                  const Request& request) const;
    [[nodiscard]] bool ask(std::int64_t height, Request& request, Time now);
    void ask_again(std::int64_t height, const Request& request);
    void ask_more(Time now);
    [[nodiscard]] bool has_room() const noexcept;
    [[nodiscard]] base::Verdict verify(const chain::State& state,
                                       const chain::Validation& validation, const Request& first,
                                       const types::Block& second, SyncedBlock& out) const;

    BlockClientConfig config_;
    std::int64_t next_height_;
    std::int64_t executed_count_ = 0;
    Time next_tick_;
    Time next_status_;
    Time latest_;                      // time of the last event
    std::optional<Time> first_heard_;  // of any peer, how far it is
    std::map<PeerId, Peer> peers_;
    std::map<std::string, Time> bans_;          // until when
    std::map<std::int64_t, Request> requests_;  // from next_height_ on, without gaps
    std::set<std::int64_t> unasked_;            // of them: no block, and nobody asked in time
    std::size_t waiting_bytes_ = 0;             // invariant: sum over requests_
    std::size_t waiting_blocks_ = 0;
    std::size_t mean_bytes_ = 0;               // of blocks received lately
    Shared<types::Block> commit_is_verified_;  // block whose last commit was verified in full
    std::deque<BlockEffect> effects_;
};

}  // namespace tandem::sync
