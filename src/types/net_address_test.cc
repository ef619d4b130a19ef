#include "types/net_address.h"

#include <gtest/gtest.h>

namespace tandem::types {
namespace {

const std::string id(40, 'a');

std::string reread(std::string_view text) {
    const auto ip = IpAddress::from_text(text);
    return ip ? ip->to_text() : "none";
}

TEST(IpAddress, IsWrittenInItsShortestForm) {
    EXPECT_EQ(reread("1.2.3.4"), "1.2.3.4");
    EXPECT_EQ(reread("::ffff:1.2.3.4"), "1.2.3.4");
    EXPECT_EQ(reread("0:0:0:0:0:0:0:0"), "::");
    EXPECT_EQ(reread("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
    EXPECT_EQ(reread("2001:0db8::0001"), "2001:db8::1");
    EXPECT_EQ(reread("1:0:2:3:4:5:6:7"), "1:0:2:3:4:5:6:7");  // one zero group stays
    EXPECT_EQ(reread("1::"), "1::");
    EXPECT_EQ(reread("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
    EXPECT_EQ(reread("64:ff9b::1.2.3.4"), "64:ff9b::102:304");
    EXPECT_EQ(reread("1:2:3:4:5:6:1.2.3.4"), "1:2:3:4:5:6:102:304");
}

TEST(IpAddress, RefusesWhatGoRefuses) {
    for (const std::string_view text : {"",
                                        "localhost",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "1.2.3.256",
                                        "1.2.3.04",
                                        "1.2.3.-4",
                                        "1.2.3.+4",
                                        " 1.2.3.4",
                                        "1.2.3.4 ",
                                        "1..2.3",
                                        "1.2.3.",
                                        ".1.2.3",
                                        "1.2.3.1000",
                                        ":",
                                        ":::",
                                        "1:",
                                        "::1:",
                                        "1::2::3",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        "12345::",
                                        "g::",
                                        "::1.2.3",
                                        "::1.2.3.4:5",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "1:2:3:4:5:1.2.3.4",
                                        "fe80::1%eth0",
                                        "[::1]",
                                        "::+1",
                                        "::01.2.3.4"})
        EXPECT_EQ(reread(text), "none") << text;
}

TEST(IpAddress, KnowsWhatCanBeReached) {
    const auto routable = [](std::string_view text) {
        return IpAddress::from_text(text).value().is_routable();
    };
    for (const std::string_view text : {"8.8.8.8", "172.15.0.1", "172.32.0.1", "11.0.0.1",
                                        "fe80:0:0:1::1", "2001:20::1", "2a00::1", "fe00::1"})
        EXPECT_TRUE(routable(text)) << text;
    for (const std::string_view text :
         {"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.0.1", "127.0.0.1",
          "0.1.2.3", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fdff::1", "2001:1f::1",
          "2001:db8::1"})
        EXPECT_FALSE(routable(text)) << text;
}

TEST(PeerAddress, TakesNamesAsTheyAre) {
    const auto address = peer_address_from_text("tcp://" + id + "@example.org:26656").value();
    EXPECT_EQ(address.host, "example.org");
    EXPECT_EQ(address.port, 26656);
    EXPECT_FALSE(address.ip.has_value());
}

TEST(PeerAddress, SaysWhatIsWrong) {
    const auto check_of = [](const std::string& text) {
        const auto address = peer_address_from_text(text);
        return address ? "none" : address.error().check;
    };
    EXPECT_EQ(check_of("127.0.0.1:1"), "address.id");
    EXPECT_EQ(check_of("@127.0.0.1:1"), "address.id");
    EXPECT_EQ(check_of(id.substr(1) + "@127.0.0.1:1"), "address.id");
    EXPECT_EQ(check_of(id + "@127.0.0.1"), "address.port");
    EXPECT_EQ(check_of(id + "@127.0.0.1:"), "address.port");
    EXPECT_EQ(check_of(id + "@127.0.0.1:65536"), "address.port");
    EXPECT_EQ(check_of(id + "@[::1]"), "address.port");
    EXPECT_EQ(check_of(id + "@::1:1"), "address.host");
    EXPECT_EQ(check_of(id + "@[::1:1"), "address.host");
    EXPECT_EQ(check_of(id + "@:1"), "address.host");
    EXPECT_EQ(check_of(id + "@a]:1"), "address.host");
    EXPECT_EQ(check_of(id + "@127.0.0.1:0001"), "none");
}

TEST(PeerAddress, IsWrittenWithBracketsAroundIpv6) {
    EXPECT_EQ(peer_address_from_text(id + "@[::1]:5").value().to_text(), id + "@[::1]:5");
    EXPECT_EQ(peer_address_from_text(id + "@[1.2.3.4]:5").value().to_text(), id + "@1.2.3.4:5");
}

}  // namespace
}  // namespace tandem::types
