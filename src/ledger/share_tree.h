// A map whose contents one hash stands for, and proofs of single entries under that hash.
//
// Entries are spread over 65,536 buckets by the first two bytes of the SHA-256 of their key. Each
// bucket is a merkle tree of its entries in the order of their keys; the bucket roots are the
// leaves of a tree of their own, whose root is the hash. Both trees are those of CometBFT's
// "simple:v" operators, so a stock client verifies a proof of two steps:
//
//     value --(bucket tree, under the key)--> bucket root --(upper tree, under the bucket)--> hash
//
// A change costs one bucket and sixteen inner nodes. Ten million entries are 150 to a bucket.
//
// Rejected: a balanced search tree (iavl), whose hash depends on the order of insertions, and a
// sparse tree of 256 levels, whose proofs no stock client reads.
//
// Not here: proofs of absence.
#pragma once
#include <array>
#include <map>

#include "crypto/sha256.h"
#include "ledger/storage.h"
#include "types/proof_ops.h"

namespace tandem::ledger {

/// Changes by key; nothing: the entry goes.
using EntryChanges = std::map<Bytes, std::optional<Bytes>>;

class ShareTree {
  public:
    /// Reads the bucket roots. Keys of `storage` that begin with 'b', 'e' and 's' are the tree's.
    explicit ShareTree(const Storage& storage);

    [[nodiscard]] const crypto::Digest& root() const noexcept { return levels_.back().front(); }
    [[nodiscard]] std::optional<Bytes> get(BytesView key) const;
    /// Entries whose keys begin with `prefix`, from `from` on, in order, while `visit` says so.
    void scan(BytesView prefix, BytesView from,
              const std::function<bool(BytesView key, BytesView value)>& visit) const;
    /// Two operators; nothing where there is no such entry.
    [[nodiscard]] std::optional<types::ProofOps> prove(BytesView key) const;

    /// What changes would make of the tree. Good until the next apply().
    using Nodes = std::map<std::pair<std::size_t, std::size_t>, crypto::Digest>;  // level, index
    struct Outcome {
        crypto::Digest root;
        std::vector<Change> writes;  // for the storage
        Nodes nodes;
    };
    [[nodiscard]] Outcome outcome_of(const EntryChanges& changes) const;
    /// REQUIRES: the outcome's writes go to the storage at once.
    void apply(const Outcome& outcome) { apply(outcome.nodes); }
    /// As a new one. REQUIRES: the storage holds nothing of it any more.
    void clear();

  private:
    [[nodiscard]] std::map<Bytes, crypto::Digest> hashes_in(std::uint16_t bucket) const;
    /// Adds what follows above the changed leaves.
    void grow_upward(Nodes& nodes) const;
    void apply(const Nodes& nodes);

    const Storage& storage_;
    std::vector<std::vector<crypto::Digest>> levels_;  // leaf hashes of the buckets first
};

/// The path by which types::verify_value follows a proof of `key`: "/x:BUCKET/x:KEY".
[[nodiscard]] std::string share_key_path(BytesView key);

}  // namespace tandem::ledger
