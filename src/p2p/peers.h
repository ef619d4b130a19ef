// Whom to dial and whom to let in: persistent peers and their reconnection, limits, the exchange of
// addresses, seeds (wire page of p2p, sections 1, 6 and 7).
//
// A value: events go in, and what is to be done comes out of take_effects(). It is told the time
// and throws seeded dice. Every connection is known here from its first byte until it is closed.
//
//     link_opened  ->  authenticated  ->  hear, mark_good  ->  link_closed
//          |               |                  |
//       refused          refused            refused: the caller closes the link
//
// A refusal ends what is known of that link; link_closed need not follow, and does no harm.
//
// Where it is not CometBFT's: a persistent peer is known by its id alone, which is proved, and not
// also by the address that it says; one that hangs up at once is not dialled again at once; and it
// is never given up, but tried at the longest interval for good.
//
// What strangers can make us hold: one entry a link, as many links as the limits let in, and the
// address book's bounds.
//
// Not here: sockets and names (io), the handshake (peer_link.h), which addresses to keep
// (address_book.h).
#pragma once
#include <map>
#include <set>
#include <variant>

#include "p2p/address_book.h"
#include "p2p/connection.h"
#include "types/p2p_messages.h"

namespace tandem::p2p {

/// A connection, by the number that its host gave it; none is given twice.
using LinkNumber = std::uint64_t;

struct Moment {
    Time now;        // never goes back
    Timestamp wall;  // of the book's entries
};

struct PeersConfig {
    std::string own_id;
    std::vector<Address> persistent;  // hosts may be names
    std::vector<Address> seeds;
    std::set<std::string> unconditional_ids;
    std::size_t inbound_max = 40;
    std::size_t outbound_max = 10;
    Time persistent_dial_period_max{0};  // 0: none
    bool allow_duplicate_ip = false;
    bool pex = true;
    bool seed_mode = false;
};

// ---- What is to be done.
struct DialPeer {
    Address address;  // link_opened or dial_failed is to follow
    bool operator==(const DialPeer&) const = default;
};
struct ClosePeer {  // after what was sent has left; link_closed need not follow
    LinkNumber link = 0;
    std::string why;
    bool operator==(const ClosePeer&) const = default;
};
struct SendPex {
    LinkNumber link = 0;
    types::PexMessage message;
    bool operator==(const SendPex&) const = default;
};
struct SaveBook {  // Peers::book().to_text()
    bool operator==(const SaveBook&) const = default;
};
using PeersEffect = std::variant<DialPeer, ClosePeer, SendPex, SaveBook>;

enum class Ending : std::uint8_t {
    lost,      // by the peer, or for an error of either side
    wanted,    // by our own wish: a persistent peer is not dialled again
    impostor,  // it is not whom we dialled
};

class Peers {
  public:
    Peers(PeersConfig config, AddressBook book, std::uint64_t seed, Moment start);

    // ---- Events. The effects of each are in take_effects().
    /// Something waited for its time. Call at next_wake() or later.
    void tick(Moment moment);
    /// A socket is connected; `dialled`: the address of a DialPeer.
    [[nodiscard]] base::Verdict link_opened(LinkNumber number, const types::IpAddress& remote,
                                            const std::optional<Address>& dialled, Moment moment);
    void dial_failed(const Address& address, Moment moment);
    /// The handshake is done: `id` is proved, `says` is where the peer says that it listens.
    /// Without a refusal the peer is admitted.
    [[nodiscard]] base::Verdict authenticated(LinkNumber number, const std::string& id,
                                              const Address& says, Moment moment);
    void link_closed(LinkNumber number, Ending ending, Moment moment);
    /// A message of channel 0x00 from an admitted peer.
    [[nodiscard]] base::Verdict hear(LinkNumber number, base::BytesView message, Moment moment);
    /// The peer was of use.
    void mark_good(LinkNumber number, Moment moment);

    // ---- Orders of an operator (RPC dial_seeds, dial_peers).
    void dial_seeds(const std::vector<Address>& seeds, Moment moment);
    void dial_peers(const std::vector<Address>& peers, bool persistent, bool unconditional,
                    Moment moment);

    [[nodiscard]] std::vector<PeersEffect> take_effects() { return std::exchange(effects_, {}); }
    [[nodiscard]] Time next_wake() const;

    [[nodiscard]] const AddressBook& book() const noexcept { return book_; }
    [[nodiscard]] bool is_persistent(const std::string& id) const {
        return persistent_.contains(id);
    }
    [[nodiscard]] bool is_unconditional(const std::string& id) const {
        return config_.unconditional_ids.contains(id);
    }
    /// Of the admitted peers, unconditional ones not counted.
    [[nodiscard]] std::size_t inbound() const { return count(false); }
    [[nodiscard]] std::size_t outbound() const { return count(true); }
    [[nodiscard]] std::size_t dialing() const noexcept { return dialing_.size(); }
    [[nodiscard]] std::size_t links() const noexcept { return links_.size(); }

  private:
    struct Link {
        types::IpAddress remote;
        std::optional<Address> dialled;
        Time since{0};
        std::string id;  // empty: not admitted yet
        Address says;
        bool asked = false;           // we wait for its addresses
        std::uint32_t questions = 0;  // that it asked
        Time last_question{0};
    };
    struct Persistent {
        Address address;
        unsigned failures = 0;        // since a connection that lasted
        std::optional<Time> next_at;  // nothing: connected, or being dialled
    };
    struct Attempts {
        unsigned count = 0;
        Time last{0};
    };
    enum class Answer : std::uint8_t { no, yes_and_close, yes };

    [[nodiscard]] std::size_t count(bool outbound) const;
    [[nodiscard]] bool is_busy(const std::string& id) const;  // connected, or being dialled
    [[nodiscard]] const Link* link_of(const std::string& id) const;
    [[nodiscard]] bool is_seed(const std::string& id) const;
    [[nodiscard]] Time seconds_below(std::uint64_t bound);

    // ---- Dialling.
    void dial(const Address& address);
    [[nodiscard]] bool dial_from_book(const Address& address, Moment moment);
    void failed(const Address& address, Ending ending, Moment moment);
    void schedule(Persistent& persistent, Time now);
    void add_persistent(const Address& address, Time now);
    void dial_next_seed(Moment moment);

    // ---- Timers.
    void ensure_peers(Moment moment, bool period_elapsed);
    void crawl(Moment moment);
    void forget_attempts();

    // ---- Addresses.
    void ask(LinkNumber number, Link& link);
    void ask_anybody();
    [[nodiscard]] base::Result<Answer> judge_question(Link& link, Time now) const;
    [[nodiscard]] base::Verdict hear_question(LinkNumber number, Link& link, Moment moment);
    [[nodiscard]] base::Verdict hear_addresses(Link& link, const types::PexAddrs& list,
                                               Moment moment);
    std::unexpected<base::Refusal> ban(LinkNumber number, base::Refusal refusal, Moment moment);
    void forget(LinkNumber number, Ending ending, Moment moment);

    PeersConfig config_;
    AddressBook book_;
    base::SeededRandom random_;
    std::map<LinkNumber, Link> links_;
    std::map<std::string, Address> dialing_;  // by id, until authenticated or failed
    std::map<std::string, Persistent> persistent_;
    std::map<std::string, Attempts> attempts_;  // of addresses from the book
    std::vector<Address> seeds_to_try_;         // the last one next
    Time ensure_at_;
    Time save_at_;
    std::vector<PeersEffect> effects_;
};

}  // namespace tandem::p2p
