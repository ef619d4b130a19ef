#include "mempool/mempool.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"
#include "types/block.h"

namespace tandem::mempool {
namespace {

std::int64_t bytes_in_block(const Tx& tx) {
    return types::tx_bytes_in_data(tx->size());
}

}  // namespace

base::Verdict Mempool::has_room(std::size_t more_bytes) const {
    if (entries_.size() + asked_new_ >= limits_.txs_max)
        return base::refuse(
            "mempool.full",
            fmt::format("there is no room for more than {} transactions", limits_.txs_max));
    if (bytes_ + asked_bytes_ + more_bytes > limits_.bytes_max)
        return base::refuse("mempool.full", fmt::format("there is no room for more than {} bytes",
                                                        limits_.bytes_max));
    return {};
}

base::Result<Question> Mempool::add(base::Bytes tx, std::optional<PeerId> from) {
    if (auto room = has_room(tx.size()); !room) {
        ++counts_.rejected;
        return std::unexpected(std::move(room).error());
    }
    if (tx.size() > limits_.tx_bytes_max)
        return base::refuse("mempool.tx_bytes",
                            fmt::format("the transaction has {} bytes, of {} that are allowed",
                                        tx.size(), limits_.tx_bytes_max));
    if (types::tx_bytes_in_data(tx.size()) > rules_.data_bytes_max)
        return base::refuse(
            "mempool.block",
            fmt::format("no block has room for the {} bytes of the transaction", tx.size()));
    const TxKey key = crypto::sha256(tx);
    if (!cache_.push(key)) {
        ++counts_.seen;
        if (const auto place = places_.find(key); from && place != places_.end())
            entries_.at(place->second).add_sender(*from);
        return base::refuse("mempool.seen", "the transaction was seen before");
    }
    if (places_.contains(key)) {  // longer ago than the cache remembers
        ++counts_.seen;
        return base::refuse("mempool.seen", "the transaction waits already");
    }
    const std::uint64_t number = next_question_++;
    asked_bytes_ += tx.size();
    ++asked_new_;
    Asked asked{std::make_shared<const base::Bytes>(std::move(tx)), key, from, {}};
    Question question{number, asked.tx, abci::CheckTxType::new_tx};
    asked_.emplace(number, std::move(asked));
    return question;
}

base::Verdict Mempool::judge(const abci::ResponseCheckTx& answer) const {
    if (answer.code != 0)
        return base::refuse("mempool.check",
                            fmt::format("the application refuses the transaction with code {}{}{}",
                                        answer.code, answer.log.empty() ? "" : ": ", answer.log));
    if (rules_.gas_max != -1 && (answer.gas_wanted < 0 || answer.gas_wanted > rules_.gas_max))
        return base::refuse("mempool.gas", fmt::format("the transaction wants {} gas, of {} that a "
                                                       "block has",
                                                       answer.gas_wanted, rules_.gas_max));
    return {};
}

void Mempool::forget_invalid(const TxKey& key) {
    if (!limits_.keep_invalid_txs_in_cache) cache_.remove(key);
}

base::Verdict Mempool::answer(std::uint64_t question, const abci::ResponseCheckTx& answer) {
    const auto found = asked_.find(question);
    if (found == asked_.end()) return {};
    Asked asked = std::move(found->second);
    asked_.erase(found);
    const base::Verdict verdict = judge(answer);
    if (asked.place) {
        ++counts_.rechecked;
        if (verdict) return {};
        remove(*asked.place);
        forget_invalid(asked.key);
        return verdict;
    }
    asked_bytes_ -= asked.tx->size();
    --asked_new_;
    if (!verdict) {
        ++counts_.failed;
        forget_invalid(asked.key);
        return verdict;
    }
    if (places_.contains(asked.key)) return {};  // asked twice: the cache forgot it in between
    bytes_ += asked.tx->size();
    counts_.taken_bytes.add(static_cast<double>(asked.tx->size()));
    places_.emplace(asked.key, next_place_);
    entries_.emplace(
        next_place_++,
        Entry{std::move(asked.tx), asked.key, height_, answer.gas_wanted, asked.first_sender, {}});
    return {};
}

std::vector<Tx> Mempool::reap(std::int64_t data_bytes_max, std::int64_t gas_max) const {
    std::vector<Tx> taken;
    std::int64_t bytes = 0;
    std::int64_t gas = 0;
    for (const auto& [place, entry] : entries_) {
        bytes += bytes_in_block(entry.tx);
        if (data_bytes_max != -1 && bytes > data_bytes_max) break;
        if (gas_max != -1 && entry.gas_wanted > gas_max - gas) break;
        if (gas_max != -1) gas += entry.gas_wanted;
        taken.push_back(entry.tx);
    }
    return taken;
}

std::vector<Tx> Mempool::first(std::size_t count) const {
    std::vector<Tx> taken;
    for (const auto& [place, entry] : entries_) {
        if (taken.size() == count) break;
        taken.push_back(entry.tx);
    }
    return taken;
}

void Mempool::Entry::add_sender(PeerId peer) {
    if (!was_sent_by(peer)) other_senders.push_back(peer);
}

bool Mempool::Entry::was_sent_by(PeerId peer) const {
    return first_sender == peer || std::ranges::find(other_senders, peer) != other_senders.end();
}

Tx Mempool::next_for(PeerId peer, Walk& walk, std::int64_t peer_height, const Sends& sends) const {
    for (auto place = entries_.lower_bound(walk.next); place != entries_.end(); ++place) {
        const Entry& entry = place->second;
        // A peer that lags would judge it by a state of before.
        if (peer_height < entry.height - 1) return nullptr;
        walk.next = place->first + 1;
        if (entry.was_sent_by(peer)) continue;
        if (sends && entry.first_sender && sends(*entry.first_sender)) continue;
        return entry.tx;
    }
    return nullptr;
}

void Mempool::remove(std::uint64_t place) {
    const auto entry = entries_.find(place);
    if (entry == entries_.end()) return;
    bytes_ -= entry->second.tx->size();
    places_.erase(entry->second.key);
    entries_.erase(entry);
}

std::vector<Question> Mempool::update(std::int64_t height, const wire::Txs& txs,
                                      std::span<const abci::ExecTxResult> results,
                                      const BlockRules& rules) {
    TANDEM_CHECK(txs.size() == results.size());
    height_ = height;
    rules_ = rules;
    std::size_t index = 0;
    for (const base::BytesView tx : txs) {
        const TxKey key = crypto::sha256(tx);
        if (results[index++].code == 0)
            cache_.push(key);
        else
            forget_invalid(key);
        if (const auto place = places_.find(key); place != places_.end()) remove(place->second);
    }
    std::erase_if(asked_, [](const auto& asked) { return asked.second.place.has_value(); });
    std::vector<Question> questions;
    if (!limits_.recheck) return questions;
    questions.reserve(entries_.size());
    for (const auto& [place, entry] : entries_) {
        const std::uint64_t number = next_question_++;
        asked_.emplace(number, Asked{entry.tx, entry.key, {}, place});
        questions.push_back({number, entry.tx, abci::CheckTxType::recheck});
    }
    return questions;
}

void Mempool::flush() {
    entries_.clear();
    places_.clear();
    bytes_ = 0;
    asked_.clear();
    asked_bytes_ = 0;
    asked_new_ = 0;
    cache_.clear();
}

}  // namespace tandem::mempool
