// Block headers and their hash, which is the identity of a block.
#pragma once
#include "types/basic.h"

namespace tandem::types {

struct ConsensusVersion {
    std::uint64_t block = 0;
    std::uint64_t app = 0;

    bool operator==(const ConsensusVersion&) const = default;
};

struct Header {
    ConsensusVersion version;
    std::string chain_id;
    std::int64_t height = 0;
    Timestamp time;
    BlockId last_block_id;
    Hash last_commit_hash;
    Hash data_hash;
    Hash validators_hash;       // set of this height
    Hash next_validators_hash;  // set of the next height
    Hash consensus_hash;        // of the consensus parameters of this height
    Hash app_hash;              // after the block before this; any length
    Hash last_results_hash;     // of the transaction results of the block before this
    Hash evidence_hash;
    Address proposer_address;

    bool operator==(const Header&) const = default;
};

/// Merkle root over the fourteen fields in order (wire page, section 5); empty where the header
/// has no validators hash.
[[nodiscard]] Hash hash_of(const Header& header);

/// Reading a header runs its basic validation as well.
[[nodiscard]] Verdict check_decoded(const Header& header);
[[nodiscard]] Verdict validate_basic(const Header& header);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::ConsensusVersion> {
    static constexpr std::string_view name = "Consensus";
    static constexpr auto fields = std::tuple{field<1>("block", &types::ConsensusVersion::block),
                                              field<2>("app", &types::ConsensusVersion::app)};
};

template <>
struct Described<types::Header> {
    using Header = types::Header;
    static constexpr std::string_view name = "Header";
    static constexpr auto fields =
        std::tuple{field<1>("version", &Header::version),
                   field<2>("chain_id", &Header::chain_id),
                   field<3>("height", &Header::height),
                   field<4>("time", &Header::time),
                   field<5>("last_block_id", &Header::last_block_id),
                   field<6>("last_commit_hash", &Header::last_commit_hash),
                   field<7>("data_hash", &Header::data_hash),
                   field<8>("validators_hash", &Header::validators_hash),
                   field<9>("next_validators_hash", &Header::next_validators_hash),
                   field<10>("consensus_hash", &Header::consensus_hash),
                   field<11>("app_hash", &Header::app_hash),
                   field<12>("last_results_hash", &Header::last_results_hash),
                   field<13>("evidence_hash", &Header::evidence_hash),
                   field<14>("proposer_address", &Header::proposer_address)};
};

}  // namespace tandem::wire
