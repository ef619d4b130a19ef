#include "sim/small_chain.h"

namespace tandem::sim {
namespace {

constexpr std::int64_t genesis_seconds = 1'700'000'000;
constexpr std::array<std::string_view, 16> seat_names{
    "alpha", "beta",  "gamma",  "delta", "epsilon", "zeta", "eta",     "theta",
    "iota",  "kappa", "lambda", "mu",    "nu",      "xi",   "omicron", "pi"};

class TrustingJudge final : public chain::EvidenceJudge {
  public:
    chain::Verdict judge(const chain::State&, const types::EvidenceList&) const override {
        return {};
    }
};
const TrustingJudge trusting_judge;

types::Signature as_signature(const crypto::SignatureBytes& bytes) {
    return types::Signature(base::view(bytes));
}

}  // namespace

// ---- The application

abci::ResponseInfo BenchApplication::info(const abci::RequestInfo&) {
    abci::ResponseInfo response;
    response.last_block_height = height_;
    response.last_block_app_hash = hash_;
    return response;
}

abci::ResponseFinalizeBlock BenchApplication::finalize_block(
    const abci::RequestFinalizeBlock& request) {
    crypto::Sha256 hasher;
    hasher.update(hash_).update(request.proposer_address);
    abci::ResponseFinalizeBlock response;
    for (const BytesView tx : request.txs) {
        hasher.update(tx);
        response.tx_results.emplace_back();
    }
    if (diverged) hasher.update(base::as_bytes("another state"));
    const crypto::Digest digest = hasher.finish();
    next_ = {request.height, Bytes(digest.begin(), digest.end())};
    response.app_hash = next_.second;
    return response;
}

abci::ResponseCommit BenchApplication::commit(const abci::RequestCommit&) {
    std::tie(height_, hash_) = next_;
    return {};
}

// ---- Machines

bool Machine::is_cut(std::int64_t now) const {
    if (cut) return true;
    if (!flap || now < flap->from) return false;
    return (now - flap->from) % (flap->down + flap->up) < flap->down;
}

SmallChain::SmallChain(Setting how) : setting(std::move(how)) {
    seats::Genesis description;
    description.params = setting.params;
    for (std::size_t s = 0; s < setting.powers.size(); ++s) {
        seats::GenesisSeat seat;
        seat.id = seat_names.at(s);
        seat.power = setting.powers[s];
        seat.admin_key = Key(seat.id + " admin").public_key();
        for (std::int64_t n = 1; n <= 1 + setting.standbys[s]; ++n) {
            Machine& machine = add_machine(seat.id + "-" + std::to_string(n), seat.id, "");
            seat.nodes.push_back({machine.name, machine.consensus_key->public_key(),
                                  machine.liveness_key->public_key()});
        }
        description.seats.push_back(std::move(seat));
    }
    genesis_.chain_id = "scenario";
    genesis_.genesis_time = {genesis_seconds, 0};
    genesis_.initial_height = 1;
    genesis_.consensus_params = types::ConsensusParams::defaults();
    genesis_.app_state = seats::write_genesis(description, "");
    const auto request = chain::init_chain_request(genesis_);
    TANDEM_CHECK(request.has_value());
    std::optional<abci::ResponseInitChain> answer;
    for (const auto& machine : machines_) {
        start(*machine);
        answer = machine->seats->init_chain(*request);
    }
    state_ = *chain::after_init_chain(*chain::fresh_state(genesis_), *answer);
}

Machine& SmallChain::add_machine(const std::string& name, const std::string& seat,
                                 const std::string& key_name) {
    const std::string keys = key_name.empty() ? name : key_name;
    auto machine = std::make_unique<Machine>();
    machine->name = name;
    machine->seat = seat;
    machine->consensus_key = std::make_unique<Key>(keys + " consensus");
    machine->liveness_key = std::make_shared<const Key>(keys + " liveness");
    machine->address = types::Address(crypto::address(machine->consensus_key->public_key()));
    machines_.push_back(std::move(machine));
    Machine& added = *machines_.back();
    if (height() == 0) return added;
    start(added);
    (void)added.seats->init_chain(*chain::init_chain_request(genesis_));
    execute(added, height());
    return added;
}

void SmallChain::start(Machine& machine) {
    seats::OwnNode own{base::to_bytes(base::view(machine.address)), machine.liveness_key};
    machine.seats = std::make_unique<seats::SeatsApplication>(machine.application, machine.store,
                                                              verifier_, std::move(own));
    TANDEM_CHECK(machine.seats->recover().has_value());
}

void SmallChain::execute(Machine& machine, std::int64_t up_to) {
    while (machine.height < up_to) {
        const Decided& next = blocks_.at(static_cast<std::size_t>(machine.height));
        const types::ValidatorSet none;
        const chain::BlockView view{next.id, *next.block,
                                    next.last_validators ? *next.last_validators : none, 1};
        (void)machine.seats->finalize_block(chain::finalize_block_request(view));
        (void)machine.seats->commit({});
        ++machine.height;
        if (const auto own = machine.seats->own_heartbeat()) {
            (void)machine.seats->add_heartbeat(*own);
            machine.old_heartbeats.push_back(*own);
        }
    }
}

/// Everybody who can says what it has executed last; everybody who can hears it.
void SmallChain::exchange_heartbeats() {
    std::vector<seats::Heartbeat> said;
    for (const auto& machine : machines_) {
        if (machine->key_stolen && height() > 0)
            said.push_back(seats::make_heartbeat(newest_machine().seats->state(), machine->address,
                                                 *machine->liveness_key));
        if (!machine->says(height()) || machine->mute) continue;
        if (const auto own = machine->seats->own_heartbeat()) said.push_back(*own);
    }
    for (const auto& machine : machines_)
        if (machine->hears(height()))
            for (const seats::Heartbeat& heartbeat : said)
                (void)machine->seats->add_heartbeat(heartbeat);
}

Machine* SmallChain::find(std::string_view name) {
    for (auto machine = machines_.rbegin(); machine != machines_.rend(); ++machine)
        if ((*machine)->name == name) return machine->get();
    return nullptr;
}

Machine* SmallChain::by_address(BytesView address) {
    for (const auto& machine : machines_)
        if (base::equal(base::view(machine->address), address)) return machine.get();
    return nullptr;
}

Machine& SmallChain::newest_machine() {
    Machine* newest = nullptr;
    for (const auto& machine : machines_)
        if (machine->seats && !machine->application.diverged &&
            (newest == nullptr || machine->height > newest->height))
            newest = machine.get();
    TANDEM_CHECK(newest != nullptr);
    return *newest;
}

const seats::State& SmallChain::seats_state() const {
    const Machine* newest = nullptr;
    for (const auto& machine : machines_)
        if (machine->seats && !machine->application.diverged &&
            (newest == nullptr || machine->height > newest->height))
            newest = machine.get();
    TANDEM_CHECK(newest != nullptr);
    return newest->seats->state();
}

void SmallChain::convict(const Machine& machine, bool as_light_client_attack) {
    const std::int64_t offence = height();
    const types::Timestamp time = state_.last_block_time;
    const types::Hash one(std::size_t{32}, std::uint8_t{1}), two(std::size_t{32}, std::uint8_t{2});
    types::Evidence wrapped;
    if (as_light_client_attack) {
        types::LightClientAttackEvidence attack;
        types::LightBlock& light = attack.conflicting_block.emplace();
        types::SignedHeader& signed_header = light.signed_header.emplace();
        types::Header& header = signed_header.header.emplace();
        header.chain_id = genesis_.chain_id;
        header.version.block = types::block_protocol;
        header.height = offence;
        header.time = time;
        header.proposer_address = machine.address;
        header.validators_hash = state_.validators.hash();
        for (types::Hash* hash :
             {&header.last_commit_hash, &header.data_hash, &header.next_validators_hash,
              &header.consensus_hash, &header.last_results_hash, &header.evidence_hash})
            *hash = one;
        types::Commit& commit = signed_header.commit.emplace();
        commit.height = offence;
        commit.block_id.hash = types::hash_of(header);
        commit.block_id.part_set_header = {1, two};
        commit.signatures.push_back({types::BlockIdFlag::commit, machine.address, time,
                                     types::Signature(std::size_t{64}, std::uint8_t{1})});
        light.validator_set = state_.validators->to_message();
        attack.common_height = offence;
        attack.byzantine_validators.push_back(
            {machine.address, machine.consensus_key->public_key(), 10, 0});
        attack.total_voting_power = state_.validators->total_voting_power();
        attack.timestamp = time;
        wrapped.sum = base::Box<types::LightClientAttackEvidence>(std::move(attack));
    } else {
        types::Vote vote;
        vote.type = types::SignedMsgType::precommit;
        vote.height = offence;
        vote.timestamp = time;
        vote.validator_address = machine.address;
        vote.signature.assign(64, 1);
        vote.block_id = {one, {1, one}};
        types::DuplicateVoteEvidence votes;
        votes.vote_a = vote;
        vote.block_id = {two, {1, two}};
        votes.vote_b = vote;
        votes.total_voting_power = state_.validators->total_voting_power();
        votes.validator_power = 10;
        votes.timestamp = time;
        wrapped.sum = base::Box<types::DuplicateVoteEvidence>(std::move(votes));
    }
    evidence.push_back(std::move(wrapped));
}

// ---- Deciding

/// Knows the chain and can take part in the next height.
bool SmallChain::can_judge(const Machine& machine) const {
    return machine.hears(height() + 1) && !machine.wedged && machine.height == height() &&
           !machine.application.diverged;
}

std::pair<std::int64_t, std::int64_t> SmallChain::power_at_hand() const {
    std::int64_t power = 0;
    for (const types::Validator& validator : state_.validators->validators())
        for (const auto& machine : machines_)
            if (machine->address == validator.address && can_judge(*machine) && !machine->votes_nil)
                power += validator.voting_power;
    return {power, state_.validators->total_voting_power()};
}

chain::BuiltBlock SmallChain::build(Machine& proposer, std::int32_t) {
    const std::int64_t next = state_.next_height();
    consensus::CommitRecord record = last_commit_;
    types::Commit commit;
    if (const auto* honest = std::get_if<Shared<types::Commit>>(&last_commit_)) {
        commit = **honest;
        const auto name_of = [&](std::size_t i) {
            const Machine* machine = by_address(state_.last_validators->validators()[i].address);
            return machine != nullptr ? machine->name : std::string();
        };
        lie_in_commit(proposer, *this, next, commit, name_of);
        record = Shared<types::Commit>::make(commit);
    }
    auto draft = chain::draft_block(state_, record, proposer.address, evidence, {});
    TANDEM_CHECK(draft.has_value());
    const auto answer = proposer.seats->prepare_proposal(
        chain::prepare_proposal_request(state_, *draft, wire::Txs::copy_of(pool)));
    std::vector<Bytes> txs;
    for (const BytesView tx : answer.txs) txs.push_back(base::to_bytes(tx));
    const bool has_record = !txs.empty() && seats::classify(txs.front()) == seats::TxKind::record;
    txs.insert(txs.begin() + (has_record ? 1 : 0), forced_txs.begin(), forced_txs.end());
    txs = lie_in_transactions(proposer, *this, next, std::move(txs), commit);
    auto built = chain::finish_block(state_, std::move(*draft), wire::Txs::copy_of(txs));
    TANDEM_CHECK(built.has_value());
    return std::move(*built);
}

/// The check of seats by which an honest node refuses the block.
std::string SmallChain::why_refused(const types::Block& block) const {
    const wire::Txs& txs = block.data.txs;
    const seats::State& state = seats_state();
    if (txs.empty() || seats::classify(txs[0]) != seats::TxKind::record)
        return "no record in front";
    const types::BlockId id;
    const chain::BlockView view{id, block, *state_.last_validators, 1};
    const auto facts = seats::CommitFacts::from(state, chain::commit_info(view));
    const auto statuses =
        seats::check_record(state, {block.header.height, block.header.proposer_address, facts},
                            txs[0], verifier_, nullptr);
    return statuses ? "misplaced transaction" : statuses.error().check;
}

SmallChain::Votes SmallChain::collect_votes(const chain::BuiltBlock& built, std::int32_t round) {
    Votes votes;
    const std::int64_t next = state_.next_height();
    votes.commit = {next, round, built.id, {}};
    const chain::Validation validation{verifier_, trusting_judge, {}, std::nullopt};
    const auto verdict = chain::validate_block(state_, *built.block, validation);
    TANDEM_CHECK(verdict.has_value());  // liars of this bench lie in transactions only
    const chain::BlockView view{built.id, *built.block, *state_.last_validators, 1};
    const auto request = chain::process_proposal_request(view);
    const auto time = wire::add(genesis_.genesis_time, {now_ms_ * 1'000'000});
    const auto validators = state_.validators->validators();
    bool refused = false;
    for (std::size_t i = 0; i < validators.size(); ++i) {
        votes.commit.signatures.push_back(types::CommitSig::absent());
        Machine* machine = by_address(validators[i].address);
        if (machine == nullptr || !can_judge(*machine)) continue;
        const bool accepts = machine->blind || machine->seats->process_proposal(request).status ==
                                                   abci::ProposalStatus::accept;
        refused = refused || !accepts;
        types::CommitSig& entry = votes.commit.signatures.back();
        entry.block_id_flag =
            accepts && !machine->votes_nil ? types::BlockIdFlag::commit : types::BlockIdFlag::nil;
        entry.validator_address = validators[i].address;
        entry.timestamp = time;
        entry.signature = as_signature(machine->consensus_key->sign(
            types::vote_sign_bytes(genesis_.chain_id, votes.commit, i)));
        if (entry.block_id_flag == types::BlockIdFlag::nil) continue;
        votes.power += validators[i].voting_power;
        votes.signers.push_back(machine->name);
    }
    if (refused) {
        const Machine* proposer = by_address(built.block->header.proposer_address);
        refused_.push_back({proposer->name, round, why_refused(*built.block)});
    }
    return votes;
}

const SmallChain::Decided* SmallChain::decide_next(
    const std::function<void(std::int64_t)>& planned) {
    refused_.clear();
    const auto [power, total] = power_at_hand();
    if (3 * power <= 2 * total) return nullptr;
    now_ms_ += setting.block_ms;
    const std::int32_t rounds_max = 4 * static_cast<std::int32_t>(state_.validators->size());
    for (std::int32_t round = 0; round < rounds_max; ++round, now_ms_ += setting.round_ms) {
        const types::ValidatorSet set =
            round == 0 ? *state_.validators : state_.validators->advanced(round);
        Machine* proposer = by_address(set.proposer().address);
        if (proposer == nullptr || !can_judge(*proposer)) continue;
        const chain::BuiltBlock built = build(*proposer, round);
        Votes votes = collect_votes(built, round);
        if (3 * votes.power <= 2 * total) continue;
        take(built, std::move(votes), planned);
        return &blocks_.back();
    }
    return nullptr;
}

void SmallChain::take(const chain::BuiltBlock& built, Votes votes,
                      const std::function<void(std::int64_t)>& planned) {
    const std::int64_t decided = state_.next_height();
    blocks_.push_back({decided,
                       built.id,
                       built.block,
                       state_.last_validators.shared(),
                       std::move(votes.signers),
                       {}});
    forced_txs.clear();
    evidence.clear();
    std::erase_if(pool, [&](const Bytes& tx) {
        return std::ranges::any_of(built.block->data.txs,
                                   [&](BytesView other) { return base::equal(tx, other); });
    });
    planned(decided);
    const chain::BlockView view{built.id, *built.block, *state_.last_validators, 1};
    std::optional<abci::ResponseFinalizeBlock> answer;
    for (const auto& machine : machines_) {
        if (!machine->hears(decided)) continue;
        const std::int64_t target = decided - machine->behind;
        if (!answer && target == decided && !machine->application.diverged) {
            execute(*machine, decided - 1);
            answer = machine->seats->finalize_block(chain::finalize_block_request(view));
        }
        execute(*machine, target);
    }
    TANDEM_CHECK(answer.has_value());  // somebody of more than two thirds is there
    auto after = chain::update_state(state_, built.id, built.block->header, *answer);
    TANDEM_CHECK(after.has_value());
    state_ = std::move(*after);
    last_commit_ = Shared<types::Commit>::make(std::move(votes.commit));
    blocks_.back().answer = std::move(*answer);
    exchange_heartbeats();
}

}  // namespace tandem::sim
