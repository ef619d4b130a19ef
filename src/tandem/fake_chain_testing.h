// A chain with seats for tests of commands: the real application of seats behind a server that
// answers the few questions that commands ask. Whoever asks for the status brings the next block,
// so that waiting ends and nothing sleeps. Under the seats is share, where the genesis begins it,
// or an application that takes everything.
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "abci/json.h"
#include "chain/requests.h"
#include "io/http_testing.h"
#include "ledger/share.h"
#include "seats/test_application.h"
#include "tandem/node_files.h"
#include "tandem/testing.h"
#include "types/block.h"
#include "types/json.h"

namespace tandem::program::testing {

using nlohmann::json;

class FakeChain {
  public:
    /// `net`: a folder that `tandem testnet --seats` made; its first node proposes every block.
    explicit FakeChain(const fs::path& net) {
        const std::string text = text_of(net / "org1-1/config/genesis.json");
        genesis_ = types::genesis_from_json(text, {})->doc;
        const auto read = seats::read_genesis(base::as_bytes(genesis_.app_state));
        for (const seats::GenesisSeat& seat : read->seats->seats)
            for (const seats::GenesisNode& node : seat.nodes) {
                const fs::path config = net / node.name / "config";
                keys_.emplace(node.name, std::make_shared<FileKey>(
                                             *load_node_key(config / "liveness_key.json")));
                auto key = *load_validator_key(config / "priv_validator_key.json");
                const types::Address address = crypto::address(key.public_key());
                consensus_keys_.emplace(address, std::move(key));
            }
        own_address_ = genesis_.validators[0].address;
        if (!read->application_state.empty())
            share_.emplace(share_storage_, crypto::real_verifier());
        abci::Application& app = share_ ? static_cast<abci::Application&>(*share_) : scripted_;
        seats_.emplace(
            app, store_, crypto::real_verifier(),
            seats::OwnNode{base::to_bytes(base::view(own_address_)), keys_.at("org1-1")});
        abci::RequestInitChain request;
        request.chain_id = genesis_.chain_id;
        request.initial_height = 1;
        request.consensus_params = types::to_message(genesis_.consensus_params);
        request.app_state_bytes = base::to_bytes(base::as_bytes(genesis_.app_state));
        app_hash_ = seats_->init_chain(request).app_hash;
        sets_[1] = sets_[2] = seats::decided_set(seats_->state());
        server_.emplace([this](const std::string& body) { return handle(body); });
    }

    [[nodiscard]] std::string address() const { return server_->address(); }
    [[nodiscard]] const seats::State& state() const { return seats_->state(); }

    /// In hexadecimal.
    [[nodiscard]] std::string hash_of(std::int64_t height) const {
        return blocks_.at(height).block["block_id"]["hash"];
    }

    /// Nodes that are dead from the next block on.
    std::set<std::string> silent;
    /// Of the block before the first, each block is a second later.
    std::int64_t epoch_seconds = 1'700'000'000;
    /// Transactions are taken and never put into a block.
    bool forgets_transactions = false;
    /// Changes an answer, as a node that lies does.
    std::function<void(const std::string& method, json& result)> liar;

  private:
    struct Block {
        json block;
        json results = json::array();
    };

    io::TestHttpServer::Answer handle(const std::string& body) {
        const std::scoped_lock lock(mutex_);
        const json request = json::parse(body);
        json answer{{"jsonrpc", "2.0"}, {"id", 1}};
        json result = answer_to(request["method"], request["params"]);
        if (liar) liar(request["method"], result);
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
            query.data = *base::from_hex(params.value("data", ""));
            query.prove = params.value("prove", false);
            wire::JsonWriter writer;
            abci::write_json(writer, seats_->query(query));
            return {{"response", json::parse(writer.take())}};
        }
        if (method == "broadcast_tx_sync") {
            const base::Bytes tx = *base::from_base64(params["tx"].get<std::string>());
            const abci::ResponseCheckTx checked = seats_->check_tx({tx, {}});
            if (checked.code == 0 && !forgets_transactions) pending_.push_back(tx);
            return {{"code", checked.code}, {"log", checked.log}, {"hash", "AB"}};
        }
        if (method == "abci_info") return {{"response", {{"data", seats_->info({}).data}}}};
        if (method == "commit" || method == "validators")
            return signed_header(method, std::stoll(params["height"].get<std::string>()));
        if (method == "genesis_chunked")
            return {{"chunk", "0"},
                    {"total", "1"},
                    {"data", base::to_base64(base::as_bytes(types::to_json(genesis_)))}};
        const auto found = blocks_.find(std::stoll(params["height"].get<std::string>()));
        if (found == blocks_.end()) return nullptr;
        if (method == "block") return found->second.block;
        return {{"txs_results", found->second.results}};
    }

    [[nodiscard]] json signed_header(const std::string& method, std::int64_t height) const {
        if (!blocks_.contains(height)) return nullptr;
        if (method == "validators") {
            const types::ValidatorSet set = set_at(height);
            json rows = json::array();
            for (const types::Validator& one : set.validators())
                rows.push_back(json::parse(types::to_json(one)));
            return {{"validators", rows}, {"total", std::to_string(rows.size())}};
        }
        const json commit = blocks_.contains(height + 1)
                                ? blocks_.at(height + 1).block["block"]["last_commit"]
                                : json::parse(types::to_json(commit_of_last()));
        return {{"signed_header",
                 {{"header", blocks_.at(height).block["block"]["header"]}, {"commit", commit}}}};
    }

    [[nodiscard]] types::ValidatorSet set_at(std::int64_t height) const {
        const auto found = sets_.find(height);
        return found == sets_.end() ? types::ValidatorSet{}
                                    : *types::ValidatorSet::make(found->second);
    }

    [[nodiscard]] bool is_silent(const types::Address& address) const {
        for (const seats::Seat& seat : state().seats)
            for (const seats::Node& node : seat.nodes)
                if (types::Address(crypto::address(node.consensus_key)) == address)
                    return silent.contains(node.name);
        return false;
    }

    /// What those who are not silent say of the newest block.
    [[nodiscard]] types::Commit commit_of_last() const {
        types::Commit commit;
        if (blocks_.empty()) return commit;
        commit.height = state().height;
        commit.block_id = last_id_;
        const types::ValidatorSet set = set_at(commit.height);
        for (const types::Validator& validator : set.validators()) {
            const auto key = consensus_keys_.find(validator.address);
            if (key == consensus_keys_.end() || is_silent(validator.address)) {
                commit.signatures.push_back(types::CommitSig::absent());
                continue;
            }
            types::Vote vote;
            vote.type = types::SignedMsgType::precommit;
            vote.height = commit.height;
            vote.block_id = last_id_;
            vote.timestamp = {epoch_seconds + commit.height, 5};
            const auto signature = key->second.sign(types::sign_bytes(genesis_.chain_id, vote));
            commit.signatures.push_back({types::BlockIdFlag::commit, validator.address,
                                         vote.timestamp, types::Signature(base::view(signature))});
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
        types::Block block;
        types::Header& header = block.header;
        header.version.block = types::block_protocol;
        header.chain_id = genesis_.chain_id;
        header.height = height;
        header.time = {epoch_seconds + height, 0};
        header.last_block_id = last_id_;
        header.validators_hash = set_at(height).hash();
        header.next_validators_hash = set_at(height + 1).hash();
        header.consensus_hash = types::hash_of(genesis_.consensus_params);
        header.app_hash = types::Hash(app_hash_);
        header.proposer_address = own_address_;
        block.last_commit = base::Box<types::Commit>(commit_of_last());
        const types::ValidatorSet last_set = set_at(height - 1);
        const abci::CommitInfo commit = chain::commit_info({last_id_, block, last_set, 1});

        abci::RequestPrepareProposal prepare;
        prepare.max_tx_bytes = 1'000'000;
        prepare.txs = wire::Txs::copy_of(pending_);
        for (const abci::VoteInfo& vote : commit.votes)
            prepare.local_last_commit.votes.push_back({vote.validator, {}, {}, vote.block_id_flag});
        prepare.height = height;
        prepare.time = header.time;
        prepare.proposer_address = own_address_;
        block.data.txs = seats_->prepare_proposal(prepare).txs;
        types::fill_header(block);
        last_id_ = {types::hash_of(header), {1, types::Hash(std::size_t{32}, std::uint8_t{1})}};

        abci::RequestFinalizeBlock finalize;
        finalize.txs = block.data.txs;
        finalize.decided_last_commit = commit;
        finalize.height = height;
        finalize.time = header.time;
        finalize.hash = last_id_.hash;
        finalize.proposer_address = own_address_;
        const abci::ResponseFinalizeBlock response = seats_->finalize_block(finalize);
        (void)seats_->commit({});
        app_hash_ = response.app_hash;
        sets_[height + 2] = seats::decided_set(seats_->state());
        std::erase_if(pending_, [&](const base::Bytes& tx) {  // what was left out waits
            return std::ranges::any_of(
                finalize.txs, [&](const base::BytesView one) { return base::equal(one, tx); });
        });
        Block& stored = blocks_[height];
        stored.block = {{"block_id", json::parse(types::to_json(last_id_))},
                        {"block", json::parse(types::to_json(block))}};
        for (const abci::ExecTxResult& one : response.tx_results)
            stored.results.push_back(
                {{"code", one.code}, {"log", one.log}, {"data", base::to_base64(one.data)}});
    }

    std::mutex mutex_;
    types::GenesisDoc genesis_;
    std::map<std::string, std::shared_ptr<FileKey>> keys_;  // of liveness, by node
    std::map<types::Address, crypto::PrivateKey> consensus_keys_;
    types::Address own_address_;
    types::BlockId last_id_;
    base::Bytes app_hash_;
    seats::test::ApplicationDisk disk_;
    seats::test::ScriptedApplication scripted_{disk_};
    ledger::MemoryStorage share_storage_;
    std::optional<ledger::Share> share_;
    seats::test::MemoryStore store_;
    std::optional<seats::SeatsApplication> seats_;
    std::map<std::int64_t, std::vector<types::ValidatorChange>> sets_;
    std::vector<base::Bytes> pending_;
    std::map<std::int64_t, Block> blocks_;
    std::optional<io::TestHttpServer> server_;
};

}  // namespace tandem::program::testing
