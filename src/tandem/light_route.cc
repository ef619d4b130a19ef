#include "tandem/light_route.h"

#include <algorithm>
#include <array>

#include "rpc/light_answers.h"
#include "tandem/node_client.h"
#include "types/json.h"
#include "types/validator_set.h"

namespace tandem::program {
namespace {

using base::refuse;
using base::Result;
using rpc::light::integer_at;
using wire::JsonValue;
using wire::JsonWriter;

/// As JSON-RPC takes it; nothing for one that was left out.
std::optional<json> to_json(const rpc::Param& param, const rpc::Argument& argument) {
    if (const auto* number = std::get_if<std::int64_t>(&argument)) return std::to_string(*number);
    if (const auto* number = std::get_if<std::uint64_t>(&argument)) return std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&argument)) return *flag;
    if (const auto* text = std::get_if<std::string>(&argument)) return *text;
    if (const auto* list = std::get_if<std::vector<std::string>>(&argument)) return *list;
    if (const auto* evidence = std::get_if<types::Evidence>(&argument))
        return json::parse(types::to_json(*evidence));
    if (const auto* bytes = std::get_if<base::Bytes>(&argument)) {
        if (param.type == rpc::ParamType::hex_bytes)
            return base::to_hex(*bytes, base::HexCase::upper);
        return base::to_base64(*bytes);
    }
    return std::nullopt;
}

class Asking {
  public:
    Asking(io::RpcClient& primary, LightVerifier& verifier, const rpc::Route& route,
           const rpc::Arguments& arguments)
        : primary_(primary), verifier_(verifier), route_(route), arguments_(arguments) {}

    Result<std::string> run();

  private:
    using Answer = Result<std::string>;
    using Block = types::LightBlock;

    [[nodiscard]] const rpc::Argument& argument(std::string_view name) const {
        const auto at = std::ranges::find(route_.params, name, &rpc::Param::name);
        return arguments_.at(static_cast<std::size_t>(at - route_.params.begin()));
    }
    [[nodiscard]] std::optional<std::int64_t> height() const {
        const auto* given = std::get_if<std::int64_t>(&argument("height"));
        return given != nullptr ? std::optional(*given) : std::nullopt;
    }
    [[nodiscard]] bool wants_proof() const { return std::get<bool>(argument("prove")); }

    /// `changed`: arguments that stand in the place of the caller's.
    [[nodiscard]] Answer forward(const json& changed = json::object());
    /// Asks, and lets `check` look at the answer.
    template <typename Check>
    [[nodiscard]] Answer checked(const json& changed, Check check);
    [[nodiscard]] Result<Block> wanted_block();
    [[nodiscard]] base::Verdict check_one_block(const JsonValue& answer);
    [[nodiscard]] base::Verdict check_one_tx(const JsonValue& tx, base::BytesView hash);
    [[nodiscard]] base::Verdict check_named_hash(const Block& block) const;

    [[nodiscard]] Answer block();
    [[nodiscard]] Answer block_by_hash();
    [[nodiscard]] Answer header();
    [[nodiscard]] Answer header_by_hash();
    [[nodiscard]] Answer commit();
    [[nodiscard]] Answer validators();
    [[nodiscard]] Answer block_results();
    [[nodiscard]] Answer consensus_params();
    [[nodiscard]] Answer blockchain();
    [[nodiscard]] Answer block_search();
    [[nodiscard]] Answer tx();
    [[nodiscard]] Answer tx_search();
    [[nodiscard]] Answer abci_query();

    io::RpcClient& primary_;
    LightVerifier& verifier_;
    const rpc::Route& route_;
    const rpc::Arguments& arguments_;
};

Result<std::string> Asking::run() {
    struct Verified {
        std::string_view name;
        Answer (Asking::*answer)();
    };
    constexpr std::array<Verified, 13> verified{{{"abci_query", &Asking::abci_query},
                                                 {"block", &Asking::block},
                                                 {"block_by_hash", &Asking::block_by_hash},
                                                 {"block_results", &Asking::block_results},
                                                 {"block_search", &Asking::block_search},
                                                 {"blockchain", &Asking::blockchain},
                                                 {"commit", &Asking::commit},
                                                 {"consensus_params", &Asking::consensus_params},
                                                 {"header", &Asking::header},
                                                 {"header_by_hash", &Asking::header_by_hash},
                                                 {"tx", &Asking::tx},
                                                 {"tx_search", &Asking::tx_search},
                                                 {"validators", &Asking::validators}}};
    const auto* const found = std::ranges::find(verified, route_.name, &Verified::name);
    return found == verified.end() ? forward() : (this->*found->answer)();
}

Result<std::string> Asking::forward(const json& changed) {
    json params = json::object();
    for (std::size_t i = 0; i < route_.params.size(); ++i)
        if (auto value = to_json(route_.params[i], arguments_.at(i)))
            params[std::string(route_.params[i].name)] = std::move(*value);
    params.update(changed);
    return primary_.call_text(std::string(route_.name), std::move(params));
}

template <typename Check>
Result<std::string> Asking::checked(const json& changed, Check check) {
    auto text = forward(changed);
    if (!text) return text;
    const auto answer = wire::parse_json(*text);
    if (!answer) return std::unexpected(answer.error());
    if (const base::Verdict verdict = check(*answer); !verdict)
        return std::unexpected(verdict.error());
    return text;
}

Result<types::LightBlock> Asking::wanted_block() {
    const auto given = height();
    if (given && *given <= 0)
        return refuse("light.height",
                      "height must be greater than 0, but got " + std::to_string(*given));
    return verifier_.block(given.value_or(0));
}

// ---- Blocks and headers

base::Verdict Asking::check_one_block(const JsonValue& answer) {
    const auto at = integer_at(answer, {"block", "header", "height"});
    if (!at || *at <= 0) return refuse("light.answer", "the answer has no block");
    const auto trusted = verifier_.block(*at);
    if (!trusted) return std::unexpected(trusted.error());
    return rpc::light::check_block(answer, *trusted);
}

base::Verdict Asking::check_named_hash(const Block& block) const {
    if (base::equal(std::get<base::Bytes>(argument("hash")),
                    block.signed_header->commit->block_id.hash))
        return {};
    return refuse("light.hash", "the primary shows another block than the one of this hash");
}

Result<std::string> Asking::block() {
    const auto given = height();
    return checked(json::object(), [&](const JsonValue& answer) -> base::Verdict {
        if (given && integer_at(answer, {"block", "header", "height"}) != given)
            return refuse("light.height", "the primary shows a block of another height");
        return check_one_block(answer);
    });
}

Result<std::string> Asking::block_by_hash() {
    return checked(json::object(), [&](const JsonValue& answer) -> base::Verdict {
        const auto shown = rpc::light::member(answer, "block");
        if (shown && shown->is_null()) return {};  // that there is none cannot be proved
        TANDEM_TRY(check_one_block(answer));
        const auto at = integer_at(answer, {"block", "header", "height"});
        return check_named_hash(*verifier_.block(*at));
    });
}

Result<std::string> Asking::header() {
    const auto trusted = wanted_block();
    if (!trusted) return std::unexpected(trusted.error());
    JsonWriter writer;
    writer.begin_object().name("header");
    types::write_json(writer, *trusted->signed_header->header);
    writer.end_object();
    return writer.take();
}

Result<std::string> Asking::header_by_hash() {
    return checked(json::object(), [&](const JsonValue& answer) -> base::Verdict {
        const auto shown = rpc::light::member(answer, "header");
        if (shown && shown->is_null()) return {};
        const auto at = integer_at(answer, {"header", "height"});
        if (!at || *at <= 0) return refuse("light.answer", "the answer has no header");
        const auto trusted = verifier_.block(*at);
        if (!trusted) return std::unexpected(trusted.error());
        TANDEM_TRY(rpc::light::check_header(answer, *trusted));
        return check_named_hash(*trusted);
    });
}

Result<std::string> Asking::commit() {
    const auto trusted = wanted_block();
    if (!trusted) return std::unexpected(trusted.error());
    JsonWriter writer;
    writer.begin_object().name("signed_header");
    types::write_json(writer, *trusted->signed_header);
    writer.name("canonical").boolean(true);
    writer.end_object();
    return writer.take();
}

Result<std::string> Asking::validators() {
    const auto trusted = wanted_block();
    if (!trusted) return std::unexpected(trusted.error());
    const auto set = types::ValidatorSet::from_message(*trusted->validator_set);
    if (!set) return std::unexpected(set.error());
    return rpc::validators_page(trusted->signed_header->header->height, *set, argument("page"),
                                argument("per_page"));
}

Result<std::string> Asking::block_results() {
    std::optional<std::int64_t> at = height();
    if (!at) {  // the newest that the header after it proves
        const auto newest = verifier_.block(0);
        if (!newest) return std::unexpected(newest.error());
        at = newest->signed_header->header->height - 1;
    }
    return checked({{"height", std::to_string(*at)}},
                   [&](const JsonValue& answer) -> base::Verdict {
                       if (integer_at(answer, {"height"}) != at)
                           return refuse("light.height", "the results are of another height");
                       const auto next = verifier_.coming_block(*at + 1);
                       if (!next) return std::unexpected(next.error());
                       return rpc::light::check_results(answer, *next);
                   });
}

Result<std::string> Asking::consensus_params() {
    const auto trusted = wanted_block();
    if (!trusted) return std::unexpected(trusted.error());
    const std::int64_t at = trusted->signed_header->header->height;
    return checked({{"height", std::to_string(at)}}, [&](const JsonValue& answer) -> base::Verdict {
        if (integer_at(answer, {"block_height"}) != at)
            return refuse("light.height", "the parameters are of another height");
        return rpc::light::check_params(answer, *trusted);
    });
}

Result<std::string> Asking::blockchain() {
    return checked(json::object(), [&](const JsonValue& answer) -> base::Verdict {
        const auto metas = rpc::light::member(answer, "block_metas");
        if (!metas || metas->kind() != wire::JsonKind::array)
            return refuse("light.answer", "the answer has no list of blocks");
        for (const JsonValue& meta : metas->elements()) {
            const auto at = integer_at(meta, {"header", "height"});
            if (!at || *at <= 0) return refuse("light.answer", "a block has no height");
            const auto trusted = verifier_.block(*at);
            if (!trusted) return std::unexpected(trusted.error());
            TANDEM_TRY(rpc::light::check_meta(meta, *trusted));
        }
        return {};
    });
}

Result<std::string> Asking::block_search() {
    return checked(json::object(), [&](const JsonValue& answer) -> base::Verdict {
        const auto blocks = rpc::light::member(answer, "blocks");
        if (!blocks || blocks->kind() != wire::JsonKind::array)
            return refuse("light.answer", "the answer has no list of blocks");
        for (const JsonValue& block : blocks->elements()) TANDEM_TRY(check_one_block(block));
        return {};
    });
}

// ---- Transactions and the application

base::Verdict Asking::check_one_tx(const JsonValue& tx, base::BytesView hash) {
    const auto at = integer_at(tx, {"height"});
    if (!at || *at <= 0) return refuse("light.answer", "the transaction has no height");
    const auto trusted = verifier_.block(*at);
    if (!trusted) return std::unexpected(trusted.error());
    return rpc::light::check_tx(tx, hash, *trusted);
}

Result<std::string> Asking::tx() {
    auto text = checked({{"prove", true}}, [&](const JsonValue& answer) {
        return check_one_tx(answer, std::get<base::Bytes>(argument("hash")));
    });
    if (!text || wants_proof()) return text;
    return rpc::light::without_proof(*wire::parse_json(*text));
}

Result<std::string> Asking::tx_search() {
    auto text = checked({{"prove", true}}, [&](const JsonValue& answer) -> base::Verdict {
        const auto txs = rpc::light::member(answer, "txs");
        const auto total = rpc::light::member(answer, "total_count");
        if (!txs || !total || txs->kind() != wire::JsonKind::array)
            return refuse("light.answer", "the answer has no list of transactions");
        for (const JsonValue& tx : txs->elements()) TANDEM_TRY(check_one_tx(tx, {}));
        return {};
    });
    if (!text || wants_proof()) return text;
    const auto answer = wire::parse_json(*text);
    JsonWriter writer;
    writer.begin_object().name("txs").begin_array();
    for (const JsonValue& tx : rpc::light::member(*answer, "txs")->elements())
        writer.raw(rpc::light::without_proof(tx));
    writer.end_array();
    writer.name("total_count").raw(rpc::light::member(*answer, "total_count")->raw());
    writer.end_object();
    return writer.take();
}

Result<std::string> Asking::abci_query() {
    // Applications of the Cosmos SDK: "/store/NAME/key" is proved under NAME and the key.
    std::string_view path = std::get<std::string>(argument("path"));
    std::string key_path;
    if (constexpr std::string_view begin = "/store/", end = "/key";
        path.starts_with(begin) && path.ends_with(end) && path.size() > begin.size() + end.size()) {
        path.remove_prefix(begin.size());
        path.remove_suffix(end.size());
        key_path =
            "/" + std::string(path) + "/x:" + base::to_hex(std::get<base::Bytes>(argument("data")));
    }
    return checked({{"prove", true}}, [&](const JsonValue& answer) -> base::Verdict {
        const auto query = rpc::light::read_query(answer);
        if (!query) return std::unexpected(query.error());
        const auto next = verifier_.coming_block(query->height + 1);
        if (!next) return std::unexpected(next.error());
        return rpc::light::check_query(*query, key_path, *next);
    });
}

}  // namespace

Result<std::string> light_answer(io::RpcClient& primary, LightVerifier& verifier,
                                 const rpc::Route& route, const rpc::Arguments& arguments) {
    return Asking(primary, verifier, route, arguments).run();
}

}  // namespace tandem::program
