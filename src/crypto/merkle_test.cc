#include "crypto/merkle.h"

#include <gtest/gtest.h>
#include <limits>

#include "base/random.h"
#include "crypto/test_support.h"

namespace tandem::crypto {
namespace {

using base::Bytes, base::BytesView;

std::vector<BytesView> views(const std::vector<Bytes>& items) {
    return {items.begin(), items.end()};
}

std::vector<Bytes> random_items(std::size_t count, std::uint64_t seed) {
    base::SeededRandom random(seed);
    std::vector<Bytes> items;
    for (std::size_t i = 0; i < count; ++i) items.push_back(random.bytes(random.below(200)));
    return items;
}

/// The definition in RFC 6962, word by word.
Digest root_by_definition(std::span<const BytesView> items) {
    if (items.empty()) return sha256({});
    if (items.size() == 1) {
        Bytes leaf = {0};
        base::append(leaf, items[0]);
        return sha256(leaf);
    }
    std::size_t k = 1;
    while (2 * k < items.size()) k *= 2;
    Bytes inner = {1};
    base::append(inner, root_by_definition(items.first(k)));
    base::append(inner, root_by_definition(items.subspan(k)));
    return sha256(inner);
}

TEST(Merkle, RootsOfTheProtocolDescription) {
    const std::array<std::string_view, 8> roots = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "a20bf9a7cc2dc8a08f5f415a71b19f6ac427bab54d24eec868b5d3103449953a",
        "3b6cccd7e3e023ff393006f030315ee7ad9eb111b022b41fba7e5b7a3973f688",
        "9bcd51240af4005168f033121ba85be5a6ed4f0e6a5fac262066729b8fbfdecb",
        "b855b42d6c30f5b087e05266783fbd6e394f7b926013ccaa67700a8b0c5a596f",
        "bb36e7d3d4cee5720cbd323d02fab15962e2ba1dadf5f8fc6eeef4fd6ad056a8",
        "3560191803028444b232018ac047fdb561c09c23a7a6876c85e08b5e4d48e9f3"};
    std::vector<Bytes> items;
    for (const std::string_view root : roots) {
        EXPECT_EQ(base::to_hex(merkle_root(views(items))), root) << items.size() << " items";
        items.push_back({static_cast<std::uint8_t>(items.size())});
    }
}

TEST(Merkle, FollowsTheDefinitionAndProvesItsItems) {
    for (std::size_t count = 0; count <= 200; ++count) {
        const std::vector<Bytes> items = random_items(count, count);
        const std::vector<BytesView> all = views(items);
        const Digest root = root_by_definition(all);
        EXPECT_EQ(merkle_root(all), root);
        const MerkleProofs proofs = merkle_proofs(all);
        EXPECT_EQ(proofs.root, root);
        ASSERT_EQ(proofs.proofs.size(), count);
        for (std::size_t i = 0; i < count; i += count < 20 ? 1 : 7) {
            EXPECT_TRUE(validate_basic(proofs.proofs[i]));
            EXPECT_TRUE(verify(proofs.proofs[i], root, items[i])) << i << " of " << count;
        }
    }
}

TEST(Merkle, LeavesOfEveryLength) {
    const Bytes bytes = base::SeededRandom(1).bytes(400);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const std::array<BytesView, 1> item = {BytesView(bytes).first(size)};
        EXPECT_EQ(leaf_hash(item[0]), root_by_definition(item)) << size << " bytes";
    }
    const Bytes large = base::SeededRandom(2).bytes(std::size_t{9} << 20);  // length in 4 bytes
    const std::array<BytesView, 1> item = {large};
    EXPECT_EQ(leaf_hash(large), root_by_definition(item));
}

TEST(Merkle, InnerNodesOfEveryLength) {
    const Bytes bytes = base::SeededRandom(3).bytes(80);
    for (std::size_t size = 0; size <= 40; ++size) {
        const BytesView left = BytesView(bytes).first(size);
        const BytesView right = BytesView(bytes).subspan(size, 32);
        Bytes plain = {1};
        base::append(plain, left);
        base::append(plain, right);
        EXPECT_EQ(inner_hash(left, right), sha256(plain)) << size << " bytes";
    }
}

TEST(Merkle, RootIsThatOfWhatWasAddedSoFar) {
    const std::vector<Bytes> items = random_items(20, 1);
    const std::vector<BytesView> all = views(items);
    MerkleRoot tree;
    for (std::size_t count = 0; count < items.size(); ++count) {
        EXPECT_EQ(tree.root(), root_by_definition(std::span(all).first(count)));
        tree.add(items[count]);
    }
}

TEST(MerkleProof, NamesTheCheckThatRefusedIt) {
    const std::vector<Bytes> items = random_items(5, 2);
    const auto [root, proofs] = merkle_proofs(views(items));
    const auto refusal = [&](auto change, BytesView of_root, BytesView leaf) {
        MerkleProof proof = proofs[2];
        change(proof);
        const base::Verdict verdict = verify(proof, of_root, leaf);
        return verdict ? std::string() : std::string(verdict.error().check);
    };
    const auto changed = [&](auto change) { return refusal(change, root, items[2]); };
    constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(changed([](auto&) {}), "");
    EXPECT_EQ(changed([](auto& proof) { proof.total = -1; }), "proof.total");
    EXPECT_EQ(changed([](auto& proof) { proof.index = -1; }), "proof.index");
    EXPECT_EQ(changed([](auto& proof) { proof.total = proof.index; }), "proof.index");
    EXPECT_EQ(changed([](auto& proof) { proof.index = huge; }), "proof.index");
    EXPECT_EQ(changed([](auto& proof) { proof.total = huge; }), "proof.aunts");
    EXPECT_EQ(changed([](auto& proof) { proof.index = 3; }), "proof.root");
    EXPECT_EQ(changed([](auto& proof) { proof.aunts.pop_back(); }), "proof.aunts");
    EXPECT_EQ(changed([](auto& proof) { proof.aunts.resize(10000); }), "proof.aunts");
    EXPECT_EQ(changed([](auto& proof) { proof.aunts[0].pop_back(); }), "proof.root");
    EXPECT_EQ(changed([](auto& proof) { proof.leaf_hash.clear(); }), "proof.leaf_hash");
    EXPECT_EQ(refusal([](auto&) {}, {}, items[2]), "proof.root");
    EXPECT_EQ(refusal([](auto&) {}, root, items[3]), "proof.leaf_hash");
}

TEST(MerkleProof, OneLeafNeedsNoAunts) {
    const std::vector<Bytes> items = random_items(1, 3);
    const auto [root, proofs] = merkle_proofs(views(items));
    EXPECT_TRUE(proofs[0].aunts.empty());
    EXPECT_EQ(compute_root(proofs[0]), root);
    MerkleProof short_leaf = proofs[0];
    short_leaf.leaf_hash.pop_back();
    EXPECT_EQ(compute_root(short_leaf).error().check, "proof.leaf_hash");
    EXPECT_EQ(compute_root(MerkleProof{}).error().check, "proof.index");
}

TEST(MerkleProof, ValidateBasicAndVerifyJudgeApart) {
    const std::vector<Bytes> items = random_items(3, 4);
    const auto [root, proofs] = merkle_proofs(views(items));
    MerkleProof proof = proofs[0];
    proof.aunts.resize(101, proof.aunts[0]);
    EXPECT_EQ(validate_basic(proof).error().check, "proof.aunts");
    proof.aunts.pop_back();
    EXPECT_TRUE(validate_basic(proof));
    EXPECT_FALSE(verify(proof, root, items[0]));
    proof = proofs[0];
    proof.aunts[1].push_back(0);
    EXPECT_EQ(validate_basic(proof).error().check, "proof.aunts");
    // An aunt of another length leads to a root all the same, if somebody hashed such a node.
    const base::Result<Digest> odd_root = compute_root(proof);
    ASSERT_TRUE(odd_root);
    EXPECT_TRUE(verify(proof, *odd_root, items[0]));
}

MerkleProof proof_of(const nlohmann::json& json) {
    MerkleProof proof;
    proof.total = std::stoll(json.at("total").get<std::string>());
    proof.index = std::stoll(json.at("index").get<std::string>());
    const auto small = [](const nlohmann::json& text) {
        const Bytes bytes = test::bytes_of(text);
        return base::SmallBytes<32>(bytes.begin(), bytes.end());
    };
    proof.leaf_hash = small(json.at("leaf_hash"));
    for (const auto& aunt : json.at("aunts")) proof.aunts.push_back(small(aunt));
    return proof;
}

TEST(Merkle, GoldenVectors) {
    int trees = 0;
    int proofs = 0;
    for (const auto& one : test::golden_cases("types/merkle.json")) {
        SCOPED_TRACE(test::text(one.at("name")));
        const auto& in = one.at("in");
        const auto& out = one.at("out");
        if (in.at("kind") == "tree") {
            ++trees;
            std::vector<Bytes> items;
            for (const auto& item : in.at("items")) items.push_back(test::bytes_of(item));
            const MerkleProofs made = merkle_proofs(views(items));
            EXPECT_EQ(base::to_hex(made.root), test::text(out.at("root")));
            EXPECT_EQ(made.root, merkle_root(views(items)));
            for (const auto& expected : out.at("proofs")) {
                const MerkleProof proof = proof_of(expected);
                EXPECT_EQ(made.proofs.at(static_cast<std::size_t>(proof.index)), proof);
            }
        } else if (in.at("kind") == "verify") {
            ++proofs;
            const MerkleProof proof = proof_of(in.at("proof"));
            const Bytes root = in.at("root").is_null() ? Bytes{} : test::bytes_of(in.at("root"));
            EXPECT_EQ(verify(proof, root, test::bytes_of(in.at("leaf"))).has_value(),
                      out.at("verify").at("ok").get<bool>());
            EXPECT_EQ(validate_basic(proof).has_value(),
                      out.at("validate_basic").at("ok").get<bool>());
        }
    }
    EXPECT_GT(trees, 0);
    EXPECT_GT(proofs, 0);
}

}  // namespace
}  // namespace tandem::crypto
