// Mempool gossip: transactions.
//
// The bytes of a message are judged before they are decoded, so that a megabyte of empty
// transactions is never made into half a million objects.
#pragma once
#include "types/channels.h"
#include "wire/txs.h"

namespace tandem::types {

struct MempoolTxs {
    wire::Txs txs;  // CometBFT sends one a message, and takes any number

    bool operator==(const MempoolTxs&) const = default;
};

struct MempoolMessage {
    std::variant<std::monostate, MempoolTxs> sum;

    bool operator==(const MempoolMessage&) const = default;
};

/// The receiver's configuration.
struct MempoolLimits {
    std::uint64_t tx_bytes_max = tx_bytes_max_default;
    std::uint64_t batch_bytes_max = 0;  // of all transactions of a message; at least tx_bytes_max
};

/// The fields are well formed; there are transactions, none empty, none too long, and not too many
/// bytes of them. Groups are refused here, unknown fields passed over. An empty message passes: it
/// fails when it is decoded. A refusal ends the connection.
[[nodiscard]] Verdict check_before_decoding_mempool(BytesView message, const MempoolLimits& limits);

/// A member is there.
[[nodiscard]] Verdict check_decoded(const MempoolMessage& message);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::MempoolTxs> {
    static constexpr std::string_view name = "Txs";
    static constexpr auto fields = std::tuple{field<1>("txs", &types::MempoolTxs::txs)};
};

template <>
struct Described<types::MempoolMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields = std::tuple{one_of<1>("sum", &types::MempoolMessage::sum, "txs")};
};

}  // namespace tandem::wire
