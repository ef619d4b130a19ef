#include "sim/node.h"

#include "sim/process.h"

namespace tandem::sim {

Node::Node(Setting setting, std::size_t index, std::string name,
           std::shared_ptr<const crypto::SigningKey> consensus_key,
           std::shared_ptr<const crypto::SigningKey> liveness_key)
    : setting_(setting),
      index_(index),
      name_(std::move(name)),
      consensus_key_(std::move(consensus_key)),
      liveness_key_(std::move(liveness_key)),
      consensus_public_(consensus_key_->public_key()),
      address_(crypto::address(consensus_public_)) {}

Node::~Node() = default;

void Node::start() {
    TANDEM_CHECK(!running());
    ++epoch_;
    process_ = std::make_unique<Process>(*this);
    run(epoch_, [](Process& process) { process.recover(); });
}

void Node::crash(std::size_t kept) {
    process_.reset();
    ++epoch_;
    disk_.crash(kept);
    disk_.plan_crash(0);
}

void Node::run(std::uint64_t epoch, const std::function<void(Process&)>& work) {
    if (epoch != epoch_ || process_ == nullptr) return;
    if (frozen_) {  // time stands still in here; what was to happen happens after waking up
        setting_.world.after(100 * millisecond, [this, epoch, work] { run(epoch, work); });
        return;
    }
    try {
        work(*process_);
    } catch (const PowerCut&) {
        crash(setting_.world.random.below(disk_.waiting() + 1));
    }
}

types::Timestamp Node::clock() const {
    return wire::add(setting_.genesis.genesis_time,
                     {setting_.world.now() + clock_offset_ + millisecond});
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

void Node::submit(Bytes tx) {
    constexpr std::size_t mempool_max = 64;
    if (mempool_.size() < mempool_max) mempool_.push_back(std::move(tx));
}

}  // namespace tandem::sim
