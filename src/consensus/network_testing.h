// A few cores and a faulty network between them, all from one seed. It is here to torment the core
// alone, before chain, disk and gossip exist; the simulator in sim/ torments the whole node.
//
// Everything is a message in one queue ordered by virtual time: what peers send, what timers and
// the application answer, what waits for the disk. Until the network is healed messages are lost,
// doubled and delayed at will. Some nodes may lie: they have no core and sign whatever may hurt.
#pragma once
#include <functional>
#include <map>
#include <queue>
#include <set>

#include "base/random.h"
#include "consensus/core_testing.h"

namespace tandem::consensus::testing {

class Network {
  public:
    struct Setting {
        std::uint64_t seed = 0;
        std::vector<std::int64_t> powers = {10, 10, 10, 10};
        std::set<std::size_t> liars;
        bool extensions = false;
        std::uint64_t lost_percent = 20;
        std::uint64_t lost_parts_percent = 20;
        std::uint64_t cut_percent = 0;  // of one-way links, drawn again and again
        std::uint64_t doubled_percent = 10;
        std::uint64_t rejected_percent = 0;  // of judgements, each node by itself
        std::int64_t delay_ms_max = 400;
        std::int64_t gossip_ms = 100;  // between two times that what was lost is sent again
    };

    explicit Network(Setting setting);

    /// Runs until `virtual_ms` have passed in all.
    void run_until(std::int64_t virtual_ms);
    /// Nothing is lost from now on, and delays are short.
    void heal();

    [[nodiscard]] std::int64_t height_min() const;
    [[nodiscard]] std::int64_t height_max() const;
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] std::uint32_t passed(Mark mark) const;
    /// What is wrong: two decisions for a height, a commit without its majority, two votes of one
    /// honest node. Empty when all is well.
    [[nodiscard]] const std::vector<std::string>& complaints() const { return complaints_; }

  private:
    struct Node {
        Core core;
        std::size_t index = 0;
        std::int64_t disk_busy_until = 0;
        std::map<std::int64_t, Decide> decisions;
        std::map<std::tuple<std::int64_t, std::int32_t, types::SignedMsgType>, BlockId> signed_ids;
    };
    struct Delivery {
        std::int64_t at = 0;
        std::uint64_t number = 0;  // first come, first served
        std::function<void()> deliver;
        friend bool operator<(const Delivery& a, const Delivery& b) {
            return std::tie(b.at, b.number) < std::tie(a.at, a.number);
        }
    };

    void at(std::int64_t when, std::function<void()> deliver);
    void send(std::size_t from, std::size_t to, Event event);
    void broadcast(std::size_t from, const Event& event);
    void feed(Node& node, Event event);
    void start(Node& node, std::int64_t height);
    void carry_out(Node& node, const Inward& effect);
    void carry_out(Node& node, const Outward& effect);
    void cast(Node& node, const CastVote& effect);
    void cast(Node& node, const CastProposal& effect);
    void decide(Node& node, const Decide& decision);
    void gossip(std::size_t from, std::size_t to);
    void send_votes(std::size_t from, std::size_t to, const types::VoteSet& set);
    void send_parts(std::size_t from, std::size_t to, const HeldBlock& block);
    void lie(std::size_t liar, std::size_t to);
    void lie_as_proposer(std::size_t liar, std::size_t to);
    void tick();
    void draw_cuts();

    [[nodiscard]] bool is_liar(std::size_t index) const { return setting_.liars.contains(index); }
    [[nodiscard]] Verified<types::Vote> verified(const types::Vote& vote) const;
    [[nodiscard]] std::int64_t random_delay();
    [[nodiscard]] PeerId peer(std::size_t index) const { return PeerId{index + 1}; }

    Setting setting_;
    base::SeededRandom random_;
    Shared<types::ValidatorSet> validators_;
    std::vector<Node> nodes_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;  // from, to
    std::priority_queue<Delivery> queue_;
    std::int64_t now_ms_ = 0;
    std::uint64_t numbers_ = 0;
    std::uint64_t steps_ = 0;
    std::map<std::int64_t, BlockId> decided_;
    std::map<std::int64_t, types::Commit> commits_;
    std::map<std::int64_t, std::vector<HeldBlock>> blocks_;  // proposed, by height: liars know them
    std::vector<std::string> complaints_;
};

}  // namespace tandem::consensus::testing
