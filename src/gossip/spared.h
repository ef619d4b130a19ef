// What a peer gets from somebody else, and so not from us: parts and votes that came from a
// neighbour of it (p2p/neighbours.h), who sends them to it himself.
//
// For a while only, for he may be a liar or too slow. What is spared comes due when age() was
// called twice; by then the peer has mostly said that it has it.
#pragma once
#include <set>

#include "gossip/peer_model.h"

namespace tandem::gossip {

class Spared {
  public:
    /// The set of block parts of a round, beside the votes that it may be named with.
    [[nodiscard]] static VoteSetName parts_of(std::int64_t height, std::int32_t round) noexcept {
        return {height, round, types::SignedMsgType::unknown};
    }

    void add(const VoteSetName& set, std::size_t index) { young_.emplace(set, index); }
    [[nodiscard]] bool has(const VoteSetName& set, std::size_t index) const {
        const Item item(set, index);
        return young_.contains(item) || old_.contains(item);
    }
    [[nodiscard]] bool empty() const noexcept { return young_.empty() && old_.empty(); }
    void age() {
        old_ = std::move(young_);
        young_.clear();
    }

  private:
    using Item = std::pair<VoteSetName, std::size_t>;
    std::set<Item> young_, old_;
};

}  // namespace tandem::gossip
