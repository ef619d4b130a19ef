// A vote set against a twin that keeps every vote it was shown and counts anew each time.
//
// Input: the powers of up to eight validators, then operations: a vote (validator, block, which
// signature), a claim of a peer, or a vote with something wrong about it. Signatures are taken to
// be good: what happens to bad ones is in the unit tests.
#include <map>
#include <optional>
#include <vector>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "types/signing_testing.h"
#include "types/vote_set.h"

namespace tandem::types {
namespace {

constexpr std::size_t validators_max = 8;
constexpr std::uint8_t blocks = 5;  // the first of them nil
constexpr std::uint8_t peers = 4;

BlockId block(std::uint8_t number) {
    static const std::vector<BlockId> all = [] {
        std::vector<BlockId> made{{}};
        for (std::uint8_t i = 1; i < blocks; ++i)
            made.push_back(testing::block_id_from(std::string(1, static_cast<char>('a' + i))));
        made.back().hash = made[1].hash;  // one hash, two part sets: two blocks
        return made;
    }();
    return all[number % blocks];
}

std::shared_ptr<const ValidatorSet> make_set(crypto::FuzzInput& input) {
    std::vector<ValidatorChange> changes(1 + input.byte() % validators_max);
    for (std::uint32_t i = 0; i < changes.size(); ++i)
        changes[i] = {testing::public_key_from(i), 1 + input.byte()};
    return std::make_shared<const ValidatorSet>(ValidatorSet::make(changes).value());
}

/// What is known of one validator and one block.
struct Seen {
    bool counted = false;  // in the tally of the block
    std::uint8_t signature = 0;
};

class Twin {
  public:
    explicit Twin(const ValidatorSet& set) : set_(set), first_(set.size()), seen_(set.size()) {}

    AddedVote add(std::size_t index, std::uint8_t number, std::uint8_t signature) {
        Seen& seen = seen_[index][number];
        const bool is_main = main(index) == number;
        if (is_main || seen.counted)
            return {false,
                    signature == seen.signature ? VoteFault::none
                                                : VoteFault::non_deterministic_signature,
                    nullptr};
        const bool conflict = first_[index].has_value();
        if (!conflict) first_[index] = number;
        const VoteFault fault = conflict ? VoteFault::conflicting_vote : VoteFault::none;
        if (conflict && majority_ == number) {
            seen.signature = signature;
            replaced_[index] = number;
        }
        if (conflict && !claimed_[number]) return {false, fault, nullptr};
        seen = {true, signature};
        tracked_[number] = true;
        if (!majority_ && 3 * power_for(number) > 2 * set_.total_voting_power()) majority_ = number;
        return {true, fault, nullptr};
    }

    bool claim(std::uint8_t peer, std::uint8_t number) {
        if (claims_.contains(peer)) return claims_.at(peer) == number;
        claims_[peer] = number;
        claimed_[number] = true;
        tracked_[number] = true;
        return true;
    }

    void compare(const VoteSet& votes) const {
        std::int64_t power = 0;
        for (std::size_t i = 0; i < set_.size(); ++i)
            if (first_[i]) power += set_.validators()[i].voting_power;
        TANDEM_CHECK(votes.has_two_thirds_any() == (power > set_.total_voting_power() * 2 / 3));
        TANDEM_CHECK(votes.has_all() == (power == set_.total_voting_power()));
        TANDEM_CHECK((votes.majority() != nullptr) == majority_.has_value());
        if (majority_) TANDEM_CHECK(*votes.majority() == block(*majority_));
        for (std::size_t i = 0; i < set_.size(); ++i) {
            const auto number = main(i);
            const auto* vote = votes.vote(i);
            TANDEM_CHECK((vote != nullptr) == number.has_value());
            TANDEM_CHECK(votes.bit_array().get(i) == number.has_value());
            if (vote != nullptr) TANDEM_CHECK((*vote)->block_id == block(*number));
        }
        for (std::uint8_t number = 0; number < blocks; ++number) {
            const auto bits = votes.bit_array_of(block(number));
            TANDEM_CHECK(bits.has_value() == tracked_[number]);
            for (std::size_t i = 0; bits && i < set_.size(); ++i)
                TANDEM_CHECK(bits->get(i) == counted(i, number));
        }
    }

    /// What stands in the main slot: the majority's vote if it was counted, else the first one.
    [[nodiscard]] std::optional<std::uint8_t> main(std::size_t index) const {
        if (majority_ && counted(index, *majority_)) return majority_;
        if (replaced_.contains(index)) return replaced_.at(index);
        return first_[index];
    }

  private:
    [[nodiscard]] bool counted(std::size_t index, std::uint8_t number) const {
        const auto seen = seen_[index].find(number);
        return seen != seen_[index].end() && seen->second.counted;
    }
    [[nodiscard]] std::int64_t power_for(std::uint8_t number) const {
        std::int64_t power = 0;
        for (std::size_t i = 0; i < set_.size(); ++i)
            if (counted(i, number)) power += set_.validators()[i].voting_power;
        return power;
    }

    const ValidatorSet& set_;
    std::vector<std::optional<std::uint8_t>> first_;  // block of each validator's first vote
    std::vector<std::map<std::uint8_t, Seen>> seen_;
    std::map<std::size_t, std::uint8_t> replaced_;  // main slots given to the majority, uncounted
    std::array<bool, blocks> tracked_{};
    std::array<bool, blocks> claimed_{};
    std::map<std::uint8_t, std::uint8_t> claims_;
    std::optional<std::uint8_t> majority_;
};

Vote vote_for(const ValidatorSet& set, std::size_t index, std::uint8_t number,
              std::uint8_t signature) {
    Vote vote;
    vote.type = SignedMsgType::precommit;
    vote.height = 10;
    vote.round = 1;
    vote.block_id = block(number);
    vote.timestamp = testing::start_time;
    vote.validator_address = set.validators()[index].address;
    vote.validator_index = static_cast<std::int32_t>(index);
    vote.signature = Signature(64, signature);
    return vote;
}

void spoil(Vote& vote, std::uint8_t how) {
    switch (how % 5) {
        case 0:
            vote.validator_index = static_cast<std::int32_t>(how) - 256;
            break;
        case 1:
            vote.validator_index += 8;
            break;
        case 2:
            vote.validator_address = Address(20, how);
            break;
        case 3:
            vote.height += how;
            vote.round += how == 3 ? 1 : 0;
            break;
        default:
            vote.type = SignedMsgType::prevote;
    }
}

void check_commit(const VoteSet& votes) {
    if (!votes.can_make_commit()) return;
    const Commit commit = votes.make_commit();
    std::int64_t power = 0;
    for (std::size_t i = 0; i < commit.signatures.size(); ++i)
        if (commit.signatures[i].block_id_flag == BlockIdFlag::commit)
            power += votes.validators().validators()[i].voting_power;
    if (votes.majority()->is_zero()) return;
    TANDEM_CHECK(power > votes.validators().total_voting_power() * 2 / 3);
    const auto again =
        VoteSet::from_commit(commit, std::make_shared<const ValidatorSet>(votes.validators()));
    TANDEM_CHECK(again.has_value() && again->make_commit() == commit);
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    tandem::crypto::FuzzInput input(data, size);
    const auto set = make_set(input);
    VoteSet votes(10, 1, SignedMsgType::precommit, false, set);
    Twin twin(*set);
    for (int i = 0; i < 400 && !input.empty(); ++i) {
        const std::uint8_t operation = input.byte();
        const auto number = static_cast<std::uint8_t>(input.byte() % blocks);
        if (operation % 8 == 0) {
            const auto peer = static_cast<std::uint8_t>(operation / 8 % peers);
            const bool taken =
                votes.claim_majority(std::to_string(peer), block(number)).has_value();
            TANDEM_CHECK(taken == twin.claim(peer, number));
        } else {
            const std::size_t index = operation % set->size();
            const auto signature = static_cast<std::uint8_t>(operation / 64);
            Vote vote = vote_for(*set, index, number, signature);
            if (operation % 8 == 1) {
                spoil(vote, input.byte());
                const VoteSet before = votes;
                TANDEM_CHECK(votes.add_verified(std::make_shared<const Vote>(vote)).fault !=
                             VoteFault::none);
                TANDEM_CHECK(votes == before);
            } else {
                const auto added = votes.add_verified(std::make_shared<const Vote>(vote));
                const auto expected = twin.add(index, number, signature);
                TANDEM_CHECK(added.added == expected.added && added.fault == expected.fault);
                TANDEM_CHECK((added.earlier != nullptr) ==
                             (added.fault == VoteFault::conflicting_vote));
            }
        }
        twin.compare(votes);
    }
    check_commit(votes);
    return 0;
}
