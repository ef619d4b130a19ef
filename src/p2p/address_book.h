// The address book: where other nodes listen, as peers told us and as we found out (wire page of
// p2p, sections 6 and 8).
//
// Nobody who only talks can fill it or choose whom we dial. A stranger's addresses go to "new"
// buckets that are chosen by the stranger's own network and a secret key, so one network reaches
// few of the 256; an address moves to an "old" bucket when we have had a good connection to it, and
// what is old is pushed out by what is old alone.
//
// A value: the wall clock and the dice are arguments. The file is CometBFT's, byte for byte.
//
// Not here: reading and writing the file (io), when to dial (peers.h).
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "types/net_address.h"
#include "wire/well_known.h"

namespace tandem::p2p {

using wire::Timestamp;

inline constexpr std::size_t new_buckets = 256;
inline constexpr std::size_t old_buckets = 64;
inline constexpr std::size_t bucket_addresses_max = 64;
inline constexpr std::size_t new_buckets_of_address_max = 4;
inline constexpr std::size_t addresses_wanted = 1000;  // with fewer, peers are asked for more
inline constexpr std::size_t selection_max = 250;

/// An address with an ip.
using Address = types::PeerAddress;

enum class BucketKind : std::uint8_t { fresh = 1, old = 2 };  // "new" is a word of C++

struct KnownAddress {
    Address address;
    Address source;                      // who told us
    std::vector<std::uint32_t> buckets;  // at least one
    std::int32_t attempts = 0;           // since the last success
    BucketKind kind = BucketKind::fresh;
    Timestamp last_attempt;
    Timestamp last_success;
    Timestamp banned_until;

    bool operator==(const KnownAddress&) const = default;
};

struct BookRules {
    bool strict = true;             // routable addresses only
    std::set<std::string> own_ids;  // lower case
    std::set<std::string> private_ids;
};

class AddressBook {
  public:
    /// `key`: 12 random bytes, which stay secret.
    AddressBook(BookRules rules, base::Bytes key);
    /// Refused with what is wrong where; the text says no more than a book that was saved before.
    [[nodiscard]] static base::Result<AddressBook> from_text(BookRules rules,
                                                             std::string_view text);
    [[nodiscard]] std::string to_text() const;

    /// Somebody says that a node listens there. Refused where it is not to be kept: it is our own
    /// or private, or told by a private one, cannot be dialled, or is banned.
    [[nodiscard]] base::Verdict add(const Address& address, const Address& source, Timestamp now,
                                    base::SeededRandom& random);
    void remove(const std::string& id);

    void mark_attempt(const std::string& id, Timestamp now);
    /// We had a good connection: moves to the old ones.
    void mark_good(const std::string& id, Timestamp now);
    /// Not dialled and not told to others for a while. What is not in the book is not remembered.
    void ban(const std::string& id, Timestamp now, std::int64_t seconds);
    /// Those whose ban is over are new addresses again.
    void reinstate(Timestamp now, base::SeededRandom& random);

    /// One to dial. `new_bias`: per cent, how much the new ones are preferred. Nothing when there
    /// is none.
    [[nodiscard]] const KnownAddress* pick(std::uint64_t new_bias,
                                           base::SeededRandom& random) const;
    /// Some to tell a peer of, never a banned or a private one.
    [[nodiscard]] std::vector<Address> selection(base::SeededRandom& random) const;

    [[nodiscard]] const KnownAddress* find(const std::string& id) const;
    [[nodiscard]] bool is_private(const std::string& id) const {
        return rules_.private_ids.contains(id);
    }
    [[nodiscard]] bool is_banned(const std::string& id) const { return banned_.contains(id); }
    [[nodiscard]] bool wants_more() const noexcept { return addresses_.size() < addresses_wanted; }
    [[nodiscard]] std::size_t size() const noexcept { return addresses_.size(); }

    bool operator==(const AddressBook& other) const { return addresses_ == other.addresses_; }

  private:
    using Bucket = std::set<std::string>;

    [[nodiscard]] base::Verdict judge(const Address& address, const Address& source) const;
    [[nodiscard]] std::uint32_t new_bucket(const Address& address, const Address& source) const;
    [[nodiscard]] std::uint32_t old_bucket(const Address& address) const;
    [[nodiscard]] std::uint64_t hash(std::initializer_list<std::string_view> parts) const;
    void put_in_new(KnownAddress& known, std::uint32_t index, Timestamp now);
    [[nodiscard]] Bucket& bucket(BucketKind kind, std::uint32_t index) {
        return (kind == BucketKind::fresh ? new_ : old_)[index];
    }
    void take_out(KnownAddress& known);
    void make_room_in_new(std::uint32_t index, Timestamp now);
    [[nodiscard]] const std::string* oldest_in(const Bucket& bucket) const;

    BookRules rules_;
    base::Bytes key_;
    std::map<std::string, KnownAddress> addresses_;  // by node id
    std::map<std::string, KnownAddress> banned_;
    std::vector<Bucket> new_ = std::vector<Bucket>(new_buckets);
    std::vector<Bucket> old_ = std::vector<Bucket>(old_buckets);
};

}  // namespace tandem::p2p
