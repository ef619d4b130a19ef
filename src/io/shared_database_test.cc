#include "io/shared_database.h"

#include <gtest/gtest.h>

#include "store/memory_key_values.h"

namespace tandem::io {
namespace {

using base::Bytes;
using base::BytesView;

Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

struct SharedDatabaseTest : testing::Test {
    store::MemoryKeyValues database;
    ApplicationStorage application{database};
    SharedIndexStorage index{database};

    void SetUp() override {
        // Neighbours on both sides.
        for (const char* key : {"H", "I", "J", "K", "L", "Ja", "La"}) database.put(bytes(key), {});
    }
    std::string scan(std::string_view prefix, std::string_view from = "") const {
        std::string text;
        application.scan(base::as_bytes(prefix), base::as_bytes(from),
                         [&](BytesView key, BytesView value) {
                             text += base::as_text(key);
                             text += base::as_text(value);
                             return true;
                         });
        return text;
    }
};

TEST_F(SharedDatabaseTest, GivesTheApplicationItsOwnMap) {
    application.write({{bytes("a"), bytes("1")},
                       {bytes("ab"), bytes("2")},
                       {bytes("b"), bytes("3")},
                       {bytes("gone"), bytes("4")}});
    application.write(
        {{bytes("gone"), std::nullopt}, {bytes("b"), std::nullopt}, {bytes("b"), bytes("5")}});
    EXPECT_EQ(application.get(base::as_bytes("ab")), bytes("2"));
    EXPECT_EQ(application.get(base::as_bytes("gone")), std::nullopt);
    EXPECT_EQ(scan("a"), "a1ab2");
    EXPECT_EQ(scan("a", "aa"), "ab2");
    EXPECT_EQ(scan("a", "b"), "");
    EXPECT_EQ(scan("b"), "b5");
    EXPECT_EQ(scan("b", "a"), "b5");
}

TEST_F(SharedDatabaseTest, GivesTheIndexItsOwnMap) {
    index.write({{bytes("a"), bytes("1")}, {bytes("b"), bytes("2")}, {bytes("c"), bytes("3")}});
    std::string text;
    const auto note = [&](BytesView key, BytesView value) {
        text += base::as_text(key);
        text += base::as_text(value);
        return true;
    };
    index.visit(base::as_bytes("a"), base::as_bytes("c"), note);
    EXPECT_EQ(text, "a1b2");
    text.clear();
    index.visit(base::as_bytes("b"), {}, note);
    EXPECT_EQ(text, "b2c3");
    EXPECT_EQ(index.get(base::as_bytes("c")), bytes("3"));
    EXPECT_EQ(application.get(base::as_bytes("c")), std::nullopt);
}

}  // namespace
}  // namespace tandem::io
