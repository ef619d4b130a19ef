// Any evidence against any chain of two headers: never a crash, the same verdict in batch and one
// signature at a time, and of what is accepted each accused signature holds.
//
// Input: 0, then four messages, each behind its length in two bytes: evidence, our signed header of
// the common height, our latest one, the validators. Or 1, then a recipe: an attack that four
// known validators made, and what is spoiled about it.
#include <algorithm>
#include <map>
#include <optional>

#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "types/decode.h"
#include "types/evidence_verify.h"
#include "types/signing_testing.h"

namespace tandem::types {
namespace {

class Chain final : public EvidenceView {
  public:
    std::map<std::int64_t, SignedHeader> headers;
    std::shared_ptr<const ValidatorSet> set;
    bool pending = false;

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
    std::shared_ptr<const ValidatorSet> validators(std::int64_t) const override { return set; }
    std::int64_t latest_height() const override {
        return headers.empty() ? 0 : headers.rbegin()->first;
    }
    bool is_pending(const Evidence&) const override { return pending; }
    bool is_committed(const Evidence&) const override { return false; }
};

struct Question {
    Evidence evidence;
    Chain chain;
};

BytesView next_message(crypto::FuzzInput& input) {
    const std::size_t size = static_cast<std::size_t>(input.byte()) << 8 | input.byte();
    return input.bytes(size);
}

std::optional<Question> decoded(crypto::FuzzInput& input) {
    auto evidence = decode_checked<Evidence>(next_message(input));
    if (!evidence) return std::nullopt;
    Question question{std::move(*evidence), {}};
    for (int i = 0; i < 2; ++i) {
        const auto header = decode_checked<SignedHeader>(next_message(input));
        if (header && header->header && header->commit)
            question.chain.headers[header->header->height] = *header;
    }
    const auto message = wire::decode<ValidatorSetMessage>(next_message(input));
    if (!message) return std::nullopt;
    auto set = ValidatorSet::from_message(*message);
    if (!set) return std::nullopt;
    question.chain.set = std::make_shared<const ValidatorSet>(std::move(*set));
    return question;
}

const testing::Signers& signers() {
    static const testing::Signers made = testing::make_signers({40, 30, 20, 10});
    return made;
}

void spoil(crypto::FuzzInput& input, LightClientAttackEvidence& attack) {
    auto& named = attack.byzantine_validators;
    Commit& commit = *attack.conflicting_block->signed_header->commit;
    CommitSig& entry = commit.signatures[input.byte() % commit.signatures.size()];
    switch (input.byte() % 6) {
        case 0:
            if (!entry.signature.empty()) entry.signature[input.byte() % 64] ^= input.byte();
            break;
        case 1:
            if (!named.empty()) named.pop_back();
            break;
        case 2:
            if (!named.empty()) std::swap(named.front(), named.back());
            break;
        case 3:
            if (!named.empty()) ++named.back().voting_power;
            break;
        case 4:
            ++attack.total_voting_power;
            break;
        default:
            entry = CommitSig::absent();
    }
}

Question made(crypto::FuzzInput& input) {
    const ValidatorSet& set = signers().set;
    Question question;
    question.chain.set = signers().shared();
    const std::int64_t common = 1 + input.byte() % 4;
    const std::int64_t conflicting = common + input.byte() % 4;
    for (std::int64_t height = 1; height <= 4; ++height)
        question.chain.headers[height] =
            testing::sign_header(testing::make_header(height, set, set), signers());
    Header header = testing::make_header(conflicting, set, set);
    const std::uint8_t forged = input.byte();
    if (forged % 2 == 1) header.data_hash = testing::hash_from("x");
    if (forged % 4 >= 2) header.app_hash = {forged};
    if (forged % 8 >= 4) header.time = testing::seconds_later(testing::start_time, 11);
    const auto flags = input.array<4>();
    LightClientAttackEvidence attack;
    attack.conflicting_block =
        LightBlock{testing::sign_header(header, signers(), flags), set.to_message()};
    attack.common_height = common;
    attack.total_voting_power = set.total_voting_power();
    attack.timestamp = question.chain.headers.at(common).header->time;
    const auto trusted = question.chain.headers.contains(conflicting)
                             ? question.chain.headers.at(conflicting)
                             : question.chain.headers.at(4);
    attack.byzantine_validators = byzantine_validators(attack, trusted, set);
    for (int i = 0; i < 2 && !input.empty(); ++i) spoil(input, attack);
    question.evidence.sum.emplace<2>(std::move(attack));
    return question;
}

void check_accused(const DuplicateVoteEvidence& evidence, const ValidatorSet& set) {
    const Validator* validator = set.find(evidence.vote_a->validator_address);
    TANDEM_CHECK(validator != nullptr && evidence.vote_a->block_id != evidence.vote_b->block_id);
    for (const auto& vote : {*evidence.vote_a, *evidence.vote_b})
        TANDEM_CHECK(crypto::verify(validator->pub_key, sign_bytes(testing::chain_id, vote),
                                    vote.signature));
}

void check_accused(const LightClientAttackEvidence& evidence) {
    const SignedHeader& header = *evidence.conflicting_block->signed_header;
    TANDEM_CHECK(!evidence.byzantine_validators.empty());
    for (const Validator& validator : evidence.byzantine_validators) {
        std::size_t held = 0;
        for (std::size_t i = 0; i < header.commit->signatures.size(); ++i) {
            const CommitSig& entry = header.commit->signatures[i];
            if (entry.block_id_flag != BlockIdFlag::commit ||
                entry.validator_address != validator.address)
                continue;
            if (crypto::verify(validator.pub_key,
                               vote_sign_bytes(header.header->chain_id, *header.commit, i),
                               entry.signature))
                ++held;
        }
        TANDEM_CHECK(held == 1);
    }
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    tandem::crypto::FuzzInput input(data, size);
    const auto question = input.byte() % 2 == 0 ? decoded(input) : std::optional(made(input));
    if (!question) return 0;
    const Chain& chain = question->chain;
    EvidenceContext context{testing::chain_id, chain.latest_height(), {}, {}};
    if (const auto latest = chain.header(context.last_block_height))
        context.last_block_time = latest->time;
    context.params = {1'000'000, {1'000'000 * tandem::wire::nanos_per_second}, 1'000'000};
    const testing::CountingVerifier single;
    const std::span list(&question->evidence, 1);
    const Verdict verdict = verify_evidence_list(list, context, chain);
    TANDEM_CHECK(verdict == verify_evidence_list(list, context, chain, single));
    if (!verdict) return 0;
    if (const auto* duplicate = question->evidence.duplicate_vote())
        check_accused(*duplicate, *chain.set);
    else
        check_accused(*question->evidence.light_client_attack());
    return 0;
}
