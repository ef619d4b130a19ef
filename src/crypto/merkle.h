// Merkle trees as in RFC 6962 section 2.1, and the proof that one item is in one of them.
//
//   leaf  = SHA-256(0x00 | item)          inner = SHA-256(0x01 | left | right)
//
// Of n > 1 items the left subtree takes k, the largest power of two below n. Equivalently, and
// that is how it is computed here: pair neighbours level by level, and let an odd last node rise
// as it is. No items hash to SHA-256 of nothing.
//
// Proofs come from strangers. validate_basic says whether one is well formed; verify does not
// rely on it, and judges every proof whatever its numbers and lengths are.
//
// Not here: proof operators and proofs in protobuf (types).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/refusal.h"
#include "crypto/sha256.h"

namespace tandem::crypto {

/// Most aunts in a well-formed proof.
inline constexpr std::size_t merkle_aunts_max = 100;

[[nodiscard]] Digest empty_hash() noexcept;
[[nodiscard]] Digest leaf_hash(base::BytesView item) noexcept;
/// Children are 32 bytes long in every real tree; a stranger's proof may say otherwise.
[[nodiscard]] Digest inner_hash(base::BytesView left, base::BytesView right) noexcept;

/// The root over items that are given one at a time. Holds one digest per level, and never
/// allocates.
class MerkleRoot {
  public:
    void add(base::BytesView item) noexcept { add_leaf_hash(leaf_hash(item)); }
    void add_leaf_hash(const Digest& hash) noexcept { add_subtree(hash, 0); }
    /// The root over what was added so far; more may follow.
    [[nodiscard]] Digest root() const noexcept;

  private:
    friend Digest merkle_root(std::span<const base::BytesView> items) noexcept;
    /// Adds 2^level leaves at once. REQUIRES: count_ is a multiple of 2^level.
    void add_subtree(Digest root, std::size_t level) noexcept;

    // Level i is in use when bit i of count_ is set: it then holds the root of 2^i leaves.
    std::array<Digest, 64> levels_;
    std::uint64_t count_ = 0;
};

[[nodiscard]] Digest merkle_root(std::span<const base::BytesView> items) noexcept;

/// What a stranger claims about one item; the fields of the protobuf message `Proof`.
struct MerkleProof {
    std::int64_t total = 0;
    std::int64_t index = 0;
    base::SmallBytes<32> leaf_hash;
    std::vector<base::SmallBytes<32>> aunts;  // from the leaf upward

    bool operator==(const MerkleProof&) const = default;
};

struct MerkleProofs {
    Digest root;
    std::vector<MerkleProof> proofs;  // one per item, in their order
};

[[nodiscard]] MerkleProofs merkle_proofs(std::span<const base::BytesView> items);

/// Whether the proof is well formed: numbers not negative, hashes of 32 bytes, at most
/// merkle_aunts_max aunts.
[[nodiscard]] base::Verdict validate_basic(const MerkleProof& proof);

/// Whether `proof` shows that `leaf` is item `proof.index` of the `proof.total` under `root`.
[[nodiscard]] base::Verdict verify(const MerkleProof& proof, base::BytesView root,
                                   base::BytesView leaf);

/// The root that follows from the proof's own leaf hash and aunts; refused unless the number of
/// aunts is exactly the depth of leaf `index` in a tree of `total`.
[[nodiscard]] base::Result<Digest> compute_root(const MerkleProof& proof);

}  // namespace tandem::crypto
