// The judge stands outside: it sees decided blocks, states as they are published, and every
// signature ever made. It knows nothing of what nodes meant to do.
#pragma once
#include <set>

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

    /// Has the seat rule recomputed beside the chain (naive.h).
    using Watch = std::function<void(std::int64_t height, const SecondOpinion& opinion)>;
    void ask_second_opinion(const types::GenesisDoc& genesis, Watch watch) {
        second_opinion_.emplace(genesis, registry_);
        watch_ = std::move(watch);
    }
    /// Looks at what was signed since the last call.
    void judge_signatures(SignatureRegistry& registry);
    void blame(std::int64_t height, std::string what);
    /// Proposers whose blocks may be refused.
    void expect_lies_of(const types::Address& address) { liars_.insert(address); }

    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
    [[nodiscard]] std::int64_t height() const { return height_; }
    [[nodiscard]] std::uint64_t node_heights() const { return node_heights_; }
    [[nodiscard]] std::uint64_t switches(seats::SwitchReason reason) const {
        return switches_[static_cast<std::size_t>(reason)];
    }
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

    const SignatureRegistry& registry_;
    std::string chain_id_;
    std::map<std::int64_t, Agreed> agreed_;
    static constexpr std::int64_t states_kept = 16;
    std::map<std::int64_t, seats::State> states_;   // the newest, as the first node had them
    std::map<std::int64_t, std::set<Bytes>> sets_;  // keys by height
    std::vector<SignatureRegistry::SignedHeight> unjudged_;
    std::size_t double_signs_seen_ = 0;
    std::set<types::Address> liars_;
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
