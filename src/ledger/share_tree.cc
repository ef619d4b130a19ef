#include "ledger/share_tree.h"

#include "base/check.h"
#include "crypto/merkle.h"

namespace tandem::ledger {

namespace {

using crypto::Digest;

constexpr std::size_t bucket_bits = 16;
constexpr std::size_t buckets = std::size_t{1} << bucket_bits;
constexpr std::uint8_t root_kind = 'b', hash_kind = 'e', value_kind = 's';

std::uint16_t bucket_of(BytesView key) {
    const Digest digest = crypto::sha256(key);
    return static_cast<std::uint16_t>(digest[0] << 8U | digest[1]);
}

Bytes bucket_bytes(std::uint16_t bucket) {
    return {static_cast<std::uint8_t>(bucket >> 8U), static_cast<std::uint8_t>(bucket & 0xffU)};
}

Bytes stored_key(std::uint8_t kind, BytesView rest) {
    Bytes key = {kind};
    base::append(key, rest);
    return key;
}

Bytes hash_key(std::uint16_t bucket, BytesView key) {
    Bytes stored = stored_key(hash_kind, bucket_bytes(bucket));
    base::append(stored, key);
    return stored;
}

Digest digest_from(BytesView bytes) {
    Digest digest{};
    TANDEM_CHECK(bytes.size() == digest.size());
    std::ranges::copy(bytes, digest.begin());
    return digest;
}

std::vector<Bytes> leaves_of(const std::map<Bytes, Digest>& entries) {
    std::vector<Bytes> leaves;
    leaves.reserve(entries.size());
    for (const auto& [key, hash] : entries) leaves.push_back(types::value_leaf(key, hash));
    return leaves;
}

Digest root_of(const std::map<Bytes, Digest>& entries) {
    crypto::MerkleRoot root;
    for (const Bytes& leaf : leaves_of(entries)) root.add(leaf);
    return root.root();
}

Digest upper_leaf(std::uint16_t bucket, const Digest& bucket_root) {
    return crypto::leaf_hash(types::value_leaf(bucket_bytes(bucket), crypto::sha256(bucket_root)));
}

base::SmallBytes<32> small(const Digest& digest) {
    return {digest.begin(), digest.end()};
}

/// The tree without entries, which every tree begins as.
const std::vector<std::vector<Digest>>& empty_levels() {
    static const std::vector<std::vector<Digest>> levels = [] {
        std::vector<std::vector<Digest>> made(1);
        for (std::size_t bucket = 0; bucket < buckets; ++bucket)
            made[0].push_back(upper_leaf(static_cast<std::uint16_t>(bucket), crypto::empty_hash()));
        while (made.back().size() > 1) {
            const std::vector<Digest>& below = made.back();
            std::vector<Digest> level;
            for (std::size_t i = 0; i < below.size(); i += 2)
                level.push_back(crypto::inner_hash(below[i], below[i + 1]));
            made.push_back(std::move(level));
        }
        return made;
    }();
    return levels;
}

}  // namespace

ShareTree::ShareTree(const Storage& storage) : storage_(storage), levels_(empty_levels()) {
    Nodes nodes;
    const Bytes prefix = {root_kind};
    storage_.scan(prefix, prefix, [&](BytesView key, BytesView value) {
        TANDEM_CHECK(key.size() == 3);
        const auto bucket = static_cast<std::uint16_t>(key[1] << 8U | key[2]);
        nodes[{0, bucket}] = upper_leaf(bucket, digest_from(value));
        return true;
    });
    grow_upward(nodes);
    apply(nodes);
}

std::optional<Bytes> ShareTree::get(BytesView key) const {
    return storage_.get(stored_key(value_kind, key));
}

void ShareTree::scan(BytesView prefix, BytesView from,
                     const std::function<bool(BytesView, BytesView)>& visit) const {
    storage_.scan(stored_key(value_kind, prefix), stored_key(value_kind, from),
                  [&](BytesView key, BytesView value) { return visit(key.subspan(1), value); });
}

std::map<Bytes, Digest> ShareTree::hashes_in(std::uint16_t bucket) const {
    std::map<Bytes, Digest> entries;
    const Bytes prefix = hash_key(bucket, {});
    storage_.scan(prefix, prefix, [&](BytesView key, BytesView value) {
        entries.emplace(base::to_bytes(key.subspan(prefix.size())), digest_from(value));
        return true;
    });
    return entries;
}

std::optional<types::ProofOps> ShareTree::prove(BytesView key) const {
    const std::uint16_t bucket = bucket_of(key);
    const auto entries = hashes_in(bucket);
    const auto found = entries.find(base::to_bytes(key));
    if (found == entries.end()) return std::nullopt;
    const std::vector<Bytes> leaves = leaves_of(entries);
    const std::vector<BytesView> views(leaves.begin(), leaves.end());
    const auto place = static_cast<std::size_t>(std::distance(entries.begin(), found));

    crypto::MerkleProof upper;
    upper.total = static_cast<std::int64_t>(buckets);
    upper.index = bucket;
    upper.leaf_hash = small(levels_[0][bucket]);
    for (std::size_t level = 0, index = bucket; level + 1 < levels_.size(); ++level, index /= 2)
        upper.aunts.push_back(small(levels_[level][index ^ 1U]));
    return types::ProofOps{{types::make_value_op(key, crypto::merkle_proofs(views).proofs[place]),
                            types::make_value_op(bucket_bytes(bucket), upper)}};
}

ShareTree::Outcome ShareTree::outcome_of(const EntryChanges& changes) const {
    Outcome outcome;
    std::map<std::uint16_t, std::vector<EntryChanges::const_iterator>> by_bucket;
    for (auto change = changes.begin(); change != changes.end(); ++change)
        by_bucket[bucket_of(change->first)].push_back(change);
    for (const auto& [bucket, list] : by_bucket) {
        auto entries = hashes_in(bucket);
        for (const auto change : list) {
            const auto& [key, value] = *change;
            outcome.writes.push_back({stored_key(value_kind, key), value});
            std::optional<Bytes> hash;
            if (value) {
                const Digest digest = crypto::sha256(*value);
                entries.insert_or_assign(key, digest);
                hash.emplace(digest.begin(), digest.end());
            } else {
                entries.erase(key);
            }
            outcome.writes.push_back({hash_key(bucket, key), std::move(hash)});
        }
        const Digest root = root_of(entries);
        outcome.writes.push_back(
            {stored_key(root_kind, bucket_bytes(bucket)), Bytes(root.begin(), root.end())});
        outcome.nodes[{0, bucket}] = upper_leaf(bucket, root);
    }
    grow_upward(outcome.nodes);
    const auto changed_root = outcome.nodes.find({levels_.size() - 1, 0});
    outcome.root = changed_root == outcome.nodes.end() ? root() : changed_root->second;
    return outcome;
}

void ShareTree::grow_upward(Nodes& nodes) const {
    const auto node = [&](std::size_t level, std::size_t index) {
        const auto changed = nodes.find({level, index});
        return changed == nodes.end() ? levels_[level][index] : changed->second;
    };
    for (std::size_t level = 0; level + 1 < levels_.size(); ++level) {
        std::vector<std::size_t> parents;
        for (auto at = nodes.lower_bound({level, 0}); at != nodes.end() && at->first.first == level;
             ++at)
            if (parents.empty() || parents.back() != at->first.second / 2)
                parents.push_back(at->first.second / 2);
        for (const std::size_t parent : parents)
            nodes[{level + 1, parent}] =
                crypto::inner_hash(node(level, 2 * parent), node(level, 2 * parent + 1));
    }
}

void ShareTree::clear() {
    levels_ = empty_levels();
}

void ShareTree::apply(const Nodes& nodes) {
    for (const auto& [place, digest] : nodes) levels_[place.first][place.second] = digest;
}

std::string share_key_path(BytesView key) {
    return "/x:" + base::to_hex(bucket_bytes(bucket_of(key))) + "/x:" + base::to_hex(key);
}

}  // namespace tandem::ledger
