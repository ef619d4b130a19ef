// A second validator set, slow and short, for tests and fuzzing: the rules of the wire page
// (section 9) word by word, on numbers that cannot run over.
#pragma once
#include <algorithm>
#include <map>
#include <vector>

#include "types/validator_set.h"

namespace tandem::types::twin {

__extension__ using Wide = __int128;

class NaiveValidatorSet {
  public:
    struct Member {
        PublicKey pub_key;
        Wide power = 0;
        Wide priority = 0;
    };

    /// False, and nothing changed, where the changes are refused.
    bool apply(std::span<const ValidatorChange> changes) {
        if (changes.empty()) return true;
        std::map<Address, Member> next = members_;
        std::map<Address, Wide> deltas;
        std::map<Address, bool> is_update;
        Wide removed = 0;
        for (const ValidatorChange& change : changes) {
            const Address address(crypto::address(change.pub_key));
            if (deltas.contains(address)) return false;
            if (change.voting_power < 0 || change.voting_power > total_voting_power_max)
                return false;
            const bool there = members_.contains(address);
            if (change.voting_power == 0 && !there) return false;
            deltas[address] = change.voting_power - (there ? members_.at(address).power : 0);
            is_update[address] = change.voting_power != 0;
            if (change.voting_power == 0) {
                removed += members_.at(address).power;
                next.erase(address);
            } else {
                next[address].pub_key = change.pub_key;
                next[address].power = change.voting_power;
            }
        }
        if (next.empty()) return false;
        std::vector<Wide> ascending;
        for (const auto& [address, delta] : deltas)
            if (is_update.at(address)) ascending.push_back(delta);
        std::sort(ascending.begin(), ascending.end());
        Wide running = total() - removed;
        for (const Wide delta : ascending) {
            running += delta;
            if (running > total_voting_power_max) return false;
        }
        const Wide before_removals = running + removed;
        for (auto& [address, member] : next)
            if (!members_.contains(address))
                member.priority = -(before_removals + before_removals / 8);
        members_ = std::move(next);
        rescale_and_centre();
        return true;
    }

    void advance(int times) {
        rescale_and_centre();
        for (int i = 0; i < times; ++i) {
            for (auto& [address, member] : members_) member.priority += member.power;
            auto best = members_.begin();
            for (auto it = members_.begin(); it != members_.end(); ++it)
                if (it->second.priority > best->second.priority) best = it;
            best->second.priority -= total();
            proposer_ = best->first;
        }
    }

    void rescale(Wide window) {
        if (window <= 0 || members_.empty()) return;
        Wide least = members_.begin()->second.priority;
        Wide greatest = least;
        for (const auto& [address, member] : members_) {
            least = std::min(least, member.priority);
            greatest = std::max(greatest, member.priority);
        }
        if (greatest - least <= window) return;
        const Wide ratio = (greatest - least + window - 1) / window;
        for (auto& [address, member] : members_) member.priority /= ratio;
    }

    [[nodiscard]] Wide total() const {
        Wide sum = 0;
        for (const auto& [address, member] : members_) sum += member.power;
        return sum;
    }
    [[nodiscard]] const std::map<Address, Member>& members() const { return members_; }
    [[nodiscard]] const Address& proposer() const { return proposer_; }

    [[nodiscard]] bool agrees_with(const ValidatorSet& set) const {
        if (set.size() != members_.size() || set.total_voting_power() != total()) return false;
        for (const Validator& validator : set.validators()) {
            const auto member = members_.find(validator.address);
            if (member == members_.end() || member->second.pub_key != validator.pub_key ||
                member->second.power != validator.voting_power ||
                member->second.priority != validator.proposer_priority)
                return false;
        }
        return true;
    }

  private:
    void rescale_and_centre() {
        rescale(2 * total());
        Wide sum = 0;
        for (const auto& [address, member] : members_) sum += member.priority;
        const auto count = static_cast<Wide>(members_.size());
        Wide mean = sum / count;
        while (mean * count > sum) --mean;
        for (auto& [address, member] : members_) member.priority -= mean;
    }

    std::map<Address, Member> members_;
    Address proposer_;
};

}  // namespace tandem::types::twin
