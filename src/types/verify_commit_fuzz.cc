// Commits judged in batch, one signature at a time, and by a twin must come to the same verdict.
//
// Input: 0, then a validator set behind its length in two bytes, then a commit, both as they
// travel. Or 1, then the recipe of a commit: its validators' powers, which of them vote for the
// block and which for nil, and what is spoiled afterwards.
#include <optional>
#include <vector>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "types/decode.h"
#include "types/signing_testing.h"
#include "types/verify_commit_twin.h"

namespace tandem::types {
namespace {

constexpr std::size_t validators_max = 6;

struct Judged {
    ValidatorSet set;
    Commit commit;
};

std::optional<Judged> decoded(crypto::FuzzInput& input) {
    const std::size_t set_bytes = static_cast<std::size_t>(input.byte()) << 8 | input.byte();
    const auto message = wire::decode<ValidatorSetMessage>(input.bytes(set_bytes));
    if (!message) return std::nullopt;
    auto set = ValidatorSet::from_message(*message);
    auto commit = decode_checked<Commit>(input.all());
    if (!set || !commit) return std::nullopt;
    return Judged{std::move(*set), std::move(*commit)};
}

void spoil(crypto::FuzzInput& input, Commit& commit) {
    CommitSig& entry = commit.signatures[input.byte() % commit.signatures.size()];
    switch (input.byte() % 7) {
        case 0:
            if (!entry.signature.empty())
                entry.signature[input.byte() % entry.signature.size()] ^= input.byte();
            break;
        case 1:
            entry.signature.resize(input.byte());
            break;
        case 2:
            entry.timestamp.nanos ^= 1;
            break;
        case 3:
            entry.block_id_flag = static_cast<BlockIdFlag>(input.byte() % 5);
            break;
        case 4:
            std::swap(entry, commit.signatures.front());
            break;
        case 5:
            entry = commit.signatures.back();
            break;
        default:
            commit.round ^= 1;
    }
}

Judged made(crypto::FuzzInput& input) {
    std::vector<std::int64_t> powers(1 + input.byte() % validators_max);
    for (std::int64_t& power : powers) power = 1 + input.byte();
    const testing::Signers signers = testing::make_signers(powers);
    std::vector<std::uint8_t> flags(powers.size());
    for (std::uint8_t& flag : flags) flag = static_cast<std::uint8_t>(1 + input.byte() % 3);
    Judged judged{signers.set,
                  testing::make_commit(signers, testing::block_id_from("b"), 10, flags)};
    for (int i = 0; i < 4 && !input.empty(); ++i) spoil(input, judged.commit);
    return judged;
}

void check_by_place(const Judged& judged, CommitCheck check) {
    const testing::CountingVerifier single;
    const auto verify = [&](const crypto::Verifier& verifier) {
        return verify_commit(judged.set, testing::chain_id, judged.commit.block_id,
                             judged.commit.height, judged.commit, verifier, check);
    };
    const Verdict batched = verify(crypto::real_verifier());
    TANDEM_CHECK(batched == verify(single));
    TANDEM_CHECK(batched.has_value() ==
                 twin::commit_holds(judged.set, testing::chain_id, judged.commit, check));
}

void check_trusting(const Judged& judged, TrustLevel level, bool all_signatures) {
    const testing::CountingVerifier single;
    const Verdict batched =
        verify_commit_trusting(judged.set, testing::chain_id, judged.commit, level, all_signatures);
    TANDEM_CHECK(batched == verify_commit_trusting(judged.set, testing::chain_id, judged.commit,
                                                   level, all_signatures, single));
    TANDEM_CHECK(batched.has_value() == twin::trusted_commit_holds(judged.set, testing::chain_id,
                                                                   judged.commit, level,
                                                                   all_signatures));
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    tandem::crypto::FuzzInput input(data, size);
    const auto judged = input.byte() % 2 == 0 ? decoded(input) : std::optional(made(input));
    if (!judged) return 0;
    for (const auto check :
         {CommitCheck::full, CommitCheck::light, CommitCheck::light_all_signatures})
        check_by_place(*judged, check);
    for (const TrustLevel level : {TrustLevel{1, 3}, TrustLevel{1, 1}})
        for (const bool all_signatures : {false, true})
            check_trusting(*judged, level, all_signatures);
    return 0;
}
