// Where a peer listens: IP addresses and "id@host:port", read and written as CometBFT does.
//
// The verdicts here decide whether peers talk to us and whether an address may be handed on, so
// the readers follow Go's net package: no leading zeros in dotted quads, no zones, brackets around
// IPv6 where a port follows.
//
// Not here: asking a name server. A host that is no IP address is handed back as text.
#pragma once
#include <array>
#include <compare>
#include <optional>

#include "types/basic.h"

namespace tandem::types {

/// IPv4 addresses stand in the mapped form ::ffff:a.b.c.d, and are the same as those.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    auto operator<=>(const IpAddress&) const = default;
    [[nodiscard]] bool is_v4() const noexcept;
    [[nodiscard]] static std::optional<IpAddress> from_text(std::string_view text);
    /// Dotted quad, or RFC 5952.
    [[nodiscard]] std::string to_text() const;

    /// A loopback address, or one of 0.0.0.0/8.
    [[nodiscard]] bool is_local() const noexcept;
    /// Neither unspecified, nor the broadcast address, nor IPv6 documentation.
    [[nodiscard]] bool is_valid() const noexcept;
    /// Valid, not local, and of no private, link-local or ORCHID range.
    [[nodiscard]] bool is_routable() const noexcept;
};

inline constexpr std::size_t node_id_bytes = 20;

/// Refused unless it is the hexadecimal text, in either case, of an address.
[[nodiscard]] Verdict validate_node_id(std::string_view id);

struct HostAndPort {
    std::string host;
    std::string port;

    bool operator==(const HostAndPort&) const = default;
};

/// Takes "host:port" or "[host]:port" apart, and judges neither.
[[nodiscard]] Result<HostAndPort> split_host_port(std::string_view text);

/// A peer as configurations and NodeInfo name it.
struct PeerAddress {
    std::string id;  // as written
    std::string host;
    std::uint16_t port = 0;
    std::optional<IpAddress> ip;  // absent: `host` is a name to be resolved

    bool operator==(const PeerAddress&) const = default;
    /// "id@ip:port". REQUIRES: ip.
    [[nodiscard]] std::string to_text() const;
};

/// Reads "id@host:port", with any "scheme://" in front of it passed over.
[[nodiscard]] Result<PeerAddress> peer_address_from_text(std::string_view text);

/// The text behind the first "://" and before the next; all of it where there is none.
[[nodiscard]] std::string_view without_scheme(std::string_view text) noexcept;

}  // namespace tandem::types
