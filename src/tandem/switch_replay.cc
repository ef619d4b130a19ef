#include "tandem/switch_replay.h"

#include <fmt/format.h>

#include "chain/requests.h"
#include "seats/genesis.h"
#include "types/verify_commit.h"

namespace tandem::program {
namespace {

using base::refuse;
using base::Result;
using base::Verdict;

seats::ChainParams chain_params(const types::ConsensusParams& params) {
    return {params.block.max_bytes, params.evidence.max_bytes, params.validator.pub_key_types};
}

types::ValidatorSet set_of(const seats::State& state) {
    auto set = types::ValidatorSet::make(seats::decided_set(state));
    TANDEM_CHECK(set.has_value());  // an invariant of the state
    return std::move(*set);
}

}  // namespace

std::string window_text(const seats::Window& window) {
    std::string text;
    for (std::uint32_t i = window.count; i-- > 0;) {
        const bool alive = ((window.alive_bits >> i) & 1) != 0;
        const bool has_signed = ((window.signed_bits >> i) & 1) != 0;
        text.push_back(has_signed ? 'S' : alive ? 'H' : '.');
    }
    return text;
}

Result<SwitchReplay> SwitchReplay::begin(const types::GenesisDoc& genesis) {
    const auto read = seats::read_genesis(base::as_bytes(genesis.app_state));
    if (!read) return std::unexpected(read.error());
    if (!read->seats) return refuse("replay.seats", "the chain's genesis names no seats");
    if (read->seats->application_sets_powers)
        return refuse("replay.powers",
                      "the genesis lets the application set powers, and what it sets is not in the "
                      "blocks: they alone cannot show this chain's switches");
    auto state = seats::initial_state(*read->seats, {genesis.chain_id, genesis.initial_height,
                                                     chain_params(genesis.consensus_params)});
    if (!state) return std::unexpected(state.error());
    SwitchReplay replay;
    replay.state_ = std::move(*state);
    replay.sets_[genesis.initial_height] = set_of(replay.state_);
    replay.sets_[genesis.initial_height + 1] = set_of(replay.state_);
    replay.params_hash_ = types::hash_of(genesis.consensus_params);
    return replay;
}

bool SwitchReplay::wants_params(const types::Header& header) const {
    return header.consensus_hash != params_hash_;
}

Verdict SwitchReplay::set_params(const types::ConsensusParams& params) {
    params_hash_ = types::hash_of(params);
    state_.chain_params = chain_params(params);
    return {};
}

Verdict SwitchReplay::check(const ReplayBlock& block) const {
    const types::Header& header = block.block.header;
    const std::int64_t height = state_.height + 1;
    const auto wrong = [&](std::string_view what) {
        return refuse("replay.block", fmt::format("block {}: {}", height, what));
    };
    if (header.height != height || header.chain_id != state_.chain_id)
        return wrong("it is another height's, or another chain's");
    if (types::hash_of(header) != block.id.hash) return wrong("its id is not its header's hash");
    if (header.last_block_id != last_id_) return wrong("it does not follow the block before");
    if (types::hash_of(block.block.data) != header.data_hash)
        return wrong("its transactions are not those of its header");
    if (types::hash_of(block.block.evidence) != header.evidence_hash)
        return wrong("its evidence is not that of its header");
    if (!block.block.last_commit) return wrong("it has no commit");
    if (types::hash_of(*block.block.last_commit) != header.last_commit_hash)
        return wrong("its commit is not that of its header");
    if (sets_.at(height).hash() != header.validators_hash)
        return wrong("its validators are not those that the records before it decided");
    if (wants_params(header)) return wrong("its consensus parameters are not known");
    if (height == state_.initial_height) return {};
    if (const Verdict commit = types::verify_commit(sets_.at(height - 1), state_.chain_id, last_id_,
                                                    height - 1, *block.block.last_commit);
        !commit)
        return wrong("the commit for the block before does not hold: " + commit.error().why);
    return {};
}

/// As SeatsApplication runs them: the admin transactions that stand in front.
void SwitchReplay::apply(seats::BlockProcess& process, const types::Block& block) const {
    const wire::Txs& txs = block.data.txs;
    process.record_step(txs.empty() ? std::nullopt : std::optional(txs[0]));
    process.evidence_step();
    process.rule_step();
    for (const base::BytesView tx : txs) {
        const seats::TxKind kind = seats::classify(tx);
        if (kind == seats::TxKind::application) return;
        if (kind == seats::TxKind::admin) static_cast<void>(process.admin_step(tx));
    }
}

Result<std::vector<ReplayedSwitch>> SwitchReplay::take(const ReplayBlock& block) {
    TANDEM_TRY(check(block));
    const types::Header& header = block.block.header;
    if (!state_.recent_blocks.empty()) state_.recent_blocks.back().app_hash = header.app_hash;
    const types::ValidatorSet nobody;
    const auto last = sets_.find(header.height - 1);
    const abci::CommitInfo commit =
        chain::commit_info({block.id, block.block, last == sets_.end() ? nobody : last->second,
                            state_.initial_height});
    const std::vector<abci::Misbehavior> misbehavior = chain::misbehavior(block.block.evidence);
    const base::Bytes hash = base::to_bytes(base::view(block.id.hash));
    const base::Bytes proposer = base::to_bytes(base::view(header.proposer_address));
    const seats::BlockContext context{header.height, header.time, hash,
                                      proposer,      commit,      misbehavior};
    seats::BlockProcess process(state_, context, crypto::real_verifier(), nullptr);
    apply(process, block.block);
    seats::BlockProcess::Outcome outcome = std::move(process).finish();

    std::vector<ReplayedSwitch> switches;
    for (const seats::SwitchFact& fact : outcome.switches) {
        ReplayedSwitch one{fact, {}, {}, 0};
        if (const seats::Seat* seat = state_.find_seat(fact.seat)) {
            one.run = seat->run.length;
            for (const seats::Node& node : seat->nodes) {
                if (node.name == fact.from) one.validator_records = window_text(node.window);
                if (node.name == fact.to) one.standby_records = window_text(node.window);
            }
        }
        switches.push_back(std::move(one));
    }
    state_ = std::move(outcome.state);
    last_id_ = block.id;
    sets_[header.height + 2] = set_of(state_);
    sets_.erase(sets_.begin(), sets_.lower_bound(header.height));
    return switches;
}

}  // namespace tandem::program
