// Every attack of a peer that tests know, by name: what it does, and what a node has to do.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tests/hostile/hostile_peer.h"

namespace tandem::hostile {

struct Attack {
    std::string_view name;
    std::string_view about;
    /// Plays it once. Empty: the node did what it has to; else what it did instead.
    std::function<std::string(const Target&)> play;
};

/// How long a node may take to hang up: longer than any of its limits, of which the longest is
/// io::NetworkConfig::write_timeout.
inline constexpr milliseconds reaction_max{20'000};

/// What the node has to do.
enum class Reaction : std::uint8_t {
    closes,  // it hangs up
    stays,   // it goes on to answer pings
    either,  // as it likes
};

/// An attack on a connection that is open (`meet` done) or only connected.
[[nodiscard]] std::function<std::string(const Target&)> on_open_connection(
    Reaction expected, std::function<void(HostilePeer&)> act);
[[nodiscard]] std::function<std::string(const Target&)> on_bare_connection(
    Reaction expected, std::function<void(HostilePeer&)> act);

[[nodiscard]] std::span<const Attack> attacks_on_handshake();
[[nodiscard]] std::span<const Attack> attacks_with_messages();

}  // namespace tandem::hostile
