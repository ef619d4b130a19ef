// An application under seats, a store and an engine above, for tests of SeatsApplication.
//
// Three seats of two nodes, the keys named as in test_support.h. The own node is beta-1, and it
// proposes every block; its seat holds a third of the power, enough to witness a run.
#pragma once
#include <map>
#include <set>

#include "seats/genesis.h"
#include "seats/seats_application.h"
#include "seats/test_support.h"
#include "types/hashing.h"

namespace tandem::seats::test {

/// What survives a crash of the application under the seats.
struct ApplicationDisk {
    std::int64_t height = 0;
    Bytes hash = {};
    std::vector<abci::Snapshot> snapshots = {};
};

/// Remembers what it was asked, and answers as it was told.
class ScriptedApplication final : public abci::Application {
  public:
    explicit ScriptedApplication(ApplicationDisk& disk) : disk_(disk) {}

    abci::ResponseInfo info(const abci::RequestInfo&) override {
        return {"scripted", "1", 7, disk_.height, disk_.hash};
    }
    abci::ResponseQuery query(const abci::RequestQuery& request) override {
        queried = request;
        return query_answer;
    }
    abci::ResponseCheckTx check_tx(const abci::RequestCheckTx& request) override {
        checked.push_back(request.tx);
        return {};
    }
    abci::ResponseInitChain init_chain(const abci::RequestInitChain& request) override {
        initial = request;
        abci::ResponseInitChain response;
        response.app_hash = digest_of("application at the start");
        return response;
    }
    abci::ResponsePrepareProposal prepare_proposal(
        const abci::RequestPrepareProposal& request) override {
        prepared = request;
        if (prepared_answer) return {wire::Txs::copy_of(*prepared_answer)};
        return {request.txs};
    }
    abci::ResponseProcessProposal process_proposal(
        const abci::RequestProcessProposal& request) override {
        processed = request;
        return {verdict};
    }
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote& request) override {
        extended = request;
        return {{1, 2, 3}};
    }
    abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension& request) override {
        verified = request;
        return {abci::ExtensionStatus::accept};
    }
    abci::ResponseFinalizeBlock finalize_block(const abci::RequestFinalizeBlock& request) override {
        finalized = request;
        crypto::Sha256 hasher;
        hasher.update(disk_.hash);
        abci::ResponseFinalizeBlock response = finalize_answer;
        for (const BytesView tx : request.txs) {
            hasher.update(tx);
            abci::ExecTxResult result;
            result.data = base::to_bytes(tx);
            response.tx_results.push_back(result);
        }
        const crypto::Digest digest = hasher.finish();
        response.app_hash.assign(digest.begin(), digest.end());
        if (hash_answer) response.app_hash = *hash_answer;
        next_ = {request.height, response.app_hash, disk_.snapshots};
        return response;
    }
    abci::ResponseCommit commit(const abci::RequestCommit&) override {
        if (dies_in_commit) return {};
        disk_.height = next_.height;
        disk_.hash = next_.hash;
        return {retain_height};
    }
    abci::ResponseListSnapshots list_snapshots(const abci::RequestListSnapshots&) override {
        return {disk_.snapshots};
    }
    abci::ResponseOfferSnapshot offer_snapshot(const abci::RequestOfferSnapshot& request) override {
        offered.push_back(request);
        return {offer_answer};
    }
    abci::ResponseLoadSnapshotChunk load_snapshot_chunk(
        const abci::RequestLoadSnapshotChunk& request) override {
        return {digest_of("chunk " + std::to_string(request.chunk))};
    }
    abci::ResponseApplySnapshotChunk apply_snapshot_chunk(
        const abci::RequestApplySnapshotChunk& request) override {
        applied.push_back(request);
        return apply_answer;
    }

    // What it was asked last.
    abci::RequestQuery queried;
    std::vector<Bytes> checked;
    abci::RequestInitChain initial;
    abci::RequestPrepareProposal prepared;
    abci::RequestProcessProposal processed;
    abci::RequestExtendVote extended;
    abci::RequestVerifyVoteExtension verified;
    abci::RequestFinalizeBlock finalized;
    std::vector<abci::RequestOfferSnapshot> offered;
    std::vector<abci::RequestApplySnapshotChunk> applied;
    // What it answers.
    abci::ResponseQuery query_answer;
    std::optional<std::vector<Bytes>> prepared_answer;
    abci::ProposalStatus verdict = abci::ProposalStatus::accept;
    abci::ResponseFinalizeBlock finalize_answer;
    std::optional<Bytes> hash_answer;
    std::int64_t retain_height = 0;
    bool dies_in_commit = false;
    abci::OfferSnapshotResult offer_answer = abci::OfferSnapshotResult::accept;
    abci::ResponseApplySnapshotChunk apply_answer{abci::ApplySnapshotChunkResult::accept, {}, {}};

  private:
    ApplicationDisk& disk_;
    ApplicationDisk next_;
};

class MemoryStore final : public StateStore {
  public:
    void save(CommitPoint saved) override {
        ++saves;
        point = std::move(saved);
    }
    std::optional<CommitPoint> load() override { return point; }
    void keep_for_snapshots(std::int64_t height, const State& state,
                            BytesView application_hash) override {
        kept[height] = {state, base::to_bytes(application_hash)};
    }
    void drop_for_snapshots(std::int64_t height) override { kept.erase(height); }
    std::optional<Kept> load_for_snapshots(std::int64_t height) override {
        const auto found = kept.find(height);
        return found == kept.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<std::int64_t> kept_for_snapshots() override {
        std::vector<std::int64_t> heights;
        for (const auto& [height, _] : kept) heights.push_back(height);
        return heights;
    }

    std::optional<CommitPoint> point;
    std::map<std::int64_t, Kept> kept;
    std::size_t saves = 0;
};

class Rig {
  public:
    explicit Rig(std::int64_t initial_height = 1, const std::string& own = "beta-1")
        : initial_height_(initial_height), own_(own) {
        start();
    }

    /// As after a crash: what is on the disks is all that is left.
    void start() {
        app = std::make_unique<ScriptedApplication>(disk);
        const PublicKey key = consensus_key(own_);
        seats = std::make_unique<SeatsApplication>(
            *app, store, verifier,
            OwnNode{address_of(key), std::make_shared<CheapKey>(own_ + " liveness")});
    }
    abci::ResponseInitChain init_chain() {
        Genesis genesis;
        genesis.params.heartbeat_lag_blocks = 0;
        genesis.params.heartbeat_lag_time = {0};
        genesis.application_sets_powers = true;
        for (const std::string id : {"alpha", "beta", "gamma"}) {
            GenesisSeat seat{id, 10, CheapKey(id + " admin").public_key(), {}};
            for (const char* number : {"-1", "-2"})
                seat.nodes.push_back({id + number, consensus_key(id + number),
                                      CheapKey(id + number + " liveness").public_key()});
            genesis.seats.push_back(seat);
        }
        abci::RequestInitChain request;
        request.chain_id = "tandem-example";
        request.initial_height = initial_height_;
        request.consensus_params = types::to_message(types::ConsensusParams::defaults());
        const std::string text = write_genesis(genesis, R"({"of the application": 1})");
        request.app_state_bytes = base::to_bytes(base::as_bytes(text));
        abci::ResponseInitChain response = seats->init_chain(request);
        sets_[initial_height_] = sets_[initial_height_ + 1] = decided_set(seats->state());
        sets_[initial_height_ - 1] = {};
        return response;
    }

    [[nodiscard]] static PublicKey consensus_key(const std::string& name) {
        return CheapKey(name + " consensus").public_key();
    }
    [[nodiscard]] static types::Address address(const std::string& name) {
        return crypto::address(consensus_key(name));
    }
    [[nodiscard]] std::int64_t next_height() const { return seats->state().height + 1; }
    [[nodiscard]] const Seat& seat(std::string_view id) const {
        return *seats->state().find_seat(id);
    }
    [[nodiscard]] static Bytes app_tx(std::string_view text) {
        return base::to_bytes(base::as_bytes(text));
    }
    [[nodiscard]] Bytes admin_tx(std::string_view id, Operation operation,
                                 std::uint64_t ahead = 0) const {
        AdminTx tx{std::string(id),
                   std::move(operation),
                   seat(id).nonce + 1 + ahead,
                   next_height() + 10,
                   {}};
        const Bytes message = sign_bytes("tandem-example", tx);
        const auto signature = CheapKey(seat(id).admin_key).sign(message);
        tx.signatures.push_back({std::string(id), base::to_bytes(base::view(signature))});
        return encode_admin_tx(tx);
    }

    /// Hands in the heartbeats of all nodes but `silent`, about the newest block.
    void hear_all_but(const std::set<std::string>& silent) const {
        const State& state = seats->state();
        if (state.recent_blocks.empty()) return;
        for (const Seat& seat : state.seats)
            for (const Node& node : seat.nodes)
                if (!silent.contains(node.name)) (void)seats->add_heartbeat(heartbeat_of(node));
    }
    [[nodiscard]] Heartbeat heartbeat_of(const Node& node) const {
        return make_heartbeat(seats->state(), address_of(node.consensus_key),
                              CheapKey(node.liveness_key));
    }
    [[nodiscard]] abci::CommitInfo last_commit(const std::set<std::string>& silent = {}) {
        abci::CommitInfo commit;
        for (const types::ValidatorChange& entry : sets_[next_height() - 1]) {
            abci::VoteInfo vote{{crypto::address(entry.pub_key), entry.voting_power},
                                types::BlockIdFlag::commit};
            for (const std::string& name : silent)
                if (address(name) == vote.validator.address)
                    vote.block_id_flag = types::BlockIdFlag::absent;
            commit.votes.push_back(vote);
        }
        return commit;
    }

    [[nodiscard]] abci::RequestPrepareProposal prepare_request(
        const std::vector<Bytes>& candidates, const std::set<std::string>& silent = {}) {
        abci::RequestPrepareProposal request;
        request.max_tx_bytes = 10'000;
        request.txs = wire::Txs::copy_of(candidates);
        for (const abci::VoteInfo& vote : last_commit(silent).votes)
            request.local_last_commit.votes.push_back({vote.validator, {}, {}, vote.block_id_flag});
        request.height = next_height();
        request.time = at_ms(1'700'000'000'000 + 1000 * next_height());
        request.proposer_address = address(own_);
        return request;
    }
    [[nodiscard]] abci::RequestProcessProposal process_request(
        const wire::Txs& txs, const std::set<std::string>& silent = {}) {
        const abci::RequestPrepareProposal prepared = prepare_request({}, silent);
        abci::RequestProcessProposal request;
        request.txs = txs;
        request.proposed_last_commit = last_commit(silent);
        request.height = prepared.height;
        request.time = prepared.time;
        request.hash = types::to_hash(crypto::sha256(
            std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(prepared.height)}));
        request.proposer_address = prepared.proposer_address;
        return request;
    }
    [[nodiscard]] abci::RequestFinalizeBlock finalize_request(
        const wire::Txs& txs, const std::set<std::string>& silent = {}) {
        const abci::RequestProcessProposal request = process_request(txs, silent);
        return {request.txs,
                request.proposed_last_commit,
                {},
                request.hash,
                request.height,
                request.time,
                {},
                request.proposer_address};
    }
    /// What the own node proposes.
    [[nodiscard]] wire::Txs propose(const std::vector<Bytes>& candidates = {},
                                    const std::set<std::string>& silent = {}) {
        hear_all_but(silent);
        return seats->prepare_proposal(prepare_request(candidates, silent)).txs;
    }
    /// A whole block: proposed, accepted, executed and committed.
    abci::ResponseFinalizeBlock block(const std::vector<Bytes>& candidates = {},
                                      const std::set<std::string>& silent = {}) {
        const wire::Txs txs = propose(candidates, silent);
        TANDEM_CHECK(seats->process_proposal(process_request(txs, silent)).status ==
                     abci::ProposalStatus::accept);
        return execute(finalize_request(txs, silent));
    }
    abci::ResponseFinalizeBlock execute(const abci::RequestFinalizeBlock& request) {
        abci::ResponseFinalizeBlock response = seats->finalize_block(request);
        (void)seats->commit({});
        sets_[request.height + 2] = decided_set(seats->state());
        return response;
    }
    void blocks(std::int64_t count, const std::set<std::string>& silent = {}) {
        for (std::int64_t i = 0; i < count; ++i) (void)block({}, silent);
    }

    CheapVerifier verifier;
    ApplicationDisk disk;
    MemoryStore store;
    std::unique_ptr<ScriptedApplication> app;
    std::unique_ptr<SeatsApplication> seats;

  private:
    std::int64_t initial_height_;
    std::string own_;
    std::map<std::int64_t, std::vector<types::ValidatorChange>> sets_;
};

}  // namespace tandem::seats::test
