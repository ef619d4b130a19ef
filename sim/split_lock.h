// An adversary of locking: one round of one height in which a single node decides, and is silenced
// before it can tell, while the next proposer has never heard of what was decided.
//
// Everybody who precommitted in that round is locked, and nothing but their locks keeps them from
// the block that the next proposer makes: where locks do not hold, the chain forks. Views (views.h)
// hide votes by dice, and hardly ever hit all of this at once. So here the parts are assigned:
//
//   the decider   hears every precommit of the round. Once it has decided it is cut off.
//   the proposer  of the next round is not shown the proposal and its parts, and of the prevotes
//                 two thirds at most; so it votes nil, and has nothing valid to propose.
//   the others    hear precommits for the block of two thirds at most. With the nil of the next
//                 proposer that is enough to give the round up, and not enough to decide.
//
// What is hidden follows from the vote and from who hears it, never from who hands it on, so that
// gossip is held as well. Rejected: cuts of whole channels, which stop the round instead of
// splitting it, for nobody leaves a round in which two thirds were not heard.
//
// Not here: when it happens, and that it ends (torment.h).
#pragma once
#include "sim/cast.h"
#include "sim/message.h"

namespace tandem::sim {

class SplitLock {
  public:
    struct Place {
        std::int64_t height = 0;
        std::int32_t round = 0;
        std::uint64_t choice = 0;  // of the decider, among those who can be it
    };
    struct Rules {
        /// Whether the node votes, and honestly.
        std::function<bool(std::size_t node)> plays;
        /// Whether the node may be cut off, besides those that fail already.
        std::function<bool(std::size_t node)> may_fail;
        /// The round has begun, and this node will be cut off.
        std::function<void(std::size_t decider)> begins;
    };
    SplitLock(Place place, Rules rules, const Cast& cast)
        : place_(place), rules_(std::move(rules)), cast_(cast) {}

    /// Whether the message is lost. Assigns the parts when the first message of the round is sent.
    [[nodiscard]] bool hides(std::size_t from, std::size_t to, const Message& message);
    [[nodiscard]] bool has_begun() const noexcept { return parts_.has_value(); }

  private:
    struct Member {
        std::optional<std::size_t> node;
        std::int64_t power = 0;
        bool plays = false;
    };
    struct Parts {
        std::size_t decider = 0;
        std::size_t proposer = 0;
        std::vector<std::vector<bool>> shown;  // votes, by hearing node and validator
        std::vector<bool> shown_to_strangers;  // to nodes that come later
    };
    enum class What : std::uint8_t { other, proposal, prevote, precommit };
    [[nodiscard]] What what_of(const Message& message) const;
    void assign(std::size_t from);
    [[nodiscard]] std::optional<Parts> parts_with(std::size_t decider, std::size_t proposer,
                                                  const std::vector<Member>& members) const;
    [[nodiscard]] bool is_shown(const types::Vote& vote, std::size_t to) const;

    Place place_;
    Rules rules_;
    const Cast& cast_;
    std::optional<Parts> parts_;
    bool is_void_ = false;  // nobody can play the parts
};

}  // namespace tandem::sim
