#include "types/net_address.h"

#include <array>
#include <charconv>
#include <fmt/format.h>

namespace tandem::types {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/// A range of addresses: the first `bits` bits are those of `base`.
struct Network {
    std::array<std::uint8_t, 16> base;
    unsigned bits;

    [[nodiscard]] constexpr bool contains(const IpAddress& ip) const noexcept {
        for (unsigned i = 0; i < bits; ++i) {
            const auto mask = static_cast<std::uint8_t>(0x80U >> (i % 8));
            if ((base[i / 8] & mask) != (ip.bytes[i / 8] & mask)) return false;
        }
        return true;
    }
};

constexpr Network v4_network(std::uint8_t a, std::uint8_t b, unsigned bits) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, 0, 0}, 96 + bits};
}

constexpr Network v6_network(std::uint16_t first, std::uint16_t second, unsigned bits) {
    return {{static_cast<std::uint8_t>(first >> 8), static_cast<std::uint8_t>(first),
             static_cast<std::uint8_t>(second >> 8), static_cast<std::uint8_t>(second)},
            bits};
}

constexpr std::array loopbacks{v4_network(127, 0, 8), v4_network(0, 0, 8)};
constexpr Network v6_documentation = v6_network(0x2001, 0x0DB8, 32);  // RFC 3849
constexpr std::array unroutable{
    v4_network(10, 0, 8),            // RFC 1918
    v4_network(172, 16, 12),         // RFC 1918
    v4_network(192, 168, 16),        // RFC 1918
    v4_network(169, 254, 16),        // RFC 3927
    v6_network(0xFE80, 0, 64),       // RFC 4862
    v6_network(0xFC00, 0, 7),        // RFC 4193
    v6_network(0x2001, 0x0010, 28),  // RFC 4843
};

constexpr IpAddress v6_loopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpAddress v4_broadcast{
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};
constexpr IpAddress v4_unspecified{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0}};

/// A number of `text` without sign or blank, at most `max`, taken off its front.
std::optional<std::uint32_t> take_number(std::string_view& text, int base, std::size_t digits_max,
                                         std::uint32_t max) {
    std::uint32_t value = 0;
    const std::string_view head = text.substr(0, digits_max + 1);
    const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), value, base);
    const auto digits = static_cast<std::size_t>(end - head.data());
    if (error != std::errc{} || digits > digits_max || value > max) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

/// All of `text` as four octets.
bool read_v4(std::string_view text, std::span<std::uint8_t, 4> out) {
    for (std::size_t i = 0; i < 4; ++i) {
        if (i > 0) {
            if (!text.starts_with('.')) return false;
            text.remove_prefix(1);
        }
        // A leading zero could mean octal, hence is no digit to anybody careful.
        if (text.size() > 1 && text[0] == '0' && text[1] != '.') return false;
        const auto octet = take_number(text, 10, 3, 255);
        if (!octet) return false;
        out[i] = static_cast<std::uint8_t>(*octet);
    }
    return text.empty();
}

std::optional<IpAddress> read_v6(std::string_view text) {
    IpAddress ip;
    std::size_t filled = 0;
    std::optional<std::size_t> gap;  // where "::" stood
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty() && filled < 16) {
        const std::string_view rest = text;
        const auto group = take_number(text, 16, 4, 0xFFFF);
        if (!group) return std::nullopt;
        if (text.starts_with('.')) {  // the last four bytes as a dotted quad
            if (filled > 12 || (!gap && filled != 12)) return std::nullopt;
            if (!read_v4(rest, std::span(ip.bytes).subspan(filled).first<4>())) return std::nullopt;
            filled += 4;
            text = {};
            break;
        }
        ip.bytes[filled++] = static_cast<std::uint8_t>(*group >> 8);
        ip.bytes[filled++] = static_cast<std::uint8_t>(*group);
        if (text.empty()) break;
        if (text.size() < 2 || text[0] != ':') return std::nullopt;
        text.remove_prefix(1);
        if (text[0] == ':') {
            if (gap) return std::nullopt;
            gap = filled;
            text.remove_prefix(1);
        }
    }
    if (!text.empty() || (filled == 16) == gap.has_value()) return std::nullopt;
    if (gap) {  // what came after "::" moves to the end
        const std::size_t moved = filled - *gap;
        std::array<std::uint8_t, 16> wide{};
        std::copy_n(ip.bytes.begin(), *gap, wide.begin());
        std::copy_n(ip.bytes.begin() + *gap, moved, wide.end() - moved);
        ip.bytes = wide;
    }
    return ip;
}

std::string v6_text(const IpAddress& ip) {
    std::array<std::uint16_t, 8> groups;
    for (std::size_t i = 0; i < 8; ++i)
        groups[i] = static_cast<std::uint16_t>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
    std::size_t gap = 8;
    std::size_t gap_length = 1;  // a single zero group is written out
    for (std::size_t begin = 0; begin < 8; ++begin) {
        std::size_t end = begin;
        while (end < 8 && groups[end] == 0) ++end;
        if (end - begin > gap_length) {
            gap = begin;
            gap_length = end - begin;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap) {
            text += "::";
            i += gap_length - 1;
            continue;
        }
        if (!text.empty() && !text.ends_with(':')) text += ':';
        text += fmt::format("{:x}", groups[i]);
    }
    return text;
}

Result<std::uint16_t> read_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size())
        return refuse("address.port", "the port is no number from 0 to 65535");
    return port;
}

}  // namespace

bool IpAddress::is_v4() const noexcept {
    return std::ranges::equal(std::span(bytes).first(12), v4_prefix);
}

std::optional<IpAddress> IpAddress::from_text(std::string_view text) {
    const std::size_t mark = text.find_first_of(".:");
    if (mark == std::string_view::npos) return std::nullopt;
    if (text[mark] == ':') return read_v6(text);
    IpAddress ip;
    std::ranges::copy(v4_prefix, ip.bytes.begin());
    if (!read_v4(text, std::span(ip.bytes).last<4>())) return std::nullopt;
    return ip;
}

std::string IpAddress::to_text() const {
    if (!is_v4()) return v6_text(*this);
    return fmt::format("{}.{}.{}.{}", bytes[12], bytes[13], bytes[14], bytes[15]);
}

bool IpAddress::is_local() const noexcept {
    const auto holds = [&](const Network& network) { return network.contains(*this); };
    return *this == v6_loopback || std::ranges::any_of(loopbacks, holds);
}

bool IpAddress::is_valid() const noexcept {
    return *this != IpAddress{} && *this != v4_unspecified && *this != v4_broadcast &&
           !v6_documentation.contains(*this);
}

bool IpAddress::is_routable() const noexcept {
    const auto holds = [&](const Network& network) { return network.contains(*this); };
    return is_valid() && !is_local() && std::ranges::none_of(unroutable, holds);
}

Verdict validate_node_id(std::string_view id) {
    if (id.empty()) return refuse("address.id", "there is no node id");
    const auto bytes = base::from_hex(id);
    if (!bytes) return refuse("address.id", "the node id is not hexadecimal");
    if (bytes->size() != node_id_bytes)
        return refuse("address.id", fmt::format("the node id has {} bytes, not {}", bytes->size(),
                                                node_id_bytes));
    return {};
}

Result<HostAndPort> split_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return refuse("address.port", "there is no port behind the host");
    std::string_view host = text.substr(0, colon);
    std::string_view rest = text;  // where no further bracket may stand
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return refuse("address.host", "a bracket is not closed");
        if (close + 1 != colon)
            return refuse("address.port", "the port must follow right behind the bracket");
        host = text.substr(1, close - 1);
        if (host.find('[') != std::string_view::npos)
            return refuse("address.host", "a bracket stands inside the host");
        rest = text.substr(colon);
    } else if (host.find(':') != std::string_view::npos) {
        return refuse("address.host", "an IPv6 address needs brackets around it");
    }
    if (rest.find_first_of("[]") != std::string_view::npos)
        return refuse("address.host", "a bracket is out of place");
    return HostAndPort{std::string(host), std::string(text.substr(colon + 1))};
}

std::string_view without_scheme(std::string_view text) noexcept {
    constexpr std::string_view mark = "://";
    const std::size_t begin = text.find(mark);
    if (begin == std::string_view::npos) return text;
    text.remove_prefix(begin + mark.size());
    return text.substr(0, text.find(mark));
}

std::string PeerAddress::to_text() const {
    TANDEM_CHECK(ip.has_value());
    const std::string host_text = ip->to_text();
    return ip->is_v4() ? fmt::format("{}@{}:{}", id, host_text, port)
                       : fmt::format("{}@[{}]:{}", id, host_text, port);
}

Result<PeerAddress> peer_address_from_text(std::string_view text) {
    text = without_scheme(text);
    const std::size_t at = text.find('@');
    if (at == std::string_view::npos || text.find('@', at + 1) != std::string_view::npos)
        return refuse("address.id", "an address is written id@host:port");
    const std::string_view id = text.substr(0, at);
    TANDEM_TRY(validate_node_id(id));
    auto parts = split_host_port(text.substr(at + 1));
    if (!parts) return std::unexpected(std::move(parts).error());
    if (parts->host.empty()) return refuse("address.host", "there is no host");
    const auto port = read_port(parts->port);
    if (!port) return std::unexpected(port.error());
    return PeerAddress{std::string(id), parts->host, *port, IpAddress::from_text(parts->host)};
}

}  // namespace tandem::types
