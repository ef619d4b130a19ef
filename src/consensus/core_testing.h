// What the tests of consensus share: fake keys, blocks out of nothing, and a bench on which one
// core stands among validators whose votes the test writes by hand.
#pragma once
#include <string>
#include <vector>

#include "consensus/core.h"
#include "crypto/sha256.h"
#include "wire/message.h"

namespace tandem::consensus::testing {

inline constexpr std::string_view chain_id = "bench";
inline constexpr PeerId a_peer{1};
inline constexpr PeerId another_peer{2};
inline constexpr PeerId third_peer{3};

/// A "signature" is a hash over key and message: whoever knows the public key can sign.
[[nodiscard]] inline types::Signature sign(const crypto::PublicKey& key, base::BytesView message) {
    crypto::Sha256 hash;
    const crypto::Digest digest = hash.update(base::view(key.bytes)).update(message).finish();
    return types::Signature(base::BytesView(digest));
}

class FakeVerifier final : public crypto::Verifier {
  public:
    [[nodiscard]] bool verify(const crypto::PublicKey& key, base::BytesView message,
                              base::BytesView signature) const override {
        return base::equal(base::view(sign(key, message)), signature);
    }
};

/// Key number `index` of one endless row.
[[nodiscard]] inline crypto::PublicKey fake_key(std::size_t index) {
    const std::string name = "key " + std::to_string(index);
    const crypto::Digest digest = crypto::sha256(base::as_bytes(name));
    crypto::PublicKey key;
    key.type = crypto::KeyType::ed25519;
    key.bytes.assign(digest.begin(), digest.end());
    return key;
}

[[nodiscard]] inline Shared<types::ValidatorSet> validators_of(
    const std::vector<std::int64_t>& powers) {
    std::vector<types::ValidatorChange> changes;
    changes.reserve(powers.size());
    for (std::size_t i = 0; i < powers.size(); ++i) changes.push_back({fake_key(i), powers[i]});
    return Shared<types::ValidatorSet>::make(types::ValidatorSet::make(changes).value());
}

[[nodiscard]] inline HeldBlock held(types::Block block, std::uint32_t part_size) {
    HeldBlock out;
    out.id.hash = types::hash_of(block);
    out.parts = Shared<types::PartSet>::make(types::PartSet::split(wire::encode(block), part_size));
    out.id.part_set_header = out.parts->header();
    out.block = Shared<types::Block>::make(std::move(block));
    return out;
}

/// A block of `height` that passes its basic validation. Blocks with different tags differ.
[[nodiscard]] inline HeldBlock make_block(std::int64_t height, std::string_view tag,
                                          const types::Commit& last_commit = {},
                                          std::uint32_t part_size = types::part_bytes) {
    types::Block block;
    block.header.version.block = types::block_protocol;
    block.header.chain_id = chain_id;
    block.header.height = height;
    block.header.time = Timestamp{1000 + height, 0};
    block.header.last_block_id = last_commit.block_id;
    const crypto::Digest some_hash = crypto::sha256(base::as_bytes("some hash"));
    const types::Hash hash{base::BytesView(some_hash)};
    block.header.validators_hash = hash;
    block.header.next_validators_hash = hash;
    block.header.consensus_hash = hash;
    block.header.last_results_hash = hash;
    block.header.proposer_address = types::Address(crypto::address(fake_key(0)));
    const base::Bytes tx = base::to_bytes(base::as_bytes(tag));
    block.data.txs = wire::Txs::copy_of(std::span<const base::Bytes>(&tx, 1));
    block.last_commit = last_commit;
    types::fill_header(block);
    return held(std::move(block), part_size);
}

/// Signs as the owner of `key` would.
[[nodiscard]] inline Verified<types::Vote> signed_vote(types::Vote vote,
                                                       const crypto::PublicKey& key,
                                                       Extensions extensions) {
    vote.signature = sign(key, types::sign_bytes(chain_id, vote));
    if (extensions == Extensions::enabled && vote.type == types::SignedMsgType::precommit &&
        !vote.block_id.is_zero())
        vote.extension_signature = sign(key, types::extension_sign_bytes(chain_id, vote));
    return verify_vote(FakeVerifier{}, chain_id, key, Shared<types::Vote>::make(std::move(vote)),
                       extensions)
        .value();
}

[[nodiscard]] inline Verified<types::Proposal> signed_proposal(types::Proposal proposal,
                                                               const crypto::PublicKey& key) {
    proposal.signature = sign(key, types::sign_bytes(chain_id, proposal));
    return verify_proposal(FakeVerifier{}, chain_id, key,
                           Shared<types::Proposal>::make(std::move(proposal)))
        .value();
}

/// A step of a core, with everything checked that holds for every step: the invariants after it,
/// and that a refused input changed nothing.
[[nodiscard]] inline std::expected<Ready, Refusal> checked_step(Core& core, const Input& input) {
    const Core before = core;
    auto ready = core.step(input);
    core.check_invariants();
    if (!ready) TANDEM_CHECK(core == before && core.digest() == before.digest());
    return ready;
}

struct BenchOptions {
    std::vector<std::int64_t> powers = {10, 10, 10, 10};
    std::optional<std::size_t> own = 3;  // index in the validator set; none: a follower
    bool extensions = false;
    Config config = {};
    std::int64_t block_bytes_max = -1;
    bool proof_block_needed = true;
    std::int32_t own_proposes_in = -1;  // choose `own` so that it proposes in that round
};

/// One core among validators whose votes the test writes. The bench signs what the core casts and
/// hands it back, and answers its questions, unless a test wants to do that by itself.
class Bench {
  public:
    explicit Bench(BenchOptions options = {}) : options_(std::move(options)) {
        validators_ = validators_of(options_.powers);
        if (options_.own_proposes_in >= 0) options_.own = proposer(options_.own_proposes_in);
        start(1);
    }

    // ---- What the test does.

    /// Steps the core by `event` and by the answers that follow from it, in the order of asking.
    std::expected<Ready, Refusal> feed(Event event) {
        auto ready = step(std::move(event));
        if (ready)
            last_refusal.reset();
        else
            last_refusal = ready.error();
        while (!answers_.empty()) {
            Event answer = std::move(answers_.front());
            answers_.erase(answers_.begin());
            (void)step(std::move(answer));
        }
        return ready;
    }

    void start(std::int64_t height, CommitRecord last_commit = {}) {
        StartHeight event;
        event.height = height;
        event.validators = validators_;
        event.last_validators = validators_;
        event.last_commit = std::move(last_commit);
        if (options_.own) event.own_address = address(*options_.own);
        event.block_bytes_max = options_.block_bytes_max;
        event.extensions_enabled = options_.extensions;
        event.last_extensions_enabled = options_.extensions;
        event.proof_block_needed = options_.proof_block_needed;
        event.config = options_.config;
        feed(std::move(event));
    }

    /// Rings the timer that was set last.
    void ring() {
        TANDEM_CHECK(timer.has_value());
        feed(TimerRang{*timer});
    }
    void ring(Step step) {
        TANDEM_CHECK(timer.has_value() && timer->step == step);
        ring();
    }

    void propose(const HeldBlock& block, std::int32_t pol_round = -1) {
        feed(ProposalReceived{a_peer, proposal(block, pol_round)});
        send_parts(block);
    }
    void send_parts(const HeldBlock& block) {
        for (std::uint32_t i = 0; i < block.parts->total(); ++i) send_part(block, i);
    }
    void send_part(const HeldBlock& block, std::uint32_t index) {
        feed(PartReceived{a_peer, core.state().height, core.state().round,
                          Shared<types::Part>::make(*block.parts->part(index))});
    }

    void prevote(std::size_t validator, std::int32_t round, const BlockId& id) {
        feed(VoteReceived{a_peer, vote(types::SignedMsgType::prevote, validator, round, id)});
    }
    void precommit(std::size_t validator, std::int32_t round, const BlockId& id) {
        feed(VoteReceived{a_peer, vote(types::SignedMsgType::precommit, validator, round, id)});
    }
    /// The votes of the first `count` validators other than ourselves.
    void prevotes(std::size_t count, std::int32_t round, const BlockId& id) {
        for (const std::size_t i : others(count)) prevote(i, round, id);
    }
    void precommits(std::size_t count, std::int32_t round, const BlockId& id) {
        for (const std::size_t i : others(count)) precommit(i, round, id);
    }

    // ---- What the test may look at.

    [[nodiscard]] const State& state() const { return core.state(); }
    [[nodiscard]] std::uint32_t passed(Mark mark) const { return core.marks().passed(mark); }
    [[nodiscard]] bool has_notice(Notice notice) const {
        return std::ranges::any_of(notices, [&](const Notify& n) { return n.notice == notice; });
    }
    /// What we voted, or nothing. The zero id is nil.
    [[nodiscard]] std::optional<BlockId> own_vote(types::SignedMsgType type,
                                                  std::int32_t round) const {
        for (const types::Vote& v : cast)
            if (v.type == type && v.round == round && v.height == core.state().height)
                return v.block_id;
        return std::nullopt;
    }
    [[nodiscard]] std::optional<BlockId> own_prevote(std::int32_t round) const {
        return own_vote(types::SignedMsgType::prevote, round);
    }
    [[nodiscard]] std::optional<BlockId> own_precommit(std::int32_t round) const {
        return own_vote(types::SignedMsgType::precommit, round);
    }

    [[nodiscard]] std::vector<std::size_t> others(std::size_t count) const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < validators_->size() && out.size() < count; ++i)
            if (options_.own != i) out.push_back(i);
        return out;
    }
    [[nodiscard]] const types::Validator& validator(std::size_t index) const {
        return validators_->validators()[index];
    }
    [[nodiscard]] types::Address address(std::size_t index) const {
        return validator(index).address;
    }
    [[nodiscard]] std::size_t proposer(std::int32_t round) const {
        const types::ValidatorSet set = round == 0 ? *validators_ : validators_->advanced(round);
        return *validators_->index_of(base::view(set.proposer().address));
    }
    [[nodiscard]] Extensions extensions() const {
        return options_.extensions ? Extensions::enabled : Extensions::disabled;
    }

    [[nodiscard]] types::Vote unsigned_vote(types::SignedMsgType type, std::size_t index,
                                            std::int32_t round, const BlockId& id) const {
        types::Vote out;
        out.type = type;
        out.height = core.state().height;
        out.round = round;
        out.block_id = id;
        out.timestamp = now;
        out.validator_address = address(index);
        out.validator_index = static_cast<std::int32_t>(index);
        return out;
    }
    [[nodiscard]] Verified<types::Vote> vote(types::SignedMsgType type, std::size_t index,
                                             std::int32_t round, const BlockId& id) const {
        return signed_vote(unsigned_vote(type, index, round, id), validator(index).pub_key,
                           extensions());
    }
    [[nodiscard]] Verified<types::Proposal> proposal(const HeldBlock& block,
                                                     std::int32_t pol_round) const {
        types::Proposal out;
        out.type = types::SignedMsgType::proposal;
        out.height = core.state().height;
        out.round = core.state().round;
        out.pol_round = pol_round;
        out.block_id = block.id;
        out.timestamp = now;
        return signed_proposal(out, validator(proposer(out.round)).pub_key);
    }

    Core core;
    Timestamp now{1'000'000, 0};
    std::vector<Input> inputs;

    // How the bench behaves.
    bool signs = true;
    bool judges = true;
    Judgement judgement = Judgement::accepted;
    bool builds = true;
    bool extends = true;
    bool judges_extensions = true;

    // What the core asked for.
    std::optional<Refusal> last_refusal;
    std::optional<Timer> timer;
    Duration timer_after;
    std::vector<types::Vote> cast;
    std::vector<CastVote> cast_votes;
    std::vector<CastProposal> cast_proposals;
    std::vector<Decide> decisions;
    std::vector<BuildBlock> builds_asked;
    std::vector<JudgeBlock> judgements_asked;
    std::vector<ExtendVote> extensions_asked;
    std::vector<JudgeExtension> extension_judgements_asked;
    std::vector<ReportConflict> conflicts;
    std::vector<Notify> notices;
    std::vector<NewRoundStep> steps;
    std::vector<NewValidBlock> valid_blocks;
    std::vector<VoteAdded> votes_added;
    std::vector<BlockUnreadable> unreadable;
    std::vector<Halt> halts;

  private:
    std::expected<Ready, Refusal> step(Event event) {
        inputs.push_back({now, std::move(event)});
        auto ready = checked_step(core, inputs.back());
        if (!ready) return ready;
        for (const Inward& effect : ready->now) take(effect);
        for (const Outward& effect : ready->once_durable) take(effect);
        return ready;
    }
    void answer(Event event) { answers_.push_back(std::move(event)); }

    void take(const Inward& effect) {
        std::visit([this](const auto& e) { on(e); }, effect);
    }
    void take(const Outward& effect) {
        std::visit([this](const auto& e) { on(e); }, effect);
    }

    void on(const SetTimer& e) {
        timer = e.timer;
        timer_after = e.after;
    }
    void on(const BuildBlock& e) {
        builds_asked.push_back(e);
        if (!builds) return;
        const auto* commit = std::get_if<Shared<types::Commit>>(&e.last_commit);
        const HeldBlock block = make_block(e.height, "built in round " + std::to_string(e.round),
                                           commit != nullptr ? **commit : types::Commit{});
        answer(BlockBuilt{e.height, e.round, block.id, block.block, block.parts});
    }
    void on(const JudgeBlock& e) {
        judgements_asked.push_back(e);
        if (judges) answer(BlockJudged{e.height, e.id, judgement});
    }
    void on(const ExtendVote& e) {
        extensions_asked.push_back(e);
        if (extends)
            answer(VoteExtended{e.height, e.round, e.id, base::to_bytes(base::as_bytes("mine"))});
    }
    void on(const JudgeExtension& e) {
        extension_judgements_asked.push_back(e);
        if (judges_extensions) answer(ExtensionJudged{e.height, e.question, true});
    }
    void on(const ReportConflict& e) { conflicts.push_back(e); }
    void on(const Halt& e) { halts.push_back(e); }
    void on(const NewRoundStep& e) { steps.push_back(e); }
    void on(const NewValidBlock& e) { valid_blocks.push_back(e); }
    void on(const VoteAdded& e) { votes_added.push_back(e); }
    void on(const ProposalAccepted&) {}
    void on(const PartAdded&) {}
    void on(const BlockUnreadable& e) { unreadable.push_back(e); }
    void on(const Notify& e) { notices.push_back(e); }
    void on(const CastProposal& e) {
        cast_proposals.push_back(e);
        if (signs)
            answer(ProposalSigned{
                signed_proposal(e.unsigned_proposal, validator(*options_.own).pub_key)});
    }
    void on(const CastVote& e) {
        cast_votes.push_back(e);
        cast.push_back(e.unsigned_vote);
        if (signs)
            answer(VoteSigned{
                signed_vote(e.unsigned_vote, validator(*options_.own).pub_key, extensions())});
    }
    void on(const Decide& e) { decisions.push_back(e); }

    BenchOptions options_;
    std::vector<Event> answers_;
    Shared<types::ValidatorSet> validators_;
};

}  // namespace tandem::consensus::testing
