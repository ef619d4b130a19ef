// A small chain for tests: real keys, blocks and commits; the application's answers are made by
// hand.
#pragma once
#include "chain/block_building.h"
#include "chain/execution.h"
#include "crypto/ed25519.h"

namespace tandem::chain {

/// Says yes to all evidence, or no.
struct FixedEvidenceJudge final : EvidenceJudge {
    bool accepts = true;
    explicit FixedEvidenceJudge(bool accepts_all) : accepts(accepts_all) {}
    Verdict judge(const State&, const types::EvidenceList& list) const override {
        if (accepts || list.evidence.empty()) return {};
        return refuse("untrue", "the judge of this test refuses all evidence");
    }
};
inline const FixedEvidenceJudge accepting_judge{true};

[[nodiscard]] inline Validation test_validation() {
    return {crypto::real_verifier(), accepting_judge, ChainRules{}, std::nullopt};
}

[[nodiscard]] inline crypto::PrivateKey test_key(std::uint8_t number) {
    const auto raw = crypto::Ed25519PrivateKey::from_seed(base::Bytes(32, number));
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, raw.bytes());
    TANDEM_CHECK(key.has_value());
    return std::move(*key);
}

[[nodiscard]] inline Timestamp seconds(std::int64_t s) {
    return {1'700'000'000 + s, 0};
}

/// Entry `i` of a commit: how the validator at index i voted, and when.
struct TestVote {
    types::BlockIdFlag flag = types::BlockIdFlag::commit;
    std::int64_t second = 0;
};

class TestChain {
  public:
    /// Keys 1 to `validators`, each with its power.
    explicit TestChain(std::vector<std::int64_t> powers, std::int64_t initial_height = 1) {
        genesis.genesis_time = seconds(0);
        genesis.chain_id = "test-chain";
        genesis.initial_height = initial_height;
        genesis.consensus_params = types::ConsensusParams::defaults();
        genesis.app_hash = Hash(std::size_t{3}, std::uint8_t{9});
        for (std::size_t i = 0; i < powers.size(); ++i) {
            const auto key = test_key(static_cast<std::uint8_t>(i + 1)).public_key();
            genesis.validators.push_back(
                {types::Address(crypto::address(key)), key, powers[i], ""});
        }
        start();
    }
    /// Again from the genesis, after it was changed.
    void start(const abci::ResponseInitChain& answer = {}) {
        state = *after_init_chain(*fresh_state(genesis), answer);
        last_commit = {};
    }

    [[nodiscard]] static const crypto::PrivateKey& key_of(const types::Validator& validator) {
        static const std::vector<crypto::PrivateKey> keys = [] {
            std::vector<crypto::PrivateKey> made;
            for (std::uint8_t number = 1; number < 16; ++number) made.push_back(test_key(number));
            return made;
        }();
        const auto key = std::ranges::find_if(keys, [&](const crypto::PrivateKey& candidate) {
            return candidate.public_key() == validator.pub_key;
        });
        TANDEM_CHECK(key != keys.end());
        return *key;
    }

    [[nodiscard]] types::Address proposer() const { return state.validators->proposer().address; }

    [[nodiscard]] Result<BuiltBlock> try_build(
        std::vector<base::Bytes> txs = {}, std::span<const types::Evidence> pending = {}) const {
        auto draft = draft_block(state, last_commit, proposer(), pending, ChainRules{});
        if (!draft) return std::unexpected(draft.error());
        return finish_block(state, std::move(*draft), wire::Txs::copy_of(txs));
    }
    [[nodiscard]] BuiltBlock build(std::vector<base::Bytes> txs = {},
                                   std::span<const types::Evidence> pending = {}) const {
        auto built = try_build(std::move(txs), pending);
        TANDEM_CHECK(built.has_value());
        return std::move(*built);
    }

    /// Votes beyond those given are for the block, one second after genesis per height.
    [[nodiscard]] types::Commit commit_for(const BlockId& id,
                                           std::vector<TestVote> votes = {}) const {
        types::Commit commit{state.next_height(), 0, id, {}};
        const auto validators = state.validators->validators();
        votes.resize(validators.size(), {types::BlockIdFlag::commit, state.next_height()});
        for (std::size_t i = 0; i < validators.size(); ++i) {
            types::CommitSig signature = types::CommitSig::absent();
            if (votes[i].flag != types::BlockIdFlag::absent) {
                signature.block_id_flag = votes[i].flag;
                signature.validator_address = validators[i].address;
                signature.timestamp = seconds(votes[i].second);
            }
            commit.signatures.push_back(signature);
            if (votes[i].flag == types::BlockIdFlag::absent) continue;
            commit.signatures[i].signature =
                key_of(validators[i]).sign(types::vote_sign_bytes(state.chain_id, commit, i));
        }
        return commit;
    }

    /// The block is decided and executed; the chain goes on behind it.
    [[nodiscard]] Verdict try_advance(const BuiltBlock& built,
                                      const abci::ResponseFinalizeBlock& answer,
                                      std::vector<TestVote> votes = {}) {
        const types::Commit commit = commit_for(built.id, std::move(votes));
        auto next = update_state(state, built.id, built.block->header, answer);
        if (!next) return std::unexpected(next.error());
        state = std::move(*next);
        last_commit = Shared<types::Commit>::make(commit);
        return {};
    }
    void advance(const abci::ResponseFinalizeBlock& answer = {}, std::vector<TestVote> votes = {}) {
        const Verdict verdict = try_advance(build(), answer, std::move(votes));
        TANDEM_CHECK(verdict.has_value());
    }

    types::GenesisDoc genesis;
    State state;
    consensus::CommitRecord last_commit;
};

[[nodiscard]] inline types::Evidence double_vote(std::int64_t height, std::uint8_t number,
                                                 std::int64_t power = 10) {
    types::Vote vote;
    vote.type = types::SignedMsgType::precommit;
    vote.height = height;
    vote.timestamp = seconds(height);
    vote.validator_address = types::Address(types::address_bytes, number);
    vote.signature.assign(64, number);
    vote.block_id.hash.assign(types::hash_bytes, 1);
    vote.block_id.part_set_header = {1, vote.block_id.hash};
    types::DuplicateVoteEvidence evidence;
    evidence.vote_a = vote;
    vote.block_id.hash.assign(types::hash_bytes, 2);
    evidence.vote_b = vote;
    evidence.total_voting_power = 40;
    evidence.validator_power = power;
    evidence.timestamp = seconds(height);
    types::Evidence wrapped;
    wrapped.sum = base::Box<types::DuplicateVoteEvidence>(evidence);
    return wrapped;
}

}  // namespace tandem::chain
