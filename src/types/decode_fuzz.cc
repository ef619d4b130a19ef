// Any bytes as any of the types that blocks are made of; the first byte says which. What is read
// can be written, read again and checked again; and whatever follows from it (hashes, sign-bytes,
// proofs) can be computed.
#include "types/block.h"
#include "types/params.h"
#include "types/part_set.h"
#include "types/validator_set.h"
#include "wire/fuzz_support.h"

namespace tandem::types {
namespace {

using wire::fuzz::decode_checked_stable;
using wire::fuzz::decode_stable;

constexpr auto check = [](auto& message) { return check_decoded(message); };
constexpr auto validate = [](auto& message) { return validate_basic(message); };
constexpr std::string_view chain_id = "fuzz-chain";

void try_vote(BytesView bytes) {
    const auto vote = decode_checked_stable<Vote>(bytes, check);
    if (!vote || !validate_basic(*vote)) return;
    TANDEM_CHECK(!sign_bytes(chain_id, *vote).empty());
    static_cast<void>(extension_sign_bytes(chain_id, *vote));
    static_cast<void>(ensure_extension(*vote));
}

void try_proposal(BytesView bytes) {
    const auto proposal = decode_checked_stable<Proposal>(bytes, check);
    if (proposal) TANDEM_CHECK(!sign_bytes(chain_id, *proposal).empty());
}

void try_commit(BytesView bytes) {
    const auto commit = decode_checked_stable<Commit>(bytes, check);
    if (!commit || !validate_basic(*commit)) return;
    TANDEM_CHECK(hash_of(*commit).size() == hash_bytes);
    for (std::size_t i = 0; i < commit->signatures.size(); ++i)
        if (commit->signatures[i].block_id_flag != BlockIdFlag::absent)
            TANDEM_CHECK(vote_sign_bytes(chain_id, *commit, i) ==
                         sign_bytes(chain_id, vote_of(*commit, i)));
}

void try_extended_commit(BytesView bytes) {
    const auto commit = decode_checked_stable<ExtendedCommit>(bytes, check);
    if (!commit || !validate_basic(*commit)) return;
    TANDEM_CHECK(commit->without_extensions().signatures.size() ==
                 commit->extended_signatures.size());
    static_cast<void>(ensure_extensions(*commit, true));
}

void try_header(BytesView bytes) {
    const auto header = decode_checked_stable<Header>(bytes, check);
    if (header) TANDEM_CHECK(hash_of(*header).empty() == header->validators_hash.empty());
}

void try_evidence(BytesView bytes) {
    const auto list = decode_checked_stable<EvidenceList>(bytes, check);
    if (list) TANDEM_CHECK(hash_of(*list).size() == hash_bytes);
}

void try_block(BytesView bytes) {
    auto block = decode_checked_stable<Block>(bytes, check);
    if (!block) return;
    TANDEM_CHECK(validate_basic(*block).has_value());
    static_cast<void>(hash_of(*block));
    const Bytes written = wire::encode(*block);
    const PartSet parts = PartSet::split(written, 64);
    TANDEM_CHECK(*parts.assemble() == written);
}

void try_validator_set(BytesView bytes) {
    const auto message = decode_stable<ValidatorSetMessage>(bytes);
    if (!message) return;
    auto set = ValidatorSet::from_message(*message);
    if (!set) return;
    const auto again = ValidatorSet::from_message(set->to_message());
    TANDEM_CHECK(again.has_value() && *again == *set);
    static_cast<void>(set->hash());
    if (!set->empty()) set->advance(1);
}

void try_params(BytesView bytes) {
    const auto message = decode_stable<ConsensusParamsMessage>(bytes);
    if (!message) return;
    const auto params = from_message(*message);
    if (!params) return;
    TANDEM_CHECK(from_message(to_message(*params)) == params);
    static_cast<void>(validate_basic(*params));
    static_cast<void>(validate_update(*params, *message, 1));
    static_cast<void>(hash_of(updated(*params, *message)));
}

void try_part(BytesView bytes) {
    const auto part = decode_checked_stable<Part>(bytes, check);
    if (!part) return;
    PartSet set = PartSet::expecting({part->index + 1, Hash(hash_bytes, 0)});
    TANDEM_CHECK(!set.add(*part).value_or(false));
}

void try_bit_array(BytesView bytes) {
    const auto message = decode_checked_stable<BitArrayMessage>(bytes, validate);
    if (!message) return;
    const BitArray array = BitArray::from_message(*message);
    TANDEM_CHECK(array.count() <= array.size());
    TANDEM_CHECK(BitArray::from_message(array.to_message()) == array);
    static_cast<void>(array.or_with(array.inverted()).without(array));
}

void try_light_block(BytesView bytes) {
    const auto block = decode_checked_stable<LightBlock>(bytes, check);
    if (block) static_cast<void>(validate_basic(*block, chain_id));
}

using Try = void (*)(BytesView);

template <wire::Message M>
void try_checked(BytesView bytes) {
    static_cast<void>(decode_checked_stable<M>(bytes, check));
}

template <wire::Message M>
void try_validated(BytesView bytes) {
    static_cast<void>(decode_checked_stable<M>(bytes, validate));
}

// The order is that of the corpus: new ones go to the end.
constexpr std::array<Try, 25> tries{
    try_vote,
    try_proposal,
    try_checked<CommitSig>,
    try_commit,
    try_checked<ExtendedCommitSig>,
    try_extended_commit,
    try_validated<PartSetHeader>,
    try_validated<BlockId>,
    try_header,
    try_checked<DuplicateVoteEvidence>,
    try_checked<LightClientAttackEvidence>,
    try_checked<Evidence>,
    try_evidence,
    try_block,
    try_checked<PublicKey>,
    try_checked<Validator>,
    try_validator_set,
    try_params,
    try_checked<SignedHeader>,
    try_light_block,
    try_checked<crypto::MerkleProof>,
    try_part,
    try_checked<BlockMeta>,
    try_checked<TxProof>,
    try_bit_array,
};

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::types;
    if (size == 0) return 0;
    tries[data[0] % tries.size()](BytesView(data, size).subspan(1));
    return 0;
}
