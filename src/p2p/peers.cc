#include "p2p/peers.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/check.h"
#include "types/decode.h"

namespace tandem::p2p {
namespace {

using base::refuse;
using base::Verdict;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time ensure_period = seconds(30);
constexpr Time save_period = minutes(2);
constexpr Time question_period = ensure_period / 3;
constexpr std::uint32_t free_questions = 2;
constexpr std::int64_t ban_seconds = 86'400;
constexpr unsigned attempts_max = 16;

// Persistent peers: so many quick attempts, then ever rarer ones.
constexpr unsigned quick_attempts = 20;
constexpr unsigned slow_attempts = 10;
constexpr Time quick_period = seconds(5);
constexpr std::uint64_t spread_seconds = 3;
/// A connection that ends sooner counts as a failed attempt.
constexpr Time lasting = seconds(10);

// Seed mode.
constexpr Time stay_max = hours(28);
constexpr Time crawl_again = minutes(2);
constexpr std::size_t crawl_dials_max = 50;

}  // namespace

Peers::Peers(PeersConfig config, AddressBook book, std::uint64_t seed, Moment start)
    : config_(std::move(config)),
      book_(std::move(book)),
      random_(seed),
      ensure_at_(start.now),
      save_at_(start.now + save_period) {
    for (const Address& address : config_.persistent) add_persistent(address, start.now);
    std::erase_if(config_.seeds,
                  [this](const Address& address) { return address.id == config_.own_id; });
    // Where persistent peers will be dialled, their networks need not all rush at the book at once.
    if (!persistent_.empty())
        ensure_at_ += Time(static_cast<std::int64_t>(
            random_.below(static_cast<std::uint64_t>(ensure_period.count()))));
}

// ---- What is there

std::size_t Peers::count(bool outbound) const {
    return static_cast<std::size_t>(std::ranges::count_if(links_, [&](const auto& entry) {
        const Link& link = entry.second;
        return !link.id.empty() && link.dialled.has_value() == outbound &&
               !is_unconditional(link.id);
    }));
}

const Peers::Link* Peers::link_of(const std::string& id) const {
    for (const auto& [number, link] : links_)
        if (link.id == id) return &link;
    return nullptr;
}

bool Peers::is_busy(const std::string& id) const {
    return dialing_.contains(id) || link_of(id) != nullptr;
}

bool Peers::is_seed(const std::string& id) const {
    return std::ranges::any_of(config_.seeds, [&](const Address& seed) { return seed.id == id; });
}

Time Peers::seconds_below(std::uint64_t bound) {
    return Time(static_cast<std::int64_t>(random_.below(bound * 1'000'000'000)));
}

Time Peers::next_wake() const {
    if (!effects_.empty()) return Time::min();
    Time wake = config_.pex ? std::min(ensure_at_, save_at_) : Time::max();
    for (const auto& [id, persistent] : persistent_)
        if (persistent.next_at) wake = std::min(wake, *persistent.next_at);
    return wake;
}

// ---- Links

Verdict Peers::link_opened(LinkNumber number, const types::IpAddress& remote,
                           const std::optional<Address>& dialled, Moment moment) {
    TANDEM_CHECK(!links_.contains(number));
    const auto refused = [&](std::string_view check, std::string why) {
        if (dialled) failed(*dialled, Ending::lost, moment);
        return refuse(check, std::move(why));
    };
    if (!config_.allow_duplicate_ip)
        for (const auto& [other, link] : links_)
            if (link.remote == remote)
                return refused("peer.ip", fmt::format("there is a connection with {} already "
                                                      "(p2p.allow_duplicate_ip is false)",
                                                      remote.to_text()));
    if (!dialled) {
        const auto strangers = std::ranges::count_if(
            links_, [](const auto& entry) { return !entry.second.dialled.has_value(); });
        if (static_cast<std::size_t>(strangers) >=
            config_.inbound_max + config_.unconditional_ids.size())
            return refused("peer.inbound", "too many connections from others");
    }
    Link link;
    link.remote = remote;
    link.dialled = dialled;
    link.since = moment.now;
    links_.emplace(number, std::move(link));
    return {};
}

Verdict Peers::authenticated(LinkNumber number, const std::string& id, const Address& says,
                             Moment moment) {
    const auto found = links_.find(number);
    if (found == links_.end()) return refuse("peer.link", "this connection was given up");
    Link& link = found->second;
    TANDEM_CHECK(link.id.empty());
    const auto refused = [&](std::string_view check, std::string why) {
        forget(number, Ending::lost, moment);
        return refuse(check, std::move(why));
    };
    if (id == config_.own_id) {
        if (link.dialled) book_.remove(link.dialled->id);
        return refused("peer.self", "it is this node itself");
    }
    if (link_of(id) != nullptr)
        return refused("peer.id", fmt::format("there is a connection with {} already", id));
    if (!link.dialled && !is_unconditional(id) && inbound() >= config_.inbound_max)
        return refused("peer.inbound", fmt::format("there are {} peers that dialled us already",
                                                   config_.inbound_max));
    link.id = id;
    link.says = says;
    link.since = moment.now;
    dialing_.erase(id);
    attempts_.erase(id);
    if (is_seed(id)) seeds_to_try_.clear();
    if (const auto mine = persistent_.find(id); mine != persistent_.end()) {
        mine->second.next_at.reset();
    }
    if (!config_.pex) return {};
    if (link.dialled) {
        if (book_.wants_more()) ask(number, link);
    } else {
        // Where it says that it listens is hearsay from itself; the book judges that.
        static_cast<void>(book_.add(says, says, moment.wall, random_));
    }
    return {};
}

void Peers::link_closed(LinkNumber number, Ending ending, Moment moment) {
    forget(number, ending, moment);
}

void Peers::forget(LinkNumber number, Ending ending, Moment moment) {
    const auto found = links_.find(number);
    if (found == links_.end()) return;
    const Link link = std::move(found->second);
    links_.erase(found);
    if (link.id.empty()) {
        if (link.dialled) failed(*link.dialled, ending, moment);
        return;
    }
    const auto mine = persistent_.find(link.id);
    if (mine == persistent_.end() || ending == Ending::wanted || is_busy(link.id)) return;
    Persistent& persistent = mine->second;
    const bool lasted = moment.now - link.since >= lasting;
    persistent.failures = lasted ? 0 : persistent.failures + 1;
    schedule(persistent, moment.now);
}

void Peers::mark_good(LinkNumber number, Moment moment) {
    const auto found = links_.find(number);
    if (found != links_.end() && !found->second.id.empty())
        book_.mark_good(found->second.id, moment.wall);
}

// ---- Dialling

void Peers::dial(const Address& address) {
    dialing_.insert_or_assign(address.id, address);
    effects_.emplace_back(DialPeer{address});
}

bool Peers::dial_from_book(const Address& address, Moment moment) {
    if (address.id == config_.own_id || is_busy(address.id)) return false;
    const auto found = attempts_.find(address.id);
    if (found != attempts_.end()) {
        const Attempts& attempts = found->second;
        if (attempts.count > attempts_max && !is_persistent(address.id)) {
            book_.ban(address.id, moment.wall, ban_seconds);
            attempts_.erase(found);
            return false;
        }
        Time pause = seconds(std::int64_t{1} << std::min(attempts.count, attempts_max + 1)) +
                     seconds_below(1);
        if (is_persistent(address.id) && config_.persistent_dial_period_max > Time::zero())
            pause = std::min(pause, config_.persistent_dial_period_max);
        if (moment.now - attempts.last < pause) return false;
    }
    dial(address);
    return true;
}

void Peers::dial_failed(const Address& address, Moment moment) {
    failed(address, Ending::lost, moment);
}

void Peers::failed(const Address& address, Ending ending, Moment moment) {
    dialing_.erase(address.id);
    if (ending == Ending::impostor) {
        book_.ban(address.id, moment.wall, ban_seconds);
        attempts_.erase(address.id);
    } else {
        book_.mark_attempt(address.id, moment.wall);
        if (book_.find(address.id) != nullptr) {
            Attempts& attempts = attempts_[address.id];
            ++attempts.count;
            attempts.last = moment.now;
        }
    }
    if (const auto mine = persistent_.find(address.id);
        mine != persistent_.end() && link_of(address.id) == nullptr) {
        ++mine->second.failures;
        schedule(mine->second, moment.now);
    }
    if (is_seed(address.id)) dial_next_seed(moment);
}

void Peers::schedule(Persistent& persistent, Time now) {
    Time pause{0};
    if (persistent.failures > 0 && persistent.failures <= quick_attempts) {
        pause = quick_period + seconds_below(spread_seconds);
    } else if (persistent.failures > quick_attempts) {
        std::int64_t power = 1;
        for (unsigned i = 0; i < std::min(persistent.failures - quick_attempts, slow_attempts); ++i)
            power *= 3;
        pause = seconds(power) + seconds_below(spread_seconds);
    }
    if (config_.persistent_dial_period_max > Time::zero())
        pause = std::min(pause, config_.persistent_dial_period_max);
    persistent.next_at = now + pause;
}

void Peers::add_persistent(const Address& address, Time now) {
    if (address.id == config_.own_id) return;  // a list that all nodes of a network share
    const auto [entry, is_new] = persistent_.try_emplace(address.id);
    entry->second.address = address;
    if (is_new && !is_busy(address.id)) entry->second.next_at = now + seconds_below(spread_seconds);
}

void Peers::dial_next_seed(Moment /*moment*/) {
    while (!seeds_to_try_.empty()) {
        const Address seed = std::move(seeds_to_try_.back());
        seeds_to_try_.pop_back();
        if (book_.is_banned(seed.id)) continue;
        if (!is_busy(seed.id)) return dial(seed);
        if (link_of(seed.id) != nullptr) return seeds_to_try_.clear();
    }
}

void Peers::dial_seeds(const std::vector<Address>& seeds, Moment moment) {
    for (const Address& seed : seeds)
        if (seed.id != config_.own_id && !is_seed(seed.id)) config_.seeds.push_back(seed);
    for (const Address& seed : seeds)
        if (seed.id != config_.own_id) seeds_to_try_.push_back(seed);
    dial_next_seed(moment);
}

void Peers::dial_peers(const std::vector<Address>& peers, bool persistent, bool unconditional,
                       Moment moment) {
    for (const Address& address : peers) {
        if (address.id == config_.own_id) continue;
        if (unconditional) config_.unconditional_ids.insert(address.id);
        if (persistent)
            add_persistent(address, moment.now);
        else if (!is_busy(address.id))
            dial(address);
    }
}

// ---- Timers

void Peers::tick(Moment moment) {
    for (auto& [id, persistent] : persistent_) {
        if (!persistent.next_at || moment.now < *persistent.next_at) continue;
        persistent.next_at.reset();
        if (!is_busy(id)) dial(persistent.address);
    }
    if (!config_.pex) return;
    if (moment.now >= ensure_at_) {
        ensure_at_ = moment.now + ensure_period;
        if (config_.seed_mode)
            crawl(moment);
        else
            ensure_peers(moment, true);
        forget_attempts();
    }
    if (moment.now >= save_at_) {
        save_at_ = moment.now + save_period;
        effects_.emplace_back(SaveBook{});
    }
}

void Peers::ensure_peers(Moment moment, bool period_elapsed) {
    const std::size_t have = outbound() + dialing_.size();
    if (have >= config_.outbound_max) return;
    const std::size_t wanted = config_.outbound_max - have;
    const std::uint64_t new_bias = std::min<std::uint64_t>(outbound(), 8) * 10 + 10;
    std::size_t dialled = 0;
    for (std::size_t i = 0; i < 3 * wanted && dialled < wanted; ++i) {
        const KnownAddress* known = book_.pick(new_bias, random_);
        if (known == nullptr) break;
        if (dial_from_book(Address(known->address), moment)) ++dialled;
    }
    if (book_.wants_more()) book_.reinstate(moment.wall, random_);
    if (!book_.wants_more()) return;
    if (period_elapsed) ask_anybody();
    if (dialled != 0 || !seeds_to_try_.empty()) return;
    seeds_to_try_ = config_.seeds;
    for (std::size_t i = seeds_to_try_.size(); i > 1; --i)
        std::swap(seeds_to_try_[i - 1], seeds_to_try_[random_.below(i)]);
    dial_next_seed(moment);
}

void Peers::crawl(Moment moment) {
    std::vector<LinkNumber> guests;
    for (const auto& [number, link] : links_)
        if (!link.id.empty() && !is_persistent(link.id) && moment.now - link.since > stay_max)
            guests.push_back(number);
    for (const LinkNumber number : guests) {
        forget(number, Ending::wanted, moment);
        effects_.emplace_back(ClosePeer{number, "a seed's guests stay for 28 hours"});
    }
    if (book_.size() == 0 && seeds_to_try_.empty()) {
        seeds_to_try_ = config_.seeds;
        return dial_next_seed(moment);
    }
    std::size_t dialled = 0;
    for (const Address& address : book_.selection(random_)) {
        if (dialing_.size() + dialled >= crawl_dials_max) break;
        const auto tried = attempts_.find(address.id);
        if (tried != attempts_.end() && moment.now - tried->second.last < crawl_again) continue;
        if (dial_from_book(address, moment)) ++dialled;
    }
    book_.reinstate(moment.wall, random_);
}

void Peers::forget_attempts() {
    std::erase_if(attempts_,
                  [this](const auto& entry) { return book_.find(entry.first) == nullptr; });
}

// ---- Addresses

void Peers::ask(LinkNumber number, Link& link) {
    if (link.asked) return;
    link.asked = true;
    effects_.emplace_back(SendPex{number, {types::PexRequest{}}});
}

void Peers::ask_anybody() {
    std::vector<LinkNumber> admitted;
    for (const auto& [number, link] : links_)
        if (!link.id.empty()) admitted.push_back(number);
    if (admitted.empty()) return;
    const LinkNumber number = admitted[random_.below(admitted.size())];
    ask(number, links_.at(number));
}

std::unexpected<base::Refusal> Peers::ban(LinkNumber number, base::Refusal refusal, Moment moment) {
    const std::string id = links_.at(number).id;
    forget(number, Ending::lost, moment);
    book_.ban(id, moment.wall, ban_seconds);
    return std::unexpected(std::move(refusal));
}

Verdict Peers::hear(LinkNumber number, base::BytesView message, Moment moment) {
    const auto found = links_.find(number);
    if (found == links_.end()) return refuse("pex.link", "this connection was given up");
    if (found->second.id.empty() || !config_.pex) {
        // The caller hears admitted peers on channels that this node offers.
        forget(number, Ending::lost, moment);
        return refuse("pex.off", "nothing was to be said on this channel");
    }
    auto decoded = types::decode_checked<types::PexMessage>(message);
    if (!decoded) return ban(number, std::move(decoded).error(), moment);
    if (std::holds_alternative<types::PexRequest>(decoded->sum))
        return hear_question(number, found->second, moment);
    const Verdict verdict =
        hear_addresses(found->second, std::get<types::PexAddrs>(decoded->sum), moment);
    if (!verdict) return ban(number, verdict.error(), moment);
    // What a seed knows is for use at once.
    if (is_seed(found->second.id) && !config_.seed_mode) ensure_peers(moment, false);
    return {};
}

base::Result<Peers::Answer> Peers::judge_question(Link& link, Time now) const {
    ++link.questions;
    if (config_.seed_mode && !link.dialled)
        return link.questions == 1 ? Answer::yes_and_close : Answer::no;
    if (link.questions > free_questions && now - link.last_question < question_period)
        return refuse("pex.rate", fmt::format("{} asks for addresses more often than every {} s",
                                              link.id, question_period / seconds(1)));
    if (link.questions >= free_questions) link.last_question = now;
    link.questions = std::min(link.questions, free_questions + 1);
    return Answer::yes;
}

Verdict Peers::hear_question(LinkNumber number, Link& link, Moment moment) {
    const auto answer = judge_question(link, moment.now);
    if (!answer) return ban(number, answer.error(), moment);
    if (*answer == Answer::no) return {};
    types::PexAddrs list;
    for (const Address& address : book_.selection(random_))
        list.addrs.push_back({address.id, address.ip->to_text(), address.port});
    effects_.emplace_back(SendPex{number, {std::move(list)}});
    if (*answer == Answer::yes_and_close) {
        effects_.emplace_back(ClosePeer{number, "a seed answers once"});
        forget(number, Ending::wanted, moment);
    }
    return {};
}

Verdict Peers::hear_addresses(Link& link, const types::PexAddrs& list, Moment moment) {
    if (!link.asked) return refuse("pex.unasked", fmt::format("{} was not asked", link.id));
    link.asked = false;
    for (const types::PexAddress& entry : list.addrs) {
        const auto ip = types::IpAddress::from_text(entry.ip);
        if (!ip) continue;  // check_decoded has refused those
        const Address address{entry.id, ip->to_text(), static_cast<std::uint16_t>(entry.port), ip};
        Address source = link.says;
        source.id = link.id;
        if (!source.ip) source.ip = link.remote;
        static_cast<void>(book_.add(address, source, moment.wall, random_));
    }
    return {};
}

}  // namespace tandem::p2p
