// Trees and proofs against the definition in RFC 6962, taken word by word.
//
// Input: first a proof, judged as a stranger's: total, index, leaf hash, number of aunts, aunts;
// then the root and the item. What remains is cut into items, of which a tree is made and every
// proof verified; more than a hundred are left alone.
#include <optional>
#include <vector>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "crypto/merkle.h"

namespace tandem::crypto {
namespace {

constexpr std::size_t items_max = 100;  // the definition takes its time

base::Bytes concatenation(std::uint8_t prefix, base::BytesView left, base::BytesView right) {
    base::Bytes out = {prefix};
    base::append(out, left);
    base::append(out, right);
    return out;
}

std::uint64_t left_leaves(std::uint64_t total) {
    std::uint64_t k = 1;
    while (total - k > k) k *= 2;
    return k;
}

Digest root_by_definition(std::span<const base::BytesView> items) {
    if (items.empty()) return sha256({});
    if (items.size() == 1) return sha256(concatenation(0, items[0], {}));
    const std::size_t k = left_leaves(items.size());
    return sha256(
        concatenation(1, root_by_definition(items.first(k)), root_by_definition(items.subspan(k))));
}

using Aunts = std::span<const base::SmallBytes<32>>;

/// The node over leaf `index` of `total`, whose last aunt is the sibling of its child.
std::optional<base::Bytes> node_by_definition(std::uint64_t index, std::uint64_t total,
                                              base::BytesView leaf, Aunts aunts) {
    if (index >= total) return std::nullopt;
    if (total == 1) return aunts.empty() ? std::optional(base::to_bytes(leaf)) : std::nullopt;
    if (aunts.empty()) return std::nullopt;
    const std::uint64_t k = left_leaves(total);
    const Aunts lower = aunts.first(aunts.size() - 1);
    const base::BytesView aunt = base::view(aunts.back());
    const auto child = index < k ? node_by_definition(index, k, leaf, lower)
                                 : node_by_definition(index - k, total - k, leaf, lower);
    if (!child) return std::nullopt;
    return base::to_bytes(
        sha256(index < k ? concatenation(1, *child, aunt) : concatenation(1, aunt, *child)));
}

bool verdict_by_definition(const MerkleProof& proof, base::BytesView root, base::BytesView item) {
    if (proof.total < 0 || proof.index < 0) return false;
    if (!base::equal(base::view(proof.leaf_hash), sha256(concatenation(0, item, {})))) return false;
    const auto computed = node_by_definition(static_cast<std::uint64_t>(proof.index),
                                             static_cast<std::uint64_t>(proof.total),
                                             base::view(proof.leaf_hash), proof.aunts);
    return computed && base::equal(*computed, root);
}

bool is_well_formed(const MerkleProof& proof) {
    const auto is_digest = [](const auto& hash) { return hash.size() == 32; };
    return proof.total >= 0 && proof.index >= 0 && is_digest(proof.leaf_hash) &&
           proof.aunts.size() <= 100 && std::ranges::all_of(proof.aunts, is_digest);
}

base::SmallBytes<32> small(base::BytesView bytes) {
    return {bytes.begin(), bytes.end()};
}

void judge_proof(FuzzInput& input) {
    MerkleProof proof;
    proof.total = input.int64();
    proof.index = input.int64();
    proof.leaf_hash = small(input.prefixed());
    proof.aunts.resize(input.byte());
    for (auto& aunt : proof.aunts) aunt = small(input.prefixed());
    const base::BytesView root = input.prefixed();
    const base::BytesView item = input.prefixed();

    TANDEM_CHECK(validate_basic(proof).has_value() == is_well_formed(proof));
    TANDEM_CHECK(verify(proof, root, item).has_value() == verdict_by_definition(proof, root, item));
    // The invented hashes hardly ever fit; these fit if the numbers do.
    proof.leaf_hash = small(leaf_hash(item));
    const base::Result<Digest> computed = compute_root(proof);
    TANDEM_CHECK(computed.has_value() ==
                 (computed && verdict_by_definition(proof, *computed, item)));
    if (computed) TANDEM_CHECK(verify(proof, *computed, item).has_value());
}

void make_tree(FuzzInput& input) {
    std::vector<base::BytesView> items;
    while (!input.empty() && items.size() < items_max) items.push_back(input.prefixed());
    const MerkleProofs made = merkle_proofs(items);
    TANDEM_CHECK(made.root == root_by_definition(items));
    TANDEM_CHECK(made.root == merkle_root(items));
    TANDEM_CHECK(made.proofs.size() == items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        TANDEM_CHECK(validate_basic(made.proofs[i]).has_value());
        TANDEM_CHECK(verify(made.proofs[i], made.root, items[i]).has_value());
        const base::BytesView other = items[(i + 1) % items.size()];
        TANDEM_CHECK(verify(made.proofs[i], made.root, other).has_value() ==
                     base::equal(items[i], other));
    }
}

}  // namespace
}  // namespace tandem::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    tandem::crypto::judge_proof(input);
    tandem::crypto::make_tree(input);
    return 0;
}
