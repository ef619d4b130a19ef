#include "p2p/address_book.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/check.h"
#include "crypto/sha256.h"
#include "types/json_codec.h"

namespace tandem::p2p {
namespace {

constexpr std::uint64_t new_buckets_of_group = 32;
constexpr std::uint64_t old_buckets_of_group = 4;
constexpr std::int64_t day = 86'400;
constexpr std::int32_t attempts_without_success_max = 3;
constexpr std::int32_t attempts_max = 10;

/// Who is likely to be one and the same: neighbours in the network.
std::string group_of(const types::IpAddress& ip) {
    if (ip.is_local()) return "local";
    if (!ip.is_routable()) return "unroutable";
    const auto prefix = [&](std::size_t first, std::size_t bits) {
        std::string bytes(ip.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                          ip.bytes.begin() + static_cast<std::ptrdiff_t>(first + (bits + 7) / 8));
        if (bits % 8 != 0)
            bytes.back() = static_cast<char>(static_cast<std::uint8_t>(bytes.back()) &
                                             (0xFF00U >> (bits % 8)));
        return bytes;
    };
    if (ip.is_v4()) return prefix(12, 16);
    // One provider of tunnels hands these out by the many, so it counts for less.
    const bool is_tunnel =
        ip.bytes[0] == 0x20 && ip.bytes[1] == 0x01 && ip.bytes[2] == 0x04 && ip.bytes[3] == 0x70;
    return prefix(0, is_tunnel ? 36 : 32);
}

/// Not worth its place when another address wants it.
bool is_bad(const KnownAddress& known, Timestamp now) {
    if (known.kind == BucketKind::old) return false;
    if (known.last_attempt.seconds > now.seconds - 60) return false;  // being tried
    if (known.last_attempt.seconds < now.seconds - 7 * day) return true;
    const bool ever = known.last_success != Timestamp{};
    if (!ever && known.attempts >= attempts_without_success_max) return true;
    return ever && known.last_success.seconds < now.seconds - 7 * day &&
           known.attempts >= attempts_max;
}

struct AddressText {
    std::string id;
    std::string ip;
    std::uint32_t port = 0;

    bool operator==(const AddressText&) const = default;
};

struct KnownText {
    AddressText addr;
    AddressText src;
    std::vector<std::uint32_t> buckets;
    std::int32_t attempts = 0;
    std::uint8_t bucket_type = 0;
    Timestamp last_attempt, last_success, last_ban_time;

    bool operator==(const KnownText&) const = default;
};

struct BookText {
    std::string key;
    std::vector<KnownText> addrs;
};

AddressText text_of(const Address& address) {
    return {address.id, address.ip->to_text(), address.port};
}

/// Nothing where a book that was saved could not say so.
std::optional<Address> address_of(const AddressText& text) {
    const auto ip = types::IpAddress::from_text(text.ip);
    if (!ip || text.port > 65'535 || !types::validate_node_id(text.id)) return std::nullopt;
    return Address{text.id, ip->to_text(), static_cast<std::uint16_t>(text.port), ip};
}

std::optional<KnownAddress> known_of(const KnownText& text) {
    const auto address = address_of(text.addr);
    const auto source = address_of(text.src);
    if (!address || !source || text.buckets.empty()) return std::nullopt;
    if (text.bucket_type != 1 && text.bucket_type != 2) return std::nullopt;
    const auto kind = static_cast<BucketKind>(text.bucket_type);
    const std::size_t buckets = kind == BucketKind::fresh ? new_buckets : old_buckets;
    const std::size_t at_most = kind == BucketKind::fresh ? new_buckets_of_address_max : 1;
    const auto fits = [&](std::uint32_t bucket) { return bucket < buckets; };
    if (!std::ranges::all_of(text.buckets, fits) || text.buckets.size() > at_most)
        return std::nullopt;
    return KnownAddress{*address, *source,           text.buckets,      text.attempts,
                        kind,     text.last_attempt, text.last_success, text.last_ban_time};
}

}  // namespace
}  // namespace tandem::p2p

namespace tandem::wire {

template <>
struct JsonFields<p2p::AddressText> {
    using M = p2p::AddressText;
    static constexpr auto fields = std::tuple{json_field("id", &M::id), json_field("ip", &M::ip),
                                              json_field("port", &M::port)};
};

template <>
struct JsonFields<p2p::KnownText> {
    using M = p2p::KnownText;
    static constexpr auto fields = std::tuple{json_field("addr", &M::addr),
                                              json_field("src", &M::src),
                                              json_field("buckets", &M::buckets),
                                              json_field("attempts", &M::attempts),
                                              json_field("bucket_type", &M::bucket_type),
                                              json_field("last_attempt", &M::last_attempt),
                                              json_field("last_success", &M::last_success),
                                              json_field("last_ban_time", &M::last_ban_time)};
};

template <>
struct JsonFields<p2p::BookText> {
    using M = p2p::BookText;
    static constexpr auto fields =
        std::tuple{json_field("key", &M::key), json_field("addrs", &M::addrs)};
};

}  // namespace tandem::wire

namespace tandem::p2p {

AddressBook::AddressBook(BookRules rules, base::Bytes key)
    : rules_(std::move(rules)), key_(std::move(key)) {}

// ---- The file

base::Result<AddressBook> AddressBook::from_text(BookRules rules, std::string_view text) {
    const auto root = wire::parse_json(text);
    if (!root) return std::unexpected(root.error());
    wire::JsonReading reading;
    BookText file;
    if (!wire::read_json_member(reading, *root, file)) return std::unexpected(reading.refusal());
    auto key = base::from_hex(file.key);
    if (!key)
        return base::refuse("key", "key: expected hexadecimal digits, found \"" + file.key + "\"");
    AddressBook book(std::move(rules), std::move(*key));
    for (std::size_t i = 0; i < file.addrs.size(); ++i) {
        auto known = known_of(file.addrs[i]);
        if (!known)
            return base::refuse("addrs",
                                fmt::format("addrs[{}]: not an address that a book can hold", i));
        if (book.addresses_.contains(known->address.id)) continue;
        std::erase_if(known->buckets, [&](std::uint32_t index) {
            Bucket& bucket = book.bucket(known->kind, index);
            if (bucket.size() >= bucket_addresses_max) return true;
            return !bucket.insert(known->address.id).second;
        });
        if (!known->buckets.empty()) book.addresses_.emplace(known->address.id, std::move(*known));
    }
    return book;
}

std::string AddressBook::to_text() const {
    BookText file;
    file.key = base::to_hex(key_);
    file.addrs.reserve(addresses_.size());
    for (const auto& [id, known] : addresses_)
        file.addrs.push_back({text_of(known.address), text_of(known.source), known.buckets,
                              known.attempts, static_cast<std::uint8_t>(known.kind),
                              known.last_attempt, known.last_success, known.banned_until});
    wire::JsonWriter writer;
    wire::write_json_object(writer, file);
    return wire::indent_json(writer.take(), "\t");
}

// ---- Buckets

std::uint64_t AddressBook::hash(std::initializer_list<std::string_view> parts) const {
    crypto::Sha256 hasher;
    hasher.update(key_);
    for (const std::string_view part : parts) {
        const std::array<std::uint8_t, 1> length{static_cast<std::uint8_t>(part.size())};
        hasher.update(length).update(base::as_bytes(part));
    }
    const crypto::Digest digest = hasher.finish();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = value << 8 | digest[i];
    return value;
}

std::uint32_t AddressBook::new_bucket(const Address& address, const Address& source) const {
    const std::string from = group_of(*source.ip);
    const std::uint64_t slot = hash({"new", group_of(*address.ip), from}) % new_buckets_of_group;
    return static_cast<std::uint32_t>(hash({"new", from, std::to_string(slot)}) % new_buckets);
}

std::uint32_t AddressBook::old_bucket(const Address& address) const {
    const std::uint64_t slot = hash({"old", address.to_text()}) % old_buckets_of_group;
    return static_cast<std::uint32_t>(hash({"old", group_of(*address.ip), std::to_string(slot)}) %
                                      old_buckets);
}

const std::string* AddressBook::oldest_in(const Bucket& bucket) const {
    const std::string* oldest = nullptr;
    for (const std::string& id : bucket)
        if (oldest == nullptr ||
            addresses_.at(id).last_attempt < addresses_.at(*oldest).last_attempt)
            oldest = &id;
    return oldest;
}

void AddressBook::take_out(KnownAddress& known) {
    for (const std::uint32_t index : std::exchange(known.buckets, {}))
        bucket(known.kind, index).erase(known.address.id);
}

void AddressBook::make_room_in_new(std::uint32_t index, Timestamp now) {
    Bucket& full = new_[index];
    if (full.size() < bucket_addresses_max) return;
    const auto bad = std::ranges::find_if(
        full, [&](const std::string& id) { return is_bad(addresses_.at(id), now); });
    const std::string victim = bad != full.end() ? *bad : *oldest_in(full);
    full.erase(victim);
    KnownAddress& known = addresses_.at(victim);
    std::erase(known.buckets, index);
    if (known.buckets.empty()) addresses_.erase(victim);
}

void AddressBook::put_in_new(KnownAddress& known, std::uint32_t index, Timestamp now) {
    if (new_[index].contains(known.address.id)) return;
    make_room_in_new(index, now);
    new_[index].insert(known.address.id);
    known.buckets.push_back(index);
}

// ---- Coming and going

base::Verdict AddressBook::judge(const Address& address, const Address& source) const {
    if (!address.ip || !source.ip)
        return base::refuse("address.ip", "an address without an ip cannot be kept");
    TANDEM_TRY(types::validate_node_id(address.id));
    const auto refused = [&](std::string_view check, std::string_view why) {
        return base::refuse(check, fmt::format("{}: {}", address.to_text(), why));
    };
    if (rules_.own_ids.contains(address.id)) return refused("address.own", "that is us");
    if (is_private(address.id)) return refused("address.private", "it is private");
    if (is_private(source.id)) return refused("address.source", "whoever told us is private");
    if (banned_.contains(address.id)) return refused("address.banned", "it is banned");
    if (!address.ip->is_valid()) return refused("address.ip", "nobody can be reached there");
    if (rules_.strict && !address.ip->is_routable())
        return refused("address.routable", "it cannot be reached from everywhere");
    return {};
}

base::Verdict AddressBook::add(const Address& address, const Address& source, Timestamp now,
                               base::SeededRandom& random) {
    TANDEM_TRY(judge(address, source));
    const std::uint32_t index = new_bucket(address, source);
    if (const auto found = addresses_.find(address.id); found != addresses_.end()) {
        KnownAddress& known = found->second;
        if (known.kind == BucketKind::old || known.buckets.size() >= new_buckets_of_address_max)
            return {};
        // The more buckets it has, the less likely it gets one more.
        if (random.chance(1, std::uint64_t{1} << known.buckets.size()))
            put_in_new(known, index, now);
        return {};
    }
    // Its bucket makes room before it comes, so that it does not push itself out.
    make_room_in_new(index, now);
    KnownAddress known{address, source, {index}, 0, BucketKind::fresh, now, {}, {}};
    new_[index].insert(address.id);
    addresses_.emplace(address.id, std::move(known));
    return {};
}

void AddressBook::remove(const std::string& id) {
    const auto found = addresses_.find(id);
    if (found == addresses_.end()) return;
    take_out(found->second);
    addresses_.erase(found);
}

void AddressBook::mark_attempt(const std::string& id, Timestamp now) {
    const auto found = addresses_.find(id);
    if (found == addresses_.end()) return;
    found->second.last_attempt = now;
    ++found->second.attempts;
}

void AddressBook::mark_good(const std::string& id, Timestamp now) {
    const auto found = addresses_.find(id);
    if (found == addresses_.end()) return;
    KnownAddress& known = found->second;
    known.attempts = 0;
    known.last_attempt = now;
    known.last_success = now;
    if (known.kind == BucketKind::old) return;
    take_out(known);
    const std::uint32_t index = old_bucket(known.address);
    if (old_[index].size() >= bucket_addresses_max) {
        // The one that was longest not tried goes back among the new ones.
        KnownAddress& back = addresses_.at(*oldest_in(old_[index]));
        take_out(back);
        back.kind = BucketKind::fresh;
        put_in_new(back, new_bucket(back.address, back.source), now);
    }
    known.kind = BucketKind::old;
    known.buckets.push_back(index);
    old_[index].insert(id);
}

void AddressBook::ban(const std::string& id, Timestamp now, std::int64_t seconds) {
    const auto found = addresses_.find(id);
    if (found == addresses_.end()) return;
    take_out(found->second);
    KnownAddress known = std::move(found->second);
    addresses_.erase(found);
    known.banned_until = {now.seconds + seconds, now.nanos};
    banned_.insert_or_assign(id, std::move(known));
}

void AddressBook::reinstate(Timestamp now, base::SeededRandom& random) {
    for (auto entry = banned_.begin(); entry != banned_.end();) {
        if (now < entry->second.banned_until) {
            ++entry;
            continue;
        }
        const KnownAddress known = std::move(entry->second);
        entry = banned_.erase(entry);
        static_cast<void>(add(known.address, known.source, now, random));
    }
}

// ---- Choosing

const KnownAddress* AddressBook::pick(std::uint64_t new_bias, base::SeededRandom& random) const {
    if (addresses_.empty()) return nullptr;
    std::size_t old_count = 0;
    for (const auto& [id, known] : addresses_)
        if (known.kind == BucketKind::old) ++old_count;
    const double bias = static_cast<double>(std::min<std::uint64_t>(new_bias, 100));
    const double old_weight = std::sqrt(static_cast<double>(old_count)) * (100 - bias);
    const double new_weight = std::sqrt(static_cast<double>(addresses_.size() - old_count)) * bias;
    constexpr std::uint64_t grain = 1'000'000;
    const double share = old_weight + new_weight > 0 ? old_weight / (old_weight + new_weight) : 0.5;
    bool takes_old = static_cast<double>(random.below(grain)) < share * static_cast<double>(grain);
    if (old_count == 0) takes_old = false;
    if (old_count == addresses_.size()) takes_old = true;
    // By way of a bucket, so that a crowd in one of them is not the likelier for being a crowd.
    const std::vector<Bucket>& buckets = takes_old ? old_ : new_;
    std::vector<const Bucket*> filled;
    for (const Bucket& bucket : buckets)
        if (!bucket.empty()) filled.push_back(&bucket);
    const Bucket& bucket = *filled[random.below(filled.size())];
    const auto id =
        std::next(bucket.begin(), static_cast<std::ptrdiff_t>(random.below(bucket.size())));
    return &addresses_.at(*id);
}

std::vector<Address> AddressBook::selection(base::SeededRandom& random) const {
    constexpr std::size_t at_least = 32;
    constexpr std::size_t per_cent = 23;
    std::vector<Address> all;
    all.reserve(addresses_.size());
    for (const auto& [id, known] : addresses_)
        if (!is_private(id)) all.push_back(known.address);
    const std::size_t count =
        std::min({std::max(std::min(at_least, all.size()), all.size() * per_cent / 100),
                  selection_max, all.size()});
    for (std::size_t i = 0; i < count; ++i)
        std::swap(all[i], all[i + random.below(all.size() - i)]);
    all.resize(count);
    return all;
}

const KnownAddress* AddressBook::find(const std::string& id) const {
    const auto found = addresses_.find(id);
    return found == addresses_.end() ? nullptr : &found->second;
}

}  // namespace tandem::p2p
