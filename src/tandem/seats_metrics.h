// Metrics of seats: what the chain's newest block says of every seat and node, and what this node
// saw of it since its process began. docs/metrics.md has the list.
//
// Not here: what is CometBFT's too (node_metrics.h).
#pragma once
#include <map>

#include "node/node.h"
#include "tandem/metrics_page.h"

namespace tandem::program {

class SeatsMetrics {
  public:
    SeatsMetrics(const node::Node& node, const seats::SeatsApplication& seats)
        : node_(&node), seats_(&seats) {}

    /// The application has committed it.
    void on_block(const chain::Execution& execution);
    void write(MetricsPage& page) const;

  private:
    void count_record(const chain::Execution& execution);
    void write_seats(MetricsPage& page) const;
    void write_nodes(MetricsPage& page) const;
    void write_margin(MetricsPage& page) const;
    void write_counts(MetricsPage& page) const;

    const node::Node* node_;
    const seats::SeatsApplication* seats_;
    std::uint64_t records_valid_ = 0;
    std::uint64_t records_invalid_ = 0;
    std::uint64_t records_missing_ = 0;
    std::map<std::pair<std::string, seats::SwitchReason>, std::uint64_t> switches_;  // by seat
    std::map<std::string, std::uint64_t> omissions_;  // of our heartbeats, by the proposer's seat
};

}  // namespace tandem::program
