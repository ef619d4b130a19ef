// Any inputs in any order: the core never breaks an invariant, a refused input changes nothing, a
// replay leads to the same state, and what it casts never contradicts itself.
//
// The bytes choose: the first ones the setting, then each byte an action and the next ones its
// details. Votes are signed by whoever is asked to, so more than two thirds may lie; then the core
// may decide nonsense, but must still be in one piece.
#include <cstddef>
#include <cstdint>

#include "consensus/core_testing.h"

namespace tandem::consensus::testing {
namespace {

class Choices {
  public:
    explicit Choices(base::BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] bool more() const { return !rest_.empty(); }
    /// In [0, bound); 0 when there are no more bytes.
    [[nodiscard]] std::size_t below(std::size_t bound) {
        if (rest_.empty()) return 0;
        const std::size_t value = rest_[0] % bound;
        rest_ = rest_.subspan(1);
        return value;
    }

  private:
    base::BytesView rest_;
};

class Game {
  public:
    explicit Game(Choices choices) : choices_(choices) {
        powers_ = choices_.below(2) == 0 ? std::vector<std::int64_t>{10, 10, 10, 10}
                                         : std::vector<std::int64_t>{1, 7, 3, 5};
        validators_ = validators_of(powers_);
        extensions_ = choices_.below(2) == 1 ? Extensions::enabled : Extensions::disabled;
        const std::size_t own = choices_.below(5);
        if (own < 4) own_ = own;
        config_.skip_timeout_commit = choices_.below(2) == 1;
        config_.create_empty_blocks = choices_.below(2) == 0;
        config_.create_empty_blocks_interval.nanos = choices_.below(2) == 0 ? 0 : 1'000'000'000;
        start(1, {});
    }

    void play() {
        // Long games only repeat themselves, and slow the search.
        for (int i = 0; i < 400 && choices_.more(); ++i) act();
        Core again;
        for (const Input& input : inputs_) (void)again.step(input);
        TANDEM_CHECK(again == core_ && again.digest() == core_.digest());
    }

  private:
    void act() {
        switch (choices_.below(13)) {
            case 0:
                return ring();
            case 1:
            case 2:
            case 3:
                return vote();
            case 4:
                return propose();
            case 5:
            case 6:
                return send_part();
            case 7:
                return claim();
            case 8:
            case 9:
                return answer();
            case 10:
                return next_height();
            case 11:
                return feed(TransactionsAvailable{height()});
            default:
                now_.seconds += 1;
                return stray();
        }
    }

    [[nodiscard]] const State& state() const { return core_.state(); }
    [[nodiscard]] std::int64_t height() const { return state().height; }
    [[nodiscard]] const crypto::PublicKey& key(std::size_t index) const {
        return validators_->validators()[index].pub_key;
    }

    void feed(Event event) {
        inputs_.push_back({now_, std::move(event)});
        const auto ready = checked_step(core_, inputs_.back());
        if (!ready) return;
        for (const Inward& effect : ready->now) take(effect);
        for (const Outward& effect : ready->once_durable) take(effect);
    }

    void take(const Inward& effect) {
        if (const auto* timer = std::get_if<SetTimer>(&effect)) timer_ = timer->timer;
        if (const auto* build = std::get_if<BuildBlock>(&effect)) {
            const HeldBlock block =
                make_block(build->height, "built", commit_in(build->last_commit));
            answers_.emplace_back(
                BlockBuilt{build->height, build->round, block.id, block.block, block.parts});
        }
        if (const auto* judge = std::get_if<JudgeBlock>(&effect))
            answers_.emplace_back(BlockJudged{judge->height, judge->id, Judgement::accepted});
        if (const auto* extend = std::get_if<ExtendVote>(&effect))
            answers_.emplace_back(VoteExtended{extend->height, extend->round, extend->id, {1}});
        if (const auto* extension = std::get_if<JudgeExtension>(&effect))
            answers_.emplace_back(ExtensionJudged{extension->height, extension->question, true});
    }

    void take(const Outward& effect) {
        if (const auto* cast = std::get_if<CastVote>(&effect)) {
            const types::Vote& vote = cast->unsigned_vote;
            advance_watermark(
                {vote.height, vote.round, vote.type == types::SignedMsgType::prevote ? 2 : 3});
            answers_.emplace_back(VoteSigned{signed_vote(vote, key(*own_), extensions_)});
        } else if (const auto* proposal = std::get_if<CastProposal>(&effect)) {
            const types::Proposal& p = proposal->unsigned_proposal;
            TANDEM_CHECK(p.pol_round < p.round);
            advance_watermark({p.height, p.round, 1});
            answers_.emplace_back(ProposalSigned{signed_proposal(p, key(*own_))});
        } else if (const auto* decision = std::get_if<Decide>(&effect)) {
            TANDEM_CHECK(decisions_.size() + 1 == static_cast<std::size_t>(decision->height));
            decisions_.push_back(*decision);
        }
    }

    /// What a signer demands: height, round and step only ever grow.
    void advance_watermark(std::tuple<std::int64_t, std::int32_t, int> next) {
        TANDEM_CHECK(next > watermark_);
        watermark_ = next;
    }

    [[nodiscard]] static types::Commit commit_in(const CommitRecord& record) {
        if (const auto* plain = std::get_if<Shared<types::Commit>>(&record)) return **plain;
        if (const auto* extended = std::get_if<Shared<types::ExtendedCommit>>(&record))
            return (*extended)->without_extensions();
        return {};
    }

    /// A few blocks a height: whole and cut, of one header twice, and of the wrong height.
    [[nodiscard]] HeldBlock block() {
        const types::Commit last =
            decisions_.empty() ? types::Commit{} : commit_in(decisions_.back().commit);
        switch (choices_.below(5)) {
            case 0:
                return make_block(height(), "a", last);
            case 1:
                return make_block(height(), "a", last, 200);
            case 2:
                return make_block(height(), "b", last, 300);
            case 3:
                return make_block(height(), "built", last);
            default:
                return make_block(1 + height() % 2, "wrong", last);
        }
    }

    [[nodiscard]] std::int32_t some_round() {
        const std::size_t choice = choices_.below(6);
        const std::int32_t round = state().round;
        if (choice < 3) return round;
        if (choice == 3) return std::max(0, round - 1);
        return round + static_cast<std::int32_t>(choice) - 3;
    }

    [[nodiscard]] PeerId peer() { return PeerId{1 + choices_.below(3)}; }

    void ring() { feed(TimerRang{timer_}); }

    void vote() {
        types::Vote vote;
        vote.type = choices_.below(2) == 0 ? types::SignedMsgType::prevote
                                           : types::SignedMsgType::precommit;
        vote.height = height() - (choices_.below(8) == 7 && height() > 1 ? 1 : 0);
        vote.round = some_round();
        if (choices_.below(4) > 0) vote.block_id = block().id;
        vote.timestamp = now_;
        // One byte for who: often the same vote of several, so that majorities come about.
        const std::size_t who = choices_.below(16);
        for (std::size_t i = 0; i < 4; ++i) {
            if ((who >> i & 1U) == 0) continue;
            vote.validator_index = static_cast<std::int32_t>(i);
            vote.validator_address = validators_->validators()[i].address;
            feed(VoteReceived{peer(), signed_vote(vote, key(i), extensions_)});
        }
    }

    void propose() {
        types::Proposal proposal;
        proposal.type = types::SignedMsgType::proposal;
        proposal.height = height();
        proposal.round = state().round;
        proposal.pol_round = some_round() - 1;
        proposal.block_id = block().id;
        proposal.timestamp = now_;
        const auto& signer =
            choices_.below(8) == 7 ? key(0) : state().validators->proposer().pub_key;
        feed(ProposalReceived{peer(), signed_proposal(proposal, signer)});
    }

    void send_part() {
        const HeldBlock whole = block();
        const std::size_t first = choices_.below(4);
        for (std::uint32_t i = 0; i < whole.parts->total(); ++i) {
            if (first != 0 && i % 4 != first) continue;
            types::Part part = *whole.parts->part(i);
            if (first == 3) part.bytes[0] ^= 1;
            feed(PartReceived{peer(), height(), 0, Shared<types::Part>::make(std::move(part))});
        }
    }

    void claim() {
        const auto type = static_cast<types::SignedMsgType>(choices_.below(3));
        feed(PeerClaimsMajority{peer(), height(), some_round(), type, block().id});
    }

    /// One of the last answers, not always as hoped for, and some of them twice.
    void answer() {
        if (answers_.empty()) return;
        const std::size_t recent = std::min<std::size_t>(answers_.size(), 4);
        const std::size_t index = answers_.size() - 1 - choices_.below(recent);
        Event event = answers_[index];
        if (auto* judged = std::get_if<BlockJudged>(&event))
            judged->judgement = static_cast<Judgement>(2 - choices_.below(6) % 3);
        if (auto* judged = std::get_if<ExtensionJudged>(&event))
            judged->accepted = choices_.below(4) > 0;
        if (choices_.below(8) != 7)
            answers_.erase(answers_.begin() + static_cast<std::ptrdiff_t>(index));
        feed(std::move(event));
    }

    void next_height() {
        if (static_cast<std::int64_t>(decisions_.size()) < height()) return;
        start(height() + 1, decisions_.back().commit);
    }

    void start(std::int64_t next, CommitRecord last_commit) {
        StartHeight event;
        event.height = next;
        event.validators = validators_;
        event.last_validators = validators_;
        event.last_commit = std::move(last_commit);
        if (own_) event.own_address = validators_->validators()[*own_].address;
        event.extensions_enabled = extensions_ == Extensions::enabled;
        event.last_extensions_enabled = event.extensions_enabled;
        event.proof_block_needed = choices_.below(2) == 1;
        event.block_bytes_max = 4096;
        event.config = config_;
        answers_.clear();
        feed(std::move(event));
    }

    /// Names of timers and answers out of the blue.
    void stray() {
        switch (choices_.below(5)) {
            case 0:
                return feed(
                    TimerRang{{height(), some_round(), static_cast<Step>(1 + choices_.below(8))}});
            case 1:
                return feed(BlockJudged{height(), block().id, Judgement::accepted});
            case 2:
                return feed(ExtensionJudged{height(), choices_.below(8), true});
            case 3:
                return feed(VoteExtended{height(), state().round, block().id, {}});
            default:
                return start(height(), {});
        }
    }

    Choices choices_;
    std::vector<std::int64_t> powers_;
    Shared<types::ValidatorSet> validators_;
    Extensions extensions_ = Extensions::disabled;
    std::optional<std::size_t> own_;
    Config config_;
    Core core_;
    Timestamp now_{1'000'000, 0};
    Timer timer_;
    std::vector<Input> inputs_;
    std::vector<Event> answers_;
    std::vector<Decide> decisions_;
    std::tuple<std::int64_t, std::int32_t, int> watermark_{0, 0, 0};
};

}  // namespace
}  // namespace tandem::consensus::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::consensus::testing;
    Game(Choices({data, size})).play();
    return 0;
}
