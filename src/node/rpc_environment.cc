#include "node/rpc_environment.h"

#include <fmt/format.h>

#include "rpc/events.h"
#include "types/time_text.h"

namespace tandem::node {
namespace {

std::string quoted(const std::optional<types::BitArray>& bits) {
    return bits ? fmt::format("\"{}\"", bits->to_text()) : "null";
}

std::string peer_state_text(const gossip::PeerModel& model) {
    return fmt::format(
        R"({{"round_state":{{"height":"{}","round":{},"step":{},"start_time":"{}","proposal":{},)"
        R"("proposal_block_part_set_header":{{"total":{},"hash":"{}"}},)"
        R"("proposal_block_parts":{},"proposal_pol_round":{},"proposal_pol":{},"prevotes":{},)"
        R"("precommits":{},"last_commit_round":{},"last_commit":{},"catchup_commit_round":{},)"
        R"("catchup_commit":{}}}}})",
        model.height, model.round, model.step, "0001-01-01T00:00:00Z", model.has_proposal,
        model.parts_header.total,
        base::to_hex(base::view(model.parts_header.hash), base::HexCase::upper),
        quoted(model.parts), model.pol_round, quoted(model.pol), quoted(model.prevotes),
        quoted(model.precommits), model.last_commit_round, quoted(model.last_commit),
        model.catchup_commit_round, quoted(model.catchup_commit));
}

constexpr std::int64_t index_lag_max = 100;  // blocks; more than a host lets wait
constexpr std::size_t searches_max = 64;

/// What FinalizeBlock changed about the validators; validated when the block was executed.
std::vector<types::ValidatorChange> changes_of(const chain::Execution& execution) {
    auto changes = chain::validator_changes(execution.answer().validator_updates,
                                            execution.state_before().consensus_params);
    return changes ? std::move(*changes) : std::vector<types::ValidatorChange>{};
}

/// Messages whole, of a connection that is as old as this. Rates are the average: nobody keeps
/// more.
rpc::FlowStatus flow_of(const Tallies& tallies, types::Duration age, types::Timestamp now) {
    rpc::FlowStatus flow;
    for (const Tally& tally : tallies) {
        flow.bytes += static_cast<std::int64_t>(tally.bytes);
        flow.samples += static_cast<std::int64_t>(tally.messages);
    }
    flow.start = wire::add(now, {-age.nanos});
    flow.duration = age;
    const auto seconds = std::max(1.0, static_cast<double>(age.nanos) / 1e9);
    flow.rate_average = static_cast<std::int64_t>(static_cast<double>(flow.bytes) / seconds);
    flow.rate_now = flow.rate_current = flow.rate_peak = flow.rate_average;
    flow.active = true;
    return flow;
}

base::Result<std::vector<types::PeerAddress>> addresses_from(std::span<const std::string> texts) {
    std::vector<types::PeerAddress> addresses;
    for (const std::string& text : texts) {
        auto address = types::peer_address_from_text(text);
        if (!address) return std::unexpected(address.error());
        addresses.push_back(std::move(*address));
    }
    return addresses;
}

}  // namespace

RpcEnvironment::RpcEnvironment(Parts parts)
    : parts_(std::move(parts)), genesis_text_(types::to_json(parts_.genesis)) {}

// ---- Events

void RpcEnvironment::on_block(const chain::Execution& execution) {
    const auto& decided = execution.decided();
    const rpc::ExecutedBlock executed{
        decided.id, decided.block.pointer(),
        std::make_shared<const abci::ResponseFinalizeBlock>(execution.answer())};
    auto changes = changes_of(execution);
    if (!has_recovered_) {
        index(*executed.block, *executed.answer);
        return parts_.bus.publish_block(executed, changes);
    }
    const auto publication =
        std::make_shared<Publication>([this, executed, changes = std::move(changes)] {
            parts_.bus.publish_block(executed, changes);
        });
    publications_.push_back(publication);
    parts_.engine.host.do_aside(
        Aside::indexing, [this, executed] { index(*executed.block, *executed.answer); },
        [this, publication] {
            publication->is_ready = true;
            publish_ready();
        });
}

/// On any thread.
void RpcEnvironment::index(const types::Block& block, const abci::ResponseFinalizeBlock& answer) {
    parts_.indexer.add(block.header.height, block.data.txs, answer);
}

void RpcEnvironment::publish_ready() {
    while (!publications_.empty() && publications_.front()->is_ready) {
        const auto publication = std::move(publications_.front());
        publications_.pop_front();
        publication->publish();
    }
}

void RpcEnvironment::publish(rpc::Event event) {
    if (publications_.empty()) return parts_.bus.publish(event);
    publications_.push_back(std::make_shared<Publication>(
        [this, event = std::move(event)] { parts_.bus.publish(event); }, true));
}

void RpcEnvironment::recovered() {
    has_recovered_ = true;
    const std::int64_t last = latest_height();
    if (last == 0) return;
    const std::int64_t first = std::max(base_height(), last - index_lag_max);
    std::int64_t newest = parts_.indexer.newest_block(first);
    while (newest < last) {
        newest = std::max(newest + 1, first);
        const auto stored = block(newest);
        const auto answer = results(newest);
        if (stored && answer) index(*stored, *answer);
    }
}

void RpcEnvironment::on_pruning(std::int64_t keep) {
    if (base_height() == 0) return;
    for (std::int64_t height = base_height(); height < keep; ++height)
        if (const auto stored = block(height))
            if (const auto answer = results(height))
                parts_.indexer.keep(height, stored->data.txs, *answer);
}

void RpcEnvironment::on_fact(const consensus::Inward& fact) {
    if (parts_.bus.clients() == 0) return;  // what nobody hears is not made
    if (const auto* vote = std::get_if<consensus::VoteAdded>(&fact)) {
        publish(rpc::vote_event(*vote->vote));
    } else if (const auto* step = std::get_if<consensus::NewRoundStep>(&fact)) {
        publish(rpc::round_step_event(*step));
    } else if (const auto* notice = std::get_if<consensus::Notify>(&fact)) {
        if (notice->notice != consensus::Notice::new_round)
            return publish(rpc::notice_event(*notice));
        const auto& validators = parts_.node.engine().consensus_state().validators;
        if (!validators) return;
        const types::Address& proposer = validators->proposer().address;
        publish(rpc::new_round_event(*notice, proposer,
                                     validators->index_of(base::view(proposer)).value_or(0)));
    }
}

// ---- The node

rpc::Status RpcEnvironment::status() const {
    const chain::State& state = parts_.node.engine().state();
    rpc::Status status;
    status.node = parts_.local.info;
    rpc::SyncInfo& sync = status.sync;
    sync.catching_up = is_syncing();
    const auto describe = [this](std::int64_t height, types::Hash& hash, types::Hash& app_hash,
                                 types::Timestamp& time) {
        const auto meta = parts_.engine.blocks.meta(height);
        if (!meta) return;
        hash = meta->block_id.hash;
        app_hash = meta->header.app_hash;
        time = meta->header.time;
    };
    sync.latest_height = latest_height();
    sync.earliest_height = base_height();
    if (sync.latest_height > 0)
        describe(sync.latest_height, sync.latest_block_hash, sync.latest_app_hash,
                 sync.latest_time);
    if (sync.earliest_height > 0)
        describe(sync.earliest_height, sync.earliest_block_hash, sync.earliest_app_hash,
                 sync.earliest_time);
    if (parts_.node.engine().own_key()) {
        status.validator_key = *parts_.node.engine().own_key();
        status.validator_address = *parts_.node.engine().own_address();
        if (const auto* own = state.validators->find(base::view(status.validator_address)))
            status.voting_power = own->voting_power;
    }
    return status;
}

rpc::NetInfo RpcEnvironment::net_info() const {
    rpc::NetInfo info;
    info.listening = !parts_.listeners.empty();
    info.listeners = parts_.listeners;
    const types::Timestamp wall_clock = parts_.engine.host.wall_clock();
    for (const auto& [id, peer] : parts_.node.peers()) {
        if (!peer.link.open()) continue;
        rpc::PeerStatus status;
        status.node = peer.link.peer_info();
        status.is_outbound = peer.outbound;
        status.remote_ip = peer.remote_ip;
        status.duration = {(parts_.engine.host.now() - peer.since).count()};
        status.sent = flow_of(peer.traffic.sent, status.duration, wall_clock);
        status.received = flow_of(peer.traffic.received, status.duration, wall_clock);
        for (const p2p::Channel& channel : parts_.local.channels) {
            if (!peer.link.has_channel(channel.id)) continue;
            const p2p::ChannelLoad load = peer.link.load(channel.id);
            status.channels.push_back(
                {.id = channel.id,
                 .send_queue_capacity = static_cast<std::int64_t>(channel.queue_messages_max),
                 .send_queue_size = static_cast<std::int64_t>(load.messages),
                 .priority = channel.priority,
                 .recently_sent = static_cast<std::int64_t>(load.recently_sent)});
        }
        info.peers.push_back(std::move(status));
    }
    return info;
}

rpc::Readiness RpcEnvironment::readiness() const {
    rpc::Readiness readiness;
    readiness.catching_up = is_syncing();
    std::int64_t best = 0;
    for (const auto& [id, peer] : parts_.node.peers())
        if (peer.link.open()) best = std::max(best, peer.gossip.model().height - 1);
    readiness.behind_blocks = std::max<std::int64_t>(0, best - latest_height());
    readiness.is_validator = parts_.node.engine().is_validator();
    if (parts_.seats != nullptr && parts_.node.engine().own_address())
        readiness.is_standby =
            !readiness.is_validator &&
            seats::find_by_consensus_address(parts_.seats->state(),
                                             base::view(*parts_.node.engine().own_address()))
                .has_value();
    return readiness;
}

// ---- The chain

std::int64_t RpcEnvironment::base_height() const {
    return parts_.engine.blocks.base();
}

std::int64_t RpcEnvironment::latest_height() const {
    return parts_.engine.blocks.height();
}

bool RpcEnvironment::is_syncing() const {
    return !parts_.node.engine().consensus_runs();
}

std::optional<types::BlockMeta> RpcEnvironment::meta(std::int64_t height) const {
    return parts_.engine.blocks.meta(height);
}

std::optional<std::int64_t> RpcEnvironment::height_of(base::BytesView hash) const {
    return parts_.engine.blocks.height_of(hash);
}

std::shared_ptr<const types::Block> RpcEnvironment::block(std::int64_t height) const {
    return parts_.engine.blocks.block(height).pointer();
}

std::optional<types::Commit> RpcEnvironment::commit(std::int64_t height) const {
    const auto commit = parts_.engine.blocks.canonical_commit(height);
    if (!commit) return std::nullopt;
    return *commit;
}

std::optional<types::Commit> RpcEnvironment::seen_commit(std::int64_t height) const {
    const auto commit = parts_.engine.blocks.seen_commit(height);
    if (!commit) return std::nullopt;
    return *commit;
}

std::shared_ptr<const types::ValidatorSet> RpcEnvironment::validators(std::int64_t height) const {
    return parts_.engine.states.validators(height).pointer();
}

std::optional<types::ConsensusParams> RpcEnvironment::params(std::int64_t height) const {
    return parts_.engine.states.params(height);
}

std::optional<abci::ResponseFinalizeBlock> RpcEnvironment::results(std::int64_t height) const {
    return parts_.engine.states.answer(height);
}

// ---- Consensus and mempool

const consensus::State& RpcEnvironment::consensus() const {
    return parts_.node.engine().consensus_state();
}

std::vector<rpc::PeerRound> RpcEnvironment::peer_rounds() const {
    std::vector<rpc::PeerRound> rounds;
    for (const auto& [id, peer] : parts_.node.peers())
        if (peer.link.open())
            rounds.push_back({fmt::format("{}@{}", peer.link.peer_id(),
                                          types::without_scheme(peer.link.peer_info().listen_addr)),
                              peer_state_text(peer.gossip.model())});
    return rounds;
}

rpc::Unconfirmed RpcEnvironment::unconfirmed(std::size_t txs_max) const {
    const mempool::Mempool& mempool = parts_.engine.mempool;
    return {mempool.first(txs_max), static_cast<std::int64_t>(mempool.size()),
            static_cast<std::int64_t>(mempool.bytes())};
}

void RpcEnvironment::flush_mempool() {
    parts_.engine.mempool.flush();
}

void RpcEnvironment::add_tx(base::Bytes tx, std::move_only_function<void(base::Verdict)> taken,
                            rpc::Reply<abci::ResponseCheckTx> checked) {
    auto question = parts_.engine.mempool.add(std::move(tx));
    if (!question) return taken(std::unexpected(question.error()));
    taken({});
    checked(parts_.node.ask_about(*question));
}

// ---- The application

void RpcEnvironment::check_tx(base::Bytes tx, rpc::Reply<abci::ResponseCheckTx> reply) {
    reply(parts_.engine.application.check_tx({std::move(tx), abci::CheckTxType::new_tx}));
}

void RpcEnvironment::query(abci::RequestQuery request, rpc::Reply<abci::ResponseQuery> reply) {
    reply(parts_.engine.application.query(request));
}

void RpcEnvironment::info(rpc::Reply<abci::ResponseInfo> reply) {
    reply(parts_.engine.application.info({}));
}

// ---- Evidence, peers, time

base::Verdict RpcEnvironment::add_evidence(const types::Evidence& evidence) {
    return parts_.engine.evidence.add(evidence, parts_.node.engine().state());
}

base::Verdict RpcEnvironment::dial_seeds(std::span<const std::string> addresses) {
    const auto read = addresses_from(addresses);
    if (!read) return std::unexpected(read.error());
    parts_.node.dial_seeds(*read);
    return {};
}

base::Verdict RpcEnvironment::dial_peers(const rpc::PeersToDial& peers) {
    const auto addresses = addresses_from(peers.addresses);
    if (!addresses) return std::unexpected(addresses.error());
    parts_.node.dial_peers(*addresses, peers.persistent, peers.unconditional);
    return {};
}

bool RpcEnvironment::search_aside(std::function<void()> search, std::function<void()> done) {
    if (searches_ >= searches_max) return false;
    ++searches_;
    parts_.engine.host.do_aside(Aside::searching, std::move(search),
                                [this, done = std::move(done)] {
                                    --searches_;
                                    done();
                                });
    return true;
}

rpc::Environment::TimerId RpcEnvironment::set_timer(types::Duration after,
                                                    std::function<void()> ring) {
    const TimerId timer = next_timer_++;
    timers_.insert(timer);
    parts_.engine.host.call_at(parts_.engine.host.now() + Time(after.nanos),
                               [this, timer, ring = std::move(ring)] {
                                   if (timers_.erase(timer) > 0) ring();
                               });
    return timer;
}

void RpcEnvironment::cancel_timer(TimerId timer) {
    timers_.erase(timer);
}

}  // namespace tandem::node
