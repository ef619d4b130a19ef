#include "tests/node/virtual_network.h"

#include <stdexcept>

#include "ledger/share_testing.h"
#include "p2p/testing.h"
#include "seats/genesis.h"
#include "store/seats_store.h"
#include "store/storage.h"

namespace tandem::testing {
namespace {

using p2p::testing::FixedKey;

constexpr Time flight = std::chrono::milliseconds(1);
constexpr Time barrier_time = std::chrono::milliseconds(1);

}  // namespace

bool VirtualClock::run_one() {
    if (queue_.empty()) return false;
    auto first = queue_.extract(queue_.begin());
    now_ = first.key();
    first.mapped()();
    return true;
}

// ---- VirtualLog

signer::LogPosition VirtualLog::added() {
    return {bytes_.size()};
}

signer::LogPosition VirtualLog::append(const consensus::Input& input) {
    writer_->input(bytes_, input);
    return added();
}

signer::LogPosition VirtualLog::append_marker(std::int64_t height) {
    writer_->end_of_height(bytes_, height);
    return added();
}

signer::LogPosition VirtualLog::append_watermark(base::BytesView record) {
    writer_->watermark(bytes_, record);
    return added();
}

void VirtualLog::sync() {
    durable_ = bytes_.size();
    writer_->synced();
    ++barriers_;
}

void VirtualLog::ask_barrier() {
    if (std::exchange(barrier_runs_, true)) return;
    clock_.after(barrier_time, [this, upto = bytes_.size(), life = life_] {
        if (life != life_) return;
        barrier_runs_ = false;
        durable_ = std::max<std::uint64_t>(durable_, upto);
        ++barriers_;
        on_durable();
    });
}

void VirtualLog::crash() {
    ++life_;
    barrier_runs_ = false;
    bytes_.resize(durable_);
}

store::LogContents VirtualLog::reopen() {
    if (bytes_.empty()) {
        writer_.emplace(chain_id_);
        base::append(bytes_, writer_->begin_segment());
        durable_ = bytes_.size();
        return {};
    }
    const store::LogSegment segment{0, bytes_};
    auto contents = store::read_log(std::span(&segment, 1), chain_id_);
    if (!contents) throw std::runtime_error(contents.error().check + ": " + contents.error().why);
    bytes_.resize(contents->good_bytes);
    durable_ = bytes_.size();
    writer_.emplace(*contents->newest, bytes_.size());
    return std::move(*contents);
}

// ---- VirtualNode

struct VirtualNode::Process {
    explicit Process(VirtualNode& owner);

    store::BlockStore blocks;
    store::StateStore states;
    io::ApplicationStorage share_storage;
    std::unique_ptr<abci::Application> application;
    std::unique_ptr<abci::Application> around;
    store::SeatsStore seats_store;
    std::unique_ptr<seats::SeatsApplication> seats;
    mempool::Mempool mempool;
    evidence::Pool evidence;
    p2p::LocalNode local;
    node::Node node;

    node::EngineParts parts(VirtualNode& owner) {
        return {.host = owner,
                .reporter = owner,
                .log = owner.log_,
                .database = owner.database_,
                .blocks = blocks,
                .states = states,
                .application = seats    ? static_cast<abci::Application&>(*seats)
                               : around ? *around
                                        : *application,
                .evidence = evidence,
                .mempool = mempool,
                .verifier = crypto::real_verifier()};
    }
};

VirtualNode::Process::Process(VirtualNode& owner)
    : blocks(owner.database_),
      states(owner.database_),
      share_storage(owner.database_),
      application(owner.make_application(share_storage)),
      around(owner.network_.around_application
                 ? owner.network_.around_application(owner.index_, *application)
                 : nullptr),
      seats_store(owner.database_, owner.network_.share_snapshot_interval_ > 0
                                       ? store::SeatsDurability::with_application
                                       : store::SeatsDurability::at_once),
      seats(owner.wrap(around ? *around : *application, seats_store)),
      mempool(mempool::Limits{}),
      evidence(owner.database_, blocks, states, crypto::real_verifier()),
      local{*owner.node_key_, {}, node::open_channels(types::tx_bytes_max_default), {}},
      node(parts(owner),
           {.engine = {.consensus = owner.network_.timeouts,
                       .rules = {},
                       .key = owner.network_.has_remote_signers ? nullptr : owner.key_,
                       .remote_key = owner.remote_key(),
                       .software_version = "0.38.26"},
            .peers = owner.rules(),
            .book = p2p::AddressBook({}, base::Bytes(12, 1)),
            .seed = owner.index_,
            .unfinished_bytes_max = owner.network_.unfinished_bytes_max,
            .state_sync = owner.state_sync()},
           local, seats.get()) {
    local.info.protocol_version = {8, 11, 0};
    local.info.default_node_id = owner.address().id;
    local.info.listen_addr = "tcp://127.0.0.1:26656";
    local.info.network = owner.network_.genesis.chain_id;
    local.info.version = "0.38.26";
    local.info.moniker = "node";
    for (const p2p::Channel& channel : local.channels) local.info.channels.push_back(channel.id);
}

VirtualNode::VirtualNode(VirtualNetwork& network, std::size_t index)
    : network_(network),
      index_(index),
      key_(std::make_shared<FixedKey>(static_cast<std::uint8_t>(index + 1))),
      node_key_(std::make_shared<FixedKey>(static_cast<std::uint8_t>(index + 101))),
      liveness_key_(std::make_shared<FixedKey>(static_cast<std::uint8_t>(index + 201))),
      public_key_(key_->public_key()),
      log_(network.clock, "virtual") {}

VirtualNode::~VirtualNode() = default;

types::PeerAddress VirtualNode::address() const {
    return {types::node_id(node_key_->public_key()), std::to_string(index_), 26656, std::nullopt};
}

void VirtualNode::start() {
    if (store::undo_unfinished_restore(database_)) reports.emplace_back("restore undone");
    process_ = std::make_unique<Process>(*this);
    if (process_->seats && !state_sync())
        if (const auto verdict = process_->seats->recover(); !verdict) {
            refusal_ = verdict.error().check + ": " + verdict.error().why;
            process_.reset();
            return;
        }
    const std::uint64_t life = ++life_;
    log_.on_durable = [this, life] { turn(life, [](node::Node& node) { node.log_durable(); }); };
    if (const auto verdict = process_->node.recover(network_.genesis, log_.reopen()); !verdict) {
        refusal_ = verdict.error().check + ": " + verdict.error().why;
        process_.reset();
        return;
    }
    turn(life, [](node::Node& node) { node.start(); });
}

signer::RemoteKey* VirtualNode::remote_key() {
    if (!network_.has_remote_signers) return nullptr;
    if (!signer_)
        signer_.emplace(network_.clock, network_.genesis.chain_id,
                        base::Bytes(32, static_cast<std::uint8_t>(index_ + 1)));  // as key_
    // The process that begins is the next life.
    return &signer_->begin([this, life = life_ + 1](const std::function<void()>& work) {
        turn(life, [&work](node::Node&) { work(); });
    });
}

// ---- State sync

void VirtualNode::begin_with_snapshot(std::vector<std::size_t> servers, std::int64_t trust_height) {
    VirtualNode& first = *network_.nodes_[servers.front()];
    light_servers_ = std::move(servers);
    node::StateSyncConfig config;
    config.snapshots.discovery = std::chrono::seconds(5);
    config.light.chain_id = network_.genesis.chain_id;
    config.light.initial_height = network_.genesis.initial_height;
    config.light.trust_height = trust_height;
    config.light.trust_hash = first.blocks().meta(trust_height)->block_id.hash;
    config.light.servers = light_servers_.size();
    config.servers = this;
    state_sync_ = std::move(config);
}

/// As configured, where there is no state.
std::optional<node::StateSyncConfig> VirtualNode::state_sync() {
    const auto stored = store::StateStore(database_).load();
    return stored && stored->last_block_height > 0 ? std::nullopt : state_sync_;
}

bool VirtualNode::reported(std::string_view text) const {
    return std::ranges::any_of(
        reports, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

base::Result<types::LightBlock> VirtualNode::light_block(std::int64_t height) {
    if (!running()) return base::refuse("server", "it does not run");
    const auto meta = blocks().meta(height);
    const auto commit = blocks().seen_commit(height);
    const auto set = validators(height);
    if (!meta || !commit || !set) return base::refuse("server", "it has it not");
    types::LightBlock block;
    types::SignedHeader header;
    header.header = base::Box<types::Header>(meta->header);
    header.commit = base::Box<types::Commit>(*commit);
    block.signed_header = base::Box<types::SignedHeader>(std::move(header));
    block.validator_set = base::Box<types::ValidatorSetMessage>(set->to_message());
    return block;
}

void VirtualNode::ask(const sync::LightQuestion& question) {
    const std::size_t number = light_servers_.at(question.server);
    network_.clock.after(flight, [this, question, number, life = life_] {
        VirtualNode& server = *network_.nodes_[number];
        if (question.kind == sync::LightQuestion::Kind::params) {
            auto params =
                server.running() ? server.process_->states.params(question.height) : std::nullopt;
            base::Result<types::ConsensusParams> answer = base::refuse("server", "it has it not");
            if (params) answer = std::move(*params);
            return turn(life, [&](node::Node& node) { node.light_answered(std::move(answer)); });
        }
        auto block = server.light_block(question.height);
        if (block && lie) lie(number, *block);
        turn(life, [&](node::Node& node) { node.light_answered(std::move(block)); });
    });
}

std::unique_ptr<abci::Application> VirtualNode::make_application(ledger::Storage& in_database) {
    if (network_.share_snapshot_interval_ == 0)
        return std::make_unique<ledger::KvStore>(
            application_storage_, ledger::KvStoreOptions{.retain_blocks = network_.retain_blocks});
    return std::make_unique<ledger::Share>(
        in_database, crypto::real_verifier(),
        ledger::ShareSettings{
            network_.genesis.chain_id,
            {.interval = network_.share_snapshot_interval_, .chunk_bytes_max = 4'000}});
}

p2p::PeersConfig VirtualNode::rules() const {
    p2p::PeersConfig rules;
    rules.own_id = address().id;
    rules.allow_duplicate_ip = true;
    for (const auto& other : network_.nodes_)
        if (other.get() != this) rules.persistent.push_back(other->address());
    return rules;
}

void VirtualNode::end(std::size_t surviving_batches) {
    ++life_;
    if (signer_) signer_->end();
    process_.reset();
    log_.crash();
    database_.crash(surviving_batches);
    while (!cables_.empty()) cut(cables_.begin()->second.first);
}

void VirtualNode::cut_off(bool is_cut_off) {
    is_cut_off_ = is_cut_off;
    while (is_cut_off_ && !cables_.empty()) cut(cables_.begin()->second.first);
}

std::unique_ptr<seats::SeatsApplication> VirtualNode::wrap(abci::Application& application,
                                                           seats::StateStore& store) const {
    if (!network_.has_seats_) return nullptr;
    const types::Address address = crypto::address(public_key_);
    return std::make_unique<seats::SeatsApplication>(
        application, store, crypto::real_verifier(),
        seats::OwnNode{base::to_bytes(base::view(address)), liveness_key_});
}

const seats::SeatsApplication* VirtualNode::seats() const {
    return process_->seats.get();
}

node::Node& VirtualNode::node() {
    return process_->node;
}

std::int64_t VirtualNode::height() {
    return running() ? node().engine().state().last_block_height : 0;
}

store::BlockStore& VirtualNode::blocks() {
    return process_->blocks;
}

consensus::Shared<types::ValidatorSet> VirtualNode::validators(std::int64_t height) {
    return process_->states.validators(height);
}

base::Result<abci::ResponseCheckTx> VirtualNode::submit(std::string_view tx) {
    auto answer = node().add_transaction(base::Bytes(tx.begin(), tx.end()));
    node().end_turn();
    return answer;
}

void VirtualNode::turn(std::uint64_t life, const std::function<void(node::Node&)>& event) {
    if (life != life_ || process_ == nullptr) return;
    event(process_->node);
    process_->node.end_turn();
}

Time VirtualNode::now() const {
    return network_.clock.now();
}

types::Timestamp VirtualNode::wall_clock() const {
    const std::int64_t nanos = network_.clock.now().count();
    return {network_.epoch_seconds + nanos / 1'000'000'000,
            static_cast<std::int32_t>(nanos % 1'000'000'000)};
}

void VirtualNode::call_at(Time at, std::function<void()> work) {
    network_.clock.at(at, [this, life = life_, work = std::move(work)] {
        turn(life, [&work](node::Node&) { work(); });
    });
}

node::EngineParts VirtualNode::parts() {
    return process_->parts(*this);
}

const p2p::LocalNode& VirtualNode::local() const {
    return process_->local;
}

void VirtualNode::do_aside(node::Aside, std::function<void()> work, std::function<void()> done) {
    work();
    call_at(now(), std::move(done));
}

crypto::SecretArray<32> VirtualNode::fresh_secret() {
    std::array<std::uint8_t, 32> bytes{};
    bytes[1] = static_cast<std::uint8_t>(index_ + 1);  // X25519 passes over some bits of the first
    bytes[2] = ++secrets_;
    return crypto::SecretArray<32>(std::span<const std::uint8_t, 32>(bytes));
}

void VirtualNode::dial(const types::PeerAddress& address) {
    VirtualNode* other = nullptr;
    for (const auto& node : network_.nodes_)
        if (node->address().id == address.id) other = node.get();
    network_.clock.after(flight, [this, other, address, life = life_] {
        if (life != life_ || !running()) return;
        if (other == nullptr || !other->running() || is_cut_off_ || other->is_cut_off_)
            return turn(life, [&](node::Node& node) { node.dial_failed(address); });
        const auto cable = std::make_shared<VirtualNetwork::Cable>();
        cable->ends[0] = this;
        cable->ends[1] = other;
        cable->lives[0] = life_;
        cable->lives[1] = other->life_;
        for (LinkId& number : cable->numbers) number = {network_.next_link_++};
        cables_[cable->numbers[0]] = {cable, 0};
        other->cables_[cable->numbers[1]] = {cable, 1};
        turn(life_, [&](node::Node& node) { node.link_opened(cable->numbers[0], address, {}); });
        other->turn(other->life_, [&](node::Node& node) {
            node.link_opened(cable->numbers[1], std::nullopt, {});
        });
    });
}

void VirtualNode::write(LinkId link, base::Bytes bytes) {
    const auto found = cables_.find(link);
    if (found == cables_.end()) return;
    const auto& [cable, end] = found->second;
    const VirtualNode* to = cable->ends[1 - end];
    const Time time = to != nullptr && network_.flight_between
                          ? network_.flight_between(index_, to->index_)
                          : flight;
    network_.clock.after(time, [cable = cable, end = end, bytes = std::move(bytes)]() mutable {
        const int other = 1 - end;
        if (!cable->open) return;
        if (cable->ends[other] == nullptr) return cable->stranger(bytes);
        cable->ends[other]->deliver(cable, other, std::move(bytes));
    });
}

void VirtualNode::deliver(const std::shared_ptr<VirtualNetwork::Cable>& cable, int end,
                          base::Bytes bytes) {
    turn(cable->lives[end], [&](node::Node& node) { node.link_bytes(cable->numbers[end], bytes); });
}

void VirtualNode::close(LinkId link) {
    const auto found = cables_.find(link);
    if (found == cables_.end()) return;
    network_.clock.after(flight, [this, cable = found->second.first] { cut(cable); });
}

void VirtualNode::cut(std::shared_ptr<VirtualNetwork::Cable> cable) {
    if (!std::exchange(cable->open, false)) return;
    for (int end = 0; end < 2; ++end) {
        if (cable->ends[end] == nullptr) continue;
        VirtualNode& node = *cable->ends[end];
        node.cables_.erase(cable->numbers[end]);
        network_.clock.after(
            flight, [&node, life = cable->lives[end], number = cable->numbers[end]] {
                node.turn(life, [number](node::Node& n) { n.link_closed(number); });
            });
    }
}

void VirtualNode::stop(const base::Refusal& why) {
    throw std::runtime_error(why.check + ": " + why.why);
}

void VirtualNode::report(node::LogLevel, std::string_view module, std::string_view text) {
    reports.push_back(std::string(module) + ": " + std::string(text));
}

// ---- VirtualNetwork

VirtualNetwork::VirtualNetwork(std::size_t nodes, std::size_t validators) {
    make(nodes);
    for (std::size_t i = 0; i < validators; ++i)
        genesis.validators.push_back({crypto::address(nodes_[i]->key()), nodes_[i]->key(), 10, ""});
    if (const auto valid = types::validate_and_complete(genesis, genesis.genesis_time); !valid)
        throw std::runtime_error(valid.error().check + ": " + valid.error().why);
}

VirtualNetwork::VirtualNetwork(const Seats& plan) {
    has_seats_ = true;
    share_snapshot_interval_ = plan.share_snapshot_interval;
    make(plan.seats * plan.nodes_per_seat);
    seats::Genesis description;
    description.params.run_records = plan.run_records;
    description.params.alive_records = plan.run_records;
    description.params.run_time = {1'000'000};  // shorter than a block: the records alone decide
    description.params.heartbeat_lag_time = {1'000'000};
    for (std::size_t seat = 0; seat < plan.seats; ++seat) {
        const FixedKey admin(static_cast<std::uint8_t>(seat + 60));
        seats::GenesisSeat row{"seat-" + std::to_string(seat), 10, admin.public_key(), {}};
        for (std::size_t place = 0; place < plan.nodes_per_seat; ++place) {
            const VirtualNode& node = *nodes_[seat * plan.nodes_per_seat + place];
            row.nodes.push_back({row.id + "-" + std::to_string(place), node.key(),
                                 node.liveness_key_->public_key()});
        }
        description.seats.push_back(std::move(row));
    }
    const bool is_share = plan.share_snapshot_interval > 0;
    if (is_share) genesis.chain_id = ledger::share::test::chain_id;
    genesis.app_state =
        seats::write_genesis(description, is_share ? ledger::share::test::genesis() : "");
    if (const auto valid = types::validate_and_complete(genesis, genesis.genesis_time); !valid)
        throw std::runtime_error(valid.error().check + ": " + valid.error().why);
}

void VirtualNetwork::make(std::size_t nodes) {
    genesis.chain_id = "virtual";
    genesis.genesis_time = {epoch_seconds, 0};
    genesis.initial_height = 1;
    genesis.consensus_params = types::ConsensusParams::defaults();
    timeouts.timeout_commit = {100'000'000};
    for (std::size_t i = 0; i < nodes; ++i)
        nodes_.push_back(std::make_unique<VirtualNode>(*this, i));
}

VirtualNetwork::~VirtualNetwork() = default;

void VirtualNetwork::start_all() {
    for (const auto& node : nodes_)
        if (!node->running()) node->start();
}

bool VirtualNetwork::run_until(const std::function<bool()>& condition, Time limit) {
    const Time end = clock.now() + limit;
    while (!condition()) {
        if (clock.now() > end || !clock.run_one()) return false;
    }
    return true;
}

bool VirtualNetwork::run_to_height(std::int64_t height) {
    return run_until([&] {
        for (const auto& node : nodes_)
            if (node->running() && node->height() < height) return false;
        return true;
    });
}

}  // namespace tandem::testing
