// Any bytes as a request, as arguments, as a URI and as a query: never a crash. Our reader of JSON
// and Go's words for what is no JSON agree on what is; a query that was read is read again from its
// canonical text, and says the same.
#include "base/check.h"
#include "rpc/arguments.h"
#include "rpc/go_json.h"
#include "rpc/json_rpc.h"
#include "rpc/query.h"
#include "rpc/uri.h"

namespace {

using namespace tandem;

void fuzz_json(std::string_view text) {
    const bool is_json = !rpc::go_json_fault(text).has_value();
    TANDEM_CHECK(is_json == wire::parse_json(text).has_value());
    TANDEM_CHECK(rpc::read_calls(text).has_value() <= is_json);
    if (!rpc::go_json_fault(text, rpc::GoJsonMode::stream))
        TANDEM_CHECK(wire::parse_json(text.substr(0, rpc::go_json_length(text))).has_value());
    (void)rpc::read_call(text);
    (void)rpc::go_quote(text);
    if (is_json) (void)rpc::go_value_text(*wire::parse_json(text));
}

void fuzz_arguments(std::string_view text) {
    if (text.empty()) return;
    for (int type = 0; type <= static_cast<int>(rpc::ParamType::evidence); ++type) {
        const auto kind = static_cast<rpc::ParamType>(type);
        (void)rpc::argument_from_text(kind, text);
        (void)rpc::argument_from_json(kind, text);
    }
    constexpr std::array params = {rpc::Param{"height", rpc::ParamType::optional_int64},
                                   rpc::Param{"hash", rpc::ParamType::bytes}};
    if (wire::parse_json(text)) (void)rpc::arguments_from_json(params, text);
}

void fuzz_query(std::string_view text) {
    const auto query = rpc::Query::parse(text);
    if (!query) {
        TANDEM_CHECK(!query.error().why.empty());
        return;
    }
    const std::string canonical = query->canonical();
    const auto again = rpc::Query::parse(canonical);
    TANDEM_CHECK(again.has_value());
    TANDEM_CHECK(again->conditions() == query->conditions());
    TANDEM_CHECK(again->canonical() == canonical);
    const rpc::EventMap events = {{"tm.event", {"Tx"}}, {"a.b", {std::string(text), "5", ""}}};
    TANDEM_CHECK(query->matches(events) == again->matches(events));
}

void fuzz_uri(std::string_view text) {
    (void)rpc::parse_form(text);
    if (const auto target = rpc::parse_target(text)) {
        const std::string clean = rpc::clean_path(target->path);
        TANDEM_CHECK(rpc::clean_path(clean) == clean);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    fuzz_json(text);
    fuzz_arguments(text);
    fuzz_query(text);
    fuzz_uri(text);
    return 0;
}
