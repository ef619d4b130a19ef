// The state's bytes: arbitrary ones, and those of a random valid state with some of them changed.
//
// Input: one byte says what. 0: the rest is a state's bytes. Otherwise: eight bytes of a seed, then
// changes: two bytes of a place and one to write there.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "seats/random_state.h"

namespace tandem::seats {
namespace {

void read(BytesView bytes) {
    const auto state = decode_state(bytes);
    if (!state) return;
    TANDEM_CHECK(base::equal(encode_state(*state), bytes));
    // What was let in can be worked with.
    check_invariants(*state);
    for (const types::ValidatorChange& member : decided_set(*state))
        TANDEM_CHECK(
            find_by_consensus_address(*state, base::view(crypto::address(member.pub_key))));
    for (const Seat& seat : state->seats)
        if (seat.in_set()) (void)state->params.m(state->total_power(), seat.power);
    if (state->height >= state->initial_height)
        TANDEM_CHECK(is_fresh(*state, state->height, state->height));
}

}  // namespace
}  // namespace tandem::seats

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    if (input.byte() == 0) {
        tandem::seats::read(input.all());
        return 0;
    }
    tandem::base::SeededRandom dice(static_cast<std::uint64_t>(input.int64()));
    tandem::base::Bytes bytes =
        tandem::seats::encode_state(tandem::seats::test::RandomChain(dice).chain().state());
    TANDEM_CHECK(tandem::seats::decode_state(bytes).has_value());
    for (int changes = 0; changes < 8 && !input.empty(); ++changes) {
        const std::size_t place = input.byte() * 256U + input.byte();
        bytes[place % bytes.size()] = input.byte();
    }
    tandem::seats::read(bytes);
    return 0;
}
