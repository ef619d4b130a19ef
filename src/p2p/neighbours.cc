#include "p2p/neighbours.h"

#include <fmt/format.h>

#include "base/check.h"
#include "types/net_address.h"

namespace tandem::p2p {

base::Bytes encode_neighbours(const std::set<std::string>& ids) {
    NeighboursMessage message;
    message.ids.reserve(ids.size());
    for (const std::string& id : ids) {
        auto bytes = base::from_hex(id);
        TANDEM_CHECK(bytes.has_value());
        message.ids.push_back(std::move(*bytes));
    }
    return wire::encode(message);
}

base::Result<std::set<std::string>> decode_neighbours(base::BytesView message) {
    const auto decoded = wire::decode<NeighboursMessage>(message);
    if (!decoded) return base::refuse("neighbours", "the message does not decode");
    if (decoded->ids.size() > neighbours_max)
        return base::refuse("neighbours", fmt::format("{} peers, of {} that are allowed",
                                                      decoded->ids.size(), neighbours_max));
    std::set<std::string> ids;
    for (const base::Bytes& id : decoded->ids) {
        if (id.size() != types::node_id_bytes)
            return base::refuse("neighbours", fmt::format("a node ID of {} bytes, not {}",
                                                          id.size(), types::node_id_bytes));
        ids.insert(base::to_hex(id));
    }
    return ids;
}

}  // namespace tandem::p2p
