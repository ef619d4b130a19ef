// What a running node shows under /metrics: CometBFT's metrics by CometBFT's names, and those of
// seats. docs/metrics.md has the list.
//
// Nearly everything lies in the node already and is read when somebody asks; what only an event
// says (times, totals) is counted here, as an observer. What this node does not measure is not
// there, rather than zero.
//
// Counters begin with the process. A peer's go with the peer, so that a network of strangers does
// not fill the memory; when it comes back they begin anew, as Prometheus expects of a restart.
//
// Not here: the text's format (metrics_page.h), seats (seats_metrics.h).
#pragma once
#include "node/node.h"
#include "tandem/seats_metrics.h"
#include "tandem/timed_application.h"

namespace tandem::program {

class NodeMetrics final : public node::Observer {
  public:
    struct Parts {
        const node::Node& node;
        const node::Host& host;
        const seats::SeatsApplication* seats = nullptr;  // null: the chain has none
        const TimedApplication* application = nullptr;   // null: its calls are not timed
        std::string chain_id;
        std::string metrics_namespace;  // of CometBFT's names
    };
    explicit NodeMetrics(Parts parts);

    void on_block(const chain::Execution& execution) override;
    void on_fact(const consensus::Inward& fact) override;

    [[nodiscard]] std::string text() const;

  private:
    struct Newest {  // block that took effect in this process
        std::size_t txs = 0;
        std::optional<std::int64_t> bytes;
        std::int64_t missing = 0;  // validators of the block before without a signature in it
        std::int64_t missing_power = 0;
        std::int64_t byzantine = 0;
        std::int64_t byzantine_power = 0;
    };

    void count_signatures(const chain::Execution& execution, Newest& newest);
    static void count_evidence(const chain::Execution& execution, Newest& newest);
    void count_step(const consensus::NewRoundStep& now);

    void write_blocks(MetricsPage& page) const;
    void write_validators(MetricsPage& page) const;
    void write_own_validator(MetricsPage& page) const;
    void write_rounds(MetricsPage& page) const;
    void write_messages(MetricsPage& page) const;
    void write_peers(MetricsPage& page) const;
    void write_mempool(MetricsPage& page) const;
    void write_application(MetricsPage& page) const;
    void write_heartbeats(MetricsPage& page) const;

    Parts parts_;
    std::optional<Newest> newest_;
    std::uint64_t total_txs_ = 0;
    base::Histogram interval_seconds_;
    std::uint64_t validator_updates_ = 0;
    std::uint64_t param_updates_ = 0;
    std::optional<std::int64_t> last_signed_;  // by us
    std::uint64_t missed_ = 0;                 // by us
    bool judged_ = false;                      // some block could have had our signature
    std::uint64_t proposals_created_ = 0;

    // ---- The step and round that consensus is in.
    struct Place {
        std::int64_t height = 0;
        std::int32_t round = 0;
        consensus::Step step = consensus::Step::new_height;
        node::Time step_since{0};
        node::Time round_since{0};
    };
    std::optional<Place> place_;
    std::vector<base::Histogram> step_seconds_;  // by step
    base::Histogram round_seconds_;
    std::optional<SeatsMetrics> seats_;
};

}  // namespace tandem::program
