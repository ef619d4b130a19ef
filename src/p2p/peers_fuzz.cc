// Any events in any order: what is held stays within its bounds, nobody is there twice, and
// whatever is wanted of the host can be done.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "p2p/peers.h"

namespace tandem::p2p {
namespace {

constexpr std::size_t ids = 24;

std::string id_of(std::size_t number) {
    std::string id(40, '0');
    id[38] = static_cast<char>('a' + number / 6 % 6);
    id[39] = static_cast<char>('a' + number % 6);
    return id;
}

Address address(std::size_t number) {
    const auto ip = types::IpAddress::from_text("8.8." + std::to_string(number % 5) + ".8");
    return {id_of(number), ip->to_text(), 26'656, ip};
}

class Run {
  public:
    explicit Run(crypto::FuzzInput& input)
        : input_(input), options_(input.byte()), peers_(config(), book(), input.byte(), moment()) {}

    void step() {
        const std::uint8_t what = input_.byte();
        const std::size_t who = input_.byte() % ids;
        now_ += Time((std::int64_t{1} << (what >> 3) % 28) * 1'000'000);
        switch (what % 8) {
            case 0:
                peers_.tick(moment());
                break;
            case 1:
                open(who, std::nullopt);
                break;
            case 2:
                answer_dial(who);
                break;
            case 3:
                authenticate(who);
                break;
            case 4:
                end(who);
                break;
            case 5:
                hear(who);
                break;
            case 6:
                peers_.mark_good(link(who), moment());
                break;
            default:
                order(who, what);
                break;
        }
        take_effects();
        check();
    }

  private:
    [[nodiscard]] Moment moment() const {
        return {now_, {1'700'000'000 + now_.count() / 1'000'000'000, 0}};
    }
    [[nodiscard]] PeersConfig config() const {
        PeersConfig config;
        config.own_id = id_of(0);
        config.persistent = {address(0), address(1), address(2)};
        config.seeds = {address(3), address(4)};
        config.unconditional_ids = {id_of(2), id_of(5)};
        config.inbound_max = 4;
        config.outbound_max = 3;
        config.allow_duplicate_ip = (options_ & 1) != 0;
        config.pex = (options_ & 2) != 0;
        config.seed_mode = (options_ & 4) != 0;
        return config;
    }
    [[nodiscard]] static AddressBook book() {
        return {{.strict = true, .own_ids = {id_of(0)}, .private_ids = {id_of(6)}},
                base::Bytes(12, 1)};
    }
    [[nodiscard]] LinkNumber link(std::size_t who) const {
        return open_.empty() ? 77 : open_[who % open_.size()];
    }

    void open(std::size_t who, const std::optional<Address>& dialled) {
        const LinkNumber number = ++last_link_;
        if (peers_.link_opened(number, *address(who).ip, dialled, moment()))
            open_.push_back(number);
    }
    void answer_dial(std::size_t who) {
        if (to_dial_.empty()) return;
        const std::size_t index = who % to_dial_.size();
        const Address dialled = to_dial_[index];
        to_dial_.erase(to_dial_.begin() + static_cast<std::ptrdiff_t>(index));
        if (who % 2 == 0)
            peers_.dial_failed(dialled, moment());
        else
            open(who, dialled);
    }
    void authenticate(std::size_t who) {
        const LinkNumber number = link(who);
        if (admitted_.contains(number)) return;
        if (peers_.authenticated(number, id_of(who), address(who), moment())) {
            TANDEM_CHECK(id_of(who) != id_of(0));
            admitted_.insert(number);
        } else {
            drop(number);
        }
    }
    void end(std::size_t who) {
        const LinkNumber number = link(who);
        peers_.link_closed(number, static_cast<Ending>(who % 3), moment());
        drop(number);
    }
    void hear(std::size_t who) {
        const LinkNumber number = link(who);
        types::PexAddrs list;
        for (std::size_t i = 0; i < who % 7; ++i) {
            const Address entry = address(input_.byte() % ids);
            list.addrs.push_back({entry.id, entry.host, entry.port});
        }
        base::Bytes message = wire::encode(types::PexMessage{types::PexRequest{}});
        if (who % 3 == 0) message = base::to_bytes(input_.prefixed());
        if (who % 3 == 1) message = wire::encode(types::PexMessage{list});
        if (!peers_.hear(number, message, moment())) drop(number);
    }
    void order(std::size_t who, std::uint8_t what) {
        if (who % 2 == 0)
            peers_.dial_seeds({address(who)}, moment());
        else
            peers_.dial_peers({address(who)}, (what & 16) != 0, (what & 32) != 0, moment());
    }
    void take_effects() {
        for (PeersEffect& effect : peers_.take_effects()) {
            if (auto* dial = std::get_if<DialPeer>(&effect)) {
                TANDEM_CHECK(dial->address.id != id_of(0));
                to_dial_.push_back(std::move(dial->address));
            } else if (const auto* close = std::get_if<ClosePeer>(&effect)) {
                TANDEM_CHECK(admitted_.contains(close->link));
                drop(close->link);
            } else if (const auto* send = std::get_if<SendPex>(&effect)) {
                TANDEM_CHECK(last_link_ >= send->link);
                TANDEM_CHECK(wire::encode(send->message).size() <= 64'000);
            }
        }
        TANDEM_CHECK(peers_.next_wake() > Time::min());
    }
    void drop(LinkNumber number) {
        std::erase(open_, number);
        admitted_.erase(number);
    }
    void check() const {
        TANDEM_CHECK(peers_.links() == open_.size());
        TANDEM_CHECK(peers_.inbound() <= 4);
        TANDEM_CHECK(peers_.dialing() <= ids);
        TANDEM_CHECK(peers_.book().size() <= ids);
        TANDEM_CHECK(peers_.book().find(id_of(0)) == nullptr);
        TANDEM_CHECK(peers_.book().find(id_of(6)) == nullptr);
    }

    crypto::FuzzInput& input_;
    std::uint8_t options_;
    Time now_{1'000'000'000};
    Peers peers_;
    LinkNumber last_link_ = 100;
    std::vector<LinkNumber> open_;
    std::set<LinkNumber> admitted_;
    std::vector<Address> to_dial_;
};

}  // namespace
}  // namespace tandem::p2p

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    tandem::p2p::Run run(input);
    while (!input.empty()) run.step();
    return 0;
}
