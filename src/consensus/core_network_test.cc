// Several cores against a faulty network and against liars: they never disagree, and they go on
// once the network lets them.
#include <gtest/gtest.h>

#include "consensus/network_testing.h"

namespace tandem::consensus::testing {

Network::Network(Setting setting)
    : setting_(std::move(setting)),
      random_(setting_.seed),
      validators_(validators_of(setting_.powers)),
      nodes_(validators_->size()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i].index = i;
        if (!is_liar(i)) start(nodes_[i], 1);
    }
    at(setting_.gossip_ms, [this] { tick(); });
    draw_cuts();
}

void Network::draw_cuts() {
    cut_.clear();
    for (std::size_t from = 0; from < nodes_.size(); ++from)
        for (std::size_t to = 0; to < nodes_.size(); ++to)
            if (random_.chance(setting_.cut_percent, 100)) cut_.insert({from, to});
    at(now_ms_ + 500 + static_cast<std::int64_t>(random_.below(3000)), [this] { draw_cuts(); });
}

void Network::run_until(std::int64_t virtual_ms) {
    while (!queue_.empty() && queue_.top().at <= virtual_ms) {
        const auto deliver = queue_.top().deliver;
        now_ms_ = queue_.top().at;
        queue_.pop();
        deliver();
    }
    now_ms_ = virtual_ms;
}

void Network::heal() {
    setting_.lost_percent = 0;
    setting_.lost_parts_percent = 0;
    setting_.doubled_percent = 0;
    setting_.cut_percent = 0;
    setting_.rejected_percent = 0;
    setting_.delay_ms_max = 20;
    setting_.gossip_ms = 100;
    cut_.clear();
}

std::int64_t Network::height_min() const {
    std::int64_t least = std::numeric_limits<std::int64_t>::max();
    for (const Node& node : nodes_)
        if (!is_liar(node.index)) least = std::min(least, node.core.state().height);
    return least;
}

std::int64_t Network::height_max() const {
    std::int64_t most = 0;
    for (const Node& node : nodes_) most = std::max(most, node.core.state().height);
    return most;
}

std::uint32_t Network::passed(Mark mark) const {
    std::uint32_t sum = 0;
    for (const Node& node : nodes_) sum += node.core.marks().passed(mark);
    return sum;
}

void Network::at(std::int64_t when, std::function<void()> deliver) {
    queue_.push({when, numbers_++, std::move(deliver)});
}

std::int64_t Network::random_delay() {
    const auto bound = static_cast<std::uint64_t>(setting_.delay_ms_max) + 1;
    return static_cast<std::int64_t>(random_.below(bound));
}

void Network::send(std::size_t from, std::size_t to, Event event) {
    if (is_liar(to) || from == to || cut_.contains({from, to})) return;
    const std::uint64_t lost = std::holds_alternative<PartReceived>(event)
                                   ? setting_.lost_parts_percent
                                   : setting_.lost_percent;
    int copies = random_.chance(lost, 100) ? 0 : 1;
    if (random_.chance(setting_.doubled_percent, 100)) ++copies;
    for (int i = 0; i < copies; ++i)
        at(now_ms_ + random_delay(), [this, to, event] { feed(nodes_[to], event); });
}

void Network::broadcast(std::size_t from, const Event& event) {
    for (std::size_t to = 0; to < nodes_.size(); ++to) send(from, to, event);
}

void Network::feed(Node& node, Event event) {
    ++steps_;
    const Input input{
        {1'000'000 + now_ms_ / 1000, static_cast<std::int32_t>(now_ms_ % 1000) * 1'000'000},
        std::move(event)};
    const auto ready = node.core.step(input);
    node.core.check_invariants();
    if (!ready) return;
    for (const Inward& effect : ready->now) carry_out(node, effect);
    if (ready->once_durable.empty()) return;
    // The disk turns once for all of them, and never overtakes itself.
    node.disk_busy_until =
        std::max(node.disk_busy_until, now_ms_) + static_cast<std::int64_t>(random_.below(10));
    at(node.disk_busy_until, [this, &node, effects = ready->once_durable] {
        for (const Outward& effect : effects) carry_out(node, effect);
    });
}

void Network::start(Node& node, std::int64_t height) {
    StartHeight event;
    event.height = height;
    event.validators = validators_;
    event.last_validators = validators_;
    event.own_address = validators_->validators()[node.index].address;
    event.extensions_enabled = setting_.extensions;
    event.last_extensions_enabled = setting_.extensions;
    event.config.timeout_propose.nanos = 300'000'000;
    event.config.timeout_prevote.nanos = 100'000'000;
    event.config.timeout_precommit.nanos = 100'000'000;
    event.config.timeout_commit.nanos = 50'000'000;
    event.config.timeout_propose_delta.nanos = 50'000'000;
    event.config.timeout_prevote_delta.nanos = 50'000'000;
    event.config.timeout_precommit_delta.nanos = 50'000'000;
    event.config.skip_timeout_commit = random_.chance(1, 4);
    feed(node, std::move(event));
}

void Network::carry_out(Node& node, const Inward& effect) {
    if (const auto* timer = std::get_if<SetTimer>(&effect)) {
        const std::int64_t after = std::max<std::int64_t>(timer->after.nanos / 1'000'000, 0);
        at(now_ms_ + after, [this, &node, name = timer->timer] { feed(node, TimerRang{name}); });
        return;
    }
    const std::int64_t soon = now_ms_ + static_cast<std::int64_t>(random_.below(60));
    if (const auto* build = std::get_if<BuildBlock>(&effect)) {
        types::Commit commit;
        if (const auto* plain = std::get_if<Shared<types::Commit>>(&build->last_commit))
            commit = **plain;
        if (const auto* full = std::get_if<Shared<types::ExtendedCommit>>(&build->last_commit))
            commit = (*full)->without_extensions();
        const HeldBlock block = make_block(
            build->height,
            "of " + std::to_string(node.index) + " in round " + std::to_string(build->round),
            commit, 128);
        blocks_[build->height].push_back(block);
        at(soon, [this, &node,
                  built = BlockBuilt{build->height, build->round, block.id, block.block,
                                     block.parts}] { feed(node, built); });
    } else if (const auto* judge = std::get_if<JudgeBlock>(&effect)) {
        const auto judgement = random_.chance(setting_.rejected_percent, 100) ? Judgement::rejected
                                                                              : Judgement::accepted;
        at(soon, [this, &node, judged = BlockJudged{judge->height, judge->id, judgement}] {
            feed(node, judged);
        });
    } else if (const auto* extend = std::get_if<ExtendVote>(&effect)) {
        at(soon, [this, &node,
                  done = VoteExtended{extend->height, extend->round, extend->id, {1, 2, 3}}] {
            feed(node, done);
        });
    } else if (const auto* extension = std::get_if<JudgeExtension>(&effect)) {
        at(soon,
           [this, &node, judged = ExtensionJudged{extension->height, extension->question, true}] {
               feed(node, judged);
           });
    } else if (std::holds_alternative<Halt>(effect)) {
        complaints_.emplace_back("a node halted");
    }
}

void Network::carry_out(Node& node, const Outward& effect) {
    if (const auto* vote = std::get_if<CastVote>(&effect)) cast(node, *vote);
    if (const auto* proposal = std::get_if<CastProposal>(&effect)) cast(node, *proposal);
    if (const auto* decision = std::get_if<Decide>(&effect)) decide(node, *decision);
}

Verified<types::Vote> Network::verified(const types::Vote& vote) const {
    return signed_vote(
        vote, validators_->validators()[static_cast<std::size_t>(vote.validator_index)].pub_key,
        setting_.extensions ? Extensions::enabled : Extensions::disabled);
}

void Network::cast(Node& node, const CastVote& effect) {
    const types::Vote& vote = effect.unsigned_vote;
    const auto [signed_before, fresh] =
        node.signed_ids.try_emplace({vote.height, vote.round, vote.type}, vote.block_id);
    if (!fresh) complaints_.push_back("node " + std::to_string(node.index) + " voted twice");
    const Verified<types::Vote> sealed = verified(vote);
    feed(node, VoteSigned{sealed});
    broadcast(node.index, VoteReceived{peer(node.index), sealed});
}

void Network::cast(Node& node, const CastProposal& effect) {
    const auto sealed =
        signed_proposal(effect.unsigned_proposal, validators_->validators()[node.index].pub_key);
    feed(node, ProposalSigned{sealed});
    broadcast(node.index, ProposalReceived{peer(node.index), sealed});
    for (std::uint32_t i = 0; i < effect.parts->total(); ++i)
        broadcast(node.index, PartReceived{peer(node.index), sealed->height, sealed->round,
                                           Shared<types::Part>::make(*effect.parts->part(i))});
}

void Network::decide(Node& node, const Decide& decision) {
    const auto [first, fresh] = decided_.try_emplace(decision.height, decision.id);
    if (first->second != decision.id)
        complaints_.push_back("two decisions at height " + std::to_string(decision.height));
    types::Commit commit;
    if (const auto* plain = std::get_if<Shared<types::Commit>>(&decision.commit))
        commit = **plain;
    else
        commit = std::get<Shared<types::ExtendedCommit>>(decision.commit)->without_extensions();
    std::int64_t power = 0;
    for (std::size_t i = 0; i < commit.signatures.size(); ++i)
        if (commit.signatures[i].block_id_flag == types::BlockIdFlag::commit)
            power += validators_->validators()[i].voting_power;
    if (commit.block_id != decision.id || 3 * power <= 2 * validators_->total_voting_power())
        complaints_.push_back("a commit proves nothing at height " +
                              std::to_string(decision.height));
    commits_.try_emplace(decision.height, commit);
    node.decisions.emplace(decision.height, decision);
    at(now_ms_ + static_cast<std::int64_t>(random_.below(50)),
       [this, &node, next = decision.height + 1] { start(node, next); });
}

void Network::tick() {
    for (std::size_t from = 0; from < nodes_.size(); ++from)
        for (std::size_t to = 0; to < nodes_.size(); ++to) {
            if (from == to || is_liar(to)) continue;
            if (is_liar(from))
                lie(from, to);
            else
                gossip(from, to);
        }
    at(now_ms_ + setting_.gossip_ms, [this] { tick(); });
}

void Network::send_votes(std::size_t from, std::size_t to, const types::VoteSet& set) {
    for (std::size_t i = 0; i < set.size(); ++i)
        if (const auto* vote = set.vote(i); vote != nullptr)
            send(from, to, VoteReceived{peer(from), verified(**vote)});
    if (set.majority() != nullptr)
        send(
            from, to,
            PeerClaimsMajority{peer(from), set.height(), set.round(), set.type(), *set.majority()});
}

void Network::send_parts(std::size_t from, std::size_t to, const HeldBlock& block) {
    const State& theirs = nodes_[to].core.state();
    if (!theirs.parts || !theirs.parts->has_header(block.id.part_set_header)) return;
    for (std::uint32_t i = 0; i < block.parts->total(); ++i)
        if (theirs.parts->part(i) == nullptr)
            send(from, to,
                 PartReceived{peer(from), theirs.height, theirs.round,
                              Shared<types::Part>::make(*block.parts->part(i))});
}

/// What a good peer would send, knowing the other's state.
void Network::gossip(std::size_t from, std::size_t to) {
    const State& ours = nodes_[from].core.state();
    const State& theirs = nodes_[to].core.state();
    if (ours.height > theirs.height) {
        const Decide& decision = nodes_[from].decisions.at(theirs.height);
        send_parts(from, to, {decision.id, decision.block, decision.parts});
        if (const auto* full = std::get_if<Shared<types::ExtendedCommit>>(&decision.commit)) {
            for (std::size_t i = 0; i < (*full)->extended_signatures.size(); ++i)
                if ((*full)->extended_signatures[i].block_id_flag != types::BlockIdFlag::absent)
                    send(from, to, VoteReceived{peer(from), verified(vote_of(**full, i))});
        } else {
            const auto& plain = *std::get<Shared<types::Commit>>(decision.commit);
            for (std::size_t i = 0; i < plain.signatures.size(); ++i)
                if (plain.signatures[i].block_id_flag != types::BlockIdFlag::absent)
                    send(from, to, VoteReceived{peer(from), verified(vote_of(plain, i))});
        }
        send(from, to,
             PeerClaimsMajority{peer(from), decision.height, decision.round,
                                types::SignedMsgType::precommit, decision.id});
    }
    if (ours.height != theirs.height) return;
    for (const auto* block : {&ours.proposal_block, &ours.locked, &ours.valid})
        if (*block) send_parts(from, to, **block);
    if (ours.proposal && ours.round == theirs.round && !theirs.proposal)
        send(from, to,
             ProposalReceived{
                 peer(from), signed_proposal(*ours.proposal, ours.validators->proposer().pub_key)});
    for (const auto& [round, sets] : ours.votes.rounds()) {
        if (round > theirs.round + 1 && round != ours.round) continue;
        if (sets.prevotes) send_votes(from, to, *sets.prevotes);
        if (sets.precommits) send_votes(from, to, *sets.precommits);
    }
}

void Network::lie(std::size_t liar, std::size_t to) {
    const State& theirs = nodes_[to].core.state();
    if (theirs.validators->proposer().address == validators_->validators()[liar].address)
        lie_as_proposer(liar, to);
    std::vector<BlockId> ids(1);
    for (const HeldBlock& block : blocks_[theirs.height]) ids.push_back(block.id);
    if (theirs.proposal) ids.push_back(theirs.proposal->block_id);
    for (int i = 0; i < 3; ++i) {
        types::Vote vote;
        vote.type =
            random_.chance(1, 2) ? types::SignedMsgType::prevote : types::SignedMsgType::precommit;
        vote.height = theirs.height;
        const auto ahead = static_cast<std::int32_t>(random_.below(3)) - 1;
        vote.round = std::max(0, theirs.round + ahead);
        vote.block_id = ids[random_.below(ids.size())];
        if (i > 0) {
            // Help one of them to a lock that the others do not see.
            vote.round = theirs.round;
            const auto victim = static_cast<std::size_t>(theirs.height + theirs.round);
            vote.block_id = victim % nodes_.size() == to ? ids.back() : BlockId{};
        }
        vote.timestamp = {2'000'000, 0};
        vote.validator_address = validators_->validators()[liar].address;
        vote.validator_index = static_cast<std::int32_t>(liar);
        const Verified<types::Vote> sealed = verified(vote);
        send(liar, to, VoteReceived{peer(liar), sealed});
        if (random_.chance(1, 8))
            send(liar, to,
                 PeerClaimsMajority{peer(liar), vote.height, vote.round, vote.type, vote.block_id});
    }
}

/// One of two blocks, sometimes without its last part.
void Network::lie_as_proposer(std::size_t liar, std::size_t to) {
    const State& theirs = nodes_[to].core.state();
    const auto last = commits_.find(theirs.height - 1);
    if (theirs.height > 1 && last == commits_.end()) return;
    const types::Commit commit = theirs.height > 1 ? last->second : types::Commit{};
    const HeldBlock block =
        make_block(theirs.height, random_.chance(1, 2) ? "lie" : "other lie", commit, 128);
    auto& known = blocks_[theirs.height];
    if (std::ranges::find(known, block.id, &HeldBlock::id) == known.end()) known.push_back(block);
    types::Proposal proposal;
    proposal.type = types::SignedMsgType::proposal;
    proposal.height = theirs.height;
    proposal.round = theirs.round;
    proposal.pol_round =
        static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(theirs.round) + 1)) - 1;
    proposal.block_id = block.id;
    proposal.timestamp = {2'000'000, 0};
    send(liar, to,
         ProposalReceived{peer(liar),
                          signed_proposal(proposal, validators_->validators()[liar].pub_key)});
    const std::uint32_t withheld = random_.chance(1, 3) ? 1 : 0;
    for (std::uint32_t i = 0; i + withheld < block.parts->total(); ++i)
        send(liar, to,
             PartReceived{peer(liar), theirs.height, theirs.round,
                          Shared<types::Part>::make(*block.parts->part(i))});
}

namespace {

/// Torments for 20 virtual seconds, heals, and demands three more heights within two minutes.
void torment(const Network::Setting& setting, std::array<std::uint64_t, marks_count>& passed) {
    SCOPED_TRACE("seed " + std::to_string(setting.seed));
    Network network(setting);
    network.run_until(20'000);
    network.heal();
    const std::int64_t wanted = network.height_max() + 3;
    for (std::int64_t ms = 21'000; ms <= 140'000 && network.height_min() < wanted; ms += 1'000)
        network.run_until(ms);
    EXPECT_GE(network.height_min(), wanted);
    EXPECT_TRUE(network.complaints().empty()) << network.complaints().front();
    for (std::size_t i = 0; i < marks_count; ++i) passed[i] += network.passed(static_cast<Mark>(i));
}

TEST(CoreNetwork, AgreesAndGoesOnAfterAnyTorment) {
    std::array<std::uint64_t, marks_count> passed{};
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        Network::Setting setting;
        setting.seed = seed;
        base::SeededRandom random(seed);
        if (random.chance(1, 4)) setting.powers = {30, 10, 20, 25, 5};
        if (random.chance(1, 2)) setting.liars.insert(random.below(4));
        if (setting.powers[0] == 30) setting.liars = {};
        setting.extensions = random.chance(1, 2);
        setting.lost_percent = random.below(2) * random.below(80);
        setting.lost_parts_percent = random.below(2) * random.below(95);
        setting.cut_percent = random.below(2) * random.below(60);
        setting.rejected_percent = random.below(2) * random.below(40);
        setting.gossip_ms = static_cast<std::int64_t>(100 + random.below(1500));
        setting.delay_ms_max = static_cast<std::int64_t>(10 + random.below(600));
        torment(setting, passed);
    }
    // Torment that never gets here would prove little.
    for (const Mark mark :
         {Mark::relock, Mark::unlock_by_prevote_for_block, Mark::unlock_by_prevote_for_nil,
          Mark::commit_from_lower_round, Mark::commit_unknown_block, Mark::commit_held_block,
          Mark::conflict_reported, Mark::l16_propose_valid_value,
          Mark::l30_prevote_with_proof_of_lock, Mark::l56_skip_to_round, Mark::late_precommit,
          Mark::catchup_round, Mark::precommit_waits_for_judgement,
          Mark::valid_block_completed_late, Mark::skip_timeout_commit})
        EXPECT_GT(passed[static_cast<std::size_t>(mark)], 0U) << to_text(mark);
}

TEST(CoreNetwork, AQuietNetworkNeedsOneRoundAHeight) {
    Network::Setting setting;
    setting.lost_percent = 0;
    setting.lost_parts_percent = 0;
    setting.doubled_percent = 0;
    setting.delay_ms_max = 5;
    Network network(setting);
    network.run_until(60'000);
    EXPECT_TRUE(network.complaints().empty());
    EXPECT_GT(network.height_min(), 100);
    EXPECT_EQ(network.passed(Mark::l59_propose_timeout), 0U);
    EXPECT_EQ(network.passed(Mark::l67_precommit_timeout), 0U);
}

TEST(CoreNetwork, AThirdThatIsGoneStopsItAndItGoesOnWhenTheyReturn) {
    Network::Setting setting;
    setting.lost_percent = 100;
    Network network(setting);
    network.run_until(30'000);
    EXPECT_EQ(network.height_max(), 1);
    network.heal();
    network.run_until(90'000);
    EXPECT_TRUE(network.complaints().empty());
    EXPECT_GT(network.height_min(), 10);
}

}  // namespace
}  // namespace tandem::consensus::testing
