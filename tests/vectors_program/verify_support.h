// What the topics about validators and signatures share.
#pragma once
#include <set>

#include "tests/vectors_program/convert.h"
#include "types/validator_set.h"

namespace tandem::vectors {

inline constexpr std::string_view no_ml_dsa =
    "no library of Debian 12 signs or verifies ML-DSA-65; such keys are refused at genesis";

/// null is the empty set.
inline types::ValidatorSet set_from(const Json& json) {
    if (json.is_null()) return {};
    auto set = types::ValidatorSet::from_message(message_from<types::ValidatorSetMessage>(json));
    if (!set) throw BadVector("not a validator set: " + set.error().why);
    return std::move(*set);
}

inline bool needs_ml_dsa(const types::ValidatorSet& set) {
    return std::ranges::any_of(set.validators(), [](const types::Validator& validator) {
        return !crypto::can_verify(validator.pub_key.type);
    });
}

/// A member that the runner does not compare is a failure.
inline void expect_only(Case& c, const Json& where, const std::set<std::string>& known,
                        const std::string& prefix = "") {
    for (const auto& [member, value] : where.items())
        if (!known.contains(member) && member != "error" && member != "panic")
            c.unknown("member " + prefix + member);
}

/// Compares `ok` of the verdict at where[member], which must be all there is.
inline void expect_verdict(Case& c, const Json& where, const std::string& member,
                           const types::Verdict& verdict, const std::string& prefix = "") {
    if (!where.contains(member)) return c.fail(prefix + member, "(absent)", "a verdict");
    expect_only(c, where.at(member), {"ok"}, prefix + member + ".");
    if (where.at(member).at("ok") != verdict.has_value())
        c.fail(prefix + member, where.at(member).dump(),
               verdict ? "ok" : verdict.error().check + ": " + verdict.error().why);
}

}  // namespace tandem::vectors
