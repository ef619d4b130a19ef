// A chain with seats for tests of commands: the real application of seats behind a server that
// answers the few questions that commands ask. Whoever asks for the status brings the next block,
// so that waiting ends and nothing sleeps.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "io/http_testing.h"
#include "seats/test_application.h"
#include "tandem/node_files.h"
#include "tandem/testing.h"

namespace tandem::program::testing {

using nlohmann::json;

/// A key of a file as the seats' application takes it.
class FileKey final : public crypto::SigningKey {
  public:
    explicit FileKey(crypto::PrivateKey key) : key_(std::move(key)) {}
    [[nodiscard]] crypto::PublicKey public_key() const override { return key_.public_key(); }
    [[nodiscard]] crypto::SignatureBytes sign(base::BytesView message) const override {
        return key_.sign(message);
    }

  private:
    crypto::PrivateKey key_;
};

class FakeChain {
  public:
    /// `net`: a folder that `tandem testnet --seats` made; its first node proposes every block.
    explicit FakeChain(const fs::path& net) {
        const std::string text = text_of(net / "org1-1/config/genesis.json");
        genesis_ = types::genesis_from_json(text, {})->doc;
        const auto read = seats::read_genesis(base::as_bytes(genesis_.app_state));
        for (const seats::GenesisSeat& seat : read->seats->seats)
            for (const seats::GenesisNode& node : seat.nodes)
                keys_.emplace(node.name, std::make_shared<FileKey>(*load_node_key(
                                             net / node.name / "config/liveness_key.json")));
        own_address_ = genesis_.validators[0].address;
        seats_.emplace(
            app_, store_, crypto::real_verifier(),
            seats::OwnNode{base::to_bytes(base::view(own_address_)), keys_.at("org1-1")});
        abci::RequestInitChain request;
        request.chain_id = genesis_.chain_id;
        request.initial_height = 1;
        request.consensus_params = types::to_message(genesis_.consensus_params);
        request.app_state_bytes = base::to_bytes(base::as_bytes(genesis_.app_state));
        (void)seats_->init_chain(request);
        sets_[1] = sets_[2] = seats::decided_set(seats_->state());
        sets_[0] = {};
        server_.emplace([this](const std::string& body) { return handle(body); });
    }

    [[nodiscard]] std::string address() const { return server_->address(); }
    [[nodiscard]] const seats::State& state() const { return seats_->state(); }

    /// Nodes that are dead from the next block on.
    std::set<std::string> silent;
    /// Transactions are taken and never put into a block.
    bool forgets_transactions = false;

  private:
    struct Block {
        std::vector<std::string> txs;  // base64
        json results = json::array();
    };

    io::TestHttpServer::Answer handle(const std::string& body) {
        const std::scoped_lock lock(mutex_);
        const json request = json::parse(body);
        json answer{{"jsonrpc", "2.0"}, {"id", 1}};
        const json result = answer_to(request["method"], request["params"]);
        if (result.is_null())
            answer["error"] = {
                {"code", -32603}, {"message", "Internal error"}, {"data", "no such"}};
        else
            answer["result"] = result;
        return {answer.dump(), false};
    }

    json answer_to(const std::string& method, const json& params) {
        if (method == "status") {
            run_block();
            return {{"node_info", {{"network", genesis_.chain_id}}},
                    {"sync_info",
                     {{"latest_block_height", std::to_string(state().height)},
                      {"catching_up", false}}}};
        }
        if (method == "abci_query") {
            abci::RequestQuery query;
            query.path = params["path"];
            const abci::ResponseQuery answer = seats_->query(query);
            return {{"response",
                     {{"code", answer.code},
                      {"log", answer.log},
                      {"codespace", answer.codespace},
                      {"value", base::to_base64(answer.value)}}}};
        }
        if (method == "broadcast_tx_sync") {
            const base::Bytes tx = *base::from_base64(params["tx"].get<std::string>());
            const abci::ResponseCheckTx checked = seats_->check_tx({tx, {}});
            if (checked.code == 0 && !forgets_transactions) pending_.push_back(tx);
            return {{"code", checked.code}, {"log", checked.log}, {"hash", "AB"}};
        }
        const auto found = blocks_.find(std::stoll(params["height"].get<std::string>()));
        if (found == blocks_.end()) return nullptr;
        if (method == "block") return {{"block", {{"data", {{"txs", found->second.txs}}}}}};
        return {{"txs_results", found->second.results}};
    }

    [[nodiscard]] abci::CommitInfo last_commit(std::int64_t height) const {
        abci::CommitInfo commit;
        for (const types::ValidatorChange& entry : sets_.at(height - 1)) {
            abci::VoteInfo vote{{crypto::address(entry.pub_key), entry.voting_power},
                                types::BlockIdFlag::commit};
            for (const seats::Seat& seat : state().seats)
                for (const seats::Node& node : seat.nodes)
                    if (node.consensus_key == entry.pub_key && silent.contains(node.name))
                        vote.block_id_flag = types::BlockIdFlag::absent;
            commit.votes.push_back(vote);
        }
        return commit;
    }

    void hear_the_living() {
        if (state().recent_blocks.empty()) return;
        for (const seats::Seat& seat : state().seats)
            for (const seats::Node& node : seat.nodes)
                if (keys_.contains(node.name) && !silent.contains(node.name))
                    (void)seats_->add_heartbeat(seats::make_heartbeat(
                        state(), base::view(crypto::address(node.consensus_key)),
                        *keys_.at(node.name)));
    }

    void run_block() {
        hear_the_living();
        const std::int64_t height = state().height + 1;
        const abci::CommitInfo commit = last_commit(height);
        abci::RequestPrepareProposal prepare;
        prepare.max_tx_bytes = 1'000'000;
        prepare.txs = wire::Txs::copy_of(pending_);
        for (const abci::VoteInfo& vote : commit.votes)
            prepare.local_last_commit.votes.push_back({vote.validator, {}, {}, vote.block_id_flag});
        prepare.height = height;
        prepare.time = {1'700'000'000 + height, 0};
        prepare.proposer_address = own_address_;
        const wire::Txs txs = seats_->prepare_proposal(prepare).txs;
        abci::RequestFinalizeBlock finalize;
        finalize.txs = txs;
        finalize.decided_last_commit = commit;
        finalize.height = height;
        finalize.time = prepare.time;
        finalize.hash = types::Hash(seats::test::digest_of("block " + std::to_string(height)));
        finalize.proposer_address = own_address_;
        const abci::ResponseFinalizeBlock response = seats_->finalize_block(finalize);
        (void)seats_->commit({});
        std::erase_if(pending_, [&](const base::Bytes& tx) {  // what was left out waits
            return std::ranges::any_of(
                txs, [&](const base::BytesView one) { return base::equal(one, tx); });
        });
        sets_[height + 2] = seats::decided_set(seats_->state());
        Block& block = blocks_[height];
        for (const base::BytesView tx : txs) block.txs.push_back(base::to_base64(tx));
        for (const abci::ExecTxResult& one : response.tx_results)
            block.results.push_back(
                {{"code", one.code}, {"log", one.log}, {"data", base::to_base64(one.data)}});
    }

    std::mutex mutex_;
    types::GenesisDoc genesis_;
    std::map<std::string, std::shared_ptr<FileKey>> keys_;  // of liveness, by node
    types::Address own_address_;
    seats::test::ApplicationDisk disk_;
    seats::test::ScriptedApplication app_{disk_};
    seats::test::MemoryStore store_;
    std::optional<seats::SeatsApplication> seats_;
    std::map<std::int64_t, std::vector<types::ValidatorChange>> sets_;
    std::vector<base::Bytes> pending_;
    std::map<std::int64_t, Block> blocks_;
    std::optional<io::TestHttpServer> server_;
};

}  // namespace tandem::program::testing
