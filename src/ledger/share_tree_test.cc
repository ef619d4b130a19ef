#include "ledger/share_tree.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::ledger {
namespace {

Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

void change(MemoryStorage& storage, ShareTree& tree, const EntryChanges& changes) {
    auto outcome = tree.outcome_of(changes);
    tree.apply(outcome);
    storage.write(std::move(outcome.writes));
    EXPECT_EQ(tree.root(), outcome.root);
}

TEST(ShareTree, ItsRootDependsOnItsEntriesAlone) {
    MemoryStorage one_storage, other_storage;
    ShareTree one(one_storage), other(other_storage);
    const auto empty = one.root();
    change(one_storage, one, {{bytes("a"), bytes("1")}, {bytes("b"), bytes("2")}});
    change(one_storage, one, {{bytes("c"), bytes("3")}});
    change(other_storage, other, {{bytes("c"), bytes("3")}, {bytes("d"), bytes("4")}});
    change(other_storage, other, {{bytes("b"), bytes("2")}, {bytes("a"), bytes("0")}});
    EXPECT_NE(one.root(), other.root());
    change(other_storage, other, {{bytes("d"), std::nullopt}, {bytes("a"), bytes("1")}});
    EXPECT_EQ(one.root(), other.root());
    change(one_storage, one,
           {{bytes("a"), std::nullopt}, {bytes("b"), std::nullopt}, {bytes("c"), std::nullopt}});
    EXPECT_EQ(one.root(), empty);
}

TEST(ShareTree, ProvesItsEntriesAndNothingElse) {
    MemoryStorage storage;
    ShareTree tree(storage);
    base::SeededRandom dice(7);
    EntryChanges changes;
    // Few bits of keys at a time, so that some share a bucket.
    for (int i = 0; i < 2000; ++i) changes[bytes("key " + std::to_string(i))] = Bytes(3, 1);
    change(storage, tree, changes);
    const ShareTree read_again(storage);
    EXPECT_EQ(read_again.root(), tree.root());
    for (int i = 0; i < 2000; i += 97) {
        const Bytes key = bytes("key " + std::to_string(i));
        const auto proof = read_again.prove(key);
        ASSERT_TRUE(proof);
        const std::string path = share_key_path(key);
        EXPECT_TRUE(types::verify_value(*proof, tree.root(), path, Bytes(3, 1)));
        EXPECT_FALSE(types::verify_value(*proof, tree.root(), path, Bytes(3, 2)));
        EXPECT_FALSE(
            types::verify_value(*proof, tree.root(), share_key_path(bytes("key")), Bytes(3, 1)));
        auto wrong_root = tree.root();
        wrong_root[0] ^= 1U;
        EXPECT_FALSE(types::verify_value(*proof, wrong_root, path, Bytes(3, 1)));
    }
    EXPECT_FALSE(tree.prove(bytes("absent")));
}

TEST(ShareTree, WhatIsNotAppliedLeavesNoTrace) {
    MemoryStorage storage;
    ShareTree tree(storage);
    const auto before = tree.root();
    const auto outcome = tree.outcome_of({{bytes("a"), bytes("1")}});
    EXPECT_NE(outcome.root, before);
    EXPECT_EQ(tree.root(), before);
    EXPECT_FALSE(tree.get(bytes("a")));
}

TEST(ShareTree, ScansInTheOrderOfKeys) {
    MemoryStorage storage;
    ShareTree tree(storage);
    change(storage, tree,
           {{bytes("a1"), bytes("1")},
            {bytes("a2"), bytes("2")},
            {bytes("a3"), bytes("3")},
            {bytes("b1"), bytes("4")}});
    std::string seen;
    tree.scan(bytes("a"), bytes("a2"), [&](BytesView, BytesView value) {
        seen += base::as_text(value);
        return true;
    });
    EXPECT_EQ(seen, "23");
}

}  // namespace
}  // namespace tandem::ledger
