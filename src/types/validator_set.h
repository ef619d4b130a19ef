// Validator sets: who may vote at a height, with which power, and whose turn it is to propose.
//
// Validators stand by voting power descending, then by address ascending. Each has a proposer
// priority; advancing adds its power to each, picks the greatest and takes the total from it, so
// that turns come in proportion to power. Everything here is exact integer arithmetic that every
// node repeats: one different rounding is another proposer, hence a fork (wire page, section 9).
//
// Not here: the schedule by which updates reach a later height (chain).
#pragma once
#include <optional>

#include "types/validator.h"

namespace tandem::types {

inline constexpr std::int64_t total_voting_power_max = 1'152'921'504'606'846'975;  // (2^63-1)/8

/// A key with its new power; power 0 removes.
struct ValidatorChange {
    PublicKey pub_key;
    std::int64_t voting_power = 0;

    bool operator==(const ValidatorChange&) const = default;
};

class ValidatorSet {
  public:
    /// The empty set, which only stands for "no validators before the first height".
    ValidatorSet() = default;

    /// Applies the list as changes to the empty set and advances once, as genesis does.
    [[nodiscard]] static Result<ValidatorSet> make(std::span<const ValidatorChange> validators);
    /// The set as it was stored, priorities and proposer included; runs the checks of reading.
    [[nodiscard]] static Result<ValidatorSet> from_message(const ValidatorSetMessage& message);
    /// Rebuilt from a bare list, as a light client does: the proposer is the validator of lowest
    /// priority, on ties the one with the larger address; then the list is sorted.
    [[nodiscard]] static Result<ValidatorSet> from_existing(std::vector<Validator> validators);

    [[nodiscard]] ValidatorSetMessage to_message() const;

    [[nodiscard]] std::span<const Validator> validators() const noexcept { return validators_; }
    [[nodiscard]] std::size_t size() const noexcept { return validators_.size(); }
    [[nodiscard]] bool empty() const noexcept { return validators_.empty(); }
    [[nodiscard]] std::int64_t total_voting_power() const noexcept { return total_voting_power_; }
    /// Position in the set, or nothing.
    [[nodiscard]] std::optional<std::size_t> index_of(BytesView address) const noexcept;
    [[nodiscard]] const Validator* find(BytesView address) const noexcept;

    /// The validator picked by the last advance. REQUIRES: not empty.
    [[nodiscard]] const Validator& proposer() const;

    /// Rescales and centres once, then advances `times` rounds. REQUIRES: not empty, times >= 1.
    void advance(std::int32_t times);
    [[nodiscard]] ValidatorSet advanced(std::int32_t times) const;

    /// All or nothing: on a refusal the set is as it was. The proposer stays until the next
    /// advance.
    [[nodiscard]] Verdict apply_changes(std::span<const ValidatorChange> changes);

    /// Scales priorities down until they lie within `difference_max` of each other.
    void rescale_priorities(std::int64_t difference_max);

    /// Merkle root over keys and powers in set order; priorities are not covered.
    [[nodiscard]] Hash hash() const;
    /// CometBFT's hash over the priorities, with its slip (wire page, section 4); empty for the
    /// empty set.
    [[nodiscard]] Hash proposer_priority_hash() const;

    [[nodiscard]] Verdict validate_basic() const;
    /// Every key is of one kind, so that signatures can be checked in batch.
    [[nodiscard]] bool all_keys_have_same_type() const noexcept;

    bool operator==(const ValidatorSet&) const = default;

  private:
    std::vector<Validator> validators_;
    std::int64_t total_voting_power_ = 0;  // invariant: sum of the powers
    std::optional<Validator> proposer_;    // as it was when it was picked
};

/// The leaf of one validator in the hash of its set.
[[nodiscard]] Bytes simple_bytes(const Validator& validator);

}  // namespace tandem::types
