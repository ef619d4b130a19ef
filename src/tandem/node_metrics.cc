#include "tandem/node_metrics.h"

#include <fmt/format.h>

namespace tandem::program {
namespace {

using enum MetricType;

// CometBFT's, so that a dashboard shows both engines in one picture.
constexpr double interval_bounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
// From 0.1 to 100 in seven equal factors.
constexpr double step_bounds[] = {0.1,
                                  0.2682695795279726,
                                  0.7196856730011522,
                                  1.9306977288832503,
                                  5.17947467923121,
                                  13.894954943731381,
                                  37.27593720314943,
                                  100};
constexpr std::string_view step_names[] = {"NewHeight",   "NewRound",  "Propose",       "Prevote",
                                           "PrevoteWait", "Precommit", "PrecommitWait", "Commit"};

std::size_t place_of(consensus::Step step) {
    return static_cast<std::size_t>(step) - 1;
}

double seconds(node::Time span) {
    return std::chrono::duration<double>(span).count();
}

double seconds_between(types::Timestamp from, types::Timestamp to) {
    return static_cast<double>(to.seconds - from.seconds) +
           static_cast<double>(to.nanos - from.nanos) / 1e9;
}

std::string address_text(const types::Address& address) {
    return base::to_hex(base::view(address), base::HexCase::upper);
}

}  // namespace

NodeMetrics::NodeMetrics(Parts parts)
    : parts_(std::move(parts)),
      interval_seconds_(interval_bounds),
      step_seconds_(std::size(step_names), base::Histogram(step_bounds)),
      round_seconds_(step_bounds) {
    const auto& own = parts_.node.engine().own_address();
    if (parts_.seats != nullptr)
        seats_.emplace(*parts_.seats, own ? base::to_bytes(base::view(*own)) : base::Bytes());
}

// ---- What happens

void NodeMetrics::count_signatures(const chain::Execution& execution, Newest& newest) {
    const auto& before = execution.state_before();
    const auto& commit = execution.decided().block->last_commit;
    if (before.last_block_height == 0 || !commit) return;  // the first block carries none
    const auto& signatures = commit->signatures;
    const auto& validators = before.last_validators->validators();
    const auto& own = parts_.node.engine().own_address();
    for (std::size_t i = 0; i < signatures.size() && i < validators.size(); ++i) {
        const types::BlockIdFlag flag = signatures[i].block_id_flag;
        if (flag == types::BlockIdFlag::absent) {
            ++newest.missing;
            newest.missing_power += validators[i].voting_power;
        }
        if (!own || validators[i].address != *own) continue;
        judged_ = true;
        if (flag == types::BlockIdFlag::commit)
            last_signed_ = before.last_block_height;
        else
            ++missed_;
    }
}

void NodeMetrics::count_evidence(const chain::Execution& execution, Newest& newest) {
    for (const types::Evidence& evidence : execution.decided().block->evidence.evidence) {
        if (const auto* twice = evidence.duplicate_vote()) {
            ++newest.byzantine;
            newest.byzantine_power += twice->validator_power;
        } else if (const auto* attack = evidence.light_client_attack()) {
            for (const types::Validator& validator : attack->byzantine_validators) {
                ++newest.byzantine;
                newest.byzantine_power += validator.voting_power;
            }
        }
    }
}

void NodeMetrics::on_block(const chain::Execution& execution) {
    const types::Block& block = *execution.decided().block;
    const auto& before = execution.state_before();
    Newest newest;
    newest.txs = block.data.txs.size();
    total_txs_ += newest.txs;
    if (execution.decided().parts) newest.bytes = execution.decided().parts->byte_size();
    if (before.last_block_height > 0)
        interval_seconds_.add(seconds_between(before.last_block_time, block.header.time));
    count_signatures(execution, newest);
    count_evidence(execution, newest);
    if (!execution.answer().validator_updates.empty()) ++validator_updates_;
    if (execution.answer().consensus_param_updates) ++param_updates_;
    newest_ = newest;
    if (!seats_) return;
    const auto& results = execution.answer().tx_results;
    seats_->on_block({execution.height(), block.data.txs,
                      results.empty() ? 0 : results.front().code, block.header.proposer_address,
                      parts_.node.engine().consensus_runs()});
}

void NodeMetrics::on_fact(const consensus::Inward& fact) {
    if (const auto* step = std::get_if<consensus::NewRoundStep>(&fact)) return count_step(*step);
    if (const auto* proposal = std::get_if<consensus::ProposalAccepted>(&fact))
        if (proposal->from == consensus::ourselves) ++proposals_created_;
}

void NodeMetrics::count_step(const consensus::NewRoundStep& now) {
    const node::Time time = parts_.host.now();
    const bool round_is_new = !place_ || place_->height != now.height || place_->round != now.round;
    if (!round_is_new && place_->step == now.step) return;  // said again
    if (place_) {
        step_seconds_[place_of(place_->step)].add(seconds(time - place_->step_since));
        if (round_is_new) round_seconds_.add(seconds(time - place_->round_since));
    }
    place_ =
        Place{now.height, now.round, now.step, time, round_is_new ? time : place_->round_since};
}

// ---- What is said

std::string NodeMetrics::text() const {
    MetricsPage page(parts_.chain_id);
    page.under(parts_.metrics_namespace);
    write_blocks(page);
    write_validators(page);
    write_own_validator(page);
    write_rounds(page);
    write_messages(page);
    write_peers(page);
    write_mempool(page);
    write_application(page);
    if (seats_) {
        page.under("tandem");
        seats_->write(page);
        write_heartbeats(page);
    }
    return page.take();
}

void NodeMetrics::write_blocks(MetricsPage& page) const {
    const auto& state = parts_.node.engine().state();
    page.one("consensus_height", gauge, "Height of the newest block.", state.last_block_height);
    page.one("consensus_latest_block_height", gauge, "Height of the newest block.",
             state.last_block_height);
    page.one("blocksync_syncing", gauge, "1 while blocks are fetched from peers, else 0.",
             parts_.node.syncs_blocks());
    page.one("consensus_total_txs", gauge, "Transactions in blocks since the process began.",
             total_txs_);
    page.one("state_validator_set_updates", counter, "Blocks that changed the validators.",
             validator_updates_);
    page.one("state_consensus_param_updates", counter,
             "Blocks that changed the consensus parameters.", param_updates_);
    page.begin("consensus_block_interval_seconds", histogram,
               "Seconds between the times of a block and of the one before.");
    if (interval_seconds_.count() > 0) page.histogram(interval_seconds_);
    if (!newest_) return;
    page.one("consensus_num_txs", gauge, "Transactions in the newest block.", newest_->txs);
    page.begin("consensus_block_size_bytes", gauge, "Bytes of the newest block.");
    if (newest_->bytes) page.sample(*newest_->bytes);
    page.one("consensus_missing_validators", gauge,
             "Validators without a signature in the newest block's commit.", newest_->missing);
    page.one("consensus_missing_validators_power", gauge, "Their power.", newest_->missing_power);
    page.one("consensus_byzantine_validators", gauge,
             "Validators that evidence in the newest block convicts.", newest_->byzantine);
    page.one("consensus_byzantine_validators_power", gauge, "Their power.",
             newest_->byzantine_power);
}

void NodeMetrics::write_validators(MetricsPage& page) const {
    const types::ValidatorSet& set = *parts_.node.engine().state().validators;
    page.one("consensus_validators", gauge, "Validators of the height that is next.", set.size());
    page.one("consensus_validators_power", gauge, "Their power.", set.total_voting_power());
}

void NodeMetrics::write_own_validator(MetricsPage& page) const {
    const auto& own = parts_.node.engine().own_address();
    if (!own) return;
    const Labels labels{{"validator_address", address_text(*own)}};
    const types::Validator* validator =
        parts_.node.engine().state().validators->find(base::view(*own));
    page.begin("consensus_validator_power", gauge, "This node's power, while it is a validator.");
    if (validator != nullptr) page.sample(validator->voting_power, labels);
    page.begin("consensus_validator_last_signed_height", gauge,
               "The last height whose commit has this node's signature.");
    if (last_signed_) page.sample(*last_signed_, labels);
    page.begin("consensus_validator_missed_blocks", gauge,
               "Commits that lack this node's signature though it was a validator.");
    if (judged_) page.sample(missed_, labels);
}

void NodeMetrics::write_rounds(MetricsPage& page) const {
    const node::Engine& engine = parts_.node.engine();
    if (!engine.consensus_runs()) return;
    const consensus::State& state = engine.consensus_state();
    page.one("consensus_rounds", gauge, "The round that this height is in.", state.round);
    page.begin("consensus_round_voting_power_percent", gauge,
               "Share of the power, from 0 to 1, whose votes of this round are here.");
    if (state.validators) {
        const auto total = static_cast<double>(state.validators->total_voting_power());
        const auto share = [total](const types::VoteSet* votes) {
            return votes == nullptr ? 0.0 : static_cast<double>(votes->power()) / total;
        };
        page.sample(share(state.votes.prevotes(state.round)), {{"vote_type", "prevote"}});
        page.sample(share(state.votes.precommits(state.round)), {{"vote_type", "precommit"}});
    }
    page.begin("consensus_step_duration_seconds", histogram,
               "How long consensus was in each of its steps.");
    for (std::size_t i = 0; i < step_seconds_.size(); ++i)
        if (step_seconds_[i].count() > 0)
            page.histogram(step_seconds_[i], {{"step", std::string(step_names[i])}});
    page.begin("consensus_round_duration_seconds", histogram, "How long rounds took.");
    if (round_seconds_.count() > 0) page.histogram(round_seconds_);
    page.one("consensus_proposal_create_count", counter, "Proposals that this node made.",
             proposals_created_);
    page.one("consensus_duplicate_vote", counter, "Votes received again.",
             engine.duplicates().votes);
    page.one("consensus_duplicate_block_part", counter, "Block parts received again.",
             engine.duplicates().parts);
}

void NodeMetrics::write_messages(MetricsPage& page) const {
    const auto by_kind = [&page](const node::Tallies& tallies, auto value) {
        for (std::size_t kind = 0; kind < node::message_kinds.size(); ++kind)
            if (tallies[kind].messages > 0)
                page.sample(value(tallies[kind]),
                            {{"message_type", std::string(node::message_kinds[kind].name)}});
    };
    const node::Traffic& traffic = parts_.node.traffic();
    const auto bytes = [](const node::Tally& tally) { return tally.bytes; };
    page.begin("p2p_message_receive_bytes_total", counter,
               "Bytes of messages received from all peers, by their kind.");
    by_kind(traffic.received, bytes);
    page.begin("p2p_message_send_bytes_total", counter,
               "Bytes of messages sent to all peers, by their kind.");
    by_kind(traffic.sent, bytes);
}

namespace {

/// Bytes of each channel on which something passed.
void write_channels(MetricsPage& page, const std::string& peer_id, const node::Tallies& tallies) {
    std::map<std::uint8_t, std::uint64_t> bytes;
    for (std::size_t kind = 0; kind < node::message_kinds.size(); ++kind)
        if (tallies[kind].messages > 0)
            bytes[node::message_kinds[kind].channel] += tallies[kind].bytes;
    for (const auto& [channel, sum] : bytes)
        page.sample(sum, {{"peer_id", peer_id}, {"chID", fmt::format("{:#x}", channel)}});
}

}  // namespace

void NodeMetrics::write_peers(MetricsPage& page) const {
    std::vector<const node::Peer*> open;
    for (const auto& [link, peer] : parts_.node.peers())
        if (peer.link.open()) open.push_back(&peer);
    page.one("p2p_peers", gauge, "Peers that are connected.", open.size());
    page.begin("p2p_peer_receive_bytes_total", counter,
               "Bytes of messages received from a peer, by channel.");
    for (const node::Peer* peer : open)
        write_channels(page, peer->link.peer_id(), peer->traffic.received);
    page.begin("p2p_peer_send_bytes_total", counter,
               "Bytes of messages sent to a peer, by channel.");
    for (const node::Peer* peer : open)
        write_channels(page, peer->link.peer_id(), peer->traffic.sent);
    page.begin("p2p_peer_pending_send_bytes", gauge,
               "Bytes that a peer's connection has not taken yet.");
    for (const node::Peer* peer : open)
        page.sample(parts_.host.unsent_bytes(peer->link_id), {{"peer_id", peer->link.peer_id()}});
    page.begin("consensus_block_parts", counter, "Block parts received from a peer.");
    for (const node::Peer* peer : open)
        page.sample(peer->traffic.received[node::block_part_kind].messages,
                    {{"peer_id", peer->link.peer_id()}});
}

void NodeMetrics::write_mempool(MetricsPage& page) const {
    const mempool::Mempool& pool = parts_.node.mempool();
    const mempool::Counts& counts = pool.counts();
    page.one("mempool_size", gauge, "Transactions that wait for a block.", pool.size());
    page.one("mempool_size_bytes", gauge, "Their bytes.", pool.bytes());
    page.begin("mempool_tx_size_bytes", histogram, "Bytes of the transactions that were taken.");
    page.histogram(counts.taken_bytes);
    page.one("mempool_failed_txs", counter,
             "New transactions that the application or a rule of the chain refused.",
             counts.failed);
    page.one("mempool_rejected_txs", counter, "Transactions refused because the mempool was full.",
             counts.rejected);
    page.one("mempool_already_received_txs", counter, "Transactions that came again.", counts.seen);
    page.one("mempool_recheck_times", counter, "Checks of transactions repeated after a block.",
             counts.rechecked);
}

void NodeMetrics::write_application(MetricsPage& page) const {
    if (parts_.application == nullptr) return;
    const TimedApplication& application = *parts_.application;
    const auto verdicts = [&page](const TimedApplication::Verdicts& counted) {
        if (counted.accepted > 0) page.sample(counted.accepted, {{"status", "accepted"}});
        if (counted.rejected > 0) page.sample(counted.rejected, {{"status", "rejected"}});
    };
    page.begin("consensus_proposal_receive_count", counter,
               "Proposed blocks by the application's verdict.");
    verdicts(application.proposals());
    page.begin("consensus_vote_extension_receive_count", counter,
               "Vote extensions by the application's verdict.");
    verdicts(application.extensions());
    page.begin("state_block_processing_time", histogram,
               "Milliseconds that the application took to execute a block.");
    if (application.finalize_ms().count() > 0) page.histogram(application.finalize_ms());
    page.begin("abci_connection_method_timing_seconds", histogram,
               "Seconds that the application took, by method.");
    for (const TimedApplication::Method& method : application.methods())
        if (method.seconds.count() > 0)
            page.histogram(method.seconds,
                           {{"method", std::string(method.name)}, {"type", "sync"}});
}

void NodeMetrics::write_heartbeats(MetricsPage& page) const {
    const node::HeartbeatCounts& heartbeats = parts_.node.heartbeats();
    page.one("seats_heartbeats_sent_total", counter, "Heartbeats of this node's own.",
             heartbeats.sent);
    page.begin("seats_heartbeats_received_total", counter,
               "Heartbeats received, by what became of them.");
    page.sample(heartbeats.kept, {{"result", "kept"}});
    page.sample(heartbeats.known, {{"result", "known"}});
    page.sample(heartbeats.full, {{"result", "full"}});
    page.sample(heartbeats.refused, {{"result", "refused"}});
}

}  // namespace tandem::program
