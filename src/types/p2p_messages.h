// What two peers say to each other before and beneath the reactors: who they are, packets, the
// addresses of others.
//
// Not here: cutting messages into packets (packets.h), the handshake that seals the connection.
#pragma once
#include "crypto/public_key.h"
#include "types/net_address.h"
#include "types/validator.h"

namespace tandem::types {

/// The first message of a connection, in the clear: an ephemeral X25519 key. What is read is cut
/// or padded with zeros to 32 bytes.
struct EphemeralKeyMessage {
    Bytes value;

    bool operator==(const EphemeralKeyMessage&) const = default;
};

/// The first message of the sealed connection: the long-term key, and its signature of the
/// challenge.
struct AuthSigMessage {
    PublicKey pub_key;
    Signature sig;

    bool operator==(const AuthSigMessage&) const = default;
};

inline constexpr std::uint64_t handshake_message_bytes_max = 1'048'576;

struct PacketPing {
    bool operator==(const PacketPing&) const = default;
};

struct PacketPong {
    bool operator==(const PacketPong&) const = default;
};

/// A piece of a message.
struct PacketMsg {
    std::int32_t channel_id = 0;
    bool eof = false;  // the last piece
    Bytes data;

    bool operator==(const PacketMsg&) const = default;
};

struct Packet {
    std::variant<std::monostate, PacketPing, PacketPong, PacketMsg> sum;

    bool operator==(const Packet&) const = default;
};

struct PexRequest {
    bool operator==(const PexRequest&) const = default;
};

struct PexAddress {
    std::string id;
    std::string ip;  // text
    std::uint32_t port = 0;

    bool operator==(const PexAddress&) const = default;
};

struct PexAddrs {
    std::vector<PexAddress> addrs;

    bool operator==(const PexAddrs&) const = default;
};

struct PexMessage {
    std::variant<std::monostate, PexRequest, PexAddrs> sum;

    bool operator==(const PexMessage&) const = default;
};

/// The ip is one and the port fits 16 bits. The id is not looked at.
[[nodiscard]] Verdict validate_basic(const PexAddress& address);
/// A member is there, and so are valid addresses. A refusal ends the connection.
[[nodiscard]] Verdict check_decoded(const PexMessage& message);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::EphemeralKeyMessage> {
    static constexpr std::string_view name = "BytesValue";
    static constexpr auto fields =
        std::tuple{field<1>("value", &types::EphemeralKeyMessage::value)};
};

template <>
struct Described<types::AuthSigMessage> {
    static constexpr std::string_view name = "AuthSigMessage";
    static constexpr auto fields = std::tuple{field<1>("pub_key", &types::AuthSigMessage::pub_key),
                                              field<2>("sig", &types::AuthSigMessage::sig)};
};

template <>
struct Described<types::PacketPing> {
    static constexpr std::string_view name = "PacketPing";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::PacketPong> {
    static constexpr std::string_view name = "PacketPong";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::PacketMsg> {
    using PacketMsg = types::PacketMsg;
    static constexpr std::string_view name = "PacketMsg";
    static constexpr auto fields =
        std::tuple{field<1>("channel_id", &PacketMsg::channel_id), field<2>("eof", &PacketMsg::eof),
                   field<3>("data", &PacketMsg::data)};
};

template <>
struct Described<types::Packet> {
    static constexpr std::string_view name = "Packet";
    static constexpr auto fields = std::tuple{
        one_of<1, 2, 3>("sum", &types::Packet::sum, "packet_ping", "packet_pong", "packet_msg")};
};

template <>
struct Described<types::PexRequest> {
    static constexpr std::string_view name = "PexRequest";
    static constexpr auto fields = std::tuple{};
};

template <>
struct Described<types::PexAddress> {
    using PexAddress = types::PexAddress;
    static constexpr std::string_view name = "NetAddress";
    static constexpr auto fields =
        std::tuple{field<1>("id", &PexAddress::id), field<2>("ip", &PexAddress::ip),
                   field<3>("port", &PexAddress::port)};
};

template <>
struct Described<types::PexAddrs> {
    static constexpr std::string_view name = "PexAddrs";
    static constexpr auto fields = std::tuple{field<1>("addrs", &types::PexAddrs::addrs)};
};

template <>
struct Described<types::PexMessage> {
    static constexpr std::string_view name = "Message";
    static constexpr auto fields =
        std::tuple{one_of<1, 2>("sum", &types::PexMessage::sum, "pex_request", "pex_addrs")};
};

}  // namespace tandem::wire
