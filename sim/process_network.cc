// What a simulated process says and hears.
#include "sim/process.h"
#include "types/verify_commit.h"

namespace tandem::sim {
namespace {

constexpr std::size_t said_max = 400;

consensus::PeerId peer_id(std::size_t node) {
    return {node + 1};
}

}  // namespace

void Node::Process::broadcast(Network::Channel channel, const Message& message) {
    for (std::size_t peer = 0; peer < node.setting_.nodes.size(); ++peer)
        send_to(peer, channel, message);
    if (channel != Network::Channel::heartbeat && said_at_height.size() < said_max)
        said_at_height.push_back(message);
}

void Node::Process::send_to(std::size_t peer, Network::Channel channel, const Message& message) {
    if (peer == node.index_) return;
    node.setting_.network.send(
        node.index_, peer, channel,
        [target = node.setting_.nodes[peer].get(), from = node.index_, message] {
            if (!target->process_ || target->frozen_) return;
            target->run(target->epoch_, [&](Process& process) { process.receive(from, message); });
        });
}

void Node::Process::receive(std::size_t from, const Message& message) {
    if (halted) return;
    const bool is_new = from != node.index_;
    if (const auto* vote = std::get_if<Message::Vote>(&message.content)) {
        if (is_new && vote->vote->height >= state.next_height() && said_at_height.size() < said_max)
            said_at_height.push_back(message);
        receive_vote(from, vote->vote);
    } else if (const auto* proposal = std::get_if<Message::Proposal>(&message.content)) {
        if (is_new && proposal->proposal->height >= state.next_height() &&
            said_at_height.size() < said_max)
            said_at_height.push_back(message);
        receive_proposal(from, proposal->proposal);
    } else if (const auto* part = std::get_if<Message::Part>(&message.content)) {
        if (is_new && part->height >= state.next_height() && said_at_height.size() < said_max)
            said_at_height.push_back(message);
        if (part->height == core.state().height)
            feed(consensus::PartReceived{peer_id(from), part->height, part->round, part->part});
    } else if (const auto* heartbeat = std::get_if<Message::Heartbeat>(&message.content)) {
        (void)seats.add_heartbeat(*heartbeat->heartbeat);
    } else if (const auto* status = std::get_if<Message::Status>(&message.content)) {
        receive_status(from, *status);
    } else if (const auto* block = std::get_if<Message::Block>(&message.content)) {
        receive_block(*block);
    }
}

void Node::Process::receive_vote(std::size_t from, const Shared<types::Vote>& vote) {
    const std::int64_t next = state.next_height();
    if (vote->height != next && vote->height != next - 1) return;
    const types::ValidatorSet& set = validators_at(vote->height).set;
    const auto index = static_cast<std::size_t>(vote->validator_index);
    if (vote->validator_index < 0 || index >= set.size()) return;
    auto verified = consensus::verify_vote(node.setting_.registry, node.setting_.genesis.chain_id,
                                           set.validators()[index].pub_key, vote,
                                           consensus::Extensions::disabled);
    if (verified) feed(consensus::VoteReceived{peer_id(from), std::move(*verified)});
}

void Node::Process::receive_proposal(std::size_t from, const Shared<types::Proposal>& proposal) {
    if (proposal->height != core.state().height || proposal->round != core.state().round) return;
    if (!core.state().validators) return;
    auto verified =
        consensus::verify_proposal(node.setting_.registry, node.setting_.genesis.chain_id,
                                   core.state().validators->proposer().pub_key, proposal);
    if (verified) feed(consensus::ProposalReceived{peer_id(from), std::move(*verified)});
}

void Node::Process::receive_status(std::size_t from, const Message::Status& status) {
    if (status.height < state.next_height()) {
        const auto block = blocks.find(status.height);
        if (block != blocks.end())
            send_to(from, Network::Channel::sync,
                    {Message::Block{std::make_shared<const StoredBlock>(block->second)}});
    } else if (status.height == state.next_height()) {
        for (const Message& message : said_at_height)
            send_to(from, Network::Channel::sync, message);
    }
    // A node that lags also lacks heartbeats of ours that it could not judge when they came.
    if (const auto heartbeat = seats.own_heartbeat())
        send_to(from, Network::Channel::heartbeat,
                {Message::Heartbeat{std::make_shared<const seats::Heartbeat>(*heartbeat)}});
}

void Node::Process::receive_block(const Message::Block& message) {
    const StoredBlock& block = *message.block;
    if (block.block->header.height != state.next_height()) return;
    const auto* commit = std::get_if<Shared<types::Commit>>(&block.commit);
    if (commit == nullptr) return;
    if (!types::verify_commit(*state.validators, node.setting_.genesis.chain_id, block.id,
                              block.block->header.height, **commit, node.setting_.registry))
        return;
    outgoing.clear();  // what consensus wanted at this height is overtaken
    execute(chain::Execution(chain::ExecutionMode::decided, state,
                             {block.id, block.block, block.parts, block.commit}),
            false);
    if (halted) return;
    send_heartbeat();
    enter_height();
    // Ask on at once, while somebody answers.
    for (std::size_t peer = 0; peer < node.setting_.nodes.size(); ++peer)
        if (node.setting_.world.random.chance(1, 2))
            send_to(peer, Network::Channel::sync, {Message::Status{core.state().height, 0}});
}

}  // namespace tandem::sim
