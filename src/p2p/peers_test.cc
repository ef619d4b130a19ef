// Whom to dial and whom to let in, event by event.
#include "p2p/peers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tandem::p2p {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

std::string id_of(std::size_t number) {
    return fmt::format("{:040x}", number);
}

types::IpAddress ip_of(std::size_t number) {
    return *types::IpAddress::from_text(fmt::format("8.{}.{}.1", number / 256, number % 256));
}

Address address(std::size_t number) {
    return {id_of(number), ip_of(number).to_text(), 26'656, ip_of(number)};
}

constexpr std::size_t own = 999;

struct Rig {
    explicit Rig(PeersConfig config = {}, const std::vector<std::size_t>& known = {},
                 std::uint64_t seed = 1)
        : peers(completed(std::move(config)), book(known), seed, moment()) {}

    static PeersConfig completed(PeersConfig config) {
        config.own_id = id_of(own);
        return config;
    }
    static AddressBook book(const std::vector<std::size_t>& known) {
        AddressBook book({.strict = true, .own_ids = {id_of(own)}, .private_ids = {}},
                         base::Bytes(12, 1));
        base::SeededRandom random(3);
        for (const std::size_t number : known)
            EXPECT_TRUE(book.add(address(number), address(number), {1'700'000'000, 0}, random));
        return book;
    }
    [[nodiscard]] Moment moment() const { return {now, {1'700'000'000 + now / seconds(1), 0}}; }
    /// Lets time pass, with ticks when they are due; returns the effects on the way.
    std::vector<PeersEffect> wait(Time span) {
        const Time end = now + span;
        std::vector<PeersEffect> effects = peers.take_effects();
        while (peers.next_wake() <= end) {
            now = std::max(now, peers.next_wake());
            peers.tick(moment());
            for (PeersEffect& effect : peers.take_effects()) effects.push_back(std::move(effect));
        }
        now = end;
        return effects;
    }
    LinkNumber open(std::size_t who, bool dialled) {
        const auto verdict = peers.link_opened(
            ++links, ip_of(who), dialled ? std::optional(address(who)) : std::nullopt, moment());
        EXPECT_TRUE(verdict) << verdict.error().why;
        return links;
    }
    LinkNumber connect(std::size_t who, bool dialled) {
        const LinkNumber link = open(who, dialled);
        const auto verdict = peers.authenticated(link, id_of(who), address(who), moment());
        EXPECT_TRUE(verdict) << verdict.error().why;
        return link;
    }
    base::Verdict hear(LinkNumber link, const types::PexMessage& message) {
        return peers.hear(link, wire::encode(message), moment());
    }

    Time now{seconds(1000)};
    Peers peers;
    LinkNumber links = 0;
};

std::vector<std::string> dialled(const std::vector<PeersEffect>& effects) {
    std::vector<std::string> ids;
    for (const PeersEffect& effect : effects)
        if (const auto* dial = std::get_if<DialPeer>(&effect)) ids.push_back(dial->address.id);
    return ids;
}

std::size_t questions(const std::vector<PeersEffect>& effects) {
    std::size_t count = 0;
    for (const PeersEffect& effect : effects)
        if (const auto* send = std::get_if<SendPex>(&effect))
            count += std::holds_alternative<types::PexRequest>(send->message.sum) ? 1U : 0U;
    return count;
}

types::PexMessage request() {
    return {types::PexRequest{}};
}

types::PexMessage addresses(const std::vector<std::size_t>& numbers) {
    types::PexAddrs list;
    for (const std::size_t number : numbers)
        list.addrs.push_back({id_of(number), ip_of(number).to_text(), 26'656});
    return {list};
}

std::string check_of(const base::Verdict& verdict) {
    return verdict ? "" : verdict.error().check;
}

PeersConfig persistent(const std::vector<std::size_t>& numbers) {
    PeersConfig config;
    config.pex = false;
    for (const std::size_t number : numbers) config.persistent.push_back(address(number));
    return config;
}

// ---- Persistent peers

TEST(PersistentPeers, AreDialledSoonAfterTheStartAndNeverOurselves) {
    Rig rig(persistent({1, 2, own}));
    const auto first = dialled(rig.wait(seconds(3)));
    EXPECT_EQ(std::set(first.begin(), first.end()), (std::set{id_of(1), id_of(2)}));
    EXPECT_EQ(first.size(), 2U);
    EXPECT_EQ(rig.peers.dialing(), 2U);
    EXPECT_TRUE(dialled(rig.wait(seconds(100))).empty()) << "while they are being dialled";
}

TEST(PersistentPeers, AreTriedQuicklyThenEverMoreRarelyAndNeverGivenUp) {
    Rig rig(persistent({1}));
    ASSERT_EQ(dialled(rig.wait(seconds(3))).size(), 1U);
    const auto next_pause = [&] {
        rig.peers.dial_failed(address(1), rig.moment());
        const Time failed_at = rig.now;
        const Time wake = rig.peers.next_wake();
        rig.now = wake;
        rig.peers.tick(rig.moment());
        EXPECT_EQ(dialled(rig.peers.take_effects()).size(), 1U);
        return wake - failed_at;
    };
    for (int i = 0; i < 20; ++i) {
        const Time pause = next_pause();
        EXPECT_GE(pause, seconds(5)) << i;
        EXPECT_LT(pause, seconds(8)) << i;
    }
    std::int64_t power = 1;
    for (int i = 1; i <= 12; ++i) {
        if (i <= 10) power *= 3;
        const Time pause = next_pause();
        EXPECT_GE(pause, seconds(power)) << i;
        EXPECT_LT(pause, seconds(power + 3)) << i;
    }
}

TEST(PersistentPeers, TheLongestPauseCanBeSet) {
    PeersConfig config = persistent({1});
    config.persistent_dial_period_max = seconds(2);
    Rig rig(config);
    (void)rig.wait(seconds(3));
    for (int i = 0; i < 40; ++i) {
        rig.peers.dial_failed(address(1), rig.moment());
        EXPECT_EQ(dialled(rig.wait(seconds(2))).size(), 1U);
    }
}

TEST(PersistentPeers, OneThatIsLostIsDialledAtOnceUnlessItNeverStays) {
    Rig rig(persistent({1}));
    (void)rig.wait(seconds(3));
    const LinkNumber link = rig.connect(1, true);
    EXPECT_TRUE(dialled(rig.wait(seconds(60))).empty());
    rig.peers.link_closed(link, Ending::lost, rig.moment());
    EXPECT_EQ(dialled(rig.wait(seconds(0))).size(), 1U);
    const LinkNumber again = rig.connect(1, true);
    rig.peers.link_closed(again, Ending::lost, rig.moment());
    EXPECT_TRUE(dialled(rig.wait(seconds(4))).empty()) << "it hung up at once";
    EXPECT_EQ(dialled(rig.wait(seconds(4))).size(), 1U);
}

TEST(PersistentPeers, OneThatWeClosedIsLeftAlone) {
    Rig rig(persistent({1}));
    (void)rig.wait(seconds(3));
    rig.peers.link_closed(rig.connect(1, true), Ending::wanted, rig.moment());
    EXPECT_TRUE(dialled(rig.wait(hours(1))).empty());
}

TEST(PersistentPeers, OneThatDialledUsIsNotDialledAndIsDialledWhenItIsLost) {
    Rig rig(persistent({1}));
    const LinkNumber link = rig.connect(1, false);
    EXPECT_TRUE(dialled(rig.wait(seconds(60))).empty());
    rig.peers.link_closed(link, Ending::lost, rig.moment());
    EXPECT_EQ(dialled(rig.wait(seconds(1))).size(), 1U);
}

TEST(PersistentPeers, AnImpostorIsTriedAgainLater) {
    Rig rig(persistent({1}));
    (void)rig.wait(seconds(3));
    const LinkNumber link = rig.open(1, true);
    rig.peers.link_closed(link, Ending::impostor, rig.moment());
    EXPECT_EQ(rig.peers.dialing(), 0U);
    EXPECT_TRUE(dialled(rig.wait(seconds(4))).empty());
    EXPECT_EQ(dialled(rig.wait(seconds(4))).size(), 1U);
}

// ---- Whom to let in

TEST(Admission, NoMoreThanTheLimitButUnconditionalOnes) {
    PeersConfig config;
    config.inbound_max = 2;
    config.unconditional_ids = {id_of(7)};
    config.pex = false;
    Rig rig(config);
    (void)rig.connect(1, false);
    (void)rig.connect(2, false);
    const LinkNumber third = rig.open(3, false);
    EXPECT_EQ(check_of(rig.peers.link_opened(50, ip_of(50), std::nullopt, rig.moment())),
              "peer.inbound")
        << "not even a socket";
    EXPECT_EQ(check_of(rig.peers.authenticated(third, id_of(3), address(3), rig.moment())),
              "peer.inbound");
    (void)rig.connect(7, false);
    EXPECT_EQ(rig.peers.inbound(), 2U);
    (void)rig.connect(8, true);
    EXPECT_EQ(rig.peers.outbound(), 1U) << "whom we dial does not count";
    EXPECT_EQ(rig.peers.links(), 4U);
}

TEST(Admission, OneConnectionPerIpAndPerId) {
    Rig rig;
    (void)rig.connect(1, false);
    EXPECT_EQ(check_of(rig.peers.link_opened(90, ip_of(1), std::nullopt, rig.moment())), "peer.ip");
    EXPECT_EQ(check_of(rig.peers.link_opened(90, ip_of(1), address(1), rig.moment())), "peer.ip");
    PeersConfig config;
    config.allow_duplicate_ip = true;
    Rig lax(config);
    const LinkNumber first = lax.connect(1, false);
    const LinkNumber second = lax.open(1, true);
    EXPECT_EQ(check_of(lax.peers.authenticated(second, id_of(1), address(1), lax.moment())),
              "peer.id")
        << "the newer one";
    EXPECT_EQ(lax.peers.links(), 1U);
    lax.peers.link_closed(first, Ending::lost, lax.moment());
    EXPECT_EQ(lax.peers.links(), 0U);
}

TEST(Admission, NotOurselves) {
    Rig rig;
    const LinkNumber link = rig.open(own, true);
    EXPECT_EQ(check_of(rig.peers.authenticated(link, id_of(own), address(own), rig.moment())),
              "peer.self");
}

TEST(Admission, ALinkThatIsNotKnownIsRefusedAndClosingItDoesNoHarm) {
    Rig rig;
    EXPECT_FALSE(rig.peers.authenticated(5, id_of(1), address(1), rig.moment()));
    EXPECT_FALSE(rig.hear(5, request()));
    rig.peers.link_closed(5, Ending::lost, rig.moment());
    rig.peers.mark_good(5, rig.moment());
    const LinkNumber link = rig.open(1, false);
    EXPECT_FALSE(rig.hear(link, request())) << "not admitted yet";
}

// ---- Addresses

TEST(AddressExchange, WhoIsDialledIsAskedAndWhoDialsIsNoted) {
    Rig rig;
    const LinkNumber out = rig.connect(1, true);
    EXPECT_EQ(questions(rig.peers.take_effects()), 1U);
    (void)rig.connect(2, false);
    EXPECT_EQ(questions(rig.peers.take_effects()), 0U);
    EXPECT_NE(rig.peers.book().find(id_of(2)), nullptr);
    EXPECT_TRUE(rig.hear(out, addresses({10, 11})));
    EXPECT_NE(rig.peers.book().find(id_of(10)), nullptr);
    EXPECT_EQ(check_of(rig.hear(out, addresses({12}))), "pex.unasked") << "only once";
    EXPECT_EQ(rig.peers.book().find(id_of(12)), nullptr);
}

TEST(AddressExchange, WhatCannotBeAnAddressBansItsSender) {
    Rig rig({}, {1});
    const LinkNumber link = rig.connect(1, true);
    types::PexAddrs list;
    list.addrs.push_back({id_of(10), "8.8.8", 26'656});
    EXPECT_FALSE(rig.hear(link, {list}));
    EXPECT_TRUE(rig.peers.book().is_banned(id_of(1)));
    EXPECT_EQ(rig.peers.links(), 0U);
    const LinkNumber other = rig.connect(2, true);
    EXPECT_FALSE(rig.peers.hear(other, base::Bytes{}, rig.moment())) << "no member";
    const LinkNumber third = rig.connect(3, true);
    EXPECT_FALSE(rig.peers.hear(third, base::Bytes{0xff}, rig.moment()));
}

TEST(AddressExchange, UnsuitableAddressesArePassedOver) {
    Rig rig;
    const LinkNumber link = rig.connect(1, true);
    types::PexAddrs list;
    list.addrs.push_back({"nonsense", "8.8.8.8", 1});
    list.addrs.push_back({id_of(20), "192.168.0.1", 1});
    list.addrs.push_back({id_of(own), "8.8.8.8", 1});
    list.addrs.push_back({id_of(21), "8.8.8.8", 1});
    EXPECT_TRUE(rig.hear(link, {list}));
    EXPECT_EQ(rig.peers.book().size(), 1U);
    EXPECT_NE(rig.peers.book().find(id_of(21)), nullptr);
}

TEST(AddressExchange, TwoQuestionsAreFreeThenOneInTenSeconds) {
    Rig rig({}, {1, 2, 3});
    const LinkNumber link = rig.connect(1, false);
    EXPECT_TRUE(rig.hear(link, request()));
    EXPECT_TRUE(rig.hear(link, request()));
    rig.now += seconds(10);
    EXPECT_TRUE(rig.hear(link, request()));
    rig.now += seconds(10);
    EXPECT_TRUE(rig.hear(link, request()));
    std::size_t answers = 0;
    for (const PeersEffect& effect : rig.peers.take_effects())
        if (const auto* send = std::get_if<SendPex>(&effect))
            answers += std::get<types::PexAddrs>(send->message.sum).addrs.size();
    EXPECT_EQ(answers, 4U * 3);
    rig.now += seconds(10) - Time(1);
    EXPECT_EQ(check_of(rig.hear(link, request())), "pex.rate");
    EXPECT_TRUE(rig.peers.book().is_banned(id_of(1)));
}

TEST(AddressExchange, IsOffWhereTheConfigurationSaysSo) {
    PeersConfig config;
    config.pex = false;
    Rig rig(config, {1, 2, 3});
    EXPECT_TRUE(rig.wait(hours(1)).empty());
    const LinkNumber link = rig.connect(9, true);
    EXPECT_TRUE(rig.peers.take_effects().empty());
    EXPECT_FALSE(rig.hear(link, request()));
}

TEST(AddressExchange, GoodPeersBecomeOldAddresses) {
    Rig rig({}, {1});
    const LinkNumber link = rig.connect(1, true);
    rig.peers.mark_good(link, rig.moment());
    EXPECT_EQ(rig.peers.book().find(id_of(1))->kind, BucketKind::old);
}

// ---- Enough peers

TEST(EnsurePeers, DialsFromTheBookUpToTheLimit) {
    PeersConfig config;
    config.outbound_max = 3;
    std::vector<std::size_t> known;
    for (std::size_t i = 1; i <= 50; ++i) known.push_back(i);
    Rig rig(config, known);
    const auto first = dialled(rig.wait(seconds(0)));
    EXPECT_EQ(first.size(), 3U);
    EXPECT_TRUE(dialled(rig.wait(seconds(100))).empty()) << "those are on their way";
    EXPECT_EQ(std::set(first.begin(), first.end()).size(), 3U);
}

TEST(EnsurePeers, FailedAddressesWaitLongerEachTimeAndAreBannedInTheEnd) {
    PeersConfig config;
    config.outbound_max = 1;
    Rig rig(config, {1});
    std::size_t dials = 0;
    Time last = rig.now;
    std::vector<Time> pauses;
    for (int i = 0; i < 40'000 && !rig.peers.book().is_banned(id_of(1)); ++i) {
        for (const std::string& id : dialled(rig.wait(seconds(30)))) {
            EXPECT_EQ(id, id_of(1));
            ++dials;
            pauses.push_back(rig.now - last);
            last = rig.now;
            rig.peers.dial_failed(address(1), rig.moment());
        }
    }
    EXPECT_EQ(dials, 17U);
    EXPECT_TRUE(rig.peers.book().is_banned(id_of(1)));
    for (std::size_t i = 6; i < pauses.size(); ++i)
        EXPECT_GE(pauses[i], seconds(std::int64_t{1} << i)) << i;
}

TEST(EnsurePeers, AnImpostorsAddressIsBanned) {
    PeersConfig config;
    Rig rig(config, {1});
    EXPECT_EQ(dialled(rig.wait(seconds(0))).size(), 1U);
    rig.peers.link_closed(rig.open(1, true), Ending::impostor, rig.moment());
    EXPECT_TRUE(rig.peers.book().is_banned(id_of(1)));
}

TEST(EnsurePeers, AsksOnePeerInEveryPeriod) {
    PeersConfig config;
    Rig rig(config);
    const LinkNumber link = rig.connect(1, false);
    EXPECT_EQ(questions(rig.wait(seconds(0))), 1U);
    EXPECT_EQ(questions(rig.wait(seconds(120))), 0U) << "one at a time";
    EXPECT_TRUE(rig.hear(link, addresses({})));
    EXPECT_EQ(questions(rig.wait(seconds(30))), 1U);
}

TEST(EnsurePeers, SeedsAreDialledOneAfterAnotherWhenThereIsNobodyElse) {
    PeersConfig config;
    config.seeds = {address(1), address(2), address(3)};
    Rig rig(config);
    std::set<std::string> tried;
    for (int i = 0; i < 3; ++i) {
        const auto now = dialled(rig.wait(seconds(0)));
        ASSERT_EQ(now.size(), 1U) << i;
        tried.insert(now[0]);
        if (i < 2) {
            const std::size_t who = static_cast<std::size_t>(now[0].back() - '0');
            rig.peers.dial_failed(address(who), rig.moment());
        } else {
            const std::size_t who = static_cast<std::size_t>(now[0].back() - '0');
            const LinkNumber link = rig.connect(who, true);
            EXPECT_EQ(questions(rig.peers.take_effects()), 1U);
            EXPECT_TRUE(rig.hear(link, addresses({20, 21})));
            EXPECT_EQ(dialled(rig.peers.take_effects()).size(), 2U) << "without waiting";
        }
    }
    EXPECT_EQ(tried.size(), 3U);
}

TEST(EnsurePeers, TheBookIsSavedEveryTwoMinutes) {
    Rig rig;
    std::size_t saves = 0;
    for (const PeersEffect& effect : rig.wait(seconds(601)))
        saves += std::holds_alternative<SaveBook>(effect) ? 1U : 0U;
    EXPECT_EQ(saves, 5U);
}

// ---- Seed mode

TEST(SeedMode, AnswersOnceAndHangsUp) {
    PeersConfig config;
    config.seed_mode = true;
    Rig rig(config, {1, 2, 3});
    (void)rig.wait(seconds(0));
    const LinkNumber link = rig.connect(50, false);
    (void)rig.peers.take_effects();
    EXPECT_TRUE(rig.hear(link, request()));
    const auto effects = rig.peers.take_effects();
    ASSERT_EQ(effects.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<SendPex>(effects[0]));
    EXPECT_EQ(std::get<ClosePeer>(effects[1]).link, link);
    EXPECT_EQ(rig.peers.inbound(), 0U);
}

TEST(SeedMode, CrawlsTheBookAndDoesNotKeepGuestsForEver) {
    PeersConfig config;
    config.seed_mode = true;
    Rig rig(config, {1, 2, 3});
    EXPECT_EQ(dialled(rig.wait(seconds(0))).size(), 3U);
    const LinkNumber link = rig.connect(1, true);
    EXPECT_EQ(questions(rig.peers.take_effects()), 1U);
    bool closed = false;
    for (const PeersEffect& effect : rig.wait(hours(28) + seconds(31)))
        if (const auto* close = std::get_if<ClosePeer>(&effect)) closed |= close->link == link;
    EXPECT_TRUE(closed);
}

// ---- Orders

TEST(Orders, PeersAndSeedsOfAnOperatorAreDialled) {
    PeersConfig config;
    config.pex = false;
    Rig rig(config);
    rig.peers.dial_peers({address(1), address(own)}, false, true, rig.moment());
    EXPECT_EQ(dialled(rig.peers.take_effects()), std::vector{id_of(1)});
    EXPECT_TRUE(rig.peers.is_unconditional(id_of(1)));
    rig.peers.dial_peers({address(2)}, true, false, rig.moment());
    EXPECT_TRUE(rig.peers.is_persistent(id_of(2)));
    EXPECT_EQ(dialled(rig.wait(seconds(3))), std::vector{id_of(2)});
    rig.peers.dial_seeds({address(3)}, rig.moment());
    EXPECT_EQ(dialled(rig.peers.take_effects()), std::vector{id_of(3)});
}

TEST(Peers, TheSameSeedMakesTheSameChoices) {
    PeersConfig config;
    config.outbound_max = 3;
    std::vector<std::size_t> known;
    for (std::size_t i = 1; i <= 50; ++i) known.push_back(i);
    Rig first(config, known, 7);
    Rig second(config, known, 7);
    EXPECT_EQ(first.wait(seconds(600)), second.wait(seconds(600)));
}

}  // namespace
}  // namespace tandem::p2p
