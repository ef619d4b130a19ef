#include "sync/bisection.h"

#include <utility>

#include "base/check.h"

namespace tandem::sync {

using types::LightBlock;

Bisection::Bisection(LightBlock start, std::int64_t goal, bool sequential)
    : goal_(goal), sequential_(sequential) {
    TANDEM_CHECK(goal > header_of(start).height);
    path_.push_back(std::move(start));
    choose_wanted();
}

bool Bisection::is_done() const noexcept {
    return header_of(path_.back()).height == goal_;
}

void Bisection::drop_pending() {
    pending_.clear();
    choose_wanted();
}

void Bisection::choose_wanted() {
    const std::int64_t below = header_of(path_.back()).height;
    if (sequential_)
        wanted_ = below + 1;
    else if (pending_.empty())
        wanted_ = goal_;
    else
        wanted_ = below + (header_of(pending_.back()).height - below) / 2;
}

types::LightVerdict Bisection::take(LightBlock block, const types::LightRules& rules,
                                    const crypto::Verifier& verifier) {
    TANDEM_CHECK(!is_done() && header_of(block).height == wanted_);
    pending_.push_back(std::move(block));
    while (!pending_.empty()) {
        const LightBlock& from = path_.back();
        const LightBlock& next = pending_.back();
        const auto trusted_set = types::ValidatorSet::from_message(*from.validator_set);
        const auto set = types::ValidatorSet::from_message(*next.validator_set);
        if (!trusted_set || !set) {
            const auto& refused = trusted_set ? set.error() : trusted_set.error();
            pending_.pop_back();
            return std::unexpected(types::LightRefusal{types::LightFault::invalid_header, refused});
        }
        const auto verdict = types::verify_light(header_of(from), *trusted_set, *next.signed_header,
                                                 *set, rules, verifier);
        if (!verdict && verdict.error().fault == types::LightFault::validators_not_trusted) {
            choose_wanted();
            return {};
        }
        if (!verdict) {
            pending_.pop_back();
            return verdict;
        }
        path_.push_back(std::move(pending_.back()));
        pending_.pop_back();
    }
    if (!is_done()) choose_wanted();
    return {};
}

}  // namespace tandem::sync
