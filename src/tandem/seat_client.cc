#include "tandem/seat_client.h"

#include <fmt/format.h>

namespace tandem::program {
namespace {

/// Null for anything but JSON.
json decoded(base::BytesView bytes) {
    return json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

}  // namespace

std::expected<SeatClient, Failure> SeatClient::open(const Context& context,
                                                    const NodeOptions& options) {
    auto client = NodeClient::open(context, options);
    if (!client) return fail(std::move(client).error());
    return SeatClient(std::move(*client));
}

std::expected<json, Failure> SeatClient::seats(const std::string& path) {
    auto result = call("abci_query", {{"path", "/seats" + path}});
    if (!result) return fail(std::move(result).error());
    const json response = result->value("response", json::object());
    json value = decoded(bytes_at(response, "value"));
    if (number(response, "code") == 0 && value.is_object()) return value;
    const std::string log = response.value("log", std::string());
    if (response.value("codespace", std::string()) == "seats" && !log.empty())
        return fail(ExitCode::failed,
                    fmt::format("/seats{}: {}. tandem seat list shows them", path, log));
    return fail(ExitCode::failed,
                fmt::format("the chain of {} has no seats: its genesis names none", address()));
}

std::expected<Decided, Failure> SeatClient::submit(const seats::AdminTx& tx) {
    auto landed = send(seats::encode_admin_tx(tx), tx.expiry_height, "tandem seat show tells");
    if (!landed) return fail(std::move(landed).error());
    if (Outcome done = check_success(*landed); !done) return fail(std::move(done).error());
    const json data = decoded(landed->data);
    return Decided{number(data, "height"), number(data, "effective_height"), landed->hash};
}

}  // namespace tandem::program
