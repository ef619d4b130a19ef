// A second opinion on seats: the whole rule once more, naively, from committed blocks alone.
//
// It reads blocks in order and says after each what it finds different from what the chain claims:
// record valid or not, every status, run, window, cooldown, pending switch, quarantine, nonce,
// answer to an operation, validator set, and with them every switch and every switch that did not
// happen. Nothing is carried from block to block but the blocks themselves and the facts that they
// established (a conviction, a switch, a nonce used, an operation accepted): the registry is
// replayed from genesis for every block, and runs, series and windows are counted by walking back.
// So it is slow, and short enough to be believed.
//
// It was written from the seats page and docs/formats, shares no code with src/seats beyond the
// decoding of genesis, records and operations, and knows nothing of nodes. It also holds the chain
// against the bounds that the seats page promises, which follow from the rule and are not part of
// it.
//
// Not here: what an application changes (powers, consensus parameters), which no block shows. A
// chain whose genesis lets the application set powers is not for this judge.
#pragma once
#include <map>
#include <set>
#include <variant>

#include "abci/responses.h"
#include "crypto/verifier.h"
#include "seats/admin.h"
#include "seats/genesis.h"
#include "seats/record.h"
#include "types/block.h"
#include "types/genesis.h"
#include "types/validator_set.h"

namespace tandem::sim {

using base::Bytes;
using base::BytesView;

/// What a block established for good.
struct Convicted {
    types::Address node;
};
struct Switched {
    std::string seat;
    types::Address from, to;
    seats::SwitchReason reason{};
};
struct NonceUsed {
    std::string seat;  // empty: the quorum's
};
struct Accepted {
    std::string seat;  // empty: by the quorum
    seats::Operation operation;
};
using Fact = std::variant<Convicted, Switched, NonceUsed, Accepted>;

/// Seats and nodes at one moment, as the facts up to it make them.
struct Registry {
    struct Node {
        std::string name;
        crypto::PublicKey consensus_key, liveness_key;
        types::Address address;
        bool quarantined = false;
    };
    struct Seat {
        std::string id;
        std::int64_t power = 0;
        crypto::PublicKey admin_key, identity;
        std::vector<Node> nodes;
        types::Address validator;      // in the newest decided set
        std::int64_t counts_from = 0;  // records that judge a lower height do not count
        std::int64_t leaves_at = 0;
        std::optional<std::int64_t> switched_at, switched_by_rule_at, switchover_at;
        std::optional<Switched> last_switch;
        std::uint64_t nonce = 0;
        bool paused = false;

        [[nodiscard]] bool stays() const { return leaves_at == 0; }
        /// A switch was decided, and block `height` is before the first height of the new set.
        [[nodiscard]] bool is_switching(std::int64_t height) const {
            return stays() && switched_at && height < *switched_at + 2;
        }
        [[nodiscard]] const Node* find(const types::Address& address) const;
        [[nodiscard]] const Node* named(std::string_view name) const;
    };
    seats::Params params;
    std::vector<Seat> seats;
    std::uint64_t quorum_nonce = 0;
    std::vector<crypto::PublicKey> keys_ever;
    std::vector<std::string> ids_ever;

    [[nodiscard]] Seat* find(std::string_view id);
    [[nodiscard]] const Seat* seat_of(const types::Address& node) const;
    [[nodiscard]] std::int64_t present_power(std::string_view id) const;
    [[nodiscard]] std::int64_t total() const;
    void apply(std::int64_t height, const Fact& fact);
    void drop_leavers(std::int64_t height);
};

/// Why a seat did or did not move in a block, by the rule.
struct Finding {
    std::string seat, validator;
    bool pending = false, paused = false, cooling = false, quarantined = false;
    bool counts = false;                 // the newest record, for this seat
    std::int64_t validator_alive = 0;    // among the last N counted records
    std::int64_t run = 0, run_from = 0;  // length; height that its first record judges
    std::int64_t unsigned_series = 0, wedged_after = 0;
    std::int64_t witnesses = 0, total = 0;  // power of those who saw the run, of all
    wire::Duration run_lasted, series_lasted;
    struct Standby {
        std::string name;
        std::int64_t alive = 0, dead = 0;  // among the last N counted records
        bool alive_now = false, quarantined = false;
    };
    std::vector<Standby> standbys;
    std::string to;  // empty: it stays
    seats::SwitchReason reason{};
};

/// Why it moved or stayed, in words, one line for each reason.
[[nodiscard]] std::vector<std::string> explanation(const Finding& finding,
                                                   const seats::Params& params);

/// M, as it is in force for a seat that stays.
[[nodiscard]] std::int64_t wedged_after(const Registry& registry, const Registry::Seat& seat);

class SecondOpinion {
  public:
    /// REQUIRES: the genesis names seats. `verifier` outlives this.
    SecondOpinion(const types::GenesisDoc& genesis, const crypto::Verifier& verifier);

    /// What the chain says of a block that it has executed.
    struct Claim {
        const abci::ResponseFinalizeBlock& answer;
        const seats::State& seats;
    };
    /// The next committed block; the disagreements.
    [[nodiscard]] std::vector<std::string> block(const types::Block& block, const types::Hash& hash,
                                                 const Claim& claim);
    /// Seats that may lie. Less than a third may neither cause a switch nor for ever prevent one.
    void set_liars(std::set<std::string> seats) { liars_ = std::move(seats); }

    // ---- Of the newest block.
    /// By seat, before the operations.
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
    [[nodiscard]] const std::vector<Fact>& facts() const { return chain_.back().facts; }
    /// Empty: the record holds, or none was due.
    [[nodiscard]] const std::string& record_refusal() const { return record_refusal_; }
    /// What its record says, by node name in registry order; empty without a valid record.
    [[nodiscard]] const std::vector<std::pair<std::string, seats::Status>>& record() const {
        return record_;
    }
    [[nodiscard]] Registry registry() const { return registry_after(newest()); }

  private:
    using Statuses = std::map<types::Address, seats::Status>;
    struct Member {
        types::Address address;
        crypto::PublicKey key;
        std::int64_t power = 0;
        bool operator==(const Member&) const = default;
    };
    using Set = std::vector<Member>;  // power descending, then address ascending
    struct Past {
        std::int64_t height = 0;
        types::Timestamp time;
        Bytes hash, app_hash_before;
        std::int32_t round = 0;  // known once the next block is there
        std::optional<Statuses> said;
        std::string proposer_seat;
        std::vector<Fact> facts;
        Set decided;  // the set two heights later
    };
    struct Work {  // on one block
        const types::Block& block;
        Registry registry;  // as the steps so far have left it
        std::int64_t total_before = 0;
        std::int64_t moved = 0;  // power that evidence, rule and operations moved so far
        std::vector<std::optional<std::uint32_t>> codes;  // of transactions that are special
    };

    [[nodiscard]] static Set decided_by(const Registry& registry);
    [[nodiscard]] std::int64_t newest() const;
    [[nodiscard]] const Past& past(std::int64_t height) const;
    [[nodiscard]] Registry registry_after(std::int64_t height) const;
    [[nodiscard]] const Set& set_of(std::int64_t height) const;
    void note(Work& work, Fact fact);

    // The steps of a block.
    void record_step(Work& work);
    [[nodiscard]] base::Result<Statuses> judge_record(const Work& work) const;
    [[nodiscard]] bool heartbeat_holds(const Registry& before, const Registry::Node& node,
                                       std::int64_t judged,
                                       const seats::CarriedHeartbeat& carried) const;
    void evidence_step(Work& work);
    void rule_step(Work& work);
    void operations_step(Work& work);
    [[nodiscard]] std::uint32_t operate(Work& work, BytesView bytes);
    void move(Work& work, const Registry::Seat& seat, const types::Address& to,
              seats::SwitchReason reason);

    // What is held against the chain.
    void compare_answers(const Work& work, const Claim& claim, std::vector<std::string>& out) const;
    void compare_state(const Work& work, const Claim& claim, std::vector<std::string>& out) const;
    void compare_sets(const Work& work, const Claim& claim, std::vector<std::string>& out) const;
    void compare_node(const Registry::Seat& seat, const Registry::Node& node,
                      const seats::Node& claimed, std::vector<std::string>& out) const;
    void compare_seat(const Registry& registry, const Registry::Seat& seat,
                      const seats::Seat& claimed, std::vector<std::string>& out) const;
    void check_bounds(const Work& work, std::vector<std::string>& out) const;
    void check_run(const Work& work, const Switched& switched, std::vector<std::string>& out) const;
    void check_shortest_run(std::vector<std::string>& out) const;
    void check_no_veto(const Work& work, const Finding& finding,
                       std::vector<std::string>& out) const;

    // Walking back.
    [[nodiscard]] std::optional<seats::Status> status_in(const Past& block,
                                                         const Registry::Seat& seat,
                                                         const types::Address& node) const;
    /// How often it was ALIVE, and DEAD, among the last `records` that count.
    [[nodiscard]] std::pair<std::int64_t, std::int64_t> tally(const Registry::Seat& seat,
                                                              const types::Address& node,
                                                              std::int64_t records) const;
    [[nodiscard]] Finding examine(const Registry& registry, const Registry::Seat& seat) const;

    const crypto::Verifier& verifier_;
    std::string chain_id_;
    std::int64_t initial_height_;
    types::ConsensusParams consensus_params_;
    Registry genesis_;
    Set genesis_set_;
    std::vector<Past> chain_;
    std::set<std::string> liars_;
    std::vector<Finding> findings_;
    std::string record_refusal_;
    std::vector<std::pair<std::string, seats::Status>> record_;
};

}  // namespace tandem::sim
