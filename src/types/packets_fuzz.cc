// Any bytes as what a peer sends: never a crash, no message above its channel's bound, and the
// same events however the bytes are cut. And any messages, sent over two channels in turns: they
// arrive as they were.
#include "base/check.h"
#include "types/packets.h"

namespace {

using namespace tandem;

constexpr std::size_t payload = 16;
constexpr std::array<types::PacketAssembler::OpenChannel, 2> open_channels{
    {{0x01, 40}, {0x20, 1000}}};

struct Outcome {
    std::vector<types::PacketAssembler::Event> events;
    std::size_t consumed = 0;
    bool refused = false;

    bool operator==(const Outcome&) const = default;
};

/// Hands over `step` bytes more each time.
Outcome receive(base::BytesView stream, std::size_t step) {
    types::PacketAssembler assembler(open_channels, payload);
    Outcome outcome;
    std::size_t available = 0;
    while (!outcome.refused) {
        auto taken = assembler.take(stream.subspan(outcome.consumed, available - outcome.consumed));
        outcome.refused = !taken.has_value();
        if (outcome.refused) break;
        outcome.consumed += taken->consumed;
        if (taken->event) outcome.events.push_back(std::move(*taken->event));
        if (taken->consumed > 0) continue;
        if (available == stream.size()) break;
        available = std::min(stream.size(), available + step);
    }
    return outcome;
}

void try_receive(base::BytesView stream) {
    const Outcome outcome = receive(stream, 1);
    TANDEM_CHECK(outcome == receive(stream, stream.size() + 1));
    for (const auto& event : outcome.events)
        if (const auto* message = std::get_if<types::ChannelMessage>(&event))
            TANDEM_CHECK(message->message.size() <= (message->channel == 0x01 ? 40 : 1000));
}

/// The first half goes over one channel, the rest over the other.
void try_send(base::BytesView bytes) {
    const std::size_t half = std::min<std::size_t>(bytes.size() / 2, 40);
    const base::BytesView first = bytes.first(half);
    const base::BytesView second =
        bytes.subspan(half).first(std::min<std::size_t>(bytes.size() - half, 1000));
    types::MessageCutter one(0x01, first, payload);
    types::MessageCutter other(0x20, second, payload);
    base::Bytes stream;
    while (!one.done() || !other.done()) {
        if (!one.done()) one.append_next(stream);
        if (!other.done()) other.append_next(stream);
    }
    const Outcome outcome = receive(stream, 7);
    TANDEM_CHECK(!outcome.refused && outcome.consumed == stream.size());
    TANDEM_CHECK(outcome.events.size() == 2);
    for (const auto& event : outcome.events) {
        const auto& message = std::get<types::ChannelMessage>(event);
        TANDEM_CHECK(base::equal(message.message, message.channel == 0x01 ? first : second));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const base::BytesView rest = base::BytesView(data, size).subspan(1);
    if (data[0] % 2 == 0) {
        try_receive(rest);
    } else {
        try_send(rest);
    }
    return 0;
}
