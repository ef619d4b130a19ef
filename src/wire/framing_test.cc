#include "wire/framing.h"

#include <gtest/gtest.h>

namespace tandem::wire {
namespace {

TEST(Framing, JudgesTheLengthBeforeTheBodyCame) {
    const base::Bytes input{0x03, 'a', 'b', 'c', 0x01};
    const Frame frame = next_frame(input, 10);
    EXPECT_EQ(frame.state, FrameState::complete);
    EXPECT_EQ(base::as_text(frame.body), "abc");
    EXPECT_EQ(frame.consumed, 4U);
    EXPECT_EQ(next_frame(base::BytesView(input).subspan(4), 10).state, FrameState::incomplete);
    EXPECT_EQ(next_frame(base::Bytes{0x0b}, 10).state, FrameState::too_long);
    EXPECT_EQ(next_frame(base::Bytes{}, 10).state, FrameState::incomplete);
    EXPECT_EQ(next_frame(base::Bytes{0x80}, 10).state, FrameState::incomplete);
    EXPECT_EQ(next_frame(base::Bytes(11, 0xff), 10).state, FrameState::malformed);
    // A one in the 65th bit: 2 if it were dropped.
    const auto wide = base::from_hex("82808080808080808002").value();
    EXPECT_EQ(next_frame(wide, 10).state, FrameState::malformed);
    EXPECT_EQ(next_frame(base::Bytes{0x00}, 10).state, FrameState::complete);
}

}  // namespace
}  // namespace tandem::wire
