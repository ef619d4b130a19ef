// Methods about the chain as it is stored: blocks, headers, commits, validators, parameters.
#include <algorithm>

#include "abci/json.h"
#include "rpc/routes.h"
#include "types/json.h"

namespace tandem::rpc::routes {

namespace {

using base::refuse;
using wire::JsonWriter;

constexpr std::int64_t metas_max = 20;  // of one answer of /blockchain

/// The height that is asked for, or `latest` where none is.
Result<std::int64_t> height_of(const RouteContext& context, const Argument& argument,
                               std::int64_t latest) {
    const auto* asked = std::get_if<std::int64_t>(&argument);
    if (asked == nullptr) return latest;
    const std::string text = std::to_string(*asked);
    if (*asked <= 0) return refuse("rpc.height", "height must be greater than 0, but got " + text);
    if (*asked > latest)
        return refuse("rpc.height", "height " + text +
                                        " must be less than or equal to the current blockchain "
                                        "height " +
                                        std::to_string(latest));
    const std::int64_t base = context.environment.base_height();
    if (*asked < base)
        return refuse("rpc.height", "height " + text + " is not available, lowest height is " +
                                        std::to_string(base));
    return *asked;
}

Result<std::int64_t> stored_height(const RouteContext& context, const Argument& argument) {
    return height_of(context, argument, context.environment.latest_height());
}

/// One more, since the sets and parameters of the next height are known.
Result<std::int64_t> known_height(const RouteContext& context, const Argument& argument) {
    const Environment& environment = context.environment;
    return height_of(context, argument,
                     environment.latest_height() + (environment.is_syncing() ? 0 : 1));
}

void write_block(JsonWriter& writer, const Environment& environment,
                 std::optional<std::int64_t> height) {
    const auto block = height ? environment.block(*height) : nullptr;
    const auto meta = block ? environment.meta(*height) : std::nullopt;
    writer.begin_object().name("block_id");
    types::write_json(writer, meta ? meta->block_id : types::BlockId());
    writer.name("block");
    if (block)
        types::write_json(writer, *block);
    else
        writer.null();
    writer.end_object();
}

std::string block_answer(const Environment& environment, std::optional<std::int64_t> height) {
    JsonWriter writer;
    write_block(writer, environment, height);
    return writer.take();
}

std::string header_answer(const Environment& environment, std::optional<std::int64_t> height) {
    const auto meta = height ? environment.meta(*height) : std::nullopt;
    JsonWriter writer;
    writer.begin_object().name("header");
    if (meta)
        types::write_json(writer, meta->header);
    else
        writer.null();
    writer.end_object();
    return writer.take();
}

struct Heights {
    std::int64_t first, last;
};

Result<Heights> blockchain_range(const Environment& environment, std::int64_t first,
                                 std::int64_t last) {
    if (first < 0 || last < 0) return refuse("rpc.height", "heights must be non-negative");
    const std::int64_t latest = environment.latest_height();
    last = last == 0 ? latest : std::min(last, latest);
    first = std::max({first, std::int64_t{1}, environment.base_height(), last - metas_max + 1});
    if (first > last)
        return refuse("rpc.height", "min height " + std::to_string(first) +
                                        " can't be greater than max height " +
                                        std::to_string(last));
    return Heights{first, last};
}

}  // namespace

void blockchain(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto range = blockchain_range(context.environment, std::get<std::int64_t>(arguments[0]),
                                        std::get<std::int64_t>(arguments[1]));
    if (!range) return answer(std::unexpected(range.error()));
    JsonWriter writer;
    writer.begin_object();
    writer.name("last_height").quoted(context.environment.latest_height());
    writer.name("block_metas").begin_array();
    for (std::int64_t height = range->last; height >= range->first; --height)
        if (const auto meta = context.environment.meta(height)) types::write_json(writer, *meta);
    writer.end_array().end_object();
    answer(writer.take());
}

void block(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = stored_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    answer(block_answer(context.environment, *height));
}

void block_by_hash(const RouteContext& context, const Arguments& arguments, Answer answer) {
    answer(block_answer(context.environment,
                        context.environment.height_of(std::get<Bytes>(arguments[0]))));
}

void header(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = stored_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    answer(header_answer(context.environment, *height));
}

void header_by_hash(const RouteContext& context, const Arguments& arguments, Answer answer) {
    answer(header_answer(context.environment,
                         context.environment.height_of(std::get<Bytes>(arguments[0]))));
}

void block_results(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = stored_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    const auto results = context.environment.results(*height);
    if (!results)
        return answer(
            refuse("rpc.results", "could not find results for height #" + std::to_string(*height)));
    JsonWriter writer;
    abci::write_block_results(writer, *height, *results);
    answer(writer.take());
}

void commit(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = stored_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    const Environment& environment = context.environment;
    const auto meta = environment.meta(*height);
    if (!meta) return answer("null");
    // The newest block's commit is the one that this node saw; the next block may carry another.
    const bool is_canonical = *height != environment.latest_height();
    auto commit = is_canonical ? environment.commit(*height) : environment.seen_commit(*height);
    types::SignedHeader signed_header;
    signed_header.header = meta->header;
    if (commit) signed_header.commit = std::move(*commit);
    JsonWriter writer;
    writer.begin_object().name("signed_header");
    types::write_json(writer, signed_header);
    writer.name("canonical").boolean(is_canonical);
    writer.end_object();
    answer(writer.take());
}

void validators(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = known_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    const auto set = context.environment.validators(*height);
    if (!set)
        return answer(refuse("rpc.validators", "could not find validator set for height #" +
                                                   std::to_string(*height)));
    answer(validators_page(*height, *set, arguments[1], arguments[2]));
}

void consensus_params(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto height = known_height(context, arguments[0]);
    if (!height) return answer(std::unexpected(height.error()));
    const auto params = context.environment.params(*height);
    if (!params)
        return answer(refuse("rpc.params", "could not find consensus params for height #" +
                                               std::to_string(*height)));
    JsonWriter writer;
    writer.begin_object();
    writer.name("block_height").quoted(*height);
    writer.name("consensus_params");
    types::write_json(writer, *params);
    writer.end_object();
    answer(writer.take());
}

namespace {

Result<std::string> blocks_answer(const RouteContext& context, const Arguments& arguments,
                                  std::vector<std::int64_t> heights, bool is_descending) {
    if (is_descending) std::ranges::reverse(heights);
    const auto page = page_of(arguments[1], arguments[2], heights.size());
    if (!page) return std::unexpected(page.error());
    JsonWriter writer;
    writer.begin_object().name("blocks").begin_array();
    for (const std::int64_t height : std::span(heights).subspan(page->skip, page->count))
        if (context.environment.meta(height)) write_block(writer, context.environment, height);
    writer.end_array();
    writer.name("total_count").quoted(static_cast<std::int64_t>(heights.size()));
    writer.end_object();
    return writer.take();
}

}  // namespace

void block_search(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto query = Query::parse(std::get<std::string>(arguments[0]));
    if (!query) return answer(std::unexpected(query.error()));
    const std::string& order = std::get<std::string>(arguments[3]);
    if (!is_order(order)) return answer(wrong_order());
    search_aside(
        context,
        [&indexer = context.indexer, query = *query] { return indexer.search_blocks(query); },
        [context, arguments, is_descending = order != "asc"](std::vector<std::int64_t> heights) {
            return blocks_answer(context, arguments, std::move(heights), is_descending);
        },
        std::move(answer));
}

}  // namespace tandem::rpc::routes
