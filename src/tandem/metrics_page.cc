#include "tandem/metrics_page.h"

namespace tandem::program {
namespace {

std::string escaped(std::string_view value) {
    std::string text;
    text.reserve(value.size());
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

std::string_view to_text(MetricType type) {
    switch (type) {
        case MetricType::counter:
            return "counter";
        case MetricType::gauge:
            return "gauge";
        case MetricType::histogram:
            break;
    }
    return "histogram";
}

}  // namespace

MetricsPage::MetricsPage(std::string_view chain_id) : chain_id_(escaped(chain_id)) {}

void MetricsPage::under(std::string_view prefix) {
    prefix_ = prefix.empty() ? std::string() : fmt::format("{}_", prefix);
}

void MetricsPage::begin(std::string_view name, MetricType type, std::string_view help) {
    name_ = fmt::format("{}{}", prefix_, name);
    head_ = fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help, to_text(type));
}

void MetricsPage::line(std::string_view suffix, std::string_view value, const Labels& labels) {
    text_ += std::exchange(head_, {});
    fmt::format_to(std::back_inserter(text_), "{}{}{{chain_id=\"{}\"", name_, suffix, chain_id_);
    for (const auto& [label, said] : labels)
        fmt::format_to(std::back_inserter(text_), ",{}=\"{}\"", label, escaped(said));
    fmt::format_to(std::back_inserter(text_), "}} {}\n", value);
}

void MetricsPage::histogram(const base::Histogram& values, const Labels& labels) {
    Labels with_bound = labels;
    with_bound.emplace_back("le", "");
    std::uint64_t up_to_here = 0;
    for (std::size_t i = 0; i < values.counts().size(); ++i) {
        up_to_here += values.counts()[i];
        with_bound.back().second =
            i < values.bounds().size() ? fmt::to_string(values.bounds()[i]) : "+Inf";
        line("_bucket", fmt::to_string(up_to_here), with_bound);
    }
    line("_sum", fmt::to_string(values.sum()), labels);
    line("_count", fmt::to_string(values.count()), labels);
}

}  // namespace tandem::program
