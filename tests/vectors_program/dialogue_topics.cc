// p2p-dialogues: a bare peer talks to a whole node, and we look at what the node says and whether
// it closes the connection. Each case has a network of its own, of one validator, with a virtual
// clock.
//
// Heights, times and what consensus gossips by itself differ from run to run (the vectors' README);
// compared are kinds, per channel, of what is an answer, and whether the connection is closed.
#include "p2p/testing.h"
#include "tests/node/virtual_network.h"
#include "tests/vectors_program/convert.h"
#include "types/consensus_messages.h"
#include "types/evidence.h"

namespace tandem::vectors {
namespace {

using std::chrono::milliseconds;
using testing::Stranger;
using testing::VirtualNetwork;

constexpr std::int64_t height_at_first = 14;
constexpr std::uint8_t state_channel = 0x20;
constexpr std::uint8_t evidence_channel = 0x38;
constexpr milliseconds quarrel_time{2'000};

std::uint8_t channel_from(const Json& json) {
    return bytes_from(json).at(0);
}

/// Which member of the oneof a message is: its first field.
int kind_of(base::BytesView message) {
    return message.empty() ? 0 : message[0] >> 3;
}

class Meeting {
  public:
    Meeting() {
        network.genesis.chain_id = "tandem-p2p-1";
        network.timeouts.timeout_commit = {1'000'000'000};
        network.start_all();
        if (!network.run_to_height(height_at_first)) throw std::runtime_error("no blocks");
    }
    std::unique_ptr<Stranger> meet(types::NodeInfo info, std::uint8_t key = 77) {
        auto stranger =
            std::make_unique<Stranger>(network, network[0], key_of(key), std::move(info));
        wait(milliseconds(200));
        return stranger;
    }
    std::unique_ptr<Stranger> meet_well(std::uint8_t key = 77) { return meet(info(key), key); }
    [[nodiscard]] types::NodeInfo info(std::uint8_t key = 77) const {
        return Stranger::good_info(network, *key_of(key));
    }
    void wait(milliseconds time) {
        const auto end = network.clock.now() + time;
        network.run_until([&] { return network.clock.now() >= end; });
    }

    VirtualNetwork network{1, 1};

  private:
    static std::shared_ptr<const crypto::SigningKey> key_of(std::uint8_t number) {
        return std::make_shared<p2p::testing::FixedKey>(number);
    }
};

// ---- Faults

void claim_two_majorities(Stranger& stranger, std::int64_t height) {
    for (std::uint8_t block = 1; block <= 2; ++block) {
        types::VoteSetMaj23 claim{height, 0, types::SignedMsgType::prevote, {}};
        claim.block_id.hash.assign(types::hash_bytes, block);
        claim.block_id.part_set_header = {1, claim.block_id.hash};
        stranger.say(state_channel, wire::encode(types::ConsensusMessage{claim}));
    }
}

/// Evidence has the time of its block, which is another one here; with a wrong time it is passed
/// over.
base::Bytes of_our_times(Meeting& meeting, const base::Bytes& message) {
    auto list = wire::decode<types::EvidenceList>(message);
    if (!list) return message;
    for (types::Evidence& evidence : list->evidence)
        if (auto* votes = std::get_if<base::Box<types::DuplicateVoteEvidence>>(&evidence.sum))
            (*votes)->timestamp = meeting.network[0].blocks().meta(evidence.height())->header.time;
    return wire::encode(*list);
}

void commit_fault(Case& c, Meeting& meeting, Stranger& stranger) {
    const Json& what = c.in().at("what");
    if (what.is_string()) {
        if (!what.get<std::string>().starts_with("VoteSetMaj23 for two blocks"))
            return c.unknown(what.get<std::string>());
        return claim_two_majorities(stranger, meeting.network[0].height() + 1);
    }
    if (what.contains("times")) {
        for (int i = 0; i < what.at("times").get<int>(); ++i)
            stranger.say(0x00, base::Bytes{0x0a, 0x00});
        return;
    }
    const std::uint8_t channel = channel_from(what.at("channel"));
    base::Bytes message = bytes_from(what.at("bytes"));
    if (channel == evidence_channel) message = of_our_times(meeting, message);
    stranger.say(channel, message);
}

void check_fault(Case& c) {
    Meeting meeting;
    const auto stranger = meeting.meet_well();
    if (stranger->closed()) return c.fail("meeting", "an open connection", "a closed one");
    commit_fault(c, meeting, *stranger);
    meeting.wait(quarrel_time);
    c.expect("node_closes", stranger->closed());
}

// ---- Introductions

void check_info(Case& c, std::string_view what) {
    Meeting meeting;
    types::NodeInfo info = meeting.info();
    const auto pad_to = [&info](std::size_t bytes) {
        info.moniker.clear();
        while (wire::encode(info).size() < bytes) info.moniker += 'm';
    };
    if (what == "other network")
        info.network = "another";
    else if (what == "other block version")
        ++info.protocol_version.block;
    else if (what == "other p2p version")
        ++info.protocol_version.p2p;
    else if (what == "id of another key")
        info.default_node_id = meeting.info(78).default_node_id;
    else if (what == "id in upper case")
        std::ranges::transform(info.default_node_id, info.default_node_id.begin(),
                               [](char letter) { return letter >= 'a' ? letter - 32 : letter; });
    else if (what == "no common channel")
        info.channels = {0x77};
    else if (what == "only the mempool channel")
        info.channels = {0x30};
    else if (what == "moniker empty")
        info.moniker.clear();
    else if (what == "listen address without port")
        info.listen_addr = "127.0.0.1";
    else if (what == "10241 bytes" || what == "10240 bytes")
        pad_to(what == "10241 bytes" ? 10'241 : 10'240);
    else if (what != "good")
        return c.unknown(std::string(what));
    const auto stranger = meeting.meet(std::move(info));
    meeting.wait(quarrel_time);
    c.expect("node_closes", stranger->closed());
}

void check_same_id(Case& c) {
    Meeting meeting;
    const auto first = meeting.meet_well();
    const auto second = meeting.meet_well();
    meeting.wait(quarrel_time);
    c.expect("first_closed", first->closed());
    c.expect("second_closed", second->closed());
}

void check_own_key(Case& c) {
    Meeting meeting;
    const auto stranger = meeting.meet_well(101);  // that of node 0
    meeting.wait(quarrel_time);
    c.expect("node_closes", stranger->closed());
}

// ---- Conversations

bool gossips_by_itself(std::uint8_t channel) {
    return channel >= 0x20 && channel <= 0x23;
}

using Kinds = std::map<std::uint8_t, std::vector<int>>;

std::string to_text(const Kinds& kinds) {
    Json out = Json::object();
    for (const auto& [channel, list] : kinds)
        if (!list.empty()) out[hex(base::Bytes{channel})] = list;
    return out.dump();
}

/// What the node answers on the channels where it says nothing unasked; and, to a question about
/// consensus, that each kind on the channels of parts and votes came.
void compare(Case& c, const Stranger& stranger, bool is_about_consensus) {
    Kinds wanted, got;
    std::size_t pongs = 0;
    for (const Json& sent : c.out().at("node_sent")) {
        if (sent.contains("packet"))
            ++pongs;
        else
            wanted[channel_from(sent.at("channel"))].push_back(
                kind_of(bytes_from(sent.at("bytes"))));
    }
    for (const types::ChannelMessage& message : stranger.heard)
        got[message.channel].push_back(kind_of(message.message));
    bool is_like = pongs == stranger.pongs;
    for (std::uint8_t channel = 0; channel < 0x70; ++channel) {
        const auto &want = wanted[channel], &have = got[channel];
        if (!gossips_by_itself(channel)) is_like &= want == have;
        if (is_about_consensus && (channel == 0x21 || channel == 0x22))
            is_like &= std::ranges::all_of(
                want, [&have](int kind) { return std::ranges::find(have, kind) != have.end(); });
    }
    if (!is_like) c.fail("node_sent", to_text(wanted), to_text(got));
}

void check_conversation(Case& c) {
    c.know_members({"node_sent", "within_ms"});
    Meeting meeting;
    const auto stranger = meeting.meet_well();
    if (!c.in().contains("sent")) return compare(c, *stranger, false);
    stranger->heard.clear();
    const base::Bytes sent = bytes_from(c.in().at("sent"));
    const Json& what = c.in().at("what");
    const std::uint8_t channel = what.is_string() ? 0 : channel_from(what.at("channel"));
    if (what == "ping")
        stranger->say_packet({types::PacketPing{}});
    else
        stranger->say(channel, sent);
    meeting.wait(milliseconds(c.out().at("within_ms").get<int>()));
    compare(c, *stranger, channel == state_channel);
}

void run(Case& c) {
    const std::string& name = c.name();
    if (name.starts_with("fault: ")) return check_fault(c);
    if (name.starts_with("node info: ")) return check_info(c, std::string_view(name).substr(11));
    if (name == "same id twice") return check_same_id(c);
    if (name == "the node's own key") return check_own_key(c);
    if (c.out().contains("node_sent")) return check_conversation(c);
    c.unknown(name);
}

const RegisterTopic dialogues("p2p-dialogues", run);

}  // namespace
}  // namespace tandem::vectors
