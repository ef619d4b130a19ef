#include "tests/vectors_program/rpc_environment.h"

#include <fstream>

#include "chain/requests.h"
#include "tests/vectors_program/chain_support.h"

namespace tandem::vectors {

struct ChainEnvironment::Evidences final : types::EvidenceView {
    explicit Evidences(const ChainEnvironment& owner) : environment(owner) {}

    std::shared_ptr<const types::Header> header(std::int64_t height) const override {
        const Height* found = environment.at(height);
        return found == nullptr ? nullptr : std::make_shared<types::Header>(found->meta.header);
    }
    std::shared_ptr<const types::Commit> commit(std::int64_t height) const override {
        const auto found = environment.commit(height);
        return found ? std::make_shared<types::Commit>(*found) : nullptr;
    }
    std::shared_ptr<const types::ValidatorSet> validators(std::int64_t height) const override {
        return environment.validators(height);
    }
    std::int64_t latest_height() const override { return environment.tip; }
    bool is_pending(const types::Evidence& evidence) const override {
        return std::ranges::find(environment.pending_, evidence) != environment.pending_.end();
    }
    bool is_committed(const types::Evidence& evidence) const override {
        return std::ranges::any_of(environment.heights_, [&](const Height& height) {
            const auto& list = height.block->evidence.evidence;
            return std::ranges::find(list, evidence) != list.end();
        });
    }

    const ChainEnvironment& environment;
};

ChainEnvironment::ChainEnvironment(const std::filesystem::path& head_path, std::int64_t last) {
    std::ifstream head_stream(head_path);
    const Json head = Json::parse(head_stream);
    node_ = head.at("keys").at(0);
    chain_id_ = head.at("chain_id").get<std::string>();
    const std::string text = head.at("genesis").dump();
    const auto reading = types::genesis_from_json(text, {});
    if (!reading) throw BadVector(reading.error().why);
    genesis_ = types::to_json(reading->doc);
    auto request = chain::init_chain_request(reading->doc);
    if (!request) throw BadVector(request.error().why);
    constexpr std::uint64_t app_version = 1;
    auto state = state_after_handshake(text, app_version, application_.init_chain(*request));
    if (!state) throw BadVector(state.error().why);
    state_ = std::move(*state);

    std::filesystem::path lines_path = head_path;
    lines_path.replace_extension().replace_extension(".jsonl");
    std::ifstream lines(lines_path);
    for (std::string line; std::getline(lines, line);) {
        if (last != 0 && tip == last) break;
        replay(Json::parse(line));
    }
    if (tip == 0) throw BadVector("no blocks in " + lines_path.string());
}

void ChainEnvironment::replay(const Json& line) {
    const auto whole = chain::with_parts(decoded<types::Block>(line.at("block")));
    auto answer = application_.finalize_block(chain::finalize_block_request(
        {whole.id, *whole.block, *state_.last_validators, state_.initial_height}));
    (void)application_.commit({});
    indexer.add(whole.block->header.height, whole.block->data.txs, answer);
    (void)mempool_.update(whole.block->header.height, whole.block->data.txs, answer.tx_results, {});
    heights_.push_back({decoded<types::BlockMeta>(line.at("block_meta")), whole.block.pointer(),
                        decoded<types::Commit>(line.at("seen_commit")),
                        state_.validators.shared().pointer(), state_.consensus_params,
                        std::make_shared<abci::ResponseFinalizeBlock>(answer)});
    auto next = chain::update_state(state_, whole.id, whole.block->header, answer);
    if (!next) throw BadVector(next.error().why);
    state_ = std::move(*next);
    ++tip;
}

const ChainEnvironment::Height* ChainEnvironment::at(std::int64_t height) const {
    return height < 1 || height > tip ? nullptr : &heights_[static_cast<std::size_t>(height - 1)];
}

rpc::ExecutedBlock ChainEnvironment::executed(std::int64_t height) const {
    const Height& found = heights_.at(static_cast<std::size_t>(height - 1));
    return {found.meta.block_id, found.block, found.answer};
}

std::vector<types::ValidatorChange> ChainEnvironment::changes(std::int64_t height) const {
    std::vector<types::ValidatorChange> list;
    for (const abci::ValidatorUpdate& update : executed(height).answer->validator_updates)
        list.push_back({update.pub_key, update.power});
    return list;
}

void ChainEnvironment::ring() {
    for (const auto& [id, timer] : std::exchange(timers_, {})) timer();
}

rpc::Status ChainEnvironment::status() const {
    rpc::Status status;
    status.node.protocol_version = {8, types::block_protocol, state_.version.app};
    status.node.protocol_version.app = 1;
    status.node.default_node_id = node_.at("node_id");
    status.node.listen_addr = node_.at("p2p_laddr");
    status.node.network = chain_id_;
    status.node.version = "0.38.26";
    status.node.channels = {0x40, 0x20, 0x21, 0x22, 0x23, 0x30, 0x38, 0x60, 0x61, 0x00};
    status.node.moniker = node_.at("moniker");
    status.node.other = {"on", node_.at("rpc_laddr")};
    const Height& first = *at(1);
    const Height& latest = *at(tip);
    status.sync = {latest.meta.block_id.hash,
                   latest.meta.header.app_hash,
                   tip,
                   latest.meta.header.time,
                   first.meta.block_id.hash,
                   first.meta.header.app_hash,
                   1,
                   first.meta.header.time,
                   false};
    status.validator_address = types::Address(bytes_from(node_.at("validator_address")));
    status.validator_key.type = crypto::KeyType::ed25519;
    const base::Bytes key = bytes_from(node_.at("validator_pub_key"));
    status.validator_key.bytes.assign(key.begin(), key.end());
    const auto* validator = validators(tip)->find(base::view(status.validator_address));
    status.voting_power = validator == nullptr ? 0 : validator->voting_power;
    return status;
}

rpc::NetInfo ChainEnvironment::net_info() const {
    return {true, {"Listener(@)"}, {}};
}

std::optional<types::BlockMeta> ChainEnvironment::meta(std::int64_t height) const {
    const Height* found = at(height);
    return found == nullptr ? std::nullopt : std::optional(found->meta);
}

std::optional<std::int64_t> ChainEnvironment::height_of(base::BytesView block_hash) const {
    for (std::int64_t height = 1; height <= tip; ++height)
        if (base::equal(base::view(at(height)->meta.block_id.hash), block_hash)) return height;
    return std::nullopt;
}

std::shared_ptr<const types::Block> ChainEnvironment::block(std::int64_t height) const {
    const Height* found = at(height);
    return found == nullptr ? nullptr : found->block;
}

std::optional<types::Commit> ChainEnvironment::commit(std::int64_t height) const {
    const Height* after = at(height + 1);
    if (after == nullptr || !after->block->last_commit) return std::nullopt;
    return *after->block->last_commit;
}

std::optional<types::Commit> ChainEnvironment::seen_commit(std::int64_t height) const {
    const Height* found = at(height);
    return found == nullptr ? std::nullopt : std::optional(found->seen_commit);
}

std::shared_ptr<const types::ValidatorSet> ChainEnvironment::validators(std::int64_t height) const {
    if (height == static_cast<std::int64_t>(heights_.size()) + 1)
        return state_.validators.shared().pointer();
    if (height < 1 || height > tip + 1) return nullptr;
    return heights_[static_cast<std::size_t>(height - 1)].validators;
}

std::optional<types::ConsensusParams> ChainEnvironment::params(std::int64_t height) const {
    if (height == tip + 1) return state_.consensus_params;
    const Height* found = at(height);
    return found == nullptr ? std::nullopt : std::optional(found->params);
}

std::optional<abci::ResponseFinalizeBlock> ChainEnvironment::results(std::int64_t height) const {
    const Height* found = at(height);
    return found == nullptr ? std::nullopt : std::optional(*found->answer);
}

rpc::Unconfirmed ChainEnvironment::unconfirmed(std::size_t txs_max) const {
    return {mempool_.first(txs_max), static_cast<std::int64_t>(mempool_.size()),
            static_cast<std::int64_t>(mempool_.bytes())};
}

void ChainEnvironment::commit_now(const base::Bytes& tx) {
    abci::RequestFinalizeBlock request;
    request.height = tip + 1;
    request.txs = wire::Txs::copy_of(std::vector<base::Bytes>{tx});
    const auto answer = application_.finalize_block(request);
    bus.tx_committed(base::view(types::hash_of_tx(tx)),
                     {request.height, 0, tx, answer.tx_results.at(0)});
}

void ChainEnvironment::add_tx(base::Bytes tx, std::move_only_function<void(base::Verdict)> taken,
                              rpc::Reply<abci::ResponseCheckTx> checked) {
    const auto question = mempool_.add(tx);
    if (!question) return taken(std::unexpected(question.error()));
    taken({});
    const auto answer = application_.check_tx({tx, abci::CheckTxType::new_tx});
    const auto entered = mempool_.answer(question->number, answer);
    checked(answer);
    if (entered && commits_at_once) commit_now(tx);
}

void ChainEnvironment::check_tx(base::Bytes tx, rpc::Reply<abci::ResponseCheckTx> reply) {
    reply(application_.check_tx({std::move(tx), abci::CheckTxType::new_tx}));
}

void ChainEnvironment::query(abci::RequestQuery request, rpc::Reply<abci::ResponseQuery> reply) {
    reply(application_.query(request));
}

void ChainEnvironment::info(rpc::Reply<abci::ResponseInfo> reply) {
    reply(application_.info({}));
}

base::Verdict ChainEnvironment::add_evidence(const types::Evidence& evidence) {
    const Evidences view(*this);
    if (view.is_pending(evidence)) return {};
    const Height& latest = *at(tip);
    TANDEM_TRY(types::verify_evidence(
        evidence, {chain_id_, tip, latest.meta.header.time, state_.consensus_params.evidence},
        view));
    pending_.push_back(evidence);
    return {};
}

rpc::Environment::TimerId ChainEnvironment::set_timer(types::Duration, std::function<void()> ring) {
    timers_.emplace(next_timer_, std::move(ring));
    return next_timer_++;
}

}  // namespace tandem::vectors
