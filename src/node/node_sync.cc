// Block sync, between the start and consensus, and again for a node that falls far behind.
#include <fmt/format.h>

#include "node/node.h"

namespace tandem::node {
namespace {

// Blocks executed in one turn, and the time after which no other is begun, so that peers and
// clients are heard meanwhile.
constexpr int blocks_a_turn = 16;
constexpr Time turn_time = std::chrono::milliseconds(100);
// Before the first peers' heights count as all there is: one that lags may be the first to speak.
constexpr Time settle_time = std::chrono::seconds(1);
// What gossip makes up for as fast; further behind, blocks are fetched beside it.
constexpr std::int64_t heights_behind_max = 32;
// Without a block for so long, whoever claims to have more is not waited for.
constexpr Time patience = std::chrono::seconds(2);
constexpr Time pause_between_syncs = std::chrono::seconds(5);

}  // namespace

/// Nobody else can have made a block: the chain cannot go on without us.
bool Node::blocks_alone() const {
    const auto& address = engine_.own_address();
    if (!address) return false;
    const types::ValidatorSet& set = *engine_.state().validators;
    const types::Validator* own = set.find(base::view(*address));
    return own != nullptr && own->voting_power >= (set.total_voting_power() + 2) / 3;
}

/// After a snapshot: the extensions of the last block come with that block only, and whoever
/// proposes the next one must have them.
bool Node::lacks_extensions() const {
    const chain::State& state = engine_.state();
    return state.last_block_height > 0 && parts_.blocks.height() == 0 &&
           state.consensus_params.abci.extensions_enabled(state.last_block_height);
}

void Node::on_restored(const sync::SyncedState& synced) {
    const std::int64_t height = synced.state.last_block_height;
    engine_.adopt(synced.state, synced.commit);
    parts_.reporter.report(LogLevel::info, "statesync",
                           fmt::format("restored the snapshot of height {}", height));
    state_sync_.reset();
    begin_sync();
}

void Node::begin_sync() {
    if (blocks_alone() && !lacks_extensions()) return engine_.begin_consensus();
    fetch_blocks();
}

void Node::fetch_blocks() {
    const Time now = parts_.host.now();
    sync::BlockClientConfig config;
    config.settle = settle_time;
    sync_.emplace(config, engine_.state().next_height(), now);
    for (const auto& [id, peer] : peers_)
        if (peer.link.open()) sync_->add_peer(peer.consensus_id(), peer.link.peer_id(), now);
    sync_progress_at_ = now;
    sync_blocks();
}

void Node::consider_sync(std::int64_t height) {
    if (sync_ || !engine_.consensus_runs() || parts_.host.now() < sync_not_before_ ||
        height <= engine_.state().next_height() + heights_behind_max)
        return;
    parts_.reporter.report(LogLevel::info, "blocksync",
                           fmt::format("at height {}, and a peer is at {}: fetching blocks",
                                       engine_.state().last_block_height, height));
    fetch_blocks();
}

/// Whether there may be more at once.
bool Node::execute_fetched() {
    const Time begun = parts_.host.now();
    Time now = begun;
    for (int executed = 0; executed < blocks_a_turn && now - begun < turn_time; ++executed) {
        auto block = sync_->next_block(engine_.state(), engine_.validation(), now);
        if (!block) return false;
        // The network has decided this height. A block or two do not pay for leaving it.
        if (engine_.consensus_runs() && (sync_->is_caught_up() || !engine_.leave_consensus()))
            return false;
        engine_.execute_synced(std::move(*block));
        const Time before = std::exchange(now, parts_.host.now());
        sync_->was_deaf(now - before);
        sync_->executed(now);
        sync_progress_at_ = now;
        if (sync_->executed_count() % 500 == 0)
            parts_.reporter.report(
                LogLevel::info, "blocksync",
                fmt::format("at block {} of {}", engine_.state().last_block_height,
                            sync_->height_max()));
    }
    return true;
}

void Node::sync_blocks() {
    if (!sync_) return;
    const bool has_more = execute_fetched();
    // A peer that is dropped tells the client so, and may lead to further effects.
    while (sync_) {
        const auto effect = sync_->next_effect();
        if (!effect) break;
        carry_out(*effect);
    }
    if (!sync_) return;
    const Time now = parts_.host.now();
    if (!lacks_extensions() && (sync_->is_caught_up() || blocks_alone())) return end_sync();
    // At the start there is nothing better to do than to wait; a validator has its votes.
    const bool is_left = engine_.has_left_consensus();
    if (is_left && now - sync_progress_at_ > patience) return end_sync();
    if (engine_.consensus_runs() && now - sync_progress_at_ > 2 * patience) return end_sync();
    schedule_sync(has_more ? now : sync_->next_tick());
}

void Node::end_sync() {
    parts_.reporter.report(LogLevel::info, "blocksync",
                           fmt::format("consensus goes on from height {} after {} fetched blocks",
                                       engine_.state().last_block_height, sync_->executed_count()));
    // Answers to what was asked may still come.
    synced_until_ =
        std::max({synced_until_, engine_.state().next_height(), sync_->height_max() + 1});
    sync_.reset();
    sync_not_before_ = parts_.host.now() + pause_between_syncs;
    if (!engine_.consensus_runs()) engine_.begin_consensus();
}

void Node::schedule_sync(Time at) {
    if (sync_wake_at_ && *sync_wake_at_ <= at) return;
    sync_wake_at_ = at;
    parts_.host.call_at(at, [this, at] {
        if (sync_wake_at_ != at) return;
        sync_wake_at_.reset();
        if (!sync_) return;
        sync_->tick(parts_.host.now());
        sync_blocks();
    });
}

void Node::carry_out(const sync::BlockEffect& effect) {
    if (const auto* dropped = std::get_if<sync::Drop>(&effect))
        return drop(LinkId{dropped->peer.value}, dropped->why);
    const auto say = [this](consensus::PeerId to, base::Bytes message) {
        if (const auto found = peers_.find(LinkId{to.value}); found != peers_.end())
            say_blocksync(found->second, std::move(message));
    };
    if (const auto* block = std::get_if<sync::AskBlock>(&effect))
        say(block->peer, sync::encode(*block));
    else if (const auto* status = std::get_if<sync::AskStatus>(&effect))
        say(status->peer, sync::encode(*status));
}

}  // namespace tandem::node
