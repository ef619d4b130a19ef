// Whether evidence is true: somebody did sign two things where he may sign one.
//
// The functions above take what they compare with; verify_evidence at the end finds it in the
// chain that the caller shows, as a node does for evidence from peers and from blocks (wire page
// 04, section 3).
//
// An attack on light clients is one of three. Its header cannot follow from the chain (lunatic):
// guilty is every validator of the common height who signed it. Or it could, but two blocks have
// commits of the same round (equivocation): guilty is who signed both. Or the rounds differ
// (amnesia): nobody can be named, and evidence that names nobody is refused, as CometBFT refuses
// everything of that kind that came over the wire.
//
// Not here: keeping evidence, handing it on, and what becomes of the guilty (evidence).
#pragma once
#include <memory>
#include <vector>

#include "types/evidence.h"
#include "types/params.h"
#include "types/verify_commit.h"

namespace tandem::types {

/// REQUIRES: of all the functions here, that the evidence passed validate_basic.
/// `validators` is the set of the votes' height. Index and extensions of the votes are not looked
/// at, nor is the evidence's time.
[[nodiscard]] Verdict verify_duplicate_vote(
    const DuplicateVoteEvidence& evidence, std::string_view chain_id,
    const ValidatorSet& validators, const crypto::Verifier& verifier = crypto::real_verifier());

/// `common` is our header of the common height and `common_validators` the set of that height;
/// `trusted` is ours of the conflicting height, or the latest one where we have not got that far.
[[nodiscard]] Verdict verify_light_attack(
    const LightClientAttackEvidence& evidence, const SignedHeader& common,
    const SignedHeader& trusted, const ValidatorSet& common_validators,
    const crypto::Verifier& verifier = crypto::real_verifier());

/// Whom the attack shows to be guilty, by power and address; nobody for amnesia.
[[nodiscard]] std::vector<Validator> byzantine_validators(const LightClientAttackEvidence& evidence,
                                                          const SignedHeader& trusted,
                                                          const ValidatorSet& common_validators);

/// Both limits are exceeded, that of blocks and that of time.
[[nodiscard]] bool has_expired(std::int64_t height_now, Timestamp time_now,
                               std::int64_t evidence_height, Timestamp evidence_time,
                               const EvidenceParams& params);

/// Evidence of two votes that a node saw itself, in the order that evidence wants them in. Refused
/// where the voter is not in the set. `block_time` is that of the block at the votes' height.
[[nodiscard]] Result<DuplicateVoteEvidence> make_duplicate_vote(const Vote& vote_1,
                                                                const Vote& vote_2,
                                                                Timestamp block_time,
                                                                const ValidatorSet& validators);

/// Evidence that `conflicting` is not of the chain of `trusted`, which is of the same height;
/// `common` is the last block that both chains have. It may name nobody (amnesia).
/// REQUIRES: all parts are there and passed validate_basic.
[[nodiscard]] Result<LightClientAttackEvidence> make_light_attack(const LightBlock& conflicting,
                                                                  const LightBlock& trusted,
                                                                  const LightBlock& common);

/// What a node remembers of its chain and of evidence.
class EvidenceView {
  public:
    virtual ~EvidenceView() = default;
    /// Null where it is not there (any more).
    [[nodiscard]] virtual std::shared_ptr<const Header> header(std::int64_t height) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const Commit> commit(std::int64_t height) const = 0;
    [[nodiscard]] virtual std::shared_ptr<const ValidatorSet> validators(
        std::int64_t height) const = 0;
    [[nodiscard]] virtual std::int64_t latest_height() const = 0;  // of stored blocks
    /// Was verified before and waits for a block.
    [[nodiscard]] virtual bool is_pending(const Evidence& evidence) const = 0;
    [[nodiscard]] virtual bool is_committed(const Evidence& evidence) const = 0;
};

/// Where the chain stands.
struct EvidenceContext {
    std::string_view chain_id;
    std::int64_t last_block_height = 0;
    Timestamp last_block_time;
    EvidenceParams params;
};

[[nodiscard]] Verdict verify_evidence(const Evidence& evidence, const EvidenceContext& context,
                                      const EvidenceView& view,
                                      const crypto::Verifier& verifier = crypto::real_verifier());

/// The evidence of one block: none was committed before, none is there twice, and all are true.
/// What is pending is known to be true, but for attacks on light clients: another conflicting block
/// may hide behind the same hash.
[[nodiscard]] Verdict verify_evidence_list(
    std::span<const Evidence> list, const EvidenceContext& context, const EvidenceView& view,
    const crypto::Verifier& verifier = crypto::real_verifier());

}  // namespace tandem::types
