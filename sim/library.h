// One copy of what every node holds alike: blocks and validator sets, found by their hashes.
//
// A saving of memory and nothing else: each node has decoded and hashed its own before it is
// exchanged here for the first one of the same content.
#pragma once
#include <map>

#include "chain/state.h"
#include "sim/disk.h"

namespace tandem::sim {

class Library {
  public:
    /// The same with block and parts of whoever came first.
    [[nodiscard]] StoredBlock intern(StoredBlock stored) {
        const auto [held, is_new] = blocks_.try_emplace(stored.id.hash, stored);
        if (!is_new && held->second.id == stored.id) {
            stored.block = held->second.block;
            stored.parts = held->second.parts;
        }
        return stored;
    }
    /// Sets differ in priorities too; those do not matter to whoever asks by hash.
    void add(const chain::HashedValidators& set) { sets_.try_emplace(set.hash(), set.shared()); }
    [[nodiscard]] std::shared_ptr<const types::ValidatorSet> validators(
        const types::Hash& hash) const {
        const auto found = sets_.find(hash);
        return found == sets_.end() ? nullptr : found->second.pointer();
    }

  private:
    struct Less {
        bool operator()(const types::Hash& a, const types::Hash& b) const {
            return base::compare(a, b) < 0;
        }
    };
    std::map<types::Hash, StoredBlock, Less> blocks_;
    std::map<types::Hash, consensus::Shared<types::ValidatorSet>, Less> sets_;
};

}  // namespace tandem::sim
