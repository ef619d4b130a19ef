#include "p2p/address_book.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tandem::p2p {
namespace {

constexpr Timestamp start{1'700'000'000, 0};

Timestamp later(std::int64_t seconds) {
    return {start.seconds + seconds, 0};
}

std::string id_of(std::size_t number) {
    return fmt::format("{:040x}", number);
}

/// A routable address: neighbours of 256 numbers share a /16.
Address address(std::size_t number) {
    const std::string ip =
        fmt::format("8.{}.{}.{}", number / 65'536 % 256, number / 256 % 256, number % 256);
    return {id_of(number), ip, 26'656, types::IpAddress::from_text(ip)};
}

Address at(std::size_t number, const std::string& ip) {
    return {id_of(number), ip, 26'656, types::IpAddress::from_text(ip)};
}

struct Book {
    explicit Book(BookRules rules = {}) : book(std::move(rules), base::Bytes(12, 7)) {}
    std::string add(const Address& who, const Address& source = address(9999)) {
        const auto verdict = book.add(who, source, start, random);
        return verdict ? "" : verdict.error().check;
    }
    AddressBook book;
    base::SeededRandom random{1};
};

TEST(AddressBook, KeepsWhatCanBeDialledAndSaysWhyNotTheRest) {
    Book book({.strict = true, .own_ids = {id_of(50)}, .private_ids = {id_of(51)}});
    EXPECT_EQ(book.add(address(1)), "");
    EXPECT_EQ(book.add(address(1)), "");
    EXPECT_EQ(book.add(address(50)), "address.own");
    EXPECT_EQ(book.add(address(51)), "address.private");
    EXPECT_EQ(book.add(address(2), address(51)), "address.source");
    EXPECT_EQ(book.add(at(3, "0.0.0.0")), "address.ip");
    EXPECT_EQ(book.add(at(3, "192.168.1.1")), "address.routable");
    EXPECT_EQ(book.add({id_of(3), "example.org", 1, {}}), "address.ip");
    EXPECT_NE(book.add({"nonsense", "8.8.8.8", 1, types::IpAddress::from_text("8.8.8.8")}), "");
    EXPECT_EQ(book.book.size(), 1U);
    Book lax({.strict = false, .own_ids = {}, .private_ids = {}});
    EXPECT_EQ(lax.add(at(3, "192.168.1.1")), "");
    EXPECT_EQ(lax.add(at(4, "127.0.0.1")), "");
}

TEST(AddressBook, OneNetworkReachesFewBuckets) {
    Book book;
    for (std::size_t i = 0; i < 60'000; ++i) static_cast<void>(book.add(address(i), address(7)));
    std::set<std::uint32_t> buckets;
    for (std::size_t i = 0; i < 60'000; ++i)
        if (const KnownAddress* known = book.book.find(id_of(i)))
            buckets.insert(known->buckets.begin(), known->buckets.end());
    EXPECT_LE(buckets.size(), 32U);
    EXPECT_LE(book.book.size(), 32U * bucket_addresses_max);
}

TEST(AddressBook, WhatIsOldIsNotPushedOutByStrangers) {
    Book book;
    EXPECT_EQ(book.add(address(1)), "");
    book.book.mark_good(id_of(1), later(10));
    EXPECT_EQ(book.book.find(id_of(1))->kind, BucketKind::old);
    for (std::size_t i = 2; i < 30'000; ++i) static_cast<void>(book.add(address(i), address(i)));
    ASSERT_NE(book.book.find(id_of(1)), nullptr);
    EXPECT_EQ(book.book.find(id_of(1))->buckets.size(), 1U);
}

TEST(AddressBook, OldOnesMakeRoomForEachOther) {
    Book book;
    for (std::size_t i = 0; i < 2000; ++i) {  // one /16: at most 4 old buckets
        static_cast<void>(book.add(address(i), address(i * 256)));
        book.book.mark_good(id_of(i), later(static_cast<std::int64_t>(i)));
    }
    std::size_t old = 0;
    for (std::size_t i = 0; i < 2000; ++i)
        if (const KnownAddress* known = book.book.find(id_of(i)))
            if (known->kind == BucketKind::old) ++old;
    EXPECT_LE(old, 8U * 4 * bucket_addresses_max);
    EXPECT_EQ(book.book.find(id_of(1999))->kind, BucketKind::old);
}

TEST(AddressBook, ABanEndsInTime) {
    Book book;
    EXPECT_EQ(book.add(address(1)), "");
    book.book.ban(id_of(1), start, 100);
    EXPECT_TRUE(book.book.is_banned(id_of(1)));
    EXPECT_EQ(book.book.size(), 0U);
    EXPECT_EQ(book.add(address(1)), "address.banned");
    book.book.reinstate(later(99), book.random);
    EXPECT_EQ(book.book.size(), 0U);
    book.book.reinstate(later(100), book.random);
    EXPECT_FALSE(book.book.is_banned(id_of(1)));
    EXPECT_EQ(book.book.size(), 1U);
    book.book.ban(id_of(77), start, 100);  // not in the book
    EXPECT_FALSE(book.book.is_banned(id_of(77)));
}

TEST(AddressBook, AttemptsAreCountedUntilOneSucceeds) {
    Book book;
    EXPECT_EQ(book.add(address(1)), "");
    book.book.mark_attempt(id_of(1), later(1));
    book.book.mark_attempt(id_of(1), later(2));
    EXPECT_EQ(book.book.find(id_of(1))->attempts, 2);
    book.book.mark_good(id_of(1), later(3));
    EXPECT_EQ(book.book.find(id_of(1))->attempts, 0);
    book.book.remove(id_of(1));
    book.book.mark_attempt(id_of(1), later(4));
    EXPECT_EQ(book.book.size(), 0U);
}

TEST(AddressBook, PicksAmongTheKindThatIsPreferred) {
    Book book;
    EXPECT_EQ(book.book.pick(50, book.random), nullptr);
    for (std::size_t i = 0; i < 100; ++i)
        static_cast<void>(book.add(address(i * 65'536), address(i)));
    for (std::size_t i = 0; i < 50; ++i) book.book.mark_good(id_of(i * 65'536), later(1));
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(book.book.pick(100, book.random)->kind, BucketKind::fresh);
        EXPECT_EQ(book.book.pick(0, book.random)->kind, BucketKind::old);
    }
}

TEST(AddressBook, TellsAShareAndNothingPrivate) {
    Book book;
    for (std::size_t i = 0; i < 2000; ++i)
        static_cast<void>(book.add(address(i * 256), address(i * 65'536)));
    const std::size_t size = book.book.size();
    ASSERT_GT(size, 300U);
    const auto told = book.book.selection(book.random);
    EXPECT_EQ(told.size(), std::min<std::size_t>(size * 23 / 100, selection_max));
    std::set<std::string> distinct;
    for (const Address& one : told) EXPECT_TRUE(distinct.insert(one.id).second);
    Book few;
    for (std::size_t i = 0; i < 10; ++i) static_cast<void>(few.add(address(i)));
    EXPECT_EQ(few.book.selection(few.random).size(), 10U);
}

TEST(AddressBook, ItsFileIsReadBackTheSame) {
    Book book;
    for (std::size_t i = 0; i < 300; ++i) static_cast<void>(book.add(address(i * 300), address(i)));
    for (std::size_t i = 0; i < 100; ++i) book.book.mark_good(id_of(i * 300), later(1));
    const std::string text = book.book.to_text();
    const auto again = AddressBook::from_text({}, text);
    ASSERT_TRUE(again.has_value()) << again.error().why;
    EXPECT_EQ(*again, book.book);
    EXPECT_EQ(again->to_text(), text);
}

TEST(AddressBook, AFileThatNobodySavedIsRefusedByPlace) {
    const auto why = [](std::string_view text) {
        const auto book = AddressBook::from_text({}, text);
        return book ? std::string() : book.error().why;
    };
    EXPECT_EQ(why(R"({"key": "00", "addrs": []})"), "");
    EXPECT_NE(why("{"), "");
    EXPECT_NE(why(R"({"key": "xy", "addrs": []})").find("key"), std::string::npos);
    const std::string entry =
        R"({{"key":"00","addrs":[{{"addr":{{"id":"{}","ip":"8.8.8.8","port":1}},"src":{{"id":"{}","ip":"8.8.8.8","port":1}},"buckets":[{}],"attempts":0,"bucket_type":{},"last_attempt":"2024-01-01T00:00:00Z","last_success":"2024-01-01T00:00:00Z","last_ban_time":"0001-01-01T00:00:00Z"}}]}})";
    const auto with = [&](const std::string& id, std::uint32_t bucket, int kind) {
        return why(fmt::format(fmt::runtime(entry), id, id, bucket, kind));
    };
    EXPECT_EQ(with(id_of(1), 255, 1), "");
    EXPECT_EQ(with(id_of(1), 63, 2), "");
    EXPECT_NE(with(id_of(1), 256, 1).find("addrs[0]"), std::string::npos);
    EXPECT_NE(with(id_of(1), 64, 2).find("addrs[0]"), std::string::npos);
    EXPECT_NE(with(id_of(1), 0, 3).find("addrs[0]"), std::string::npos);
    EXPECT_NE(with("00", 0, 1).find("addrs[0]"), std::string::npos);
}

}  // namespace
}  // namespace tandem::p2p
