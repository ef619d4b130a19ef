// The world as a node sees it: clocks, a log with barriers, connections, dice. The event loop (io)
// stands behind it in a process, and a simulator in a simulation.
//
// Everything here belongs to one thread. What takes time comes back as a call on Node, in a turn
// of its own; nothing here calls back from inside.
#pragma once
#include <functional>

#include "consensus/inputs.h"
#include "p2p/connection.h"
#include "signer/signer.h"
#include "types/net_address.h"

namespace tandem::node {

using p2p::Time;

/// A connection, by the number that whoever opened it gave it; none is given twice.
struct LinkId {
    std::uint64_t value = 0;

    auto operator<=>(const LinkId&) const = default;
};

/// The log (store/log.h), as it grows. New segments are begun behind it, and old ones removed.
class Log {
  public:
    virtual ~Log() = default;

    // ---- Each returns where its record ends.
    virtual signer::LogPosition append(const consensus::Input& input) = 0;
    virtual signer::LogPosition append_marker(std::int64_t height) = 0;
    virtual signer::LogPosition append_watermark(base::BytesView record) = 0;

    [[nodiscard]] virtual signer::LogPosition durable() const = 0;
    /// Begins a barrier over everything appended so far; Node::log_durable() is called when it is
    /// done. One that is asked for while another runs begins after it.
    virtual void ask_barrier() = 0;
    /// A barrier, and waits for it.
    virtual void sync() = 0;
};

/// Work beside the node's thread, each kind in the order in which it was given.
enum class Aside : std::uint8_t { indexing, searching };

class Host {
  public:
    virtual ~Host() = default;

    [[nodiscard]] virtual Time now() const = 0;  // never goes back
    [[nodiscard]] virtual types::Timestamp wall_clock() const = 0;
    /// Runs `work` once, at `at` or soon after, in a turn of its own.
    virtual void call_at(Time at, std::function<void()> work) = 0;
    /// Does `work` beside everything else, then `done` in a turn of the node. What `work` touches
    /// must bear that. Waits where too much of this kind waits already.
    virtual void do_aside(Aside kind, std::function<void()> work, std::function<void()> done) = 0;

    // ---- Connections.
    /// 32 random bytes for the handshake.
    [[nodiscard]] virtual crypto::SecretArray<32> fresh_secret() = 0;
    /// Bytes for the wire, in order. The host holds them until the peer takes them, and says
    /// Node::link_drained when it took all.
    virtual void write(LinkId link, base::Bytes bytes) = 0;
    /// Bytes that the host still holds for it.
    [[nodiscard]] virtual std::size_t unsent_bytes(LinkId link) const = 0;
    /// After what was written has left, or at once where the peer does not take it.
    virtual void close(LinkId link) = 0;
    /// Node::link_opened or Node::dial_failed follows.
    virtual void dial(const types::PeerAddress& address) = 0;

    /// Keeps the address book for the next start; it may be lost.
    virtual void save_address_book(std::string text) = 0;

    // ---- The end.
    /// The node cannot go on: stops the process with a clear message. Does not return to the
    /// present turn.
    [[noreturn]] virtual void stop(const base::Refusal& why) = 0;
};

/// For people. Levels and formats are the host's.
enum class LogLevel : std::uint8_t { debug, info, warning, error };
class Reporter {
  public:
    virtual ~Reporter() = default;
    [[nodiscard]] virtual bool wants(LogLevel level, std::string_view module) const = 0;
    virtual void report(LogLevel level, std::string_view module, std::string_view text) = 0;
};

}  // namespace tandem::node
