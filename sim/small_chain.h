// A chain of seats on a bench: real seats, real blocks and commits, no network and no dice.
//
// Heights are decided one after another. In each round the proposer that the real rotation names
// builds a block with the real chain code; whoever is able to judges it as a node does, and votes;
// more than two thirds decide. Then what is planned for this height happens (a crash falls between
// vote and execution), everybody executes who can, and heartbeats go to everybody who hears.
// So every outcome follows from the scenario alone, and can be worked out by hand.
//
// A "signature" is a hash over key and message, which whoever knows the key's name can make.
//
// Not here: commands and transcripts (seats_scenario.h).
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "chain/block_building.h"
#include "chain/execution.h"
#include "seats/genesis.h"
#include "seats/seats_application.h"
#include "seats/test_support.h"

namespace tandem::sim {

using base::Bytes;
using base::BytesView;
using consensus::Shared;
using Key = seats::test::CheapKey;

/// Counts and hashes; a diverged one comes to another hash from then on.
class BenchApplication final : public abci::Application {
  public:
    bool diverged = false;

    abci::ResponseInfo info(const abci::RequestInfo&) override;
    abci::ResponseQuery query(const abci::RequestQuery&) override { return {}; }
    abci::ResponseCheckTx check_tx(const abci::RequestCheckTx&) override { return {}; }
    abci::ResponseInitChain init_chain(const abci::RequestInitChain&) override { return {}; }
    abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override {
        return {request.txs};
    }
    abci::ResponseProcessProposal process_proposal(const abci::RequestProcessProposal&) override {
        return {abci::ProposalStatus::accept};
    }
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote&) override { return {}; }
    abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension&) override {
        return {abci::ExtensionStatus::accept};
    }
    abci::ResponseFinalizeBlock finalize_block(const abci::RequestFinalizeBlock& request) override;
    abci::ResponseCommit commit(const abci::RequestCommit&) override;
    abci::ResponseListSnapshots list_snapshots(const abci::RequestListSnapshots&) override {
        return {};
    }
    abci::ResponseOfferSnapshot offer_snapshot(const abci::RequestOfferSnapshot&) override {
        return {abci::OfferSnapshotResult::reject};
    }
    abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk&) override {
        return {};
    }
    abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk&) override {
        return {};
    }

  private:
    std::int64_t height_ = 0;
    Bytes hash_;
    std::pair<std::int64_t, Bytes> next_;
};

class BenchStore final : public seats::StateStore {
  public:
    void save(seats::CommitPoint point) override { point_ = std::move(point); }
    std::optional<seats::CommitPoint> load() override { return point_; }
    void keep_for_snapshots(std::int64_t, const seats::State&, BytesView) override {}
    void drop_for_snapshots(std::int64_t) override {}
    std::optional<Kept> load_for_snapshots(std::int64_t) override { return std::nullopt; }
    std::vector<std::int64_t> kept_for_snapshots() override { return {}; }

  private:
    std::optional<seats::CommitPoint> point_;
};

/// What a liar does in the blocks that it proposes (small_chain_lies.cc).
struct BenchLie {
    std::string kind;
    std::vector<std::string> of;  // names of nodes; empty: all
    std::int64_t from = 0, to = 0;
};
[[nodiscard]] const std::vector<std::string>& lie_kinds();

struct Machine {
    std::string name, seat;
    std::unique_ptr<Key> consensus_key;
    std::shared_ptr<const Key> liveness_key;
    std::shared_ptr<const Key> next_liveness_key;  // in use once it is registered
    types::Address address;
    BenchApplication application;
    BenchStore store;
    std::unique_ptr<seats::SeatsApplication> seats;  // null: not running
    std::int64_t height = 0;                         // last executed

    bool frozen = false, mute = false, deaf = false, cut = false, wedged = false;
    bool votes_nil = false;
    bool blind = false;       // votes for whatever is proposed
    bool key_stolen = false;  // somebody else sends heartbeats in its name
    std::int64_t behind = 0;  // executes blocks so much later
    struct Flap {
        std::int64_t down = 0, up = 0, from = 0;
    };
    std::optional<Flap> flap;
    std::vector<BenchLie> lies;
    std::vector<seats::Heartbeat> old_heartbeats;  // of this node, by height

    [[nodiscard]] bool is_cut(std::int64_t now) const;
    [[nodiscard]] bool says(std::int64_t now) const { return seats && !frozen && !is_cut(now); }
    [[nodiscard]] bool hears(std::int64_t now) const { return says(now) && !deaf; }
};

class SmallChain {
  public:
    struct Setting {
        seats::Params params;
        std::vector<std::int64_t> powers;
        std::vector<std::int64_t> standbys;  // by seat
        std::int64_t block_ms = 1000;        // between blocks that are decided in round 0
        std::int64_t round_ms = 1000;        // that a failed round takes
    };
    explicit SmallChain(Setting setting);

    struct Decided {
        std::int64_t height = 0;
        types::BlockId id;
        Shared<types::Block> block;
        Shared<types::ValidatorSet> last_validators;
        std::vector<std::string> signers;  // of the commit for it
        abci::ResponseFinalizeBlock answer;
    };
    struct Refused {
        std::string proposer;
        std::int32_t round = 0;
        std::string check;
    };
    /// Decides the next height, or nothing where more than two thirds cannot come together.
    /// `planned` is called between the votes and the execution.
    [[nodiscard]] const Decided* decide_next(const std::function<void(std::int64_t)>& planned);

    [[nodiscard]] const chain::State& state() const { return state_; }
    [[nodiscard]] std::int64_t height() const { return state_.last_block_height; }
    [[nodiscard]] const types::GenesisDoc& genesis() const { return genesis_; }
    [[nodiscard]] const crypto::Verifier& verifier() const { return verifier_; }
    /// Of a node that has executed everything.
    [[nodiscard]] const seats::State& seats_state() const;
    [[nodiscard]] const std::vector<Refused>& refused() const { return refused_; }
    /// Power of those who could vote now, and of all.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> power_at_hand() const;
    /// Whose key it is, whether the machine runs or not.
    [[nodiscard]] Machine* find(std::string_view name);
    [[nodiscard]] std::vector<std::unique_ptr<Machine>>& machines() { return machines_; }
    [[nodiscard]] Machine* by_address(BytesView address);

    /// A machine that starts empty and executes all blocks so far.
    Machine& add_machine(const std::string& name, const std::string& seat,
                         const std::string& key_name);
    void start(Machine& machine);
    void stop(Machine& machine) { machine.seats.reset(); }
    void execute(Machine& machine, std::int64_t up_to);
    void exchange_heartbeats();

    /// The next block carries evidence against it. What it says is well-formed and not looked into.
    void convict(const Machine& machine, bool as_light_client_attack);
    void pass_time(std::int64_t ms) { now_ms_ += ms; }
    Setting setting;
    std::vector<Bytes> forced_txs;          // stand in the next block behind the record
    std::vector<types::Evidence> evidence;  // likewise
    std::vector<Bytes> pool;                // offered to every proposer

  private:
    struct Votes {
        std::int64_t power = 0;
        types::Commit commit;
        std::vector<std::string> signers;
    };
    [[nodiscard]] bool can_judge(const Machine& machine) const;
    [[nodiscard]] chain::BuiltBlock build(Machine& proposer, std::int32_t round);
    [[nodiscard]] std::string why_refused(const types::Block& block) const;
    [[nodiscard]] Votes collect_votes(const chain::BuiltBlock& built, std::int32_t round);
    void take(const chain::BuiltBlock& built, Votes votes,
              const std::function<void(std::int64_t)>& planned);
    [[nodiscard]] Machine& newest_machine();

    seats::test::CheapVerifier verifier_;
    types::GenesisDoc genesis_;
    chain::State state_;
    consensus::CommitRecord last_commit_;
    std::vector<std::unique_ptr<Machine>> machines_;
    std::vector<Decided> blocks_;
    std::vector<Refused> refused_;
    std::int64_t now_ms_ = 0;  // since the genesis
};

// small_chain_lies.cc
void lie_in_commit(const Machine& liar, const SmallChain& chain, std::int64_t height,
                   types::Commit& commit, const std::function<std::string(std::size_t)>& name_of);
[[nodiscard]] std::vector<Bytes> lie_in_transactions(const Machine& liar, SmallChain& chain,
                                                     std::int64_t height, std::vector<Bytes> txs,
                                                     const types::Commit& commit);

}  // namespace tandem::sim
