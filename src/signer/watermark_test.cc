#include "signer/watermark.h"

#include <gtest/gtest.h>

#include "signer/signer.h"
#include "signer/test_key.h"

namespace tandem::signer {
namespace {

const types::Address address(std::size_t{20}, std::uint8_t{0xaa});

types::LastSigned example() {
    types::LastSigned last;
    last.height = 300;
    last.round = 2;
    last.step = types::SignStep::precommit;
    last.sign_bytes = {1, 2, 3};
    return last;
}

// The worked example of docs/formats/watermark.md.
TEST(Watermark, TheExampleOfThePage) {
    EXPECT_EQ(base::to_hex(encode_watermark(address, example())),
              "0a14aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa10ac02180220032a03010203");
}

TEST(Watermark, ComesBackAsItWas) {
    types::LastSigned last = example();
    EXPECT_EQ(decode_watermark(encode_watermark(address, last), address), last);
    last.signature.assign(64, 7);
    EXPECT_EQ(decode_watermark(encode_watermark(address, last), address), last);
}

TEST(Watermark, OfAnotherKeyIsRefused) {
    const types::Address other(std::size_t{20}, std::uint8_t{0xbb});
    const auto read = decode_watermark(encode_watermark(other, example()), address);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().check, "watermark.address");
}

TEST(Watermark, NumbersOutOfRangeAreRefused) {
    const auto check_of = [](std::int64_t height, std::int32_t round, std::int32_t step) {
        WatermarkRecord record;
        record.address = address;
        record.height = height;
        record.round = round;
        record.step = step;
        const auto read = decode_watermark(wire::encode(record), address);
        return read ? "" : read.error().check;
    };
    EXPECT_EQ(check_of(-1, 0, 1), "watermark.height");
    EXPECT_EQ(check_of(1, -1, 1), "watermark.height");
    EXPECT_EQ(check_of(1, 0, 4), "watermark.step");
    EXPECT_EQ(check_of(1, 0, -1), "watermark.step");
    EXPECT_EQ(check_of(1, 0, 3), "");
}

// A state file from CometBFT goes on where it stopped, and what we export reads as it would there.
TEST(Watermark, ImportsAndExportsPrivValidatorState) {
    const auto key = std::make_shared<RecordingKey>(1);
    const types::Address own(crypto::address(key->public_key()));
    types::Vote vote;
    vote.type = types::SignedMsgType::precommit;
    vote.height = 300;
    vote.round = 2;
    vote.timestamp = {50, 0};
    vote.validator_address = own;
    types::LastSigned last = example();
    last.sign_bytes = types::sign_bytes("chain", vote);
    last.signature = key->sign(last.sign_bytes);
    const std::string file = types::last_signed_text(last);

    const auto imported = types::last_signed_from_json(file);
    ASSERT_TRUE(imported);
    const auto record = encode_watermark(own, imported->last);
    Signer signer("chain", key, *decode_watermark(record, own));
    const types::ValidatorSet set = set_of(std::array{key->public_key()});
    types::Vote later = vote;
    later.timestamp = {90, 0};
    auto reservation = signer.reserve(later, {300, set}, false);
    ASSERT_TRUE(reservation);
    const auto again = signer.sign(std::move(*reservation).logged_at({1}), {1});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->timestamp, vote.timestamp);
    EXPECT_EQ(again->signature, last.signature);
    EXPECT_EQ(types::last_signed_text(signer.last_signed()), file);
}

}  // namespace
}  // namespace tandem::signer
