// NodeInfo: how a node introduces itself when a connection opens, and whether we go on talking.
#pragma once
#include "types/net_address.h"

namespace tandem::types {

struct ProtocolVersion {
    std::uint64_t p2p = 0;
    std::uint64_t block = 0;
    std::uint64_t app = 0;

    bool operator==(const ProtocolVersion&) const = default;
};

struct NodeInfoOther {
    std::string tx_index;  // "on", "off" or ""
    std::string rpc_address;

    bool operator==(const NodeInfoOther&) const = default;
};

struct NodeInfo {
    ProtocolVersion protocol_version;
    std::string default_node_id;
    std::string listen_addr;  // "tcp://host:port", for others to dial
    std::string network;      // chain id
    std::string version;      // of the software
    Bytes channels;           // one byte each
    std::string moniker;
    NodeInfoOther other;

    bool operator==(const NodeInfo&) const = default;
};

inline constexpr std::uint64_t node_info_bytes_max = 10'240;
inline constexpr std::size_t node_info_channels_max = 16;

/// Returns where the node says that it listens. CometBFT resolves a host name as part of this
/// check: whoever gets an address without an ip does the same, or refuses.
[[nodiscard]] Result<PeerAddress> validate(const NodeInfo& info);

/// As RPC answers show it.
[[nodiscard]] std::string to_json(const NodeInfo& info);

/// Same block protocol, same network, and a channel in common (where we name any).
[[nodiscard]] Verdict compatible(const NodeInfo& mine, const NodeInfo& other);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::ProtocolVersion> {
    using ProtocolVersion = types::ProtocolVersion;
    static constexpr std::string_view name = "ProtocolVersion";
    static constexpr auto fields = std::tuple{field<1>("p2p", &ProtocolVersion::p2p),
                                              field<2>("block", &ProtocolVersion::block),
                                              field<3>("app", &ProtocolVersion::app)};
};

template <>
struct Described<types::NodeInfoOther> {
    static constexpr std::string_view name = "DefaultNodeInfoOther";
    static constexpr auto fields =
        std::tuple{field<1>("tx_index", &types::NodeInfoOther::tx_index),
                   field<2>("rpc_address", &types::NodeInfoOther::rpc_address)};
};

template <>
struct Described<types::NodeInfo> {
    using NodeInfo = types::NodeInfo;
    static constexpr std::string_view name = "DefaultNodeInfo";
    static constexpr auto fields =
        std::tuple{field<1>("protocol_version", &NodeInfo::protocol_version),
                   field<2>("default_node_id", &NodeInfo::default_node_id),
                   field<3>("listen_addr", &NodeInfo::listen_addr),
                   field<4>("network", &NodeInfo::network),
                   field<5>("version", &NodeInfo::version),
                   field<6>("channels", &NodeInfo::channels),
                   field<7>("moniker", &NodeInfo::moniker),
                   field<8>("other", &NodeInfo::other)};
};

}  // namespace tandem::wire
