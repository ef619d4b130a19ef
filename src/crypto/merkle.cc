#include "crypto/merkle.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>
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

// Leaves and inner nodes are hashed behind one byte of prefix, so every message is shifted by a
// byte against its source. Shifting in the plain way, with copies to odd addresses, makes the
// SHA instructions wait: a load of 16 bytes cannot be served from stores that straddle it, and
// the wait is half as long as the hashing of an inner node. Hence these vectors.
using Vector [[gnu::vector_size(16)]] = std::uint8_t;

constexpr std::size_t block_size = 64;
constexpr std::size_t vectors_per_block = block_size / sizeof(Vector);
constexpr std::uint8_t padding_begin = 0x80;

Vector load(const std::uint8_t* bytes) noexcept {
    Vector vector;
    std::memcpy(&vector, bytes, sizeof vector);
    return vector;
}

/// The last byte of `before`, then all but the last of `now`.
Vector shifted(Vector before, Vector now) noexcept {
#ifdef __SSE2__
    // GCC 12 makes sixteen moves of single bytes of the general form, which brings the wait back.
    return std::bit_cast<Vector>(_mm_or_si128(_mm_slli_si128(std::bit_cast<__m128i>(now), 1),
                                              _mm_srli_si128(std::bit_cast<__m128i>(before), 15)));
#else
    return __builtin_shufflevector(before, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
                                   28, 29, 30);
#endif
}

/// A vector of zeros but for its last byte.
Vector ending_with(std::uint8_t byte) noexcept {
    return Vector{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte};
}

/// The end of a message's padding (FIPS 180-4 section 5.1.1): its length in bits.
Vector padding_end(std::size_t message_size) noexcept {
    const std::size_t bits = 8 * message_size;
    return Vector{0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  0,
                  static_cast<std::uint8_t>(bits >> 8),
                  static_cast<std::uint8_t>(bits)};
}

/// The vector in which a message ends with the last byte of `before`, followed by padding.
Vector last_byte_and_padding(Vector before) noexcept {
    return shifted(before, Vector{padding_begin});
}

template <std::size_t count>
Digest hash_vectors(const std::array<Vector, count>& message) noexcept {
    static_assert(count % vectors_per_block == 0);
    return sha256_of_blocks(
        {{reinterpret_cast<const std::uint8_t*>(message.data()), sizeof message}});
}

/// leaf_hash of a digest, such as those of transactions: one block.
Digest leaf_hash_of_digest(const std::uint8_t* item) noexcept {
    const Vector a = load(item);
    const Vector b = load(item + 16);
    return hash_vectors(std::array<Vector, 4>{shifted(ending_with(leaf_prefix[0]), a),
                                              shifted(a, b), last_byte_and_padding(b),
                                              padding_end(1 + sizeof(Digest))});
}

/// leaf_hash of an item of at least a block: the first block is shifted, the last one padded, and
/// what lies between is hashed in place.
Digest leaf_hash_of_long(base::BytesView item) noexcept {
    // The last block is written first, and so has left the store buffer when its turn comes.
    const base::BytesView rest = item.subspan(block_size - 1);
    const std::size_t in_place = rest.size() / block_size * block_size;
    const base::BytesView tail = rest.subspan(in_place);
    const std::uint64_t bits = __builtin_bswap64(8 * (std::uint64_t{item.size()} + 1));
    static_assert(std::endian::native == std::endian::little);
    std::array<std::uint8_t, 2 * block_size> last;  // filled below as far as it is used
    const bool fits_one = tail.size() + 1 + sizeof bits <= block_size;
    const std::size_t last_size = fits_one ? block_size : 2 * block_size;
    std::memcpy(last.data(), tail.data(), tail.size());
    last[tail.size()] = padding_begin;
    std::memset(last.data() + tail.size() + 1, 0, last_size - tail.size() - 1);
    std::memcpy(last.data() + last_size - sizeof bits, &bits, sizeof bits);

    std::array<Vector, vectors_per_block> first;
    Vector before = ending_with(leaf_prefix[0]);
    for (std::size_t i = 0; i < first.size(); ++i) {
        const Vector now = load(item.data() + i * sizeof(Vector));
        first[i] = shifted(before, now);
        before = now;
    }
    return sha256_of_blocks({{reinterpret_cast<const std::uint8_t*>(first.data()), sizeof first},
                             rest.first(in_place),
                             base::BytesView(last).first(last_size)});
}

/// inner_hash for children of 32 bytes, which all real ones are: two blocks.
Digest inner_hash_of_digests(const std::uint8_t* left, const std::uint8_t* right) noexcept {
    const Vector a = load(left);
    const Vector b = load(left + 16);
    const Vector c = load(right);
    const Vector d = load(right + 16);
    return hash_vectors(std::array<Vector, 8>{
        shifted(ending_with(inner_prefix[0]), a), shifted(a, b), shifted(b, c), shifted(c, d),
        last_byte_and_padding(d), Vector{}, Vector{}, padding_end(1 + 2 * sizeof(Digest))});
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
    if (item.size() == sizeof(Digest)) return leaf_hash_of_digest(item.data());
    if (item.size() >= block_size) return leaf_hash_of_long(item);
    return Sha256().update(leaf_prefix).update(item).finish();
}

Digest inner_hash(base::BytesView left, base::BytesView right) noexcept {
    if (left.size() == sizeof(Digest) && right.size() == sizeof(Digest))
        return inner_hash_of_digests(left.data(), right.data());
    return Sha256().update(inner_prefix).update(left).update(right).finish();
}

void MerkleRoot::add_subtree(Digest root, std::size_t level) noexcept {
    const std::uint64_t leaves = std::uint64_t{1} << level;
    // As in adding to a binary number: full levels are merged into the first free one.
    for (; (count_ >> level & 1) != 0; ++level) root = inner_hash(levels_[level], root);
    levels_[level] = root;
    count_ += leaves;
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
    // Subtrees of 64 leaves go level by level: hashes that do not wait for the one just before
    // overlap in the processor.
    constexpr std::size_t level = 6;
    constexpr std::size_t leaves = 1U << level;
    MerkleRoot tree;
    std::array<Digest, leaves> nodes;
    for (; items.size() >= leaves; items = items.subspan(leaves)) {
        std::ranges::transform(items.first(leaves), nodes.begin(), leaf_hash);
        for (std::size_t count = leaves / 2; count > 0; count /= 2)
            for (std::size_t i = 0; i < count; ++i)
                nodes[i] = inner_hash(nodes[2 * i], nodes[2 * i + 1]);
        tree.add_subtree(nodes[0], level);
    }
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
