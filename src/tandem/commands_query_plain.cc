// tandem query get, raw, tx: what needs no knowledge of share.
#include <fmt/format.h>

#include "tandem/query_commands.h"
#include "tandem/share_text.h"

namespace tandem::program {
namespace {

struct PlainOptions {
    NodeOptions node;
    std::string path;
    std::string data;
    bool hex = false;
};

std::expected<json, Failure> response_to(const Context& context, const PlainOptions& options) {
    auto data = argument_bytes(options.data, options.hex);
    if (!data) return fail(std::move(data).error());
    auto client = NodeClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto answer =
        client->call("abci_query", {{"path", options.path}, {"data", base::to_hex(*data)}});
    if (!answer) return fail(std::move(answer).error());
    json response = answer->value("response", json::object());
    if (const std::int64_t code = number(response, "code"); code != 0)
        return fail(ExitCode::failed, fmt::format("the application answers (code {}): {}", code,
                                                  response.value("log", std::string())));
    return response;
}

Outcome get(const Context& context, const PlainOptions& options) {
    auto response = response_to(context, options);
    if (!response) return fail(std::move(response).error());
    const base::Bytes value = bytes_at(*response, "value");
    if (context.is_json())
        print_line(json{{"exists", !value.empty()},
                        {"value", base::to_base64(value)},
                        {"at_height", number(*response, "height")}}
                       .dump());
    if (value.empty())
        return fail(ExitCode::failed, fmt::format("the application has no key {}", options.data));
    if (!context.is_json()) print_line(shown_bytes(value));
    return {};
}

Outcome raw(const Context& context, const PlainOptions& options) {
    auto response = response_to(context, options);
    if (!response) return fail(std::move(response).error());
    print_line(context.is_json() ? response->dump() : shown_bytes(bytes_at(*response, "value")));
    return {};
}

Outcome show_tx(const Context& context, const PlainOptions& options) {
    const auto hash = base::from_hex(options.data);
    if (!hash || hash->empty())
        return fail(
            ExitCode::usage,
            fmt::format("\"{}\" is no hash of a transaction: 64 hexadecimal digits", options.data));
    auto client = NodeClient::open(context, options.node);
    if (!client) return fail(std::move(client).error());
    auto found = client->call("tx", {{"hash", base::to_base64(*hash)}, {"prove", false}});
    if (!found) return fail(std::move(found).error());
    if (context.is_json()) return print_line(found->dump()), Outcome{};
    const json result = found->value("tx_result", json::object());
    const std::int64_t code = number(result, "code");
    print_line(fmt::format("in block {}: {}", number(*found, "height"),
                           code == 0 ? std::string("succeeded")
                                     : fmt::format("refused (code {}): {}", code,
                                                   result.value("log", std::string()))));
    return {};
}

}  // namespace

void add_plain_queries(CLI::App& query, Context& context) {
    struct Plain {
        const char* name;
        const char* about;
        const char* group;
        Outcome (*run)(const Context&, const PlainOptions&);
    };
    for (const Plain& one :
         {Plain{"get",
                "kvstore: the value of a key; ends with 1 if there is none. kvstore has no proofs\n"
                "Example: tandem query get name",
                "kvstore", get},
          Plain{"raw",
                "Any query of the application\n"
                "Example: tandem query raw /seats --output json",
                "Any application", raw},
          Plain{"tx",
                "What became of a transaction, from the node's index\n"
                "Example: tandem query tx 0F3A...",
                "Any application", show_tx}}) {
        CLI::App* command = add_command(query, one.name, one.about);
        command->group(one.group);
        const auto options = std::make_shared<PlainOptions>();
        const auto run = one.run;
        add_node_options(*command, options->node);
        if (run == show_tx) {
            command->add_option("hash", options->data, "Its hash")->required();
        } else if (run == get) {
            command->add_option("key", options->data, "The key")->required();
        } else {
            command->add_option("path", options->path, "Path of the query")->required();
            command->add_option("--data", options->data, "Its data");
        }
        if (run != show_tx) command->add_flag("--hex", options->hex, "It is given in hexadecimal");
        command->callback([&context, options, run] { context.outcome = run(context, *options); });
    }
}

}  // namespace tandem::program
