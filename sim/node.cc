#include "sim/node.h"

#include "sim/process.h"

namespace tandem::sim {

Node::Node(Setting setting, std::size_t index, std::string name, NodeKeys keys)
    : setting_(setting),
      index_(index),
      name_(std::move(name)),
      keys_(std::move(keys)),
      consensus_public_(keys_.consensus->public_key()),
      address_(crypto::address(consensus_public_)) {}

Node::~Node() = default;

void Node::start() {
    TANDEM_CHECK(!running());
    ++epoch_;
    if (liar_ && liar_->character().executes_nothing) return;
    process_ = std::make_unique<Process>(*this);
    const bool frozen = std::exchange(frozen_, false);
    run(epoch_, [](Process& process) { process.recover(); });
    frozen_ = frozen;
}

void Node::crash() {
    process_.reset();
    ++epoch_;
    disk_.crash(setting_.world.random);
}

void Node::receive(std::size_t from, const MessagePtr& message) {
    if (frozen_) return;
    if (process_ != nullptr)
        return run(epoch_, [&](Process& process) { process.receive(from, message); });
    if (!liar_ || !liar_->character().executes_nothing) return;
    const auto* heartbeat = std::get_if<Message::Heartbeat>(&message->content);
    if (heartbeat == nullptr) return;
    const auto repeated = liar_->repeat(heartbeat->heartbeat, base::to_bytes(base::view(address_)),
                                        setting_.genesis.chain_id, *keys_.liveness);
    if (!repeated) return;
    const MessagePtr own = make_message(Message::Heartbeat{*repeated});
    for (std::size_t peer = 0; peer < setting_.nodes.size(); ++peer)
        if (peer != index_) setting_.network.send(index_, peer, Channel::heartbeat, own);
}

void Node::use_liveness_key(std::shared_ptr<const crypto::SigningKey> key) {
    TANDEM_CHECK(!running());
    keys_.liveness = std::move(key);
}

void Node::set_liar(std::unique_ptr<Liar> liar) {
    liar_ = std::move(liar);
}

types::Timestamp Node::clock() const {
    return wire::add(setting_.genesis.genesis_time,
                     {setting_.world.now() + clock_offset_ + millisecond});
}

bool Node::holds_back() const noexcept {
    return process_ ? process_->heights_to_hold > 0 : told_to_hold_back_;
}

std::int64_t Node::height() const noexcept {
    return process_ ? process_->state.last_block_height : 0;
}

const seats::State* Node::seats_state() const noexcept {
    return process_ && process_->state.last_block_height > 0 ? &process_->seats.state() : nullptr;
}

const StoredBlock* Node::block(std::int64_t height) const noexcept {
    if (!process_) return nullptr;
    const auto found = process_->blocks.find(height);
    return found == process_->blocks.end() ? nullptr : &found->second;
}

const consensus::State* Node::consensus_state() const noexcept {
    return process_ ? &process_->core.state() : nullptr;
}

void Node::submit(Bytes tx) {
    constexpr std::size_t mempool_max = 64;
    if (mempool_.size() < mempool_max) mempool_.push_back(std::move(tx));
}

}  // namespace tandem::sim
