// What a simulated process says and hears.
#include "sim/process.h"
#include "types/verify_commit.h"

namespace tandem::sim {
namespace {

consensus::PeerId peer_id(std::size_t node) {
    return {node + 1};
}

}  // namespace

// ---- Early messages

std::optional<EarlyMessages::Key> EarlyMessages::key_of(const Message& message) {
    if (const auto* proposal = std::get_if<Message::Proposal>(&message.content))
        return Key{proposal->proposal->height, proposal->proposal->round, 0, 0};
    if (const auto* part = std::get_if<Message::Part>(&message.content))
        return Key{part->height, part->round, 1, part->part->index};
    if (const auto* vote = std::get_if<Message::Vote>(&message.content))
        return Key{vote->vote->height, vote->vote->round, static_cast<int>(vote->vote->type) + 1,
                   vote->vote->validator_index};
    return std::nullopt;
}

void EarlyMessages::keep(const MessagePtr& message, std::size_t from) {
    const auto key = key_of(*message);
    if (key && items_.size() < items_max) items_.try_emplace(*key, Item{from, message});
}

std::vector<EarlyMessages::Item> EarlyMessages::take(std::int64_t height) {
    std::vector<Item> taken;
    while (!items_.empty() && items_.begin()->first.height <= height) {
        auto node = items_.extract(items_.begin());
        if (node.key().height == height) taken.push_back(std::move(node.mapped()));
    }
    return taken;
}

/// Those that still do not fit come back to where they were.
void Node::Process::take_early() {
    if (replaying) return;
    while (early_fits && !halted) {
        early_fits = false;
        for (const auto& [from, message] : early.take(core.state().height)) receive(from, message);
    }
}

// ---- Sending

void Node::Process::broadcast(Channel channel, const MessagePtr& message) {
    for (std::size_t peer = 0; peer < node.setting_.nodes.size(); ++peer)
        send_to(peer, channel, message);
}

void Node::Process::send_to(std::size_t peer, Channel channel, const MessagePtr& message) {
    if (peer != node.index_) node.setting_.network.send(node.index_, peer, channel, message);
}

// ---- Receiving

void Node::Process::receive(std::size_t from, const MessagePtr& message) {
    if (halted) return;
    const auto& content = message->content;
    if (const auto* vote = std::get_if<Message::Vote>(&content)) {
        if (vote->vote->height == state.next_height() + 1) return early.keep(message, from);
        receive_vote(from, *vote);
    } else if (const auto* heartbeat = std::get_if<Message::Heartbeat>(&content)) {
        receive_heartbeat(message, heartbeat->heartbeat);
    } else if (const auto* proposal = std::get_if<Message::Proposal>(&content)) {
        const auto& core_state = core.state();
        const std::int64_t height = proposal->proposal->height;
        if (height > core_state.height ||
            (height == core_state.height && proposal->proposal->round > core_state.round))
            return early.keep(message, from);
        receive_proposal(from, *proposal);
    } else if (const auto* part = std::get_if<Message::Part>(&content)) {
        if (part->height < core.state().height) return;
        if (part->height > core.state().height) return early.keep(message, from);
        const auto fed =
            feed(consensus::PartReceived{peer_id(from), part->height, part->round, part->part});
        if (!fed && fed.error() != consensus::Refusal::seen_before &&
            part->round >= core.state().round)
            early.keep(message, from);  // its proposal may yet come
    } else if (const auto* claim = std::get_if<Message::Claim>(&content)) {
        if (claim->height == core.state().height)
            (void)feed(consensus::PeerClaimsMajority{peer_id(from), claim->height, claim->round,
                                                     claim->type, claim->id});
    } else if (const auto* status = std::get_if<Message::Status>(&content)) {
        answer(from, *status);
    } else if (const auto* block = std::get_if<Message::Block>(&content)) {
        receive_block(from, *block);
    } else if (const auto* found = std::get_if<Message::Evidence>(&content)) {
        add_evidence(*found->evidence);
    }
}

void Node::Process::receive_heartbeat(const MessagePtr& message,
                                      const seats::Heartbeat& heartbeat) {
    if (node.liar_) node.liar_->heard(heartbeat);
    if (seats.add_heartbeat(heartbeat) == seats::HeartbeatPool::Added::refused) return;
    heartbeats_heard[heartbeat.height].push_back(message);
    while (heartbeats_heard.begin()->first + std::int64_t{seats::window_records} <
           heartbeats_heard.rbegin()->first)
        heartbeats_heard.erase(heartbeats_heard.begin());
}

/// Somebody showed us a signature of ours. With one that we do not remember, the memory is mended
/// before anything else is signed.
void Node::Process::saw_own(const std::optional<Bytes>& record) {
    if (!record) return;
    node.disk_.append(Watermark{*record});
    node.disk_.sync_log(node.disk_.log_end());
}

void Node::Process::receive_vote(std::size_t from, const Message::Vote& message) {
    const types::Vote& vote = *message.vote;
    const std::int64_t next = state.next_height();
    if (vote.height != next && vote.height != next - 1) return;
    const types::ValidatorSet& set = validators_at(vote.height).set;
    const auto index = static_cast<std::size_t>(vote.validator_index);
    if (vote.validator_index < 0 || index >= set.size()) return;
    const types::Validator& validator = set.validators()[index];
    if (!message.verified || message.verified->signer() != validator.address) {
        auto verified =
            consensus::verify_vote(node.setting_.registry, chain_id(), validator.pub_key,
                                   message.vote, consensus::Extensions::disabled);
        if (!verified) return;
        message.verified = std::move(*verified);
    }
    if (validator.address == node.address_ && !node.is_twin_) {
        saw_own(signer->saw_own(vote));
        const auto place = [](const types::Vote& v) {
            return std::tuple(v.height, v.round, v.type);
        };
        if (!heard_own || place(**heard_own) <= place(vote)) heard_own = message.vote;
    }
    const bool in_conflict = is_in_conflict(vote);
    conflict_reported = false;
    const bool taken = feed(consensus::VoteReceived{peer_id(from), *message.verified}).has_value();
    if (in_conflict && taken && !conflict_reported && !halted)
        broken("keeps to itself that somebody has voted twice");
}

bool Node::Process::is_in_conflict(const types::Vote& vote) const {
    const consensus::State& now = core.state();
    if (vote.height != now.height || vote.validator_address == node.address_) return false;
    const types::VoteSet* set = vote.type == types::SignedMsgType::prevote
                                    ? now.votes.prevotes(vote.round)
                                    : now.votes.precommits(vote.round);
    if (set == nullptr) return false;
    const auto* held = set->vote(static_cast<std::size_t>(vote.validator_index));
    return held != nullptr && (*held)->block_id != vote.block_id;
}

void Node::Process::receive_proposal(std::size_t from, const Message::Proposal& message) {
    const consensus::State& now = core.state();
    const types::Proposal& proposal = *message.proposal;
    if (proposal.height != now.height || proposal.round != now.round) return;
    if (!now.validators || now.proposal) return;
    const types::Validator& proposer = now.validators->proposer();
    if (!message.verified || message.verified->signer() != proposer.address) {
        auto verified = consensus::verify_proposal(node.setting_.registry, chain_id(),
                                                   proposer.pub_key, message.proposal);
        if (!verified) return;
        message.verified = std::move(*verified);
    }
    if (proposer.address == node.address_ && !node.is_twin_) saw_own(signer->saw_own(proposal));
    (void)feed(consensus::ProposalReceived{peer_id(from), *message.verified});
}

void Node::Process::receive_block(std::size_t from, const Message::Block& message) {
    const StoredBlock& block = message.stored;
    if (block.block->header.height != state.next_height()) return;
    const auto* commit = std::get_if<Shared<types::Commit>>(&block.commit);
    if (commit == nullptr) return;
    if (!types::verify_commit(*state.validators, chain_id(), block.id, block.block->header.height,
                              **commit, node.setting_.registry))
        return;
    outgoing.clear();  // what consensus wanted at this height is overtaken
    execute(chain::Execution(chain::ExecutionMode::decided, state,
                             {block.id, block.block, block.parts, block.commit}),
            false);
    if (halted) return;
    send_heartbeat();
    enter_height(false);
    ask(from, own_status());  // at once, while somebody answers
}

types::EvidenceContext Node::Process::evidence_context() const {
    return {chain_id(), state.last_block_height, state.last_block_time,
            state.consensus_params.evidence};
}

/// What is new and true goes on to everybody.
void Node::Process::add_evidence(const types::Evidence& found) {
    if (evidence.add(found, evidence_context(), node.setting_.registry))
        broadcast(Channel::data,
                  make_message(Message::Evidence{Shared<types::Evidence>::make(found)}));
}

}  // namespace tandem::sim
