#include "sim/disk.h"

namespace tandem::sim {

consensus::CommitRecord canonical_commit(const StoredBlock& carrier) {
    return consensus::Shared<types::Commit>(std::shared_ptr<const types::Commit>(
        carrier.block.pointer(), &*carrier.block->last_commit));
}

void Disk::cut_torn_end() {
    if (log_.empty() || !std::holds_alternative<Torn>(log_.back())) return;
    log_.pop_back();
    log_durable_ = log_end();
}

void Disk::apply(DatabaseWrite& change) {
    if (auto* block = std::get_if<StoredBlock>(&change)) {
        const std::int64_t height = block->block->header.height;
        database_.blocks.insert_or_assign(height, std::move(*block));
        // A commit that was seen is needed for the newest block only: the next block carries the
        // one that counts.
        const auto before = database_.blocks.find(height - 1);
        if (before != database_.blocks.end())
            before->second.commit = canonical_commit(database_.blocks.at(height));
    } else if (auto* state = std::get_if<chain::State>(&change)) {
        database_.state = std::move(*state);
    } else {
        database_.answer =
            std::move(std::get<std::pair<std::int64_t, abci::ResponseFinalizeBlock>>(change));
    }
}

void Disk::sync_database() {
    touch();
    for (DatabaseWrite& change : waiting_) apply(change);
    waiting_.clear();
}

void Disk::shorten_log() {
    std::size_t markers = 0;
    std::size_t keep_from = 0;
    for (std::size_t i = log_.size(); i-- > 0 && markers < 2;)
        if (std::holds_alternative<EndHeight>(log_[i]) && ++markers == 2) keep_from = i;
    if (keep_from < 2) return;
    TANDEM_CHECK(log_begin_ + keep_from < log_durable_);
    std::optional<base::Bytes> watermark;
    for (std::size_t i = 0; i < keep_from; ++i) {
        if (auto* found = std::get_if<Watermark>(&log_.front()))
            watermark = std::move(found->record);
        log_.pop_front();
    }
    log_begin_ += keep_from;
    if (!watermark) return;
    log_.emplace_front(Watermark{std::move(*watermark)});
    --log_begin_;
}

void Disk::crash(base::SeededRandom& luck) {
    const std::uint64_t unsafe = log_end() - log_durable_;
    const std::uint64_t kept = luck.below(unsafe + 1);
    log_.resize(log_.size() - (unsafe - kept));
    if (kept < unsafe && luck.chance(1, 2)) log_.emplace_back(Torn{});
    log_durable_ = log_end();
    for (std::uint64_t writes = luck.below(waiting_.size() + 1); writes > 0; --writes) {
        apply(waiting_.front());
        waiting_.pop_front();
    }
    waiting_.clear();
    crash_in_ = 0;
}

Disk Disk::image() const {
    Disk copy = *this;
    copy.log_.resize(copy.log_.size() - (log_end() - log_durable_));
    copy.waiting_.clear();
    copy.crash_in_ = 0;
    return copy;
}

void Disk::put_log_of(const Disk& other) {
    log_ = other.log_;
    log_begin_ = other.log_begin_;
    log_durable_ = log_end();
}

void Disk::keep_watermark_only() {
    std::optional<Watermark> newest;
    for (LogEntry& entry : log_)
        if (auto* mark = std::get_if<Watermark>(&entry)) newest = std::move(*mark);
    log_.clear();
    if (newest) log_.emplace_back(std::move(*newest));
    log_durable_ = log_end();
}

void Disk::forget_what_was_signed() {
    std::erase_if(log_,
                  [](const LogEntry& entry) { return !std::holds_alternative<EndHeight>(entry); });
    log_durable_ = log_end();
}

}  // namespace tandem::sim
