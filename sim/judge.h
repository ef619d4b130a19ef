// The judge stands outside: it sees decided blocks, states as they are published, and every
// signature ever made. It knows nothing of what nodes meant to do.
#pragma once
#include <set>

#include "sim/liar.h"
#include "sim/naive.h"
#include "sim/node.h"

namespace tandem::sim {

struct Violation {
    std::int64_t height = 0;
    std::string what;
};

class Judge final : public Observer {
  public:
    Judge(const SignatureRegistry& registry, std::string chain_id)
        : registry_(registry), chain_id_(std::move(chain_id)) {}

    void decided(std::size_t node, const chain::State& before, const StoredBlock& block,
                 const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                 const seats::State& seats) override;
    void judged(std::size_t node, const types::BlockId& id, const types::Header& header,
                bool accepted, const std::string& why) override;
    void lied(std::size_t node, Lie lie, const types::BlockId& id) override;
    void refused_start(std::size_t node, const base::Refusal& why) override;
    void broken(std::size_t node, std::string what) override;
    void left_out(std::size_t node, const std::string& name, std::int64_t height) override;

    /// Has the seat rule recomputed beside the chain (naive.h).
    using Watch = std::function<void(std::int64_t height, const SecondOpinion& opinion)>;
    void ask_second_opinion(const types::GenesisDoc& genesis, Watch watch) {
        second_opinion_.emplace(genesis, registry_);
        watch_ = std::move(watch);
    }
    [[nodiscard]] SecondOpinion& second_opinion() { return *second_opinion_; }
    /// Looks at what was signed since the last call.
    void judge_signatures(SignatureRegistry& registry);
    void blame(std::int64_t height, std::string what);

    // ---- What it must know of those who play.
    /// A process; of an honest seat, or of one that lies and may sign twice.
    void introduce(const Node& node, bool lies);
    /// The node must refuse its next start for this check.
    void expect_refusal(std::size_t node, std::string check);
    void expect_no_refusal(std::size_t node);
    /// From now on what it says of the blocks that it executes is wrong; or no longer.
    void set_diverged(std::size_t node, bool is_diverged);

    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
    [[nodiscard]] std::int64_t height() const { return height_; }
    [[nodiscard]] std::uint64_t node_heights() const { return node_heights_; }
    [[nodiscard]] std::uint64_t switches(seats::SwitchReason reason) const {
        return switches_[static_cast<std::size_t>(reason)];
    }
    [[nodiscard]] std::uint64_t equivocations() const { return equivocations_; }
    [[nodiscard]] std::uint64_t convicted() const { return convicted_; }
    [[nodiscard]] std::uint64_t invalid_records() const { return invalid_records_; }
    /// Equal for equal histories.
    [[nodiscard]] crypto::Digest trace() const { return trace_; }

  private:
    struct Agreed {  // about one height, by whoever came first
        types::BlockId id;
        Bytes app_hash;
        types::Hash results_hash;
        Bytes next_validators_hash;
    };
    void judge_first(const chain::State& before, const StoredBlock& block,
                     const abci::ResponseFinalizeBlock& answer, const chain::State& state,
                     const seats::State& seats);
    void judge_set(const types::ValidatorSet& set, const seats::State& seats);
    // judge_switches.cc
    void judge_switch(const seats::SwitchFact& fact, const seats::State& seats);
    void judge_power_guard(const seats::State& before, const seats::State& after);

    const SignatureRegistry& registry_;
    std::string chain_id_;
    std::map<std::int64_t, Agreed> agreed_;
    static constexpr std::int64_t states_kept = 16;
    std::map<std::int64_t, seats::State> states_;   // the newest, as the first node had them
    std::map<std::int64_t, std::set<Bytes>> sets_;  // keys by height
    std::vector<SignatureRegistry::SignedHeight> unjudged_;
    std::size_t double_signs_seen_ = 0;
    struct Player {
        std::string name;
        bool lies = false;
        bool diverged = false;
        std::int64_t height = 0;                 // newest that it has executed
        std::optional<std::string> must_refuse;  // a start, for this check
    };
    std::map<std::size_t, Player> players_;
    std::set<Bytes> lying_keys_;
    std::map<Bytes, Lie> lies_told_;                  // by block hash
    std::map<std::string, std::int64_t> executed_;    // newest height, by name of node
    std::map<std::int64_t, types::Timestamp> times_;  // of blocks
    std::uint64_t equivocations_ = 0;
    std::uint64_t convicted_ = 0;
    std::vector<Violation> violations_;
    std::int64_t height_ = 0;
    std::uint64_t node_heights_ = 0;
    std::array<std::uint64_t, 5> switches_{};
    std::uint64_t invalid_records_ = 0;
    crypto::Digest trace_{};
    std::optional<SecondOpinion> second_opinion_;
    Watch watch_;
};

}  // namespace tandem::sim
