#include "types/part_set.h"

#include <fmt/format.h>

#include "types/block.h"
#include "types/hashing.h"

namespace tandem::types {

Verdict check_decoded(const crypto::MerkleProof& proof) {
    return crypto::validate_basic(proof);
}

Verdict check_decoded(const Part& part) {
    return validate_basic(part);
}

Verdict validate_basic(const Part& part) {
    if (part.bytes.size() > part_bytes)
        return refuse("bytes", fmt::format("a part of {} bytes is longer than {}",
                                           part.bytes.size(), part_bytes));
    if (part.index < part.proof.total - 1 && part.bytes.size() != part_bytes)
        return refuse("bytes", fmt::format("a part that is not the last has {} bytes instead of {}",
                                           part.bytes.size(), part_bytes));
    if (part.index != part.proof.index)
        return refuse("proof.index", fmt::format("{} is not the index of the part, {}",
                                                 part.proof.index, part.index));
    return within("proof", crypto::validate_basic(part.proof));
}

Verdict check_decoded(const TxProof& proof) {
    if (!proof.proof) return refuse("proof", "is missing");
    return within("proof", crypto::validate_basic(*proof.proof));
}

Verdict validate(const TxProof& proof, BytesView data_hash) {
    if (!base::equal(proof.root_hash, data_hash))
        return refuse("root_hash", "is not the data hash");
    if (!proof.proof) return refuse("proof", "is missing");
    if (proof.proof->index < 0) return refuse("proof.index", "is negative");
    if (proof.proof->total <= 0) return refuse("proof.total", "is not positive");
    return within("proof", crypto::verify(*proof.proof, proof.root_hash, hash_of_tx(proof.data)));
}

TxProof prove_tx(std::span<const BytesView> txs, std::size_t index) {
    TANDEM_CHECK(index < txs.size());
    std::vector<Hash> hashes;
    hashes.reserve(txs.size());
    for (const BytesView tx : txs) hashes.push_back(hash_of_tx(tx));
    const std::vector<BytesView> leaves(hashes.begin(), hashes.end());
    crypto::MerkleProofs proofs = crypto::merkle_proofs(leaves);
    return {Bytes(proofs.root.begin(), proofs.root.end()), base::to_bytes(txs[index]),
            std::move(proofs.proofs[index])};
}

PartSet PartSet::split(BytesView bytes, std::uint32_t part_size) {
    TANDEM_CHECK(part_size > 0);
    std::vector<BytesView> pieces;
    for (std::size_t offset = 0; offset < bytes.size(); offset += part_size)
        pieces.push_back(
            bytes.subspan(offset, std::min<std::size_t>(part_size, bytes.size() - offset)));
    crypto::MerkleProofs proofs = crypto::merkle_proofs(pieces);
    PartSet set;
    set.header_ = {static_cast<std::uint32_t>(pieces.size()), to_hash(proofs.root)};
    for (std::uint32_t i = 0; i < pieces.size(); ++i)
        set.parts_.emplace_hint(set.parts_.end(), i,
                                Part{i, base::to_bytes(pieces[i]), std::move(proofs.proofs[i])});
    set.count_ = set.header_.total;
    set.byte_size_ = static_cast<std::int64_t>(bytes.size());
    return set;
}

PartSet PartSet::expecting(const PartSetHeader& header) {
    PartSet set;
    set.header_ = header;
    return set;
}

Result<bool> PartSet::add(Part part) {
    if (part.index >= header_.total)
        return refuse("index", fmt::format("part {} of a set of {}", part.index, header_.total));
    if (parts_.contains(part.index)) return false;
    if (part.proof.total != header_.total)
        return refuse("proof.total",
                      fmt::format("{} is not the set's {}", part.proof.total, header_.total));
    if (Verdict verdict = crypto::verify(part.proof, header_.hash, part.bytes); !verdict)
        return std::unexpected(within("proof", std::move(verdict)).error());
    byte_size_ += static_cast<std::int64_t>(part.bytes.size());
    ++count_;
    parts_.emplace(part.index, std::move(part));
    return true;
}

const Part* PartSet::part(std::uint32_t index) const {
    const auto found = parts_.find(index);
    return found == parts_.end() ? nullptr : &found->second;
}

BitArray PartSet::bit_array() const {
    BitArray bits(header_.total);
    for (const auto& [index, part] : parts_) bits.set(index, true);
    return bits;
}

std::shared_ptr<const Bytes> PartSet::assemble() const {
    TANDEM_CHECK(is_complete());
    Bytes bytes;
    bytes.reserve(static_cast<std::size_t>(byte_size_));
    for (const auto& [index, part] : parts_) base::append(bytes, part.bytes);
    return std::make_shared<const Bytes>(std::move(bytes));
}

}  // namespace tandem::types
