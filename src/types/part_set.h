// Part sets: a block's bytes cut into pieces of 64 KiB under one merkle root, so that peers can
// fetch pieces from each other and check every piece as it comes.
#pragma once
#include <map>
#include <memory>
#include <optional>

#include "crypto/merkle.h"
#include "types/bit_array.h"

namespace tandem::types {

struct Part {
    std::uint32_t index = 0;
    Bytes bytes;
    crypto::MerkleProof proof;

    bool operator==(const Part&) const = default;
};

/// A transaction's proof against a data hash. `data` is the transaction; the leaf is its hash.
struct TxProof {
    Bytes root_hash;
    Bytes data;
    base::Box<crypto::MerkleProof> proof;

    bool operator==(const TxProof&) const = default;
};

[[nodiscard]] Verdict check_decoded(const crypto::MerkleProof& proof);
[[nodiscard]] Verdict check_decoded(const Part& part);
[[nodiscard]] Verdict validate_basic(const Part& part);
[[nodiscard]] Verdict check_decoded(const TxProof& proof);
/// The proof shows that the transaction is one of those behind `data_hash`.
[[nodiscard]] Verdict validate(const TxProof& proof, BytesView data_hash);
/// The proof for transaction `index` of those given. REQUIRES: index < txs.size().
[[nodiscard]] TxProof prove_tx(std::span<const BytesView> txs, std::size_t index);

/// The pieces of one block, complete or still coming in.
class PartSet {
  public:
    /// Cuts `bytes`; every part is there at once. REQUIRES: part_size > 0.
    [[nodiscard]] static PartSet split(BytesView bytes, std::uint32_t part_size = part_bytes);
    /// Nothing yet of a set with this header. Room is made only as parts arrive.
    [[nodiscard]] static PartSet expecting(const PartSetHeader& header);

    /// True when the part is new, false when it was there already (its proof is then not looked
    /// at); refused when the index is out of range or the proof does not hold.
    [[nodiscard]] Result<bool> add(Part part);

    [[nodiscard]] const PartSetHeader& header() const noexcept { return header_; }
    [[nodiscard]] std::uint32_t total() const noexcept { return header_.total; }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    [[nodiscard]] std::int64_t byte_size() const noexcept { return byte_size_; }
    [[nodiscard]] bool is_complete() const noexcept { return count_ == header_.total; }
    [[nodiscard]] bool has_header(const PartSetHeader& header) const { return header_ == header; }
    /// Null when the part is not there.
    [[nodiscard]] const Part* part(std::uint32_t index) const;
    [[nodiscard]] BitArray bit_array() const;
    /// All bytes in order, as the buffer that a decoded block keeps views of.
    /// REQUIRES: is_complete().
    [[nodiscard]] std::shared_ptr<const Bytes> assemble() const;

    bool operator==(const PartSet&) const = default;

  private:
    PartSetHeader header_;
    std::map<std::uint32_t, Part> parts_;  // a declared total costs nothing until parts come
    std::uint32_t count_ = 0;              // invariant: parts_.size()
    std::int64_t byte_size_ = 0;           // invariant: sum of the parts' bytes
};

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<crypto::MerkleProof> {
    using Proof = crypto::MerkleProof;
    static constexpr std::string_view name = "Proof";
    static constexpr auto fields =
        std::tuple{field<1>("total", &Proof::total), field<2>("index", &Proof::index),
                   field<3>("leaf_hash", &Proof::leaf_hash), field<4>("aunts", &Proof::aunts)};
};

template <>
struct Described<types::Part> {
    static constexpr std::string_view name = "Part";
    static constexpr auto fields =
        std::tuple{field<1>("index", &types::Part::index), field<2>("bytes", &types::Part::bytes),
                   field<3>("proof", &types::Part::proof)};
};

template <>
struct Described<types::TxProof> {
    using TxProof = types::TxProof;
    static constexpr std::string_view name = "TxProof";
    static constexpr auto fields =
        std::tuple{field<1>("root_hash", &TxProof::root_hash), field<2>("data", &TxProof::data),
                   field<3>("proof", &TxProof::proof)};
};

}  // namespace tandem::wire
