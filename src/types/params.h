// Consensus parameters: agreed limits of a chain, set by its genesis and changed by the
// application. A change returned at height H holds from H+1 on.
#pragma once
#include "base/check.h"
#include "types/basic.h"

namespace tandem::types {

struct BlockParams {
    std::int64_t max_bytes = 0;  // -1: the absolute maximum
    std::int64_t max_gas = 0;    // -1: no limit

    bool operator==(const BlockParams&) const = default;
};

struct EvidenceParams {
    std::int64_t max_age_num_blocks = 0;
    Duration max_age_duration;
    std::int64_t max_bytes = 0;

    bool operator==(const EvidenceParams&) const = default;
};

struct ValidatorParams {
    std::vector<std::string> pub_key_types;

    bool operator==(const ValidatorParams&) const = default;
};

struct VersionParams {
    std::uint64_t app = 0;

    bool operator==(const VersionParams&) const = default;
};

struct AbciParams {
    std::int64_t vote_extensions_enable_height = 0;  // 0: never

    bool operator==(const AbciParams&) const = default;
    /// REQUIRES: height >= 1.
    [[nodiscard]] bool extensions_enabled(std::int64_t height) const {
        TANDEM_CHECK(height >= 1);
        return vote_extensions_enable_height != 0 && vote_extensions_enable_height <= height;
    }
};

struct ConsensusParams {
    BlockParams block;
    EvidenceParams evidence;
    ValidatorParams validator;
    VersionParams version;
    AbciParams abci;

    bool operator==(const ConsensusParams&) const = default;
    /// What a genesis without parameters means.
    [[nodiscard]] static ConsensusParams defaults();
};

/// As it travels: any part may be missing. In an update a missing part stays as it was and a
/// present one replaces all fields of its part, zeros included.
struct ConsensusParamsMessage {
    base::Box<BlockParams> block;
    base::Box<EvidenceParams> evidence;
    base::Box<ValidatorParams> validator;
    base::Box<VersionParams> version;
    base::Box<AbciParams> abci;

    bool operator==(const ConsensusParamsMessage&) const = default;
};

struct HashedParams {
    std::int64_t block_max_bytes = 0;
    std::int64_t block_max_gas = 0;
};

/// All five parts present, as a node writes its own parameters.
[[nodiscard]] ConsensusParamsMessage to_message(const ConsensusParams& params);
/// Refused where block, evidence, validator or version is missing; a missing abci part is zero.
[[nodiscard]] Result<ConsensusParams> from_message(const ConsensusParamsMessage& message);
[[nodiscard]] ConsensusParams updated(const ConsensusParams& params,
                                      const ConsensusParamsMessage& update);

/// SHA-256 of HashedParams: only max_bytes and max_gas are covered.
[[nodiscard]] Hash hash_of(const ConsensusParams& params);

[[nodiscard]] Verdict validate_basic(const ConsensusParams& params);
/// The rules of changing vote_extensions_enable_height at `height`.
[[nodiscard]] Verdict validate_update(const ConsensusParams& params,
                                      const ConsensusParamsMessage& update, std::int64_t height);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::BlockParams> {
    static constexpr std::string_view name = "BlockParams";
    static constexpr auto fields = std::tuple{field<1>("max_bytes", &types::BlockParams::max_bytes),
                                              field<2>("max_gas", &types::BlockParams::max_gas)};
};

template <>
struct Described<types::EvidenceParams> {
    using EvidenceParams = types::EvidenceParams;
    static constexpr std::string_view name = "EvidenceParams";
    static constexpr auto fields =
        std::tuple{field<1>("max_age_num_blocks", &EvidenceParams::max_age_num_blocks),
                   field<2>("max_age_duration", &EvidenceParams::max_age_duration),
                   field<3>("max_bytes", &EvidenceParams::max_bytes)};
};

template <>
struct Described<types::ValidatorParams> {
    static constexpr std::string_view name = "ValidatorParams";
    static constexpr auto fields =
        std::tuple{field<1>("pub_key_types", &types::ValidatorParams::pub_key_types)};
};

template <>
struct Described<types::VersionParams> {
    static constexpr std::string_view name = "VersionParams";
    static constexpr auto fields = std::tuple{field<1>("app", &types::VersionParams::app)};
};

template <>
struct Described<types::AbciParams> {
    static constexpr std::string_view name = "ABCIParams";
    static constexpr auto fields = std::tuple{field<1>(
        "vote_extensions_enable_height", &types::AbciParams::vote_extensions_enable_height)};
};

template <>
struct Described<types::ConsensusParamsMessage> {
    using Message = types::ConsensusParamsMessage;
    static constexpr std::string_view name = "ConsensusParams";
    static constexpr auto fields =
        std::tuple{field<1>("block", &Message::block), field<2>("evidence", &Message::evidence),
                   field<3>("validator", &Message::validator),
                   field<4>("version", &Message::version), field<5>("abci", &Message::abci)};
};

template <>
struct Described<types::HashedParams> {
    using HashedParams = types::HashedParams;
    static constexpr std::string_view name = "HashedParams";
    static constexpr auto fields =
        std::tuple{field<1>("block_max_bytes", &HashedParams::block_max_bytes),
                   field<2>("block_max_gas", &HashedParams::block_max_gas)};
};

}  // namespace tandem::wire
