// Looking after progress: a node that waits tells what it has, and gets what it lacks.
#include "sim/process.h"

namespace tandem::sim {
namespace {

constexpr Nanos tick_interval = 300 * millisecond;
constexpr Nanos patience_beyond_commit = 400 * millisecond;
constexpr std::size_t peers_asked = 4;

using types::SignedMsgType;

Message::Status::Votes votes_of(const consensus::HeightVotes& votes, std::int32_t round,
                                SignedMsgType type) {
    const types::VoteSet* set =
        type == SignedMsgType::prevote ? votes.prevotes(round) : votes.precommits(round);
    Message::Status::Votes out{round, type, {}, false};
    if (set == nullptr) return out;
    out.have = set->bit_array();
    out.has_majority = set->majority() != nullptr;
    return out;
}

}  // namespace

/// Some faults of consensus only cost time, because others make good for them, and no judge who
/// sees blocks would know: a node that does not see that it has decided, or waits for the wrong
/// proposer. In the node's mind they can be seen.
void Node::Process::look_at_core() {
    if (halted) return;
    core.check_invariants();
    const consensus::State& now = core.state();
    if (now.round > 0 && now.validators->proposer().address !=
                             now.start->validators->advanced(now.round).proposer().address)
        broken("takes somebody else for the proposer of the round");
}

void Node::Process::tick() {
    look_at_core();
    const Nanos patience = node.setting_.timeouts.timeout_commit.nanos + patience_beyond_commit;
    if (!halted && world().now() - progress_at > patience) {
        const std::size_t peers = node.setting_.nodes.size();
        const MessagePtr status = own_status();
        if (peers <= peers_asked + 1)
            for (std::size_t peer = 0; peer < peers; ++peer) ask(peer, status);
        else
            for (std::size_t i = 0; i < peers_asked; ++i) ask(world().random.below(peers), status);
    }
    later(tick_interval, [](Process& process) { process.tick(); });
}

MessagePtr Node::Process::own_status() const {
    const consensus::State& now = core.state();
    Message::Status status;
    status.height = state.next_height();
    status.votes.reserve(3);
    // Decided and not yet executed, or not yet entered: nothing of the height is known.
    if (now.height != status.height) return make_message(std::move(status));
    status.round = now.round;
    status.has_proposal = now.proposal.has_value();
    if (const types::PartSet* parts = now.proposal_parts()) {
        status.collects = parts->header();
        status.parts = parts->bit_array();
    }
    for (const SignedMsgType type : {SignedMsgType::prevote, SignedMsgType::precommit})
        status.votes.push_back(votes_of(now.votes, now.round, type));
    if (now.proposal && now.proposal->pol_round >= 0)
        status.votes.push_back(
            votes_of(now.votes, now.proposal->pol_round, SignedMsgType::prevote));
    return make_message(std::move(status));
}

void Node::Process::ask(std::size_t peer, const MessagePtr& status) {
    send_to(peer, Channel::sync, status);
}

void Node::Process::answer(std::size_t from, const Message::Status& status) {
    // A node that lags also lacks a heartbeat of ours that it could not judge when it came.
    if (const auto heartbeat = seats.own_heartbeat(); heartbeat && !node.diverged_)
        send_to(from, Channel::heartbeat, make_message(Message::Heartbeat{*heartbeat}));
    if (status.height < state.next_height()) {
        const auto block = blocks.find(status.height);
        if (block != blocks.end())
            send_to(from, Channel::sync, make_message(Message::Block{block->second}));
        return;
    }
    const consensus::State& now = core.state();
    if (status.height != now.height || !now.validators) return;
    // Votes of its own round, and those of ours, by which it finds here.
    std::vector<std::int32_t> rounds{status.round};
    for (const std::int32_t round :
         {now.round, now.commit_round, now.proposal ? now.proposal->pol_round : -1})
        if (round > status.round || (round >= 0 && status.round == now.round))
            if (std::ranges::find(rounds, round) == rounds.end()) rounds.push_back(round);
    for (const std::int32_t round : rounds)
        for (const SignedMsgType type : {SignedMsgType::prevote, SignedMsgType::precommit})
            answer_votes(from, status, round, type);
    if (status.round == now.round && !status.has_proposal && now.proposal)
        send_to(from, Channel::data, make_message(Message::Proposal{now.proposal, std::nullopt}));
    answer_block_parts(from, status);
}

/// With a majority that the other does not see goes the claim of it: only then does it count votes
/// of those who voted twice.
void Node::Process::answer_votes(std::size_t from, const Message::Status& status,
                                 std::int32_t round, SignedMsgType type) {
    const auto& votes = core.state().votes;
    const types::VoteSet* set =
        type == SignedMsgType::prevote ? votes.prevotes(round) : votes.precommits(round);
    if (set == nullptr) return;
    const auto stated =
        std::ranges::find_if(status.votes, [&](const Message::Status::Votes& entry) {
            return entry.round == round && entry.type == type;
        });
    const bool is_stated = stated != status.votes.end();
    const types::BlockId* majority = set->majority();
    const bool claims = majority != nullptr && !(is_stated && stated->has_majority);
    if (claims)
        send_to(from, Channel::sync,
                make_message(Message::Claim{core.state().height, round, type, *majority}));
    const bool repeats = claims && is_stated && stated->have.count() * 3 > stated->have.size() * 2;
    for (std::size_t i = 0; i < set->size(); ++i) {
        if (is_stated && stated->have.get(i) && !repeats) continue;
        if (const auto* vote = set->vote(i))
            send_to(from, Channel::vote, make_message(Message::Vote{*vote, std::nullopt}));
    }
}

void Node::Process::answer_block_parts(std::size_t from, const Message::Status& status) {
    const consensus::State& now = core.state();
    const auto wanted = [&](const types::PartSet& parts) {
        return status.collects ? parts.has_header(*status.collects) : status.round == now.round;
    };
    const types::PartSet* source = now.proposal_parts();
    if (source != nullptr && !wanted(*source)) source = nullptr;
    for (const auto* held : {&now.locked, &now.valid})
        if (source == nullptr && *held && wanted(*(*held)->parts)) source = &*(*held)->parts;
    if (source == nullptr) return;
    for (std::uint32_t i = 0; i < source->total(); ++i) {
        if (status.collects && status.parts.get(i)) continue;
        if (const types::Part* part = source->part(i))
            send_to(from, Channel::data,
                    make_message(
                        Message::Part{now.height, now.round, Shared<types::Part>::make(*part)}));
    }
}

}  // namespace tandem::sim
