// Chain: what a decided block changes.
//
// Between two heights a node holds a State: the last block, the validators of three heights, the
// parameters, the two hashes that the application answered. Everything here is a function on it:
//
//     state.h             fresh from genesis, after InitChain, after a block was executed
//     block_building.h    State + application's choice of transactions -> block and parts
//     block_validation.h  State + block -> verdict
//     requests.h          block -> what the application is asked
//     execution.h         the order in which a decided block takes effect
//     recovery.h          what to do at start, by the heights that disk and application remember
//
// Each node computes all of this for itself and must come to the same bytes: a State that differs
// shows as a header hash in the next block, and the chain forks. Hence no clock, no opinion, no
// order that depends on memory; where a node's own clock plays a part (block_time_tolerance), it
// is an argument that may be left out.
//
// The schedule of validators: what FinalizeBlock(H) changes binds in H+2. The state after H holds
// the sets of H (last), H+1 (current) and H+2 (next); executing a block shifts them by one and
// applies the changes to the newest (wire page, section 9). Whoever was replaced learns it one
// height before it counts, so a height's consensus never begins with two opinions on who votes.
//
// Not here: seats (an application that returns validator updates like any other), consensus, where
// records are kept (store), which evidence is true (evidence).
#pragma once
#include "abci/messages.h"
#include "consensus/shared.h"
#include "types/genesis.h"

namespace tandem::chain {

using base::Bytes;
using base::BytesView;
using base::Refusal;
using base::refuse;
using base::Result;
using base::Verdict;
using consensus::Shared;
using types::BlockId;
using types::Hash;
using types::Timestamp;
using types::ValidatorSet;

/// A validator set that many hold, with the hash that two headers name.
class HashedValidators {
  public:
    /// The empty set, whose hash is the empty tree's.
    HashedValidators();
    explicit HashedValidators(ValidatorSet set);

    [[nodiscard]] const ValidatorSet& operator*() const { return *set_; }
    [[nodiscard]] const ValidatorSet* operator->() const { return &*set_; }
    [[nodiscard]] const Shared<ValidatorSet>& shared() const noexcept { return set_; }
    [[nodiscard]] const Hash& hash() const noexcept { return hash_; }
    /// The set of the height after this one's: changed, then advanced once.
    [[nodiscard]] Result<HashedValidators> followed_by(
        std::span<const types::ValidatorChange> changes) const;

    bool operator==(const HashedValidators&) const = default;

  private:
    HashedValidators(ValidatorSet set, const Hash& hash);
    Shared<ValidatorSet> set_;
    Hash hash_;  // invariant: set_->hash()
};

/// types::State as the node works with it: sets shared and hashed once. Copying costs no set.
struct State {
    types::ConsensusVersion version{.block = types::block_protocol, .app = 0};
    std::string chain_id;
    std::int64_t initial_height = 1;

    std::int64_t last_block_height = 0;  // 0: no block yet
    BlockId last_block_id;
    Timestamp last_block_time;  // genesis time while there is no block

    HashedValidators next_validators;  // of last_block_height + 2
    HashedValidators validators;       // of last_block_height + 1
    HashedValidators last_validators;  // of last_block_height; empty while there is no block
    std::int64_t last_height_validators_changed = 0;

    types::ConsensusParams consensus_params;  // of last_block_height + 1
    std::int64_t last_height_consensus_params_changed = 0;

    Hash last_results_hash;  // what the next header must carry; so is app_hash
    Hash app_hash;           // any length

    bool operator==(const State&) const = default;
    /// Of the block that comes next.
    [[nodiscard]] std::int64_t next_height() const noexcept {
        return last_block_height == 0 ? initial_height : last_block_height + 1;
    }
    /// The largest block that the parameters allow, in bytes.
    [[nodiscard]] std::int64_t block_bytes_max() const noexcept {
        const std::int64_t max_bytes = consensus_params.block.max_bytes;
        return max_bytes == -1 ? types::block_bytes_max : max_bytes;
    }
};

[[nodiscard]] types::State to_record(const State& state);
[[nodiscard]] State from_record(types::State record);

// ---- Before the first block (wire pages 01 section 11 and 05 A6; traps 13 and 14).

/// types::genesis_state as the node works with it. The sets are empty where the genesis names no
/// validators: then InitChain must. REQUIRES: a completed document.
[[nodiscard]] Result<State> fresh_state(const types::GenesisDoc& genesis);

/// Info.app_version becomes the version that the first header carries. No effect after a block.
void adopt_app_version(State& state, std::uint64_t app_version) noexcept;

/// Validators in the order of the set that they make, all five parameter parts.
[[nodiscard]] Result<abci::RequestInitChain> init_chain_request(const types::GenesisDoc& genesis);

/// Application hash, validators and parameters where the answer has them. Parameters are merged
/// and not validated again, and then their app version replaces that of Info, even by 0.
/// REQUIRES: no block yet. Refused for validators that make no set, and where there are none at
/// all: the node cannot start.
[[nodiscard]] Result<State> after_init_chain(const State& fresh,
                                             const abci::ResponseInitChain& answer);

// ---- After a block.

/// The changes that an answer asks for, checked against the parameters of the block's height: no
/// negative power, keys of known kind and right length, kinds allowed unless the power is 0; nor a
/// kind whose signatures this build cannot check, for it would fork from the chain two blocks
/// later.
[[nodiscard]] Result<std::vector<types::ValidatorChange>> validator_changes(
    std::span<const abci::ValidatorUpdate> updates, const types::ConsensusParams& params);

/// The state after the block that `id` and `header` name, given the application's answer to it.
/// A refusal names what the application answered wrongly; it is fatal, for the block is decided
/// and there is no other way on. REQUIRES: the header was validated against `state`; whoever calls
/// compared the number of results with that of the transactions.
[[nodiscard]] Result<State> update_state(const State& state, const BlockId& id,
                                         const types::Header& header,
                                         const abci::ResponseFinalizeBlock& answer);

}  // namespace tandem::chain
