// Verdicts are held against CometBFT's by the vectors (topic commit_verify).
#include "types/verify_commit.h"

#include <gtest/gtest.h>

#include "types/signing_testing.h"
#include "types/verify_commit_twin.h"

namespace tandem::types {
namespace {

using testing::block_id_from;
using testing::chain_id;
using testing::CountingVerifier;
using testing::make_commit;
using testing::make_signers;
using testing::Signers;

const BlockId block = block_id_from("block");

std::string check_of(const Verdict& verdict) {
    return verdict ? "" : verdict.error().check;
}

std::string judge(const Signers& signers, const Commit& commit,
                  CommitCheck check = CommitCheck::full) {
    return check_of(
        verify_commit(signers.set, chain_id, block, 10, commit, crypto::real_verifier(), check));
}

TEST(VerifyCommit, NeedsMoreThanTwoThirds) {
    for (const std::int64_t third : {1L, 100L, 384307168202282325L}) {
        const Signers signers = make_signers({third, third, third});
        const std::array<std::uint8_t, 3> two{2, 2, 1};
        EXPECT_EQ(judge(signers, make_commit(signers, block, 10, two)), check_power);
        const std::array<std::uint8_t, 3> two_and_nil{2, 2, 3};
        EXPECT_EQ(judge(signers, make_commit(signers, block, 10, two_and_nil)), check_power);
        EXPECT_EQ(judge(signers, make_commit(signers, block, 10)), "");
    }
}

TEST(VerifyCommit, LooksAtPlaceHeightAndBlock) {
    const Signers signers = make_signers({1, 1, 1, 1});
    const Commit good = make_commit(signers, block, 10);
    Commit commit = good;
    commit.signatures.pop_back();
    EXPECT_EQ(judge(signers, commit), "signatures");
    EXPECT_EQ(judge(signers, make_commit(signers, block, 11)), "height");
    EXPECT_EQ(judge(signers, make_commit(signers, block_id_from("x"), 10)), "block_id");
    commit = good;
    std::swap(commit.signatures[0], commit.signatures[1]);
    EXPECT_EQ(judge(signers, commit), "signatures.validator_address");
    commit = good;
    commit.signatures[3].block_id_flag = static_cast<BlockIdFlag>(4);
    EXPECT_EQ(judge(signers, commit), "signatures.block_id_flag");
    EXPECT_EQ(judge(signers, commit, CommitCheck::light_all_signatures), "");
    EXPECT_EQ(check_of(verify_commit(ValidatorSet(), chain_id, block, 10, good)), "validators");
}

/// GHSA-c32p-wcqj-j677: signatures were checked by place, and block time weighed by address.
TEST(VerifyCommit, Csa2026_001_AnAddressThatIsNotOfItsPlace) {
    const Signers signers = make_signers({1, 1, 1, 1});
    for (const CommitCheck check : {CommitCheck::full, CommitCheck::light}) {
        Commit commit = make_commit(signers, block, 10);
        commit.signatures[0].validator_address = commit.signatures[1].validator_address;
        EXPECT_EQ(judge(signers, commit, check), "signatures.validator_address");
    }
}

TEST(VerifyCommit, NamesTheWrongSignature) {
    const Signers signers = make_signers({1, 1, 1, 1});
    Commit commit = make_commit(signers, block, 10);
    commit.signatures[3].signature[7] ^= 1;
    const Verdict verdict = verify_commit(signers.set, chain_id, block, 10, commit);
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().why, "that of entry 3 does not hold");
    EXPECT_EQ(judge(signers, commit, CommitCheck::light), "");
    EXPECT_EQ(judge(signers, commit, CommitCheck::light_all_signatures), "signature");
}

TEST(VerifyCommit, ChecksWrongNilVotesOnlyInFull) {
    const Signers signers = make_signers({1, 1, 1, 1});
    const std::array<std::uint8_t, 4> last_is_nil{2, 2, 2, 3};
    Commit commit = make_commit(signers, block, 10, last_is_nil);
    EXPECT_EQ(judge(signers, commit), "");
    commit.signatures[3].signature[7] ^= 1;
    EXPECT_EQ(judge(signers, commit), "signature");
    EXPECT_EQ(judge(signers, commit, CommitCheck::light_all_signatures), "");
}

TEST(VerifyCommit, ChecksNoMoreSignaturesThanItMust) {
    const Signers signers = make_signers({10, 10, 10, 10, 10, 10});
    const std::array<std::uint8_t, 6> flags{2, 3, 2, 2, 2, 2};
    const Commit commit = make_commit(signers, block, 10, flags);
    const auto count = [&](CommitCheck check) {
        const CountingVerifier verifier;
        EXPECT_TRUE(verify_commit(signers.set, chain_id, block, 10, commit, verifier, check));
        return verifier.count();
    };
    EXPECT_EQ(count(CommitCheck::full), 6U);
    EXPECT_EQ(count(CommitCheck::light_all_signatures), 5U);
    EXPECT_EQ(count(CommitCheck::light), 5U);  // 40 of 60 are not more than two thirds

    // What cannot suffice costs nothing.
    const std::array<std::uint8_t, 6> too_few{2, 2, 2, 2, 3, 3};
    const CountingVerifier verifier;
    EXPECT_EQ(check_of(verify_commit(signers.set, chain_id, block, 10,
                                     make_commit(signers, block, 10, too_few), verifier)),
              check_power);
    EXPECT_EQ(verifier.count(), 0U);
}

/// Holds the texts it is asked about against those that are made one by one.
class TextChecker final : public crypto::Verifier {
  public:
    TextChecker(std::string_view chain, const Commit& commit) : chain_(chain), commit_(commit) {}
    bool verify(const PublicKey&, BytesView message, BytesView) const override {
        EXPECT_TRUE(base::equal(message, vote_sign_bytes(chain_, commit_, next_)));
        ++next_;
        return true;
    }
    [[nodiscard]] std::size_t count() const { return next_; }

  private:
    std::string_view chain_;
    const Commit& commit_;
    mutable std::size_t next_ = 0;
};

TEST(VerifyCommit, MakesTheSignBytesOfEachEntry) {
    const Signers signers = make_signers({1, 1, 1, 1, 1, 1, 1});
    const Timestamp times[] = {{},
                               {0, 0},
                               {0, 1},
                               {-1, 999'999'999},
                               {1'700'000'000, 0},
                               {wire::timestamp_seconds_end - 1, 999'999'999},
                               {1, 1}};
    for (const std::size_t chain_bytes : {0U, 1U, 5U, 6U, 7U, 50U, 127U, 128U, 300U}) {
        const std::string chain(chain_bytes, 'c');
        for (const std::int64_t height : {0L, 1L, std::numeric_limits<std::int64_t>::max()}) {
            Commit commit = make_commit(signers, block, height);
            commit.round = height == 0 ? 0 : 7;
            for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
                commit.signatures[i].timestamp = times[i];
                if (i % 3 == 2) commit.signatures[i].block_id_flag = BlockIdFlag::nil;
            }
            const TextChecker checker(chain, commit);
            EXPECT_EQ(check_of(verify_commit(signers.set, chain, block, height, commit, checker)),
                      5 * 3 > 7 * 2 ? "" : check_power);
            EXPECT_EQ(checker.count(), 7U);
        }
    }
}

TEST(VerifyCommit, TrustsAShareOfPower) {
    const Signers trusted = make_signers({10, 10, 10});
    const Signers others = make_signers({10, 50, 50});  // the first is also one of the trusted
    const Commit commit = make_commit(others, block, 20);
    const auto judge_level = [&](TrustLevel level) {
        return check_of(verify_commit_trusting(trusted.set, chain_id, commit, level));
    };
    EXPECT_EQ(judge_level({1, 1}), check_power);
    EXPECT_EQ(judge_level({2, 3}), "");
    EXPECT_EQ(judge_level({1, 0}), "trust_level");
    EXPECT_EQ(judge_level({-1, 3}), "trust_level");
    EXPECT_EQ(judge_level({std::numeric_limits<std::int64_t>::max(), 3}), "trust_level");
    EXPECT_EQ(check_of(verify_commit_trusting(make_signers({1}, 40).set, chain_id, commit, {})),
              check_power);
    EXPECT_EQ(check_of(verify_commit_trusting(ValidatorSet(), chain_id, commit, {})), "validators");
}

TEST(VerifyCommit, CountsATrustedValidatorOnce) {
    const Signers signers = make_signers({10, 10, 10});
    Commit commit = make_commit(signers, block, 10);
    commit.signatures[1] = commit.signatures[0];
    EXPECT_EQ(check_of(verify_commit_trusting(signers.set, chain_id, commit, {1, 2})),
              "signatures");
    EXPECT_EQ(check_of(verify_commit_trusting(signers.set, chain_id, commit, {1, 4})), "");
    EXPECT_EQ(check_of(verify_commit_trusting(signers.set, chain_id, commit, {1, 4}, true)),
              "signatures");
}

// A light client turns back at a lack of power and gives up at a wrong signature, so it matters
// which of the two is said.
TEST(VerifyCommit, CountsPowerFirstOnlyWhereSignaturesAreCheckedInBatch) {
    const Signers several = make_signers({10, 10, 10});
    Commit commit = make_commit(several, block, 10);
    commit.signatures[0].signature[3] ^= 1;
    EXPECT_EQ(check_of(verify_commit_trusting(several.set, chain_id, commit, {1, 1})), check_power);
    commit.signatures[0].signature.pop_back();
    EXPECT_EQ(check_of(verify_commit_trusting(several.set, chain_id, commit, {1, 1})), "signature");

    const Signers single = make_signers({10});
    commit = make_commit(single, block, 10);
    commit.signatures[0].signature[3] ^= 1;
    EXPECT_EQ(check_of(verify_commit_trusting(single.set, chain_id, commit, {1, 1})), "signature");
}

TEST(VerifyCommit, ChecksExtensions) {
    const Signers signers = make_signers({1, 1, 1, 1});
    const std::array<std::uint8_t, 4> flags{2, 2, 2, 3};
    const Commit plain = make_commit(signers, block, 10, flags);
    ExtendedCommit commit{plain.height, plain.round, plain.block_id, {}};
    for (std::size_t i = 0; i < plain.signatures.size(); ++i) {
        const CommitSig& entry = plain.signatures[i];
        commit.extended_signatures.push_back({entry.block_id_flag,
                                              entry.validator_address,
                                              entry.timestamp,
                                              entry.signature,
                                              {},
                                              {}});
        if (entry.block_id_flag != BlockIdFlag::commit) continue;
        ExtendedCommitSig& extended = commit.extended_signatures.back();
        extended.extension = Bytes(i, 7);
        extended.extension_signature =
            testing::sign(signers.keys[i], extension_sign_bytes(chain_id, vote_of(commit, i)));
    }
    const auto judge_extended = [&](const ExtendedCommit& judged) {
        return check_of(verify_commit_extended(signers.set, chain_id, block, 10, judged));
    };
    EXPECT_EQ(judge_extended(commit), "");
    ExtendedCommit wrong = commit;
    wrong.extended_signatures[1].extension[0] = 8;
    EXPECT_EQ(judge_extended(wrong), "extension_signature");
    wrong = commit;
    wrong.extended_signatures[1].extension_signature.clear();
    EXPECT_EQ(judge_extended(wrong), "extension_signature");
    wrong = commit;
    wrong.extended_signatures[3].extension = {1};
    EXPECT_EQ(judge_extended(wrong), "extension");
    wrong = commit;
    wrong.extended_signatures[2].signature[0] ^= 1;
    EXPECT_EQ(judge_extended(wrong), "signature");
    wrong = commit;
    wrong.extended_signatures.pop_back();
    EXPECT_EQ(judge_extended(wrong), "signatures");
}

TEST(VerifyCommit, AgreesWithItsTwin) {
    const Signers signers = make_signers({1, 2, 3, 4, 5});
    for (std::uint32_t pattern = 0; pattern < 243; ++pattern) {
        std::array<std::uint8_t, 5> flags{};
        for (std::uint32_t i = 0, rest = pattern; i < 5; ++i, rest /= 3)
            flags[i] = static_cast<std::uint8_t>(1 + rest % 3);
        Commit commit = make_commit(signers, block, 10, flags);
        CommitSig& damaged = commit.signatures[pattern % 5];
        if (pattern % 2 == 0 && !damaged.signature.empty()) damaged.signature[0] ^= 1;
        for (const auto check :
             {CommitCheck::full, CommitCheck::light, CommitCheck::light_all_signatures})
            EXPECT_EQ(judge(signers, commit, check).empty(),
                      twin::commit_holds(signers.set, chain_id, commit, check));
        for (const bool all : {false, true})
            EXPECT_EQ(
                verify_commit_trusting(signers.set, chain_id, commit, {1, 3}, all).has_value(),
                twin::trusted_commit_holds(signers.set, chain_id, commit, {1, 3}, all));
    }
}

}  // namespace
}  // namespace tandem::types
