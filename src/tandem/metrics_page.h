// A page of metrics in the text format of Prometheus (version 0.0.4): families one after another,
// each with its samples.
//
//     page.begin("consensus_height", MetricType::gauge, "Height of the newest block.");
//     page.sample(5);
//
// A family of which there is no sample is left out: what a node has not measured it does not show
// as zero.
//
// Rejected: prometheus-cpp. In Debian it comes with a web server and an HTTP client, and its
// registry locks and counts by itself, while nearly all that is shown here lies in the node
// already and is read when somebody asks. What is left of it is this text.
//
// Not here: what is measured (node_metrics.h), how it is served (io/http_server.h).
#pragma once
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace tandem::program {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

using Labels = std::vector<std::pair<std::string_view, std::string>>;

class MetricsPage {
  public:
    /// Every sample has the label chain_id.
    explicit MetricsPage(std::string_view chain_id);

    /// Names of what follows begin with `prefix` and "_"; with neither where it is empty.
    void under(std::string_view prefix);
    /// Samples of this family follow. REQUIRES: each name once.
    void begin(std::string_view name, MetricType type, std::string_view help);

    template <typename Number>
    void sample(Number value, const Labels& labels = {}) {
        line("", fmt::to_string(value), labels);
    }
    void sample(bool value, const Labels& labels = {}) { line("", value ? "1" : "0", labels); }
    /// REQUIRES: the family is a histogram.
    void histogram(const base::Histogram& values, const Labels& labels = {});

    /// A family of one sample without labels of its own.
    template <typename Number>
    void one(std::string_view name, MetricType type, std::string_view help, Number value) {
        begin(name, type, help);
        sample(value);
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void line(std::string_view suffix, std::string_view value, const Labels& labels);

    std::string chain_id_;  // as it stands in a label
    std::string prefix_;
    std::string name_;
    std::string head_;  // of the present family, until its first sample
    std::string text_;
};

}  // namespace tandem::program
