// Block sync, between the start and consensus.
#include <fmt/format.h>

#include "node/node.h"

namespace tandem::node {
namespace {

// Blocks executed in one turn, so that peers and clients are heard meanwhile.
constexpr int blocks_a_turn = 16;
// Before the first peers' heights count as all there is: one that lags may be the first to speak.
constexpr Time settle_time = std::chrono::seconds(1);

}  // namespace

/// Nobody else can have made a block: the chain cannot go on without us.
bool Node::blocks_alone() const {
    const auto& address = engine_.own_address();
    if (!address) return false;
    const types::ValidatorSet& set = *engine_.state().validators;
    const types::Validator* own = set.find(base::view(*address));
    return own != nullptr && own->voting_power >= (set.total_voting_power() + 2) / 3;
}

void Node::begin_sync() {
    if (blocks_alone()) return engine_.begin_consensus();
    sync::BlockClientConfig config;
    config.settle = settle_time;
    sync_.emplace(config, engine_.state().next_height(), parts_.host.now());
    sync_blocks();
}

void Node::sync_blocks() {
    if (!sync_) return;
    const Time now = parts_.host.now();
    int executed = 0;
    while (executed < blocks_a_turn) {
        auto block = sync_->next_block(engine_.state(), engine_.validation(), now);
        if (!block) break;
        engine_.execute_synced(std::move(*block));
        sync_->executed(now);
        ++executed;
        if (sync_->executed_count() % 500 == 0)
            parts_.reporter.report(
                LogLevel::info, "blocksync",
                fmt::format("at block {} of {}", engine_.state().last_block_height,
                            sync_->height_max()));
    }
    // A peer that is dropped tells the client so, and may lead to further effects.
    while (sync_) {
        const auto effect = sync_->next_effect();
        if (!effect) break;
        carry_out(*effect);
    }
    if (!sync_) return;
    if (sync_->is_caught_up() || blocks_alone()) {
        parts_.reporter.report(
            LogLevel::info, "blocksync",
            fmt::format("caught up at height {} after {} blocks", engine_.state().last_block_height,
                        sync_->executed_count()));
        sync_.reset();
        synced_until_ = engine_.state().next_height();
        return engine_.begin_consensus();
    }
    schedule_sync(executed == blocks_a_turn ? now : sync_->next_tick());
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
