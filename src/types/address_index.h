// From addresses to places in a validator set, for those who look up many of them.
#pragma once
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "types/validator_set.h"

namespace tandem::types {

/// Finds what ValidatorSet::index_of finds, by bisection instead of a walk along the set. Refers
/// to the set, which must outlive it unchanged.
class AddressIndex {
  public:
    explicit AddressIndex(const ValidatorSet& set) : validators_(set.validators()) {
        entries_.reserve(validators_.size());
        for (std::size_t i = 0; i < validators_.size(); ++i)
            entries_.emplace_back(prefix(validators_[i].address), i);
        std::ranges::sort(entries_);
    }

    [[nodiscard]] std::optional<std::size_t> find(BytesView address) const noexcept {
        const std::pair<std::uint64_t, std::size_t> wanted(prefix(address), 0);
        for (auto entry = std::ranges::lower_bound(entries_, wanted);
             entry != entries_.end() && entry->first == wanted.first; ++entry)
            if (base::equal(validators_[entry->second].address, address)) return entry->second;
        return std::nullopt;
    }

  private:
    /// Addresses are hashes: their first bytes tell nearly all of them apart.
    [[nodiscard]] static std::uint64_t prefix(BytesView address) noexcept {
        std::uint64_t value = 0;
        if (!address.empty())
            std::memcpy(&value, address.data(), std::min(address.size(), sizeof value));
        return value;
    }

    std::span<const Validator> validators_;
    std::vector<std::pair<std::uint64_t, std::size_t>> entries_;  // sorted
};

}  // namespace tandem::types
