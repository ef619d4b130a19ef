// Whole blocks for tests of the steps: a chain of small seats whose blocks go through BlockProcess
// one after another, with the records, commits and heartbeats that follow from who is silent.
//
// Heartbeats are fresh for one block only here, so that whoever is silent in a block is DEAD in the
// record about it.
#pragma once
#include <map>
#include <set>

#include "seats/process.h"
#include "seats/test_support.h"

namespace tandem::seats::test {

using Names = std::set<std::string>;

/// What happens in a block. `silent`, `nil` and `heard` are of the height before: they go into the
/// commit that the block carries, and into its record.
struct Plan {
    Names silent = {};                        // no vote and no heartbeat
    Names nil = {};                           // validators that voted nil
    Names heard = {};                         // validators without a vote, but with a heartbeat
    std::vector<std::string> convicted = {};  // names of nodes, by evidence in this block
    std::vector<AdminTx> operations = {};
    std::vector<abci::ValidatorUpdate> application = {};
    bool record = true;
    std::string proposer = {};  // id of a seat; empty: taken in turn
    std::int64_t milliseconds = 1000;
};

struct Done {
    std::vector<abci::ExecTxResult> results;  // of the operations
    std::vector<abci::ValidatorUpdate> updates;
    std::vector<abci::Event> events;
    std::vector<SwitchFact> switches;
    std::string record_refusal;

    [[nodiscard]] AdminCode code(std::size_t operation = 0) const {
        return static_cast<AdminCode>(results.at(operation).code);
    }
    [[nodiscard]] std::size_t events_of(std::string_view type) const {
        return static_cast<std::size_t>(std::ranges::count(events, type, &abci::Event::type));
    }
};

inline NodeRegistration registration(std::string_view seat, std::string_view name,
                                     std::string_view keys = {}) {
    const std::string text(keys.empty() ? name : keys);
    NodeRegistration node{std::string(name),
                          CheapKey(text + " consensus").public_key(),
                          CheapKey(text + " liveness").public_key(),
                          {},
                          {}};
    const Bytes message = registration_sign_bytes("tandem-example", seat, node);
    node.consensus_proof = base::to_bytes(base::view(CheapKey(node.consensus_key).sign(message)));
    node.liveness_proof = base::to_bytes(base::view(CheapKey(node.liveness_key).sign(message)));
    return node;
}

inline Bytes admin_proof(std::string_view seat, const PublicKey& key) {
    const Bytes message = admin_key_sign_bytes("tandem-example", seat, key);
    return base::to_bytes(base::view(CheapKey(key).sign(message)));
}

class Blocks {
  public:
    explicit Blocks(std::size_t seats = 4, std::size_t nodes = 2, std::int64_t initial_height = 1)
        : chain_(seats, nodes, initial_height) {
        state().params.heartbeat_lag_blocks = 0;
        state().params.heartbeat_lag_time = {0};
        state().application_sets_powers = true;
    }

    [[nodiscard]] State& state() { return chain_.state(); }
    [[nodiscard]] Seat& seat(std::string_view id) { return *state().find_seat(id); }
    [[nodiscard]] Node& node(std::string_view name) {
        for (Seat& seat : state().seats)
            for (Node& node : seat.nodes)
                if (node.name == name) return node;
        TANDEM_CHECK(false);
    }
    [[nodiscard]] const std::string& validator(std::string_view id) {
        return seat(id).nodes[seat(id).validator].name;
    }
    [[nodiscard]] std::int64_t height() { return state().height; }
    [[nodiscard]] const crypto::Verifier& verifier() const { return verifier_; }

    /// A seat's own operation, good for the next block.
    [[nodiscard]] AdminTx own(std::string_view id, Operation operation) {
        AdminTx tx{std::string(id), std::move(operation), seat(id).nonce + 1, height() + 10, {}};
        sign(tx, {std::string(id)});
        return tx;
    }
    /// An operation of the quorum, signed by all seats.
    [[nodiscard]] AdminTx quorum(Operation operation) {
        AdminTx tx{{}, std::move(operation), state().quorum_nonce + 1, height() + 10, {}};
        Names all;
        for (const Seat& seat : state().seats) all.insert(seat.id);
        sign(tx, all);
        return tx;
    }
    void sign(AdminTx& tx, const Names& ids) {
        tx.signatures.clear();
        const Bytes message = sign_bytes(state().chain_id, tx);
        for (const std::string& id : ids) {
            const auto signature = CheapKey(seat(id).admin_key).sign(message);
            tx.signatures.push_back({id, base::to_bytes(base::view(signature))});
        }
    }

    Done next(const Plan& plan = {}) {
        const std::int64_t height = this->height() + 1;
        now_ms_ += plan.milliseconds;
        remember_sets();
        const abci::CommitInfo commit = commit_of(height - 1, plan);
        const Node& proposer = proposer_of(height, plan);
        const Bytes address = address_of(proposer.consensus_key);
        std::vector<abci::Misbehavior> misbehavior;
        for (const std::string& name : plan.convicted) {
            abci::Misbehavior entry{abci::MisbehaviorType::duplicate_vote, {}, height - 1, {}, 0};
            entry.validator.address = crypto::address(node(name).consensus_key);
            misbehavior.push_back(entry);
        }
        const BlockFacts facts = chain_.facts_of(height);
        const BlockContext context{height,  at_ms(now_ms_), facts.block_hash,
                                   address, commit,         misbehavior};
        std::optional<Bytes> record;
        if (plan.record && height > state().initial_height)
            record = make_record(context, proposer, plan);
        return run(plan, context, record, facts.app_hash);
    }
    /// `count` blocks alike.
    Done repeat(std::int64_t count, const Plan& plan = {}) {
        Done done;
        for (std::int64_t i = 0; i < count; ++i) done = next(plan);
        return done;
    }
    /// The code of one operation in a block of its own.
    AdminCode execute(const AdminTx& tx) {
        Plan plan;
        plan.operations = {tx};
        return next(plan).code();
    }

  private:
    [[nodiscard]] Done run(const Plan& plan, const BlockContext& context,
                           const std::optional<Bytes>& record, const types::Hash& app_hash) {
        BlockProcess process(state(), context, verifier_, &pool_);
        Done done;
        process.record_step(record ? std::optional<BytesView>(*record) : std::nullopt);
        process.evidence_step();
        process.rule_step();
        for (const AdminTx& tx : plan.operations)
            done.results.push_back(process.admin_step(encode_admin_tx(tx)));
        process.application_step(plan.application);
        done.record_refusal = process.record_refusal();
        BlockProcess::Outcome outcome = std::move(process).finish();
        done.updates = std::move(outcome.updates);
        done.events = std::move(outcome.events);
        done.switches = std::move(outcome.switches);
        state() = std::move(outcome.state);
        state().recent_blocks.back().app_hash = app_hash;
        check_invariants(state());
        (void)pool_.executed(state());
        return done;
    }

    /// The state after H decides the set of H+2.
    void remember_sets() {
        if (sets_.empty()) {
            sets_[height() + 1] = decided_set(state());
            sets_[height()] = {};
        }
        sets_[height() + 2] = decided_set(state());
    }
    [[nodiscard]] const Node& node_of(const PublicKey& consensus_key) {
        for (const Seat& seat : state().seats)
            for (const Node& node : seat.nodes)
                if (node.consensus_key == consensus_key) return node;
        TANDEM_CHECK(false);
    }
    [[nodiscard]] abci::CommitInfo commit_of(std::int64_t height, const Plan& plan) {
        abci::CommitInfo commit;
        for (const types::ValidatorChange& entry : sets_[height]) {
            abci::VoteInfo vote;
            const std::string& name = node_of(entry.pub_key).name;
            vote.validator = {crypto::address(entry.pub_key), entry.voting_power};
            vote.block_id_flag = types::BlockIdFlag::commit;
            if (plan.nil.contains(name)) vote.block_id_flag = types::BlockIdFlag::nil;
            if (plan.silent.contains(name) || plan.heard.contains(name))
                vote.block_id_flag = types::BlockIdFlag::absent;
            commit.votes.push_back(vote);
        }
        return commit;
    }
    [[nodiscard]] const Node& proposer_of(std::int64_t height, const Plan& plan) {
        const auto& set = sets_[height];
        for (std::size_t turn = 0; turn < set.size(); ++turn) {
            const std::size_t place = (static_cast<std::size_t>(height) + turn) % set.size();
            const Node& node = node_of(set[place].pub_key);
            const auto ref = find_by_consensus_address(state(), address_of(node.consensus_key));
            if (plan.proposer.empty() ? !plan.silent.contains(node.name)
                                      : state().seats[ref->seat].id == plan.proposer)
                return node;
        }
        TANDEM_CHECK(false);
    }
    [[nodiscard]] Bytes make_record(const BlockContext& context, const Node& proposer,
                                    const Plan& plan) {
        for (const Seat& seat : state().seats)
            for (const Node& node : seat.nodes) {
                if (plan.silent.contains(node.name)) continue;
                const Bytes address = address_of(node.consensus_key);
                (void)pool_.add(state(),
                                make_heartbeat(state(), address, CheapKey(node.liveness_key)),
                                verifier_);
            }
        const CommitFacts commit = CommitFacts::from(state(), context.last_commit);
        return encode_record(build_record(state(),
                                          {context.height, context.proposer_address, commit}, pool_,
                                          CheapKey(proposer.liveness_key)));
    }

    CheapChain chain_;
    CheapVerifier verifier_;
    HeartbeatPool pool_;
    std::map<std::int64_t, std::vector<types::ValidatorChange>> sets_;  // by height
    std::int64_t now_ms_ = 1'700'000'000'000;
};

}  // namespace tandem::seats::test
