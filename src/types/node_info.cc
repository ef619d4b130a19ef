#include "types/node_info.h"

#include <fmt/format.h>

#include "wire/json_fields.h"

namespace tandem::wire {

template <>
struct JsonFields<types::ProtocolVersion> {
    using M = types::ProtocolVersion;
    static constexpr auto fields = std::tuple{
        json_field("p2p", &M::p2p), json_field("block", &M::block), json_field("app", &M::app)};
};

template <>
struct JsonFields<types::NodeInfoOther> {
    using M = types::NodeInfoOther;
    static constexpr auto fields = std::tuple{json_field("tx_index", &M::tx_index),
                                              json_field("rpc_address", &M::rpc_address)};
};

template <>
struct JsonFields<types::NodeInfo> {
    using M = types::NodeInfo;
    static constexpr auto fields = std::tuple{json_field("protocol_version", &M::protocol_version),
                                              json_field("id", &M::default_node_id),
                                              json_field("listen_addr", &M::listen_addr),
                                              json_field("network", &M::network),
                                              json_field("version", &M::version),
                                              json_field_as<JsonHex>("channels", &M::channels),
                                              json_field("moniker", &M::moniker),
                                              json_field("other", &M::other)};
};

}  // namespace tandem::wire

namespace tandem::types {
namespace {

/// Printable ASCII, of which something is not a blank.
bool is_visible_text(std::string_view text) {
    const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
    return std::ranges::all_of(text, printable) &&
           text.find_first_not_of(' ') != std::string_view::npos;
}

Verdict validate_channels(BytesView channels) {
    if (channels.size() > node_info_channels_max)
        return refuse("node_info.channels", fmt::format("{} channels are more than {}",
                                                        channels.size(), node_info_channels_max));
    std::array<bool, 256> seen{};
    for (const std::uint8_t channel : channels)
        if (std::exchange(seen[channel], true))
            return refuse("node_info.channels", fmt::format("channel {:#04x} twice", channel));
    return {};
}

}  // namespace

Result<PeerAddress> validate(const NodeInfo& info) {
    // The id goes through the same text as in CometBFT, so that an "@" in it is judged the same.
    std::string text(info.default_node_id);
    text.append("@").append(without_scheme(info.listen_addr));
    auto address = peer_address_from_text(text);
    if (!address) {
        Refusal refusal = std::move(address).error();
        return refuse("node_info." + refusal.check, std::move(refusal.why));
    }
    if (!info.version.empty() && !is_visible_text(info.version))
        return refuse("node_info.version", "the version is no printable text");
    TANDEM_TRY(validate_channels(info.channels));
    if (!is_visible_text(info.moniker))
        return refuse("node_info.moniker", "the moniker is no printable text");
    const std::string& indexing = info.other.tx_index;
    if (!indexing.empty() && indexing != "on" && indexing != "off")
        return refuse("node_info.tx_index", "tx_index is neither \"on\" nor \"off\"");
    if (!info.other.rpc_address.empty() && !is_visible_text(info.other.rpc_address))
        return refuse("node_info.rpc_address", "the rpc address is no printable text");
    return address;
}

std::string to_json(const NodeInfo& info) {
    wire::JsonWriter writer;
    wire::write_json_object(writer, info);
    return writer.take();
}

Verdict compatible(const NodeInfo& mine, const NodeInfo& other) {
    if (mine.protocol_version.block != other.protocol_version.block)
        return refuse("node_info.block_protocol",
                      fmt::format("block protocol {} differs from ours, {}",
                                  other.protocol_version.block, mine.protocol_version.block));
    if (mine.network != other.network)
        return refuse("node_info.network", "the peer is of another network");
    const auto is_theirs = [&](std::uint8_t channel) {
        return std::ranges::find(other.channels, channel) != other.channels.end();
    };
    if (!mine.channels.empty() && std::ranges::none_of(mine.channels, is_theirs))
        return refuse("node_info.channels", "the peer has no channel of ours");
    return {};
}

}  // namespace tandem::types
