// What a light client needs of one height: the header, the commit for it, and the validator set.
#pragma once
#include "types/commit.h"
#include "types/header.h"
#include "types/validator.h"

namespace tandem::types {

struct SignedHeader {
    base::Box<Header> header;
    base::Box<Commit> commit;

    bool operator==(const SignedHeader&) const = default;
};

struct LightBlock {
    base::Box<SignedHeader> signed_header;
    base::Box<ValidatorSetMessage> validator_set;

    bool operator==(const LightBlock&) const = default;
};

[[nodiscard]] Verdict check_decoded(SignedHeader& header);
[[nodiscard]] Verdict check_decoded(LightBlock& block);
/// Both parts are there, valid, of `chain_id`, and name the same block.
[[nodiscard]] Verdict validate_basic(const SignedHeader& header, std::string_view chain_id);
/// And the validator set is valid and the one that the header names.
[[nodiscard]] Verdict validate_basic(const LightBlock& block, std::string_view chain_id);

}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::SignedHeader> {
    static constexpr std::string_view name = "SignedHeader";
    static constexpr auto fields = std::tuple{field<1>("header", &types::SignedHeader::header),
                                              field<2>("commit", &types::SignedHeader::commit)};
};

template <>
struct Described<types::LightBlock> {
    static constexpr std::string_view name = "LightBlock";
    static constexpr auto fields =
        std::tuple{field<1>("signed_header", &types::LightBlock::signed_header),
                   field<2>("validator_set", &types::LightBlock::validator_set)};
};

}  // namespace tandem::wire
