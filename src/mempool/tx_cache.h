// The keys of transactions that were seen lately, so that each is checked once.
//
// The least recently seen one goes when there is no room.
#pragma once
#include <cstring>
#include <list>
#include <unordered_map>

#include "crypto/sha256.h"

namespace tandem::mempool {

/// SHA-256 of the transaction.
using TxKey = crypto::Digest;

struct TxKeyHash {  // the key is a hash already
    std::size_t operator()(const TxKey& key) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, key.data(), sizeof value);
        return value;
    }
};

class TxCache {
  public:
    explicit TxCache(std::size_t keys_max) : keys_max_(keys_max) {}

    /// False when it is there already; it then counts as seen now.
    bool push(const TxKey& key) {
        if (const auto found = places_.find(key); found != places_.end()) {
            order_.splice(order_.end(), order_, found->second);
            return false;
        }
        if (keys_max_ == 0) return true;
        if (order_.size() == keys_max_) {
            places_.erase(order_.front());
            order_.pop_front();
        }
        places_.emplace(key, order_.insert(order_.end(), key));
        return true;
    }
    void remove(const TxKey& key) {
        const auto found = places_.find(key);
        if (found == places_.end()) return;
        order_.erase(found->second);
        places_.erase(found);
    }
    [[nodiscard]] bool contains(const TxKey& key) const { return places_.contains(key); }
    [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
    void clear() {
        order_.clear();
        places_.clear();
    }

  private:
    std::size_t keys_max_;
    std::list<TxKey> order_;  // longest not seen first
    std::unordered_map<TxKey, std::list<TxKey>::iterator, TxKeyHash> places_;
};

}  // namespace tandem::mempool
