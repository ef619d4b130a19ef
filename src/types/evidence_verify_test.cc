// Verdicts are held against CometBFT's by the vectors (topic evidence_verify).
#include "types/evidence_verify.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>

#include "types/signing_testing.h"

namespace tandem::types {
namespace {

using testing::block_id_from;
using testing::chain_id;
using testing::make_header;
using testing::make_signers;
using testing::make_vote;
using testing::sign_header;
using testing::Signers;

std::string check_of(const Verdict& verdict) {
    return verdict ? "" : verdict.error().check;
}

/// Blocks 1 to 20 of four validators, and what the pool remembers.
class Chain final : public EvidenceView {
  public:
    Signers signers = make_signers({40, 30, 20, 10});
    std::map<std::int64_t, SignedHeader> headers;
    std::vector<Hash> pending;
    std::vector<Hash> committed;
    EvidenceContext context{chain_id,
                            20,
                            testing::seconds_later(testing::start_time, 200),
                            {5, {60 * wire::nanos_per_second}, 1'000'000}};

    Chain() {
        for (std::int64_t height = 1; height <= 20; ++height)
            headers[height] = sign_header(make_header(height, signers.set, signers.set), signers);
    }

    std::shared_ptr<const Header> header(std::int64_t height) const override {
        const auto found = headers.find(height);
        if (found == headers.end()) return nullptr;
        return std::make_shared<const Header>(*found->second.header);
    }
    std::shared_ptr<const Commit> commit(std::int64_t height) const override {
        const auto found = headers.find(height);
        if (found == headers.end()) return nullptr;
        return std::make_shared<const Commit>(*found->second.commit);
    }
    std::shared_ptr<const ValidatorSet> validators(std::int64_t) const override {
        return signers.shared();
    }
    std::int64_t latest_height() const override { return headers.rbegin()->first; }
    bool is_pending(const Evidence& evidence) const override {
        return std::ranges::find(pending, hash_of(evidence)) != pending.end();
    }
    bool is_committed(const Evidence& evidence) const override {
        return std::ranges::find(committed, hash_of(evidence)) != committed.end();
    }

    [[nodiscard]] Evidence double_vote(std::int64_t height, std::size_t validator) const {
        const auto vote_for = [&](std::string_view block) {
            Vote vote = make_vote(signers, validator, block_id_from(block));
            vote.height = height;
            vote.signature = testing::sign(signers.keys[validator], sign_bytes(chain_id, vote));
            return vote;
        };
        Evidence evidence;
        evidence.sum.emplace<1>(make_duplicate_vote(vote_for("a"), vote_for("b"),
                                                    headers.at(height).header->time, signers.set)
                                    .value());
        return evidence;
    }

    /// Everybody signs another header of `height`, and light clients at `common` are shown it.
    [[nodiscard]] Evidence attack(std::int64_t common, std::int64_t height,
                                  void (*forge)(Header&)) const {
        Header header = make_header(height, signers.set, signers.set);
        forge(header);
        LightClientAttackEvidence attack;
        attack.conflicting_block =
            LightBlock{sign_header(header, signers), signers.set.to_message()};
        attack.common_height = common;
        attack.byzantine_validators.assign(signers.set.validators().begin(),
                                           signers.set.validators().end());
        attack.total_voting_power = signers.set.total_voting_power();
        attack.timestamp = headers.at(common).header->time;
        Evidence evidence;
        evidence.sum.emplace<2>(attack);
        return evidence;
    }

    [[nodiscard]] std::string judge(const Evidence& evidence) const {
        EXPECT_EQ(check_of(validate_basic(evidence)), "");
        return check_of(verify_evidence_list(std::span(&evidence, 1), context, *this));
    }
};

void other_data(Header& header) {
    header.data_hash = testing::hash_from("other data");
}
void other_app(Header& header) {
    header.app_hash = testing::hash_from("forged");
}

DuplicateVoteEvidence& duplicate_of(Evidence& evidence) {
    return *std::get<1>(evidence.sum);
}
LightClientAttackEvidence& attack_of(Evidence& evidence) {
    return *std::get<2>(evidence.sum);
}

TEST(EvidenceVerify, TakesTwoVotesOfOneValidator) {
    const Chain chain;
    EXPECT_EQ(chain.judge(chain.double_vote(18, 2)), "");
}

struct SpoiledVotes {
    std::string_view check;
    void (*spoil)(DuplicateVoteEvidence&);
};

TEST(EvidenceVerify, RefusesTwoVotesThatProveNothing) {
    const Chain chain;
    constexpr SpoiledVotes table[] = {
        {"vote", [](DuplicateVoteEvidence& evidence) { ++evidence.vote_b->height; }},
        {"vote", [](DuplicateVoteEvidence& evidence) { ++evidence.vote_b->round; }},
        {"vote",
         [](DuplicateVoteEvidence& evidence) { evidence.vote_b->type = SignedMsgType::prevote; }},
        {"validator_address",
         [](DuplicateVoteEvidence& evidence) { evidence.vote_b->validator_address[0] ^= 1; }},
        {"validator_address",
         [](DuplicateVoteEvidence& evidence) { evidence.vote_a->validator_address[0] ^= 1; }},
        {"validator_power", [](DuplicateVoteEvidence& evidence) { ++evidence.validator_power; }},
        {"total_voting_power",
         [](DuplicateVoteEvidence& evidence) { ++evidence.total_voting_power; }},
        {"vote_a.signature",
         [](DuplicateVoteEvidence& evidence) { evidence.vote_a->signature[9] ^= 1; }},
        {"vote_b.signature",
         [](DuplicateVoteEvidence& evidence) { evidence.vote_b->signature[9] ^= 1; }},
        {"block_id", [](DuplicateVoteEvidence& evidence) { evidence.vote_b = evidence.vote_a; }},
    };
    for (const SpoiledVotes& row : table) {
        Evidence evidence = chain.double_vote(18, 2);
        row.spoil(duplicate_of(evidence));
        EXPECT_EQ(
            check_of(verify_duplicate_vote(duplicate_of(evidence), chain_id, chain.signers.set)),
            row.check);
    }
}

TEST(EvidenceVerify, IsOfOurChainAndNotTooOld) {
    Chain chain;
    Evidence evidence = chain.double_vote(18, 2);
    ++duplicate_of(evidence).timestamp.nanos;
    EXPECT_EQ(chain.judge(evidence), "timestamp");

    // Height 14 is 6 blocks and 60 seconds ago: the blocks are exceeded, the time is not.
    EXPECT_EQ(chain.judge(chain.double_vote(14, 2)), "");
    EXPECT_EQ(chain.judge(chain.double_vote(13, 2)), "age");
    chain.context.params.max_age_num_blocks = 7;
    EXPECT_EQ(chain.judge(chain.double_vote(13, 2)), "");
    const Evidence unknown = chain.double_vote(13, 2);
    chain.headers.erase(13);
    EXPECT_EQ(chain.judge(unknown), "height");
}

TEST(EvidenceVerify, RefusesWhatWasThereBefore) {
    Chain chain;
    const Evidence evidence = chain.double_vote(18, 2);
    const std::array<Evidence, 2> twice{evidence, evidence};
    EXPECT_EQ(check_of(verify_evidence_list(twice, chain.context, chain)), "duplicate");
    EXPECT_EQ(check_of(verify_evidence_list({}, chain.context, chain)), "");
    const std::array<Evidence, 2> two{evidence, chain.double_vote(18, 1)};
    EXPECT_EQ(check_of(verify_evidence_list(two, chain.context, chain)), "");
    chain.committed.push_back(hash_of(evidence));
    EXPECT_EQ(chain.judge(evidence), "committed");
}

TEST(EvidenceVerify, TrustsThePoolForDoubleVotesOnly) {
    Chain chain;
    Evidence evidence = chain.double_vote(18, 2);
    duplicate_of(evidence).vote_a->signature[0] ^= 1;
    EXPECT_EQ(chain.judge(evidence), "vote_a.signature");
    chain.pending.push_back(hash_of(evidence));
    EXPECT_EQ(chain.judge(evidence), "");

    Evidence attack = chain.attack(18, 18, other_data);
    attack_of(attack).byzantine_validators.pop_back();
    chain.pending.push_back(hash_of(attack));
    EXPECT_EQ(chain.judge(attack), "byzantine_validators");
}

TEST(EvidenceVerify, TakesEquivocation) {
    const Chain chain;
    EXPECT_EQ(chain.judge(chain.attack(18, 18, other_data)), "");
    EXPECT_EQ(chain.judge(chain.attack(18, 18, [](Header&) {})), "conflicting_block.hash");
    EXPECT_EQ(chain.judge(chain.attack(18, 18, other_app)), "conflicting_block");
}

TEST(EvidenceVerify, TakesLunatics) {
    const Chain chain;
    EXPECT_EQ(chain.judge(chain.attack(16, 18, other_app)), "");
    Evidence evidence = chain.attack(16, 18, other_app);
    attack_of(evidence).byzantine_validators[1].voting_power += 1;
    EXPECT_EQ(chain.judge(evidence), "byzantine_validators.voting_power");
    evidence = chain.attack(16, 18, other_app);
    auto& named = attack_of(evidence).byzantine_validators;
    std::swap(named[0], named[1]);
    EXPECT_EQ(chain.judge(evidence), "byzantine_validators.address");
    evidence = chain.attack(16, 18, other_app);
    attack_of(evidence).byzantine_validators[0].pub_key = testing::public_key_from(77);
    EXPECT_EQ(chain.judge(evidence), "byzantine_validators.pub_key");
    evidence = chain.attack(16, 18, other_app);
    ++attack_of(evidence).total_voting_power;
    EXPECT_EQ(chain.judge(evidence), "total_voting_power");
}

TEST(EvidenceVerify, TakesLunaticsAheadOfUsByTheirTime) {
    Chain chain;
    chain.headers.erase(19);
    chain.headers.erase(20);
    EXPECT_EQ(chain.judge(chain.attack(16, 25, other_app)), "conflicting_block.time");
    EXPECT_EQ(chain.judge(chain.attack(16, 25,
                                       [](Header& header) {
                                           other_app(header);
                                           header.time =
                                               testing::seconds_later(testing::start_time, 180);
                                       })),
              "");
}

// In another round nobody signed twice that could be named, and evidence must name somebody.
TEST(EvidenceVerify, RefusesAmnesia) {
    Chain chain;
    Commit& ours = *chain.headers.at(18).commit;
    ours.round = 0;
    Evidence evidence = chain.attack(18, 18, other_data);
    EXPECT_EQ(chain.judge(evidence), "byzantine_validators");
    attack_of(evidence).byzantine_validators.clear();
    EXPECT_EQ(chain.judge(evidence), "byzantine_validators");
    EXPECT_TRUE(
        byzantine_validators(attack_of(evidence), chain.headers.at(18), chain.signers.set).empty());
}

TEST(EvidenceVerify, PutsTwoVotesInOrder) {
    const Signers signers = make_signers({1, 1});
    const Vote a = make_vote(signers, 0, block_id_from("a"));
    const Vote b = make_vote(signers, 0, block_id_from("b"));
    const auto one = make_duplicate_vote(a, b, testing::start_time, signers.set);
    EXPECT_EQ(one, make_duplicate_vote(b, a, testing::start_time, signers.set));
    EXPECT_EQ(check_of(validate_basic(*one)), "");
    EXPECT_EQ(one->total_voting_power, 2);
    EXPECT_EQ(one->validator_power, 1);
    EXPECT_FALSE(make_duplicate_vote(a, b, testing::start_time, make_signers({1}, 5).set));
}

}  // namespace
}  // namespace tandem::types
