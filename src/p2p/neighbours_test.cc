#include "p2p/neighbours.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tandem::p2p {
namespace {

std::set<std::string> ids(std::size_t count) {
    std::set<std::string> made;
    for (std::size_t i = 0; i < count; ++i) made.insert(fmt::format("{:040x}", i));
    return made;
}

TEST(Neighbours, AreReadAsTheyWereSaid) {
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, neighbours_max}) {
        const base::Bytes message = encode_neighbours(ids(count));
        EXPECT_LE(message.size(), neighbours_bytes_max);
        EXPECT_EQ(decode_neighbours(message), ids(count));
    }
}

TEST(Neighbours, TheExampleOfTheirPage) {
    const std::set<std::string> two{"00112233445566778899aabbccddeeff00112233",
                                    "ffeeddccbbaa99887766554433221100ffeeddcc"};
    EXPECT_EQ(base::to_hex(encode_neighbours(two)),
              "0a1400112233445566778899aabbccddeeff00112233"
              "0a14ffeeddccbbaa99887766554433221100ffeeddcc");
}

TEST(Neighbours, WhatIsNoListIsRefused) {
    const auto refused = [](const base::Bytes& message) {
        const auto read = decode_neighbours(message);
        return read ? std::string() : read.error().why;
    };
    EXPECT_EQ(refused(*base::from_hex("0a14")), "the message does not decode");
    EXPECT_EQ(refused(*base::from_hex("0a0100")), "a node ID of 1 bytes, not 20");
    EXPECT_EQ(refused(encode_neighbours(ids(neighbours_max + 1))),
              "1001 peers, of 1000 that are allowed");
}

}  // namespace
}  // namespace tandem::p2p
