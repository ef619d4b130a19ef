// Words that every other type is made of: hashes, addresses, signatures, block ids, and the
// limits that CometBFT v0.38 sets on them. Field numbers follow CometBFT's proto files.
#pragma once
#include <cstdint>
#include <string>
#include <tuple>

#include "base/bytes.h"
#include "base/refusal.h"
#include "wire/message.h"

namespace tandem::types {

using base::Bytes;
using base::BytesView;
using base::Refusal;
using base::refuse;
using base::Result;
using base::Verdict;
using base::within;
using wire::Duration;
using wire::Timestamp;

/// 32 bytes, or empty where there is none; other lengths live only until they were validated.
using Hash = base::SmallBytes<32>;
/// 20 bytes, or empty.
using Address = base::SmallBytes<20>;
/// 64 bytes for Ed25519 and secp256k1, 3309 for ML-DSA-65, or empty.
using Signature = base::SmallBytes<64>;

inline constexpr std::size_t hash_bytes = 32;
inline constexpr std::size_t address_bytes = 20;
inline constexpr std::size_t signature_bytes_max = 3309;  // ML-DSA-65, the longest
inline constexpr std::size_t chain_id_bytes_max = 50;
inline constexpr std::uint64_t block_protocol = 11;
inline constexpr std::uint64_t p2p_protocol = 8;
inline constexpr std::string_view abci_version = "2.0.0";
inline constexpr std::int64_t block_bytes_max = 104'857'600;
inline constexpr std::uint32_t part_bytes = 65'536;
inline constexpr std::size_t block_parts_max = block_bytes_max / part_bytes + 1;
inline constexpr std::size_t vote_extension_bytes_max = 1'048'576;
inline constexpr std::size_t votes_max = 10'000;  // of a vote set on the wire
static_assert(block_parts_max == 1601);

enum class SignedMsgType : std::int32_t { unknown = 0, prevote = 1, precommit = 2, proposal = 32 };

/// How a validator stands in a commit.
enum class BlockIdFlag : std::int32_t { unknown = 0, absent = 1, commit = 2, nil = 3 };

struct PartSetHeader {
    std::uint32_t total = 0;  // number of parts
    Hash hash;                // merkle root over the parts

    bool operator==(const PartSetHeader&) const = default;
    [[nodiscard]] bool is_zero() const noexcept { return total == 0 && hash.empty(); }
};

struct BlockId {
    Hash hash;  // of the header; empty in a vote for nil
    PartSetHeader part_set_header;

    bool operator==(const BlockId&) const = default;
    /// A vote for nil.
    [[nodiscard]] bool is_zero() const noexcept {
        return hash.empty() && part_set_header.is_zero();
    }
    /// Names one block and its parts.
    [[nodiscard]] bool is_complete() const noexcept {
        return hash.size() == hash_bytes && part_set_header.total > 0 &&
               part_set_header.hash.size() == hash_bytes;
    }
};

/// Hash bytes followed by the encoded part-set header: the order of votes in evidence, and the key
/// by which vote sets tell blocks apart.
[[nodiscard]] Bytes key_of(const BlockId& id);

/// `check` names the field in the refusal.
[[nodiscard]] Verdict validate_hash(std::string_view check, BytesView hash);
[[nodiscard]] Verdict validate_basic(const PartSetHeader& header);
[[nodiscard]] Verdict validate_basic(const BlockId& id);
/// 1 to signature_bytes_max bytes.
[[nodiscard]] Verdict validate_signature_length(std::string_view check, BytesView signature);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::PartSetHeader> {
    static constexpr std::string_view name = "PartSetHeader";
    static constexpr auto fields = std::tuple{field<1>("total", &types::PartSetHeader::total),
                                              field<2>("hash", &types::PartSetHeader::hash)};
};

template <>
struct Described<types::BlockId> {
    static constexpr std::string_view name = "BlockID";
    static constexpr auto fields =
        std::tuple{field<1>("hash", &types::BlockId::hash),
                   field<2>("part_set_header", &types::BlockId::part_set_header)};
};

}  // namespace tandem::wire
