#include "types/validator_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "crypto/merkle.h"
#include "types/hashing.h"

namespace tandem::types {
namespace {

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
/// Priorities are kept within this many times the total power of each other.
constexpr std::int64_t priority_window_factor = 2;

std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? int64_min : int64_max;
    return sum;
}

std::int64_t saturating_subtract(std::int64_t a, std::int64_t b) noexcept {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a, b, &difference)) return b > 0 ? int64_min : int64_max;
    return difference;
}

// Where CometBFT lets 64 bits run over, so do we: a set imported from elsewhere may have any
// priorities, and all nodes must make the same of them.
std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

/// Toward zero; REQUIRES: divisor != 0.
std::int64_t wrapping_divide(std::int64_t a, std::int64_t divisor) noexcept {
    return divisor == -1 ? wrapping_subtract(0, a) : a / divisor;
}

__extension__ using WideSum = __int128;  // no sum of 64-bit priorities runs over

/// What one pass over the priorities tells.
struct Spread {
    std::int64_t least = int64_max;
    std::int64_t greatest = int64_min;
    WideSum sum = 0;
};

Spread spread_of(std::span<const Validator> validators) noexcept {
    Spread spread;
    for (const Validator& validator : validators) {
        spread.least = std::min(spread.least, validator.proposer_priority);
        spread.greatest = std::max(spread.greatest, validator.proposer_priority);
        spread.sum += validator.proposer_priority;
    }
    return spread;
}

/// By what priorities must be divided to lie within `window` of each other; 1 when they do. Zero
/// and less come out only where 64 bits have run over.
std::int64_t rescale_ratio(const Spread& spread, std::int64_t window) noexcept {
    if (window <= 0) return 1;
    std::int64_t difference = wrapping_subtract(spread.greatest, spread.least);
    if (difference < 0) difference = wrapping_subtract(0, difference);
    if (difference <= window) return 1;
    return wrapping_add(difference, window - 1) / window;
}

void divide_priorities(std::span<Validator> validators, std::int64_t ratio) noexcept {
    for (Validator& validator : validators)
        validator.proposer_priority = wrapping_divide(validator.proposer_priority, ratio);
}

/// Rescales, and says which mean is still to be taken off: floor(sum / count). The caller takes
/// it off in a pass that he makes anyway.
std::int64_t rescale_and_find_mean(std::span<Validator> validators, std::int64_t total) noexcept {
    Spread spread = spread_of(validators);
    const std::int64_t ratio = rescale_ratio(spread, priority_window_factor * total);
    if (ratio != 1 && ratio != 0) {
        divide_priorities(validators, ratio);
        spread = spread_of(validators);
    }
    const auto count = static_cast<WideSum>(validators.size());
    WideSum mean = spread.sum / count;
    if (spread.sum % count < 0) --mean;
    return static_cast<std::int64_t>(mean);
}

/// One round: everybody's priority less `mean` plus his power; the greatest pays the total.
std::size_t advance_once(std::span<Validator> validators, std::int64_t mean,
                         std::int64_t total) noexcept {
    std::size_t best = 0;
    std::int64_t best_priority = int64_min;
    for (std::size_t i = 0; i < validators.size(); ++i) {
        Validator& validator = validators[i];
        const std::int64_t priority = saturating_add(
            saturating_subtract(validator.proposer_priority, mean), validator.voting_power);
        validator.proposer_priority = priority;
        if (priority > best_priority ||
            (priority == best_priority && validator.address < validators[best].address)) {
            best = i;
            best_priority = priority;
        }
    }
    validators[best].proposer_priority = saturating_subtract(best_priority, total);
    return best;
}

bool by_address(const Validator& a, const Validator& b) noexcept {
    return a.address < b.address;
}

bool in_set_order(const Validator& a, const Validator& b) noexcept {
    if (a.voting_power != b.voting_power) return a.voting_power > b.voting_power;
    return a.address < b.address;
}

/// Whether `a` goes before `b` when both wait for their turn.
bool is_preferred(const Validator& a, const Validator& b) noexcept {
    if (a.proposer_priority != b.proposer_priority)
        return a.proposer_priority > b.proposer_priority;
    return a.address < b.address;
}

Result<std::int64_t> sum_of_powers(std::span<const Validator> validators) {
    std::int64_t total = 0;
    for (const Validator& validator : validators) {
        total = saturating_add(total, validator.voting_power);
        if (total > total_voting_power_max)
            return refuse("total_voting_power",
                          fmt::format("exceeds the maximum of {}", total_voting_power_max));
    }
    return total;
}

/// The validators whose powers a change sets, and those it removes; each by address.
struct Changes {
    std::vector<Validator> updates;
    std::vector<Validator> removals;
};

Result<Changes> sort_changes(std::span<const ValidatorChange> changes) {
    std::vector<Validator> all;
    all.reserve(changes.size());
    for (const ValidatorChange& change : changes) {
        TANDEM_TRY(within("changes", check_decoded(change.pub_key)));
        all.push_back({crypto::address(change.pub_key), change.pub_key, change.voting_power, 0});
    }
    std::ranges::sort(all, by_address);
    Changes sorted;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const std::int64_t power = all[i].voting_power;
        if (i > 0 && all[i].address == all[i - 1].address)
            return refuse("changes.duplicate",
                          fmt::format("{} is there twice",
                                      base::to_hex(all[i].address, base::HexCase::upper)));
        if (power < 0) return refuse("changes.voting_power", fmt::format("negative: {}", power));
        if (power > total_voting_power_max)
            return refuse("changes.voting_power", fmt::format("{} exceeds the maximum of {}", power,
                                                              total_voting_power_max));
        (power == 0 ? sorted.removals : sorted.updates).push_back(all[i]);
    }
    return sorted;
}

/// REQUIRES: `sorted` is sorted by address.
const Validator* find_sorted(std::span<const Validator> sorted, const Validator& wanted) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), wanted, by_address);
    return found != sorted.end() && found->address == wanted.address ? &*found : nullptr;
}

/// The power of those who leave.
Result<std::int64_t> check_removals(std::span<const Validator> current,
                                    std::span<const Validator> removals) {
    std::int64_t removed = 0;
    for (const Validator& removal : removals) {
        const Validator* validator = find_sorted(current, removal);
        if (validator == nullptr)
            return refuse("changes.removal",
                          fmt::format("{} is not in the set",
                                      base::to_hex(removal.address, base::HexCase::upper)));
        removed += validator->voting_power;
    }
    return removed;
}

/// The total after all updates and before any removal, by which newcomers' priorities are set.
/// Deltas are added in ascending order, so that room made by one serves another.
Result<std::int64_t> check_updates(std::span<const Validator> current,
                                   std::span<const Validator> updates, std::int64_t total,
                                   std::int64_t removed) {
    std::vector<std::int64_t> deltas;
    deltas.reserve(updates.size());
    for (const Validator& update : updates) {
        const Validator* validator = find_sorted(current, update);
        deltas.push_back(update.voting_power -
                         (validator != nullptr ? validator->voting_power : 0));
    }
    std::ranges::sort(deltas);
    std::int64_t running = total - removed;
    for (const std::int64_t delta : deltas) {
        running += delta;
        if (running > total_voting_power_max)
            return refuse("changes.total_voting_power",
                          fmt::format("the set would exceed {}", total_voting_power_max));
    }
    return running + removed;
}

/// REQUIRES: all three sorted by address, and every removal is in `current`.
std::vector<Validator> merge(std::span<const Validator> current, const Changes& changes) {
    std::vector<Validator> merged;
    merged.reserve(current.size() + changes.updates.size());
    auto update = changes.updates.begin();
    auto removal = changes.removals.begin();
    for (const Validator& validator : current) {
        while (update != changes.updates.end() && update->address < validator.address)
            merged.push_back(*update++);
        if (update != changes.updates.end() && update->address == validator.address) {
            merged.push_back(*update++);
        } else if (removal != changes.removals.end() && removal->address == validator.address) {
            ++removal;
        } else {
            merged.push_back(validator);
        }
    }
    merged.insert(merged.end(), update, changes.updates.end());
    return merged;
}

/// A validator's leaf without a copy of its key.
struct SimpleView {
    const PublicKey* pub_key = nullptr;
    std::int64_t voting_power = 0;
};

}  // namespace
}  // namespace tandem::types

template <>
struct tandem::wire::Described<tandem::types::SimpleView> {
    using SimpleView = types::SimpleView;
    static constexpr std::string_view name = "SimpleValidator";
    static constexpr auto fields = std::tuple{field<1>("pub_key", &SimpleView::pub_key),
                                              field<2>("voting_power", &SimpleView::voting_power)};
};

namespace tandem::types {

Bytes simple_bytes(const Validator& validator) {
    return wire::encode(SimpleView{&validator.pub_key, validator.voting_power});
}

Result<ValidatorSet> ValidatorSet::make(std::span<const ValidatorChange> validators) {
    for (const ValidatorChange& validator : validators)
        if (validator.voting_power == 0)
            return refuse("validators.voting_power", "a new set has no validator of power 0");
    ValidatorSet set;
    TANDEM_TRY(set.apply_changes(validators));
    if (!set.empty()) set.advance(1);
    return set;
}

Result<ValidatorSet> ValidatorSet::from_message(const ValidatorSetMessage& message) {
    for (const Validator& validator : message.validators)
        TANDEM_TRY(within("validators", check_decoded(validator)));
    if (!message.proposer) return refuse("proposer", "missing");
    TANDEM_TRY(within("proposer", check_decoded(*message.proposer)));
    const auto total = sum_of_powers(message.validators);
    if (!total) return std::unexpected(total.error());
    ValidatorSet set;
    set.validators_ = message.validators;
    set.total_voting_power_ = *total;
    set.proposer_ = *message.proposer;
    TANDEM_TRY(set.validate_basic());
    return set;
}

Result<ValidatorSet> ValidatorSet::from_existing(std::vector<Validator> validators) {
    if (validators.empty()) return refuse("validators", "none");
    for (const Validator& validator : validators)
        TANDEM_TRY(within("validators", types::validate_basic(validator)));
    const auto total = sum_of_powers(validators);
    if (!total) return std::unexpected(total.error());
    ValidatorSet set;
    set.proposer_ = *std::ranges::min_element(
        validators, [](const Validator& a, const Validator& b) { return is_preferred(b, a); });
    set.validators_ = std::move(validators);
    set.total_voting_power_ = *total;
    std::ranges::sort(set.validators_, in_set_order);
    return set;
}

ValidatorSetMessage ValidatorSet::to_message() const {
    ValidatorSetMessage message;
    message.validators = validators_;
    if (proposer_) message.proposer = *proposer_;
    return message;
}

std::optional<std::size_t> ValidatorSet::index_of(BytesView address) const noexcept {
    for (std::size_t i = 0; i < validators_.size(); ++i)
        if (base::equal(validators_[i].address, address)) return i;
    return std::nullopt;
}

const Validator* ValidatorSet::find(BytesView address) const noexcept {
    const auto index = index_of(address);
    return index ? &validators_[*index] : nullptr;
}

const Validator& ValidatorSet::proposer() const {
    TANDEM_CHECK(!validators_.empty());
    if (proposer_) return *proposer_;
    // Changes were applied to an empty set and nobody advanced it yet.
    return *std::ranges::min_element(validators_, is_preferred);
}

void ValidatorSet::advance(std::int32_t times) {
    TANDEM_CHECK(!validators_.empty());
    TANDEM_CHECK(times >= 1);
    std::int64_t mean = rescale_and_find_mean(validators_, total_voting_power_);
    std::size_t picked = 0;
    for (std::int32_t i = 0; i < times; ++i) {
        picked = advance_once(validators_, mean, total_voting_power_);
        mean = 0;
    }
    proposer_ = validators_[picked];
}

ValidatorSet ValidatorSet::advanced(std::int32_t times) const {
    ValidatorSet copy = *this;
    copy.advance(times);
    return copy;
}

Verdict ValidatorSet::apply_changes(std::span<const ValidatorChange> changes) {
    if (changes.empty()) return {};
    auto sorted = sort_changes(changes);
    if (!sorted) return std::unexpected(std::move(sorted).error());
    std::vector<Validator> current = validators_;
    std::ranges::sort(current, by_address);

    const bool newcomers = std::ranges::any_of(sorted->updates, [&](const Validator& update) {
        return find_sorted(current, update) == nullptr;
    });
    if (!newcomers && sorted->removals.size() == current.size())
        return refuse("changes.removal", "nobody would be left in the set");
    const auto removed = check_removals(current, sorted->removals);
    if (!removed) return std::unexpected(removed.error());
    const auto total_before_removals =
        check_updates(current, sorted->updates, total_voting_power_, *removed);
    if (!total_before_removals) return std::unexpected(total_before_removals.error());

    // A newcomer starts behind everybody, at -1.125 of the total: leaving and coming back must not
    // win a turn.
    const std::int64_t newcomer_priority = -(*total_before_removals + *total_before_removals / 8);
    for (Validator& update : sorted->updates) {
        const Validator* validator = find_sorted(current, update);
        update.proposer_priority =
            validator != nullptr ? validator->proposer_priority : newcomer_priority;
    }
    std::vector<Validator> merged = merge(current, *sorted);
    const auto total = sum_of_powers(merged);
    if (!total) return std::unexpected(total.error());
    validators_ = std::move(merged);
    total_voting_power_ = *total;
    const std::int64_t mean = rescale_and_find_mean(validators_, total_voting_power_);
    for (Validator& validator : validators_)
        validator.proposer_priority = saturating_subtract(validator.proposer_priority, mean);
    std::ranges::sort(validators_, in_set_order);
    return {};
}

void ValidatorSet::rescale_priorities(std::int64_t difference_max) {
    const std::int64_t ratio = rescale_ratio(spread_of(validators_), difference_max);
    if (ratio != 1 && ratio != 0) divide_priorities(validators_, ratio);
}

Hash ValidatorSet::hash() const {
    crypto::MerkleRoot tree;
    Bytes leaf;
    for (const Validator& validator : validators_) {
        const SimpleView simple{&validator.pub_key, validator.voting_power};
        leaf.resize(wire::message_size(simple));
        wire::BackwardWriter writer(leaf);
        wire::write_message(writer, simple);
        tree.add(leaf);
    }
    return to_hash(tree.root());
}

Hash ValidatorSet::proposer_priority_hash() const {
    if (validators_.empty()) return {};
    const auto zigzag = [](std::int64_t value) {
        return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    };
    std::size_t size = 0;
    for (const Validator& validator : validators_)
        size += wire::varint_size(zigzag(validator.proposer_priority));
    Bytes buffer(size);
    for (const Validator& validator : validators_) {
        const std::uint64_t value = zigzag(validator.proposer_priority);
        wire::BackwardWriter writer({buffer.data(), wire::varint_size(value)});
        writer.write_varint(value);
    }
    return to_hash(crypto::sha256(buffer));
}

Verdict ValidatorSet::validate_basic() const {
    if (validators_.empty()) return refuse("validators", "none");
    for (const Validator& validator : validators_)
        TANDEM_TRY(within("validators", types::validate_basic(validator)));
    const Validator& picked = proposer();
    TANDEM_TRY(within("proposer", types::validate_basic(picked)));
    if (find(picked.address) == nullptr) return refuse("proposer", "not in the set");
    return {};
}

bool ValidatorSet::all_keys_have_same_type() const noexcept {
    return std::ranges::all_of(validators_, [&](const Validator& validator) {
        return validator.pub_key.type == validators_.front().pub_key.type;
    });
}

}  // namespace tandem::types
