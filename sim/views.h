// An adversary of views: in some rounds every node sees other votes than its neighbour, and whoever
// decides first is cut off before it can tell.
//
// Locking must hold exactly then: one node has decided a block, and the others, who saw too few
// precommits, go on to another round in which nothing but their locks keeps them at that block.
// Plain loss hardly ever makes such rounds, because gossip sends again what was lost. So what is
// hidden here stays hidden: it follows from the seed, the height, the round, the vote and the
// hearer, for the first rounds of a height; later rounds see everything.
#pragma once
#include <map>
#include <set>

#include "sim/message.h"

namespace tandem::sim {

class Views {
  public:
    Views(const World& world, std::uint64_t seed) : world_(world), seed_(seed) {}

    [[nodiscard]] bool hides(std::size_t from, std::size_t to, const Message& message) const;
    /// Node `node`, one of `nodes`, has executed this block.
    void decided(std::size_t node, std::int64_t height, std::size_t nodes);

  private:
    static constexpr std::int32_t rounds_hidden = 3;
    static constexpr Nanos isolation_max = 4 * second;

    [[nodiscard]] std::uint64_t dice(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0,
                                     std::uint64_t d = 0) const;
    /// In a hundred: how many votes of the type, how many proposals nobody is shown at `height`.
    [[nodiscard]] std::uint64_t severity(std::int64_t height, std::uint64_t what) const;
    [[nodiscard]] bool is_isolated(std::size_t node) const;

    const World& world_;
    std::uint64_t seed_;
    std::int64_t height_ = 0;  // newest that anybody has decided
    Nanos isolated_until_ = 0;
    std::set<std::size_t> isolated_;
};

}  // namespace tandem::sim
