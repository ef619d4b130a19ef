#include "sync/light_client.h"

#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "types/evidence_verify.h"

namespace tandem::sync {
namespace {

using types::LightBlock;

/// How often a witness is asked again for a height that it has not yet.
constexpr std::size_t repeats_max = 20;

types::Hash hash_of(const LightBlock& block) {
    return types::hash_of(header_of(block));
}

}  // namespace

LightClient::LightClient(LightClientConfig config, std::map<std::int64_t, LightBlock> trusted,
                         const crypto::Verifier& verifier)
    : config_(std::move(config)),
      verifier_(&verifier),
      trusted_(std::move(trusted)),
      used_(config_.servers.size(), true) {
    TANDEM_CHECK(!config_.servers.empty() && config_.blocks_max >= 1);
}

// ---- Wishes and questions

void LightClient::anchor(std::int64_t height, types::Hash hash) {
    TANDEM_CHECK(phase_ == Phase::idle && !outcome_);
    trusted_.clear();
    wanted_ = height;
    anchor_hash_ = std::move(hash);
    phase_ = Phase::anchor;
    ask_next();
}

void LightClient::want(std::int64_t height) {
    TANDEM_CHECK(phase_ == Phase::idle && !outcome_ && !trusted_.empty());
    if (attack_) return fail("light.attack", "two chains were shown, and one of them is an attack");
    wanted_ = height;
    if (height == 0) {
        phase_ = Phase::newest;
        return ask_next();
    }
    if (const auto known = trusted_.find(height); known != trusted_.end()) {
        outcome_ = known->second;
        return;
    }
    if (height < trusted_.begin()->first) {
        lowest_ = trusted_.begin()->second;
        phase_ = Phase::backward;
        return ask_next();
    }
    begin_climb(height);
}

void LightClient::begin_climb(std::int64_t goal) {
    climb_.emplace(std::prev(trusted_.lower_bound(goal))->second, goal, config_.sequential);
    phase_ = Phase::climb;
    ask_next();
}

std::optional<BlockQuestion> LightClient::next_question() {
    if (!question_) return std::nullopt;
    open_ = std::exchange(question_, std::nullopt);
    return open_;
}

std::optional<base::Result<LightBlock>> LightClient::outcome() {
    return std::exchange(outcome_, std::nullopt);
}

types::LightRules LightClient::rules(types::Timestamp now) const {
    return {config_.trust_period, now, config_.max_clock_drift, config_.trust_level};
}

void LightClient::fail(std::string_view check, std::string why) {
    phase_ = Phase::idle;
    question_.reset();
    climb_.reset();
    examination_.reset();
    asked_ = 0;
    first_failure_.reset();
    outcome_ = base::refuse(check, std::move(why));
}

void LightClient::ask(std::size_t server, std::int64_t height, bool again) {
    question_ = BlockQuestion{server, height, again};
}

void LightClient::ask_next() {
    switch (phase_) {
        case Phase::idle:
            return;
        case Phase::anchor:
            return ask(primary_, wanted_);
        case Phase::newest:
            return ask(primary_, 0);
        case Phase::climb:
            return ask(primary_, climb_->wanted());
        case Phase::backward:
            return ask(primary_, header_of(*lowest_).height - 1);
        case Phase::compare:
            return next_witness();
        case Phase::examine:
            return ask(examination_->other, examination_->chain->wanted());
    }
}

void LightClient::leave_out(std::size_t server, const base::Refusal& why) {
    used_[server] = false;
    notes_.push_back(
        fmt::format("{} lies and is left out: {}: {}", name_of(server), why.check, why.why));
}

/// The same of another server, until all of them have failed in a row.
void LightClient::primary_failed(const base::Refusal& why) {
    const bool lies = why.check != light_no_answer && why.check != light_not_there;
    if (asked_ == 0) first_primary_ = primary_;
    if (!first_failure_ || lies) first_failure_ = why;
    if (lies) leave_out(primary_, why);
    if (climb_) climb_->drop_pending();
    ++asked_;
    for (std::size_t next = primary_ + 1; asked_ < config_.servers.size(); ++next) {
        const std::size_t candidate = next % config_.servers.size();
        if (candidate == first_primary_) break;
        if (!used_[candidate]) continue;
        notes_.push_back(fmt::format("{} is the primary in the place of {}: {}", name_of(candidate),
                                     name_of(primary_), why.why));
        primary_ = candidate;
        return ask_next();
    }
    // A height that nobody has says nothing against the one who was asked first.
    if (used_[first_primary_]) primary_ = first_primary_;
    const base::Refusal failure = *first_failure_;
    fail(failure.check, failure.why);
}

void LightClient::answer(base::Result<LightBlock> block, types::Timestamp now) {
    TANDEM_CHECK(open_.has_value());
    const BlockQuestion question = *std::exchange(open_, std::nullopt);
    if (block) {
        auto verdict = types::validate_basic(*block, config_.chain_id);
        if (verdict && question.height != 0 && header_of(*block).height != question.height)
            verdict = base::refuse("light.height", "it is of another height");
        if (!verdict)
            block = base::refuse(verdict.error().check,
                                 fmt::format("server {} shows a block that is none: {}",
                                             question.server, verdict.error().why));
    }
    if (phase_ == Phase::compare) return take_comparison(block);
    if (phase_ == Phase::examine) return take_examination(block, now);
    if (!block) return primary_failed(block.error());
    switch (phase_) {
        case Phase::anchor:
            return take_anchor(std::move(*block), now);
        case Phase::newest:
            return take_newest(std::move(*block), now);
        case Phase::climb:
            return take_climb(std::move(*block), now);
        case Phase::backward:
            return take_backward(std::move(*block));
        default:
            return;
    }
}

// ---- From the primary

void LightClient::take_anchor(LightBlock block, types::Timestamp now) {
    const types::Header& found = header_of(block);
    if (hash_of(block) != anchor_hash_)
        return fail("light.trust_hash",
                    fmt::format("the primary's header {} has the hash {}, not the trusted one",
                                wanted_, base::to_hex(hash_of(block), base::HexCase::upper)));
    if (types::has_expired(found, config_.trust_period, now))
        return fail("light.trust_period",
                    fmt::format("header {} is older than the trusting period", wanted_));
    const auto set = types::ValidatorSet::from_message(*block.validator_set);
    if (!set) return primary_failed(set.error());
    const types::Commit& commit = *block.signed_header->commit;
    if (const auto verdict =
            types::verify_commit(*set, config_.chain_id, commit.block_id, found.height, commit,
                                 *verifier_, types::CommitCheck::light);
        !verdict)
        return primary_failed(verdict.error());
    std::vector<LightBlock> path;
    path.push_back(std::move(block));
    begin_compare(std::move(path));
}

void LightClient::take_newest(LightBlock block, types::Timestamp now) {
    const std::int64_t height = header_of(block).height;
    wanted_ = height;
    const auto known = trusted_.find(height);
    if (known == trusted_.end() && height > trusted_.begin()->first) {
        climb_.emplace(std::prev(trusted_.lower_bound(height))->second, height, config_.sequential);
        phase_ = Phase::climb;
        if (climb_->wanted() == height) return take_climb(std::move(block), now);
        return ask_next();
    }
    if (known == trusted_.end())
        return primary_failed(base::Refusal{
            std::string(light_not_there),
            fmt::format("the primary is at height {}, below all that is trusted", height)});
    if (hash_of(known->second) != hash_of(block))
        return primary_failed(
            {"light.header", fmt::format("header {} is not the one that is trusted", height)});
    phase_ = Phase::idle;
    asked_ = 0;
    first_failure_.reset();
    outcome_ = known->second;
}

void LightClient::take_climb(LightBlock block, types::Timestamp now) {
    const std::int64_t height = header_of(block).height;
    const auto verdict = climb_->take(std::move(block), rules(now), *verifier_);
    if (!verdict && verdict.error().fault == types::LightFault::old_header_expired)
        return fail("light.trust_period",
                    "what was trusted is older than the trusting period by now: begin anew with "
                    "--height and --hash");
    if (!verdict)
        return primary_failed(
            {verdict.error().refusal.check,
             fmt::format("the primary's block {} does not follow from what is trusted: {}: {}",
                         height, verdict.error().refusal.check, verdict.error().refusal.why)});
    if (!climb_->is_done()) return ask_next();
    begin_compare(climb_->path());
}

void LightClient::take_backward(LightBlock block) {
    if (const auto verdict = types::verify_backwards(header_of(block), header_of(*lowest_));
        !verdict)
        return primary_failed(
            {verdict.error().refusal.check,
             fmt::format("the primary's block {} is not before what is trusted: {}",
                         header_of(block).height, verdict.error().refusal.why)});
    lowest_ = std::move(block);
    asked_ = 0;
    first_failure_.reset();
    if (header_of(*lowest_).height > wanted_) return ask_next();
    phase_ = Phase::idle;
    outcome_ = std::move(*lowest_);
    lowest_.reset();
}

// ---- Witnesses

void LightClient::begin_compare(std::vector<LightBlock> path) {
    path_ = std::move(path);
    climb_.reset();
    asked_ = 0;
    first_failure_.reset();
    phase_ = Phase::compare;
    witness_ = confirmed_ = repeats_ = 0;
    witness_faults_.clear();
    next_witness();
}

void LightClient::next_witness() {
    while (witness_ < config_.servers.size() && (witness_ == primary_ || !used_[witness_]))
        ++witness_;
    if (witness_ < config_.servers.size()) return ask(witness_, header_of(path_.back()).height);
    // Without witnesses from the start, the operator chose to have none.
    if (confirmed_ == 0 && config_.servers.size() > 1)
        return fail("light.witness",
                    fmt::format("no witness confirms header {}{}", header_of(path_.back()).height,
                                witness_faults_.empty() ? ": none is left" : witness_faults_));
    remember();
}

void LightClient::take_comparison(const base::Result<LightBlock>& block) {
    if (!block && block.error().check == light_not_there && repeats_ < repeats_max) {
        ++repeats_;
        return ask(witness_, header_of(path_.back()).height, /*again=*/true);
    }
    if (!block) {
        const bool lies =
            block.error().check != light_no_answer && block.error().check != light_not_there;
        if (lies) return witness_lies(block.error());
        witness_faults_ += fmt::format("; {}: {}", name_of(witness_), block.error().why);
    } else if (hash_of(*block) != hash_of(path_.back())) {
        if (path_.size() == 1)
            return fail("light.trust_hash",
                        fmt::format("{} has another header {} than the trusted one",
                                    name_of(witness_), header_of(*block).height));
        return begin_examination(path_, witness_, /*reverse=*/false);
    } else {
        ++confirmed_;
    }
    ++witness_;
    repeats_ = 0;
    next_witness();
}

void LightClient::witness_lies(const base::Refusal& why) {
    leave_out(witness_, why);
    witness_faults_ += fmt::format("; {} lies: {}: {}", name_of(witness_), why.check, why.why);
    examination_.reset();
    phase_ = Phase::compare;
    ++witness_;
    repeats_ = 0;
    next_witness();
}

// ---- Two chains

void LightClient::begin_examination(std::vector<LightBlock> path, std::size_t other, bool reverse) {
    examination_.emplace();
    examination_->path = std::move(path);
    examination_->other = other;
    examination_->is_reverse = reverse;
    examination_->chain.emplace(examination_->path[0], header_of(examination_->path[1]).height,
                                false);
    phase_ = Phase::examine;
    ask_next();
}

void LightClient::take_examination(const base::Result<LightBlock>& block, types::Timestamp now) {
    LightExamination& examination = *examination_;
    const bool reverse = examination.is_reverse;
    auto verdict = block ? base::Verdict() : base::Verdict(std::unexpected(block.error()));
    if (verdict) {
        const auto taken = examination.chain->take(*block, rules(now), *verifier_);
        if (!taken) verdict = std::unexpected(taken.error().refusal);
    }
    if (!verdict) {
        if (reverse) return end_attack();  // what is known already is told
        return witness_lies(verdict.error());
    }
    if (!examination.chain->is_done()) return ask_next();
    const std::vector<LightBlock> chain = examination.chain->path();
    if (hash_of(chain.back()) != hash_of(examination.path[examination.at + 1]))
        return found_parting(chain);
    ++examination.at;
    if (examination.at + 1 == examination.path.size()) {
        // The server has changed its mind since it was compared.
        if (reverse) return end_attack();
        return witness_lies({"light.witness", "it shows two headers of one height"});
    }
    examination.chain.emplace(examination.path[examination.at],
                              header_of(examination.path[examination.at + 1]).height, false);
    ask_next();
}

/// path[at] is common; path[at + 1] and the end of `chain` are two blocks of one height.
void LightClient::found_parting(const std::vector<LightBlock>& chain) {
    const LightExamination& examination = *examination_;
    const LightBlock& common = examination.path[examination.at];
    const LightBlock& shown = examination.path[examination.at + 1];
    auto evidence = types::make_light_attack(shown, chain.back(), common);
    if (!attack_) {
        attack_.emplace();
        attack_->primary = primary_;
        attack_->witness = witness_;
        attack_->height = header_of(shown).height;
    }
    if (examination.is_reverse) {
        if (evidence) attack_->for_primary = std::move(*evidence);
        return end_attack();
    }
    if (evidence) attack_->for_witness = std::move(*evidence);
    // The other way round: where the primary parts from the witness's path.
    begin_examination(chain, primary_, /*reverse=*/true);
}

void LightClient::end_attack() {
    const LightAttack& attack = *attack_;
    fail("light.attack",
         fmt::format("{} and {} show different headers of height {}, and the validators "
                     "that were trusted signed both: the chain is under attack",
                     name_of(attack.primary), name_of(attack.witness), attack.height));
}

// ---- What is believed from now on

void LightClient::remember() {
    for (LightBlock& block : path_) {
        const std::int64_t height = header_of(block).height;
        trusted_.insert_or_assign(height, block);
    }
    outcome_ = std::move(path_.back());
    path_.clear();
    while (trusted_.size() > config_.blocks_max) trusted_.erase(trusted_.begin());
    phase_ = Phase::idle;
}

}  // namespace tandem::sync
