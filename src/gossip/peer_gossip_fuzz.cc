// A peer that says anything well-formed: what we say back is well-formed, ends, and our own core is
// not touched.
#include <cstddef>
#include <cstdint>

#include "consensus/core_testing.h"
#include "crypto/fuzz_input.h"
#include "gossip/peer_gossip.h"

namespace tandem::gossip {
namespace {

class NoBlocks final : public StoredBlocks {
  public:
    [[nodiscard]] std::int64_t base() const override { return 0; }
    [[nodiscard]] std::optional<types::PartSetHeader> parts_header(std::int64_t) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::optional<types::Part> part(std::int64_t, std::uint32_t) const override {
        return std::nullopt;
    }
    [[nodiscard]] consensus::CommitRecord commit(std::int64_t) const override { return {}; }
};

/// A core in the middle of a height: a proposal with its block, votes, and a polka.
const consensus::testing::Bench& desk() {
    static const consensus::testing::Bench bench = [] {
        consensus::testing::Bench made;
        made.ring();
        const auto block = consensus::testing::make_block(1, "block");
        made.propose(block);
        made.prevotes(3, 0, block.id);
        made.precommit(0, 0, block.id);
        return made;
    }();
    return bench;
}

void answer(PeerGossip& peer, const OurView& view) {
    constexpr int messages_max = 1000;
    for (const Channel channel :
         {Channel::state, Channel::data, Channel::vote, Channel::vote_set_bits}) {
        int count = 0;
        while (const auto bytes = peer.next(channel, view)) {
            const auto message = wire::decode<types::ConsensusMessage>(*bytes);
            TANDEM_CHECK(message && types::check_decoded(*message));
            TANDEM_CHECK(++count < messages_max);
        }
    }
}

void talk(crypto::FuzzInput input) {
    const NoBlocks blocks;
    const OurView view{desk().state(), blocks, desk().now};
    PeerGossip peer(consensus::testing::a_peer);
    while (!input.empty()) {
        const auto message = wire::decode<types::ConsensusMessage>(input.prefixed());
        if (!message || !types::check_decoded(*message)) continue;
        peer.hear(*message, view);
        answer(peer, view);
    }
}

}  // namespace
}  // namespace tandem::gossip

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::gossip::talk(tandem::crypto::FuzzInput(data, size));
    return 0;
}
