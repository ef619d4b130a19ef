#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::as_bytes;

TEST(Sha256, ExamplesOfFips180) {
    EXPECT_EQ(base::to_hex(sha256({})),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(base::to_hex(sha256(as_bytes("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(base::to_hex(sha256(as_bytes(std::string(1000000, 'a')))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeNoDifference) {
    const base::Bytes bytes = base::SeededRandom(1).bytes(200);
    const base::BytesView view(bytes);
    Sha256 reused;
    for (std::size_t cut = 0; cut <= view.size(); ++cut) {
        reused.update(view.first(cut)).update({}).update(view.subspan(cut));
        EXPECT_EQ(reused.finish(), sha256(view)) << "cut at " << cut;
    }
}

TEST(Sha256, CopiesGoOnFromTheSamePrefix) {
    Sha256 prefix;
    prefix.update(as_bytes("tan"));
    Sha256 copy = prefix;
    EXPECT_EQ(copy.update(as_bytes("dem")).finish(), sha256(as_bytes("tandem")));
    EXPECT_EQ(prefix.update(as_bytes("gent")).finish(), sha256(as_bytes("tangent")));
}

TEST(Sha512, ExampleOfFips180InParts) {
    const std::string_view expected =
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    EXPECT_EQ(base::to_hex(sha512({as_bytes("abc")})), expected);
    EXPECT_EQ(base::to_hex(sha512({as_bytes("a"), {}, as_bytes("bc")})), expected);
}

TEST(Ripemd160, ExamplesOfItsAuthors) {
    EXPECT_EQ(base::to_hex(ripemd160({})), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
    EXPECT_EQ(base::to_hex(ripemd160(as_bytes("abc"))), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
}

}  // namespace
}  // namespace tandem::crypto
