#include "types/mempool_messages.h"

#include <fmt/format.h>

namespace tandem::types {
namespace {

constexpr std::uint64_t list_field = 1;  // of the message, and of the list in it

Verdict malformed(const wire::DecodeContext& context) {
    return refuse("mempool.encoding", std::string(wire::to_text(context.error.fault)));
}

/// What was seen of a message so far.
struct Tally {
    std::uint64_t transactions = 0;
    std::uint64_t bytes = 0;

    Verdict add(BytesView tx, const MempoolLimits& limits) {
        if (tx.empty()) return refuse("mempool.tx", "a transaction is empty");
        if (tx.size() > limits.tx_bytes_max)
            return refuse("mempool.tx_bytes",
                          fmt::format("a transaction of {} bytes is longer than {}", tx.size(),
                                      limits.tx_bytes_max));
        ++transactions;
        bytes += tx.size();
        const std::uint64_t bytes_max = std::max(limits.tx_bytes_max, limits.batch_bytes_max);
        if (bytes > bytes_max)
            return refuse("mempool.batch_bytes",
                          fmt::format("the transactions take more than {} bytes", bytes_max));
        return {};
    }
};

/// Calls `visit` with each byte string that is field 1 of `message`.
template <typename Visit>
Verdict for_each_element(BytesView message, Visit&& visit) {
    wire::DecodeContext context{message, nullptr, {}};
    wire::Reader reader(context, message);
    while (!reader.at_end()) {
        std::uint64_t tag = 0;
        if (!reader.read_varint(tag)) return malformed(context);
        const std::uint64_t number = tag >> 3;  // not cut to 32 bits, unlike when it is decoded
        const auto type = static_cast<wire::WireType>(tag & 7);
        if (number == 0) return refuse("mempool.encoding", "a field number is zero");
        if (type == wire::WireType::start_group || type == wire::WireType::end_group)
            return refuse("mempool.encoding", "there is a group");
        if (number != list_field || type != wire::WireType::bytes) {
            if (!reader.skip(type)) return malformed(context);
            continue;
        }
        BytesView element;
        if (!reader.read_bytes(element)) return malformed(context);
        TANDEM_TRY(visit(element));
    }
    return {};
}

}  // namespace

Verdict check_before_decoding_mempool(BytesView message, const MempoolLimits& limits) {
    if (message.empty()) return {};
    Tally tally;
    TANDEM_TRY(for_each_element(message, [&](BytesView list) {
        return for_each_element(list, [&](BytesView tx) { return tally.add(tx, limits); });
    }));
    if (tally.transactions == 0) return refuse("mempool.txs", "there are no transactions");
    return {};
}

Verdict check_decoded(const MempoolMessage& message) {
    if (std::holds_alternative<std::monostate>(message.sum))
        return refuse("mempool.sum", "the message has no member");
    return {};
}

}  // namespace tandem::types
