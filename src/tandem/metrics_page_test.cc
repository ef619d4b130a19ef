#include "tandem/metrics_page.h"

#include <gtest/gtest.h>

namespace tandem::program {
namespace {

using enum MetricType;

TEST(MetricsPage, FamiliesHaveAHeadAndTheirSamples) {
    MetricsPage page("net");
    page.under("cometbft");
    page.one("consensus_height", gauge, "Height.", std::int64_t{7});
    page.under("");
    page.begin("load", counter, "Load.");
    page.sample(0.5, {{"of", "a"}});
    page.sample(true, {{"of", "b"}});
    EXPECT_EQ(page.take(),
              "# HELP cometbft_consensus_height Height.\n"
              "# TYPE cometbft_consensus_height gauge\n"
              "cometbft_consensus_height{chain_id=\"net\"} 7\n"
              "# HELP load Load.\n"
              "# TYPE load counter\n"
              "load{chain_id=\"net\",of=\"a\"} 0.5\n"
              "load{chain_id=\"net\",of=\"b\"} 1\n");
}

TEST(MetricsPage, AFamilyWithoutSamplesIsNotThere) {
    MetricsPage page("net");
    page.begin("nothing", gauge, "Not measured.");
    page.one("something", gauge, "Measured.", 1);
    EXPECT_EQ(
        page.take(),
        "# HELP something Measured.\n# TYPE something gauge\nsomething{chain_id=\"net\"} 1\n");
}

TEST(MetricsPage, HistogramsCountUpwards) {
    static constexpr double bounds[] = {0.1, 2};
    base::Histogram values(bounds);
    for (const double value : {0.1, 0.5, 2.0, 1.5, 9.0}) values.add(value);
    MetricsPage page("net");
    page.begin("took", histogram, "Seconds.");
    page.histogram(values, {{"step", "x"}});
    EXPECT_EQ(page.take(),
              "# HELP took Seconds.\n"
              "# TYPE took histogram\n"
              "took_bucket{chain_id=\"net\",step=\"x\",le=\"0.1\"} 1\n"
              "took_bucket{chain_id=\"net\",step=\"x\",le=\"2\"} 4\n"
              "took_bucket{chain_id=\"net\",step=\"x\",le=\"+Inf\"} 5\n"
              "took_sum{chain_id=\"net\",step=\"x\"} 13.1\n"
              "took_count{chain_id=\"net\",step=\"x\"} 5\n");
}

TEST(MetricsPage, LabelsAreEscaped) {
    MetricsPage page("a\"b");
    page.begin("x", gauge, "X.");
    page.sample(1, {{"label", "back\\slash\nline"}});
    EXPECT_EQ(page.take(),
              "# HELP x X.\n# TYPE x gauge\n"
              "x{chain_id=\"a\\\"b\",label=\"back\\\\slash\\nline\"} 1\n");
}

}  // namespace
}  // namespace tandem::program
