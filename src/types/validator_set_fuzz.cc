// Changes, advances and rescalings on a validator set and on its twin must come to the same.
//
// Input: operations. One byte says which; changes follow as a count, then a key number and eight
// bytes of power each.
#include <vector>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "types/signing_testing.h"
#include "types/validator_set_twin.h"

namespace tandem::types {
namespace {

constexpr std::uint8_t keys = 24;
constexpr std::size_t changes_max = 8;
constexpr int operations_max = 200;

const PublicKey& key(std::uint8_t number) {
    static const std::vector<PublicKey> all = [] {
        std::vector<PublicKey> made;
        made.reserve(keys);
        for (std::uint32_t i = 0; i < keys; ++i) made.push_back(testing::public_key_from(i));
        return made;
    }();
    return all[number % keys];
}

std::vector<ValidatorChange> changes_from(crypto::FuzzInput& input) {
    std::vector<ValidatorChange> changes(input.byte() % (changes_max + 1));
    for (ValidatorChange& change : changes) {
        change.pub_key = key(input.byte());
        change.voting_power = input.int64();
    }
    return changes;
}

void check_invariants(const ValidatorSet& set) {
    twin::Wide sum = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
        const Validator& validator = set.validators()[i];
        sum += validator.proposer_priority;
        TANDEM_CHECK(validator.voting_power > 0);
        if (i == 0) continue;
        const Validator& before = set.validators()[i - 1];
        TANDEM_CHECK(
            before.voting_power > validator.voting_power ||
            (before.voting_power == validator.voting_power && before.address < validator.address));
    }
    // Centred by a mean that was rounded down, and what one pays the others got.
    TANDEM_CHECK(sum >= 0 && sum < static_cast<twin::Wide>(set.size()));
    TANDEM_CHECK(set.total_voting_power() <= total_voting_power_max);
}

void check_stored(const ValidatorSet& set) {
    const auto read = ValidatorSet::from_message(set.to_message());
    TANDEM_CHECK(read.has_value() && *read == set);
    TANDEM_CHECK(set.hash() == read->hash());
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    tandem::crypto::FuzzInput input(data, size);
    ValidatorSet set;
    twin::NaiveValidatorSet naive;
    for (int i = 0; i < operations_max && !input.empty(); ++i) {
        const std::uint8_t operation = input.byte();
        if (operation % 4 == 0) {
            const ValidatorSet before = set;
            const auto changes = changes_from(input);
            const bool applied = set.apply_changes(changes).has_value();
            TANDEM_CHECK(applied == naive.apply(changes));
            TANDEM_CHECK(applied || set == before);
            if (applied && !changes.empty()) check_invariants(set);
        } else if (operation % 4 == 1) {
            const std::int64_t window = input.int64();
            set.rescale_priorities(window);
            naive.rescale(window);
        } else if (!set.empty()) {
            const int times = operation / 4 % 8 + 1;
            set.advance(times);
            naive.advance(times);
            TANDEM_CHECK(set.proposer().address == naive.proposer());
            check_invariants(set);
            check_stored(set);
        }
        TANDEM_CHECK(naive.agrees_with(set));
    }
    return 0;
}
