// The bytes of State: a protobuf message described by the tables below, written in one way only.
#include <limits>

#include "crypto/sha256.h"
#include "seats/elements.h"
#include "seats/state.h"

namespace tandem::wire {

using namespace seats;  // NOLINT(google-build-using-namespace): the tables below read as lists

template <>
struct Described<Window> {
    static constexpr std::string_view name = "SeatWindow";
    static constexpr auto fields = std::tuple{field<1>("alive_bits", &Window::alive_bits),
                                              field<2>("signed_bits", &Window::signed_bits),
                                              field<3>("count", &Window::count)};
};

template <>
struct FieldCodec<crypto::AddressedKey> {
    static std::size_t size(std::uint32_t number, const crypto::AddressedKey& value) {
        return FieldCodec<PublicKey>::size(number, value.key());
    }
    static void write(BackwardWriter& writer, std::uint32_t number,
                      const crypto::AddressedKey& value) {
        FieldCodec<PublicKey>::write(writer, number, value.key());
    }
    static bool read(Reader& reader, WireType type, crypto::AddressedKey& value) {
        PublicKey key = value;  // a field that comes twice is merged
        if (!FieldCodec<PublicKey>::read(reader, type, key)) return false;
        value = std::move(key);
        return true;
    }
};

template <>
struct Described<Node> {
    static constexpr std::string_view name = "SeatNode";
    static constexpr auto fields = std::tuple{field<1>("name", &Node::name),
                                              field<2>("consensus_key", &Node::consensus_key),
                                              field<3>("liveness_key", &Node::liveness_key),
                                              field<4>("quarantined", &Node::quarantined),
                                              field<5>("liveness", &Node::liveness),
                                              field<6>("window", &Node::window)};
};

template <>
struct Described<Run> {
    static constexpr std::string_view name = "SeatRun";
    static constexpr auto fields =
        std::tuple{field<1>("length", &Run::length), field<2>("first_time", &Run::first_time),
                   field<3>("proposer_seats", &Run::proposer_seats)};
};

template <>
struct Described<UnsignedSeries> {
    static constexpr std::string_view name = "SeatUnsignedSeries";
    static constexpr auto fields = std::tuple{field<1>("length", &UnsignedSeries::length),
                                              field<2>("first_time", &UnsignedSeries::first_time)};
};

template <>
struct Described<PendingSwitch> {
    static constexpr std::string_view name = "SeatPendingSwitch";
    static constexpr auto fields =
        std::tuple{field<1>("from", &PendingSwitch::from), field<2>("to", &PendingSwitch::to),
                   field<3>("decided_height", &PendingSwitch::decided_height),
                   field<4>("effective_height", &PendingSwitch::effective_height),
                   field<5>("reason", &PendingSwitch::reason)};
};

template <>
struct Described<Cooldown> {
    static constexpr std::string_view name = "SeatCooldown";
    static constexpr auto fields =
        std::tuple{field<1>("effective_height", &Cooldown::effective_height),
                   field<2>("effective_time", &Cooldown::effective_time)};
};

template <>
struct Described<Seat> {
    static constexpr std::string_view name = "Seat";
    static constexpr auto fields = std::tuple{field<1>("id", &Seat::id),
                                              field<2>("power", &Seat::power),
                                              field<3>("admin_key", &Seat::admin_key),
                                              field<4>("nodes", &Seat::nodes),
                                              field<5>("validator", &Seat::validator),
                                              field<6>("identity", &Seat::identity),
                                              field<7>("nonce", &Seat::nonce),
                                              field<8>("paused", &Seat::paused),
                                              field<9>("count_from", &Seat::count_from),
                                              field<10>("leaves_at", &Seat::leaves_at),
                                              field<11>("last_switchover", &Seat::last_switchover),
                                              field<12>("run", &Seat::run),
                                              field<13>("unsigned_series", &Seat::unsigned_series),
                                              field<14>("pending", &Seat::pending),
                                              field<15>("cooldown", &Seat::cooldown)};
};

template <>
struct Described<RetiredKey> {
    static constexpr std::string_view name = "SeatRetiredKey";
    static constexpr auto fields =
        std::tuple{field<1>("key", &RetiredKey::key), field<2>("seat", &RetiredKey::seat),
                   field<3>("identity", &RetiredKey::identity)};
};

template <>
struct Described<BlockFacts> {
    static constexpr std::string_view name = "SeatBlockFacts";
    static constexpr auto fields = std::tuple{
        field<1>("height", &BlockFacts::height), field<2>("block_hash", &BlockFacts::block_hash),
        field<3>("app_hash", &BlockFacts::app_hash), field<4>("time", &BlockFacts::time)};
};

/// State::recent_blocks without the newest application hash, which is known only when the state
/// has been hashed.
template <int Number>
struct RecentBlocksField : Field<Number, State, std::vector<BlockFacts>> {
    using Blocks = std::vector<BlockFacts>;

    [[nodiscard]] std::size_t size(const State& state) const {
        const Blocks& blocks = state.recent_blocks;
        if (blocks.empty()) return 0;
        const BlockFacts& newest = blocks.back();
        return FieldCodec<Blocks>::size(Number, blocks) -
               MemberCodec<BlockFacts>::size(Number, newest) +
               MemberCodec<BlockFacts>::size(Number, without_app_hash(newest));
    }
    void write(BackwardWriter& writer, const State& state) const {
        const Blocks& blocks = state.recent_blocks;
        for (auto block = blocks.rbegin(); block != blocks.rend(); ++block)
            if (block == blocks.rbegin())
                MemberCodec<BlockFacts>::write(writer, Number, without_app_hash(*block));
            else
                MemberCodec<BlockFacts>::write(writer, Number, *block);
    }

  private:
    static BlockFacts without_app_hash(const BlockFacts& block) {
        return {block.height, block.block_hash, {}, block.time};
    }
};

template <>
struct Described<ChainParams> {
    static constexpr std::string_view name = "SeatChainParams";
    static constexpr auto fields =
        std::tuple{field<1>("block_bytes_max", &ChainParams::block_bytes_max),
                   field<2>("evidence_bytes_max", &ChainParams::evidence_bytes_max),
                   field<3>("key_types", &ChainParams::key_types)};
};

template <>
struct Described<SwitchFact> {
    static constexpr std::string_view name = "SeatSwitchFact";
    static constexpr auto fields =
        std::tuple{field<1>("seat", &SwitchFact::seat),
                   field<2>("from", &SwitchFact::from),
                   field<3>("to", &SwitchFact::to),
                   field<4>("reason", &SwitchFact::reason),
                   field<5>("decided_height", &SwitchFact::decided_height),
                   field<6>("effective_height", &SwitchFact::effective_height)};
};

template <>
struct Described<State> {
    static constexpr std::string_view name = "SeatsState";
    static constexpr auto fields =
        std::tuple{field<1>("chain_id", &State::chain_id),
                   field<2>("initial_height", &State::initial_height),
                   field<3>("height", &State::height),
                   field<4>("params", &State::params),
                   field<5>("application_sets_powers", &State::application_sets_powers),
                   field<6>("seats", &State::seats),
                   field<7>("retired_seats", &State::retired_seats),
                   field<8>("retired_keys", &State::retired_keys),
                   field<9>("quorum_nonce", &State::quorum_nonce),
                   RecentBlocksField<10>{{"recent_blocks", &State::recent_blocks}},
                   field<11>("recent_switches", &State::recent_switches),
                   field<12>("chain_params", &State::chain_params)};
};

}  // namespace tandem::wire

namespace tandem::seats {
namespace {

// No element of a valid state is shorter: an Ed25519 key takes 36 bytes, a name 3, a hash 34.
constexpr std::array node_lists{ElementShape{4, 3 + 36 + 36, {}}};
constexpr std::array chain_params_lists{ElementShape{3, 1, {}}};
constexpr std::array state_lists{
    ElementShape{6, 3 + 36 + node_lists[0].bytes_min + 36, node_lists},
    ElementShape{7, 1, {}},
    ElementShape{8, 36 + 3, {}},
    ElementShape{10, 34, {}},
    ElementShape{11, 3 * 3, {}},
    ElementShape{12, 0, chain_params_lists},
};

}  // namespace

Bytes encode_state(const State& state) {
    return wire::encode(state);
}

Result<State> decode_state(BytesView bytes) {
    if (!elements_are_filled(bytes, state_lists))
        return refuse("state.elements", "an element of a list is shorter than any can be");
    auto state = wire::decode<State>(bytes);
    if (!state) return std::unexpected(state.error().to_refusal());
    TANDEM_TRY(validate(*state));
    if (!base::equal(encode_state(*state), bytes))
        return refuse("state.canonical", "the state is not in its canonical bytes");
    return std::move(*state);
}

Bytes state_hash(const State& state) {
    return base::to_bytes(crypto::sha256(encode_state(state)));
}

}  // namespace tandem::seats
