// Any two headers, with any validators, at any time: never a crash, and what is trusted fulfils the
// conditions on which it may be, looked at once more and one by one.
//
// Input: four messages, each behind its length in two bytes (the trusted header, its validators,
// the untrusted signed header, its validators), then the seconds that have gone by since the
// trusted header, in four bytes, and the trust level in one.
#include <optional>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "types/decode.h"
#include "types/light_client.h"
#include "types/signing_testing.h"
#include "types/verify_commit_twin.h"

namespace tandem::types {
namespace {

BytesView next_message(crypto::FuzzInput& input) {
    const std::size_t size = static_cast<std::size_t>(input.byte()) << 8 | input.byte();
    return input.bytes(size);
}

std::optional<ValidatorSet> next_set(crypto::FuzzInput& input) {
    const auto message = wire::decode<ValidatorSetMessage>(next_message(input));
    if (!message) return std::nullopt;
    auto set = ValidatorSet::from_message(*message);
    if (!set) return std::nullopt;
    return std::move(*set);
}

struct Question {
    Header trusted;
    ValidatorSet trusted_validators;
    SignedHeader untrusted;
    ValidatorSet validators;
    LightRules rules;
};

std::optional<Question> question_from(crypto::FuzzInput& input) {
    const auto trusted = wire::decode<Header>(next_message(input));
    auto trusted_validators = next_set(input);
    const auto untrusted = wire::decode<SignedHeader>(next_message(input));
    auto validators = next_set(input);
    if (!trusted || !trusted_validators || !untrusted || !validators) return std::nullopt;
    Question question{
        *trusted, std::move(*trusted_validators), *untrusted, std::move(*validators), {}};
    std::int64_t seconds = 0;
    for (const std::uint8_t digit : input.array<4>()) seconds = seconds << 8 | digit;
    constexpr TrustLevel levels[] = {{1, 3}, {2, 3}, {1, 1}};
    question.rules = {{3600 * wire::nanos_per_second},
                      wire::add(trusted->time, {seconds * wire::nanos_per_second}),
                      {10 * wire::nanos_per_second},
                      levels[input.byte() % 3]};
    return question;
}

void check_trusted(const Question& question) {
    const Header& header = *question.untrusted.header;
    const Header& trusted = question.trusted;
    TANDEM_CHECK(header.chain_id == trusted.chain_id);
    TANDEM_CHECK(header.height > trusted.height && header.time > trusted.time);
    TANDEM_CHECK(header.validators_hash == question.validators.hash());
    const Commit& commit = *question.untrusted.commit;
    TANDEM_CHECK(commit.block_id.hash == hash_of(header));
    TANDEM_CHECK(
        twin::commit_holds(question.validators, trusted.chain_id, commit, CommitCheck::light));
    if (header.height == trusted.height + 1)
        TANDEM_CHECK(header.validators_hash == trusted.next_validators_hash);
    else
        TANDEM_CHECK(twin::trusted_commit_holds(question.trusted_validators, trusted.chain_id,
                                                commit, question.rules.trust_level, false));
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    tandem::crypto::FuzzInput input(data, size);
    const auto question = question_from(input);
    if (!question) return 0;
    const testing::CountingVerifier single;
    const auto judge = [&](const tandem::crypto::Verifier& verifier) {
        return verify_light(question->trusted, question->trusted_validators, question->untrusted,
                            question->validators, question->rules, verifier);
    };
    const LightVerdict batched = judge(tandem::crypto::real_verifier());
    const LightVerdict singly = judge(single);
    TANDEM_CHECK(batched.has_value() == singly.has_value());
    if (batched)
        check_trusted(*question);
    else
        TANDEM_CHECK(batched.error().fault == singly.error().fault &&
                     batched.error().refusal == singly.error().refusal);
    if (question->untrusted.header)
        if (verify_backwards(*question->untrusted.header, question->trusted))
            TANDEM_CHECK(hash_of(*question->untrusted.header) ==
                         question->trusted.last_block_id.hash);
    return 0;
}
