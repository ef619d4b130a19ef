#include "crypto/merkle.h"

#include <algorithm>
#include <bit>
#include <string>

#include "base/check.h"

namespace tandem::crypto {
namespace {

constexpr std::array<std::uint8_t, 1> leaf_prefix = {0};
constexpr std::array<std::uint8_t, 1> inner_prefix = {1};

/// Of n > 1 leaves, how many are in the left subtree.
std::int64_t left_leaves(std::int64_t n) noexcept {
    return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(n) - 1));
}

std::string number(std::int64_t value) {
    return std::to_string(value);
}

/// The nodes of one level become those of the next: pairs are hashed, an odd last one rises.
std::vector<Digest> next_level(std::span<const Digest> level) {
    std::vector<Digest> above;
    above.reserve((level.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < level.size(); i += 2)
        above.push_back(inner_hash(level[i], level[i + 1]));
    if (level.size() % 2 != 0) above.push_back(level.back());
    return above;
}

}  // namespace

Digest empty_hash() noexcept {
    return sha256({});
}

Digest leaf_hash(base::BytesView item) noexcept {
    return Sha256().update(leaf_prefix).update(item).finish();
}

Digest inner_hash(base::BytesView left, base::BytesView right) noexcept {
    return Sha256().update(inner_prefix).update(left).update(right).finish();
}

void MerkleRoot::add_leaf_hash(const Digest& hash) noexcept {
    // As in adding one to a binary number: full levels are merged into the first free one.
    Digest carried = hash;
    std::size_t level = 0;
    for (; (count_ >> level & 1) != 0; ++level) carried = inner_hash(levels_[level], carried);
    levels_[level] = carried;
    ++count_;
}

Digest MerkleRoot::root() const noexcept {
    if (count_ == 0) return empty_hash();
    auto level = static_cast<std::size_t>(std::countr_zero(count_));
    Digest total = levels_[level];
    for (++level; level < levels_.size(); ++level)
        if ((count_ >> level & 1) != 0) total = inner_hash(levels_[level], total);
    return total;
}

Digest merkle_root(std::span<const base::BytesView> items) noexcept {
    MerkleRoot tree;
    for (const base::BytesView item : items) tree.add(item);
    return tree.root();
}

MerkleProofs merkle_proofs(std::span<const base::BytesView> items) {
    if (items.empty()) return {empty_hash(), {}};
    MerkleProofs out;
    std::vector<Digest> level;
    level.reserve(items.size());
    out.proofs.reserve(items.size());
    for (const base::BytesView item : items) {
        level.push_back(leaf_hash(item));
        MerkleProof& proof = out.proofs.emplace_back();
        proof.total = static_cast<std::int64_t>(items.size());
        proof.index = static_cast<std::int64_t>(out.proofs.size()) - 1;
        proof.leaf_hash.assign(level.back().begin(), level.back().end());
        proof.aunts.reserve(static_cast<std::size_t>(std::bit_width(items.size() - 1)));
    }
    for (std::size_t depth = 0; level.size() > 1; ++depth) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::size_t sibling = (i >> depth) ^ 1;
            if (sibling >= level.size()) continue;
            out.proofs[i].aunts.emplace_back(level[sibling].begin(), level[sibling].end());
        }
        level = next_level(level);
    }
    out.root = level.front();
    return out;
}

base::Verdict validate_basic(const MerkleProof& proof) {
    if (proof.total < 0)
        return base::refuse("proof.total", "total " + number(proof.total) + " is negative");
    if (proof.index < 0)
        return base::refuse("proof.index", "index " + number(proof.index) + " is negative");
    if (proof.leaf_hash.size() != sizeof(Digest))
        return base::refuse(
            "proof.leaf_hash",
            "leaf hash has " + std::to_string(proof.leaf_hash.size()) + " bytes instead of 32");
    if (proof.aunts.size() > merkle_aunts_max)
        return base::refuse("proof.aunts",
                            std::to_string(proof.aunts.size()) + " aunts are more than 100");
    for (const auto& aunt : proof.aunts)
        if (aunt.size() != sizeof(Digest))
            return base::refuse("proof.aunts", "an aunt has " + std::to_string(aunt.size()) +
                                                   " bytes instead of 32");
    return {};
}

base::Result<Digest> compute_root(const MerkleProof& proof) {
    if (proof.index < 0 || proof.index >= proof.total)
        return base::refuse("proof.index", "there is no index " + number(proof.index) + " among " +
                                               number(proof.total) + " leaves");
    // From the root down to the leaf, note on which side the leaf is; then hash back up.
    std::array<bool, 64> is_left;
    std::size_t depth = 0;
    std::int64_t index = proof.index;
    for (std::int64_t total = proof.total; total > 1; ++depth) {
        const std::int64_t left = left_leaves(total);
        is_left[depth] = index < left;
        if (!is_left[depth]) index -= left;
        total = is_left[depth] ? left : total - left;
    }
    if (proof.aunts.size() != depth)
        return base::refuse("proof.aunts", std::to_string(proof.aunts.size()) +
                                               " aunts, but the leaf is " + std::to_string(depth) +
                                               " levels deep");
    if (depth == 0) {
        // Only here can the leaf hash itself be the root, so its length must be that of one.
        if (proof.leaf_hash.size() != sizeof(Digest))
            return base::refuse("proof.leaf_hash", "leaf hash has not 32 bytes");
        Digest root;
        std::ranges::copy(proof.leaf_hash, root.begin());
        return root;
    }
    Digest node;
    base::BytesView below = base::view(proof.leaf_hash);
    for (const auto& aunt : proof.aunts) {
        node = is_left[--depth] ? inner_hash(below, base::view(aunt))
                                : inner_hash(base::view(aunt), below);
        below = node;
    }
    return node;
}

base::Verdict verify(const MerkleProof& proof, base::BytesView root, base::BytesView leaf) {
    if (proof.total < 0)
        return base::refuse("proof.total", "total " + number(proof.total) + " is negative");
    if (proof.index < 0)
        return base::refuse("proof.index", "index " + number(proof.index) + " is negative");
    const Digest expected = leaf_hash(leaf);
    if (!base::equal(base::view(proof.leaf_hash), expected))
        return base::refuse("proof.leaf_hash",
                            "leaf hash " + base::to_hex(base::view(proof.leaf_hash)) +
                                " is not that of the item, " + base::to_hex(expected));
    const base::Result<Digest> computed = compute_root(proof);
    if (!computed) return std::unexpected(computed.error());
    if (!base::equal(*computed, root))
        return base::refuse("proof.root", "leads to root " + base::to_hex(*computed) +
                                              " instead of " + base::to_hex(root));
    return {};
}

}  // namespace tandem::crypto
