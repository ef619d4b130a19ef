// Metrics of seats: what the chain's newest block says of every seat and node, and what this node
// saw of it since its process began. docs/metrics.md has the list.
//
// Not here: what is CometBFT's too (node_metrics.h).
#pragma once
#include <map>

#include "node/node.h"
#include "seats/seats_application.h"
#include "tandem/metrics_page.h"

namespace tandem::program {

/// What these metrics want of a block that the application has committed.
struct CommittedBlock {
    std::int64_t height = 0;
    wire::Txs txs;
    std::uint32_t first_code = 0;  // of the answer to the first transaction
    types::Address proposer;
    bool own_was_heard = false;  // this node takes part, so that a record should call it alive
};

class SeatsMetrics {
  public:
    /// `own`: the address of this node's consensus key; empty for an observer.
    SeatsMetrics(const seats::SeatsApplication& seats, base::Bytes own)
        : seats_(&seats), own_(std::move(own)) {}

    void on_block(const CommittedBlock& block);
    void write(MetricsPage& page) const;

  private:
    void count_record(const CommittedBlock& block);
    void write_seats(MetricsPage& page) const;
    void write_nodes(MetricsPage& page) const;
    void write_margin(MetricsPage& page) const;
    void write_counts(MetricsPage& page) const;

    const seats::SeatsApplication* seats_;
    base::Bytes own_;
    std::uint64_t records_valid_ = 0;
    std::uint64_t records_invalid_ = 0;
    std::uint64_t records_missing_ = 0;
    std::map<std::pair<std::string, seats::SwitchReason>, std::uint64_t> switches_;  // by seat
    std::map<std::string, std::uint64_t> omissions_;  // of our heartbeats, by the proposer's seat
};

}  // namespace tandem::program
