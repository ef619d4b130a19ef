#include "sync/light_sync.h"

#include <fmt/format.h>

#include "base/check.h"

namespace tandem::sync {
namespace {

using types::LightBlock;

// The state after a height has the validator sets of that height and of the next two.
constexpr std::int64_t heights_of_state = 3;

const types::Header& header_of(const LightBlock& block) {
    return *block.signed_header->header;
}

base::Result<types::ValidatorSet> set_of(const LightBlock& block) {
    return types::ValidatorSet::from_message(*block.validator_set);
}

/// More than these are forgotten when the next height is wanted, but for the first.
constexpr std::size_t trusted_max = 1'000;

}  // namespace

LightSync::LightSync(LightSyncConfig config, const crypto::Verifier& verifier)
    : config_(std::move(config)), verifier_(&verifier) {
    TANDEM_CHECK(config_.servers >= 2 && config_.trust_height >= 1);
}

void LightSync::want(std::int64_t height) {
    TANDEM_CHECK(phase_ == Phase::idle && !outcome_);
    wanted_ = height;
    failures_ = 0;
    if (trusted_.size() > trusted_max) trusted_.erase(std::next(trusted_.begin()), trusted_.end());
    if (height < config_.trust_height)
        return fail("statesync.trust_height",
                    fmt::format("the snapshot of height {} is below the trusted height {}", height,
                                config_.trust_height));
    phase_ = trusted_.empty() ? Phase::anchor : Phase::climb;
    ask_next();
}

std::optional<LightQuestion> LightSync::next_question() {
    if (!question_) return std::nullopt;
    open_ = std::exchange(question_, std::nullopt);
    return open_;
}

std::optional<base::Result<SyncedState>> LightSync::outcome() {
    return std::exchange(outcome_, std::nullopt);
}

const types::Header& LightSync::header(std::int64_t height) const {
    return header_of(trusted_.at(height));
}

types::LightRules LightSync::rules(types::Timestamp now) const {
    return {config_.trust_period, now, config_.max_clock_drift, config_.trust_level};
}

void LightSync::fail(std::string_view check, std::string why) {
    phase_ = Phase::idle;
    pending_.clear();
    question_.reset();
    outcome_ = base::refuse(check, std::move(why));
}

void LightSync::ask(LightQuestion::Kind kind, std::size_t server, std::int64_t height) {
    question_ = LightQuestion{kind, server, height};
}

void LightSync::ask_next() {
    using Kind = LightQuestion::Kind;
    switch (phase_) {
        case Phase::idle:
            return;
        case Phase::anchor:
            return ask(Kind::block, primary_, config_.trust_height);
        case Phase::climb: {
            if (!pending_.empty()) {
                // Half way between the highest below it that is trusted and the nearest pending.
                const std::int64_t above = header_of(pending_.back()).height;
                const std::int64_t below = std::prev(trusted_.lower_bound(above))->first;
                return ask(Kind::block, primary_, below + (above - below) / 2);
            }
            for (std::int64_t height = wanted_; height < wanted_ + heights_of_state; ++height)
                if (!trusted_.contains(height)) return ask(Kind::block, primary_, height);
            if (const auto linked = check_links(); !linked)
                return fail(linked.error().check, linked.error().why);
            phase_ = Phase::compare;
            witness_ = 0;
            compared_ = 0;
            confirmed_ = 0;
            return ask_next();
        }
        case Phase::compare:
            if (witness_ == primary_) ++witness_;
            if (witness_ < config_.servers) return ask(Kind::block, witness_, wanted_ + compared_);
            if (confirmed_ == 0)
                return fail("statesync.witness",
                            "no second server could confirm what the first one says");
            phase_ = Phase::params;
            return ask_next();
        case Phase::params:
            return ask(Kind::params, primary_, wanted_ + 1);
    }
}

/// The same of another server, until all of them have failed in a row.
void LightSync::next_server(base::Refusal why) {
    pending_.clear();
    if (++failures_ >= config_.servers && why.check == "statesync.trust_hash")
        return fail(why.check, why.why + ", whichever server is asked");
    if (failures_ >= config_.servers)
        return fail(
            "statesync.servers",
            fmt::format("no server gave a good answer; the last one: {}: {}", why.check, why.why));
    primary_ = (primary_ + 1) % config_.servers;
    ask_next();
}

// ---- Blocks

void LightSync::answer(base::Result<LightBlock> block, types::Timestamp now) {
    TANDEM_CHECK(open_ && open_->kind == LightQuestion::Kind::block);
    const LightQuestion question = *std::exchange(open_, std::nullopt);
    if (block) {
        auto verdict = types::validate_basic(*block, config_.chain_id);
        if (verdict && header_of(*block).height != question.height)
            verdict = base::refuse("height", "it is of another height");
        if (!verdict) block = std::unexpected(verdict.error());
    }
    if (phase_ == Phase::compare) return take_comparison(block);
    if (!block) return next_server(std::move(block).error());
    if (phase_ == Phase::anchor) return take_anchor(std::move(*block), now);
    take_climb(std::move(*block), now);
}

void LightSync::take_anchor(LightBlock block, types::Timestamp now) {
    const types::Header& found = header_of(block);
    if (types::hash_of(found) != config_.trust_hash)
        return next_server(
            {"statesync.trust_hash",
             fmt::format("header {} has another hash than the trusted one", config_.trust_height)});
    if (types::has_expired(found, config_.trust_period, now))
        return fail("statesync.trust_period",
                    fmt::format("the trusted header {} is older than the trust period: give a "
                                "newer one",
                                config_.trust_height));
    const auto set = set_of(block);
    if (!set) return next_server(set.error());
    const types::Commit& commit = *block.signed_header->commit;
    if (auto verdict = types::verify_commit(*set, config_.chain_id, commit.block_id, found.height,
                                            commit, *verifier_, types::CommitCheck::light);
        !verdict)
        return next_server(std::move(verdict).error());
    failures_ = 0;
    trusted_.insert_or_assign(config_.trust_height, std::move(block));
    phase_ = Phase::climb;
    ask_next();
}

void LightSync::take_climb(LightBlock block, types::Timestamp now) {
    const std::int64_t height = header_of(block).height;
    const LightBlock& from = std::prev(trusted_.lower_bound(height))->second;
    const auto trusted_set = set_of(from);
    const auto set = set_of(block);
    if (!trusted_set || !set) return next_server((trusted_set ? set : trusted_set).error());
    const auto verdict = types::verify_light(header_of(from), *trusted_set, *block.signed_header,
                                             *set, rules(now), *verifier_);
    if (!verdict) {
        if (verdict.error().fault == types::LightFault::old_header_expired)
            return fail("statesync.trust_period",
                        "what was trusted is older than the trust period by now");
        if (verdict.error().fault == types::LightFault::validators_not_trusted) {
            pending_.push_back(std::move(block));
            return ask_next();
        }
        return next_server(verdict.error().refusal);
    }
    failures_ = 0;
    trusted_.insert_or_assign(height, std::move(block));
    if (pending_.empty()) return ask_next();
    // The one for which this one was fetched may be near enough now.
    LightBlock next = std::move(pending_.back());
    pending_.pop_back();
    take_climb(std::move(next), now);
}

base::Verdict LightSync::check_links() const {
    for (const std::int64_t height : {wanted_, wanted_ + 1})
        if (header(height + 1).last_block_id.hash != types::hash_of(header(height)))
            return base::refuse("statesync.link",
                                fmt::format("header {} does not follow header {}, though both are "
                                            "signed: the chain has been forked",
                                            height + 1, height));
    return {};
}

/// No hash covers whose turn it is to propose: of each set that the state begins with, all servers
/// must say the same.
void LightSync::take_comparison(const base::Result<LightBlock>& block) {
    const std::int64_t height = wanted_ + compared_;
    const auto disagree = [&](std::string_view check, std::string_view what) {
        fail(check, fmt::format("servers {} and {} show different {} of height {}: one of them is "
                                "not of this chain, or attacks it",
                                primary_, witness_, what, height));
    };
    if (block) {
        if (types::hash_of(header_of(*block)) != types::hash_of(header(height)))
            return disagree("statesync.servers_disagree", "headers");
        const auto theirs = set_of(*block), ours = set_of(trusted_.at(height));
        if (!theirs || !ours || *theirs != *ours)
            return disagree("statesync.priorities_disagree", "proposer priorities");
        if (++compared_ < heights_of_state) return ask_next();
        ++confirmed_;
    }
    compared_ = 0;
    ++witness_;
    ask_next();
}

// ---- The state

void LightSync::answer(base::Result<types::ConsensusParams> params, types::Timestamp) {
    TANDEM_CHECK(open_ && open_->kind == LightQuestion::Kind::params);
    open_.reset();
    if (params && types::hash_of(*params) != header(wanted_ + 1).consensus_hash)
        params = base::refuse("params", "they have another hash than the header names");
    if (!params) return next_server(std::move(params).error());
    finish(*params);
}

void LightSync::finish(const types::ConsensusParams& params) {
    const LightBlock& last = trusted_.at(wanted_);
    const types::Header& current = header(wanted_ + 1);
    types::State state;
    state.version = current.version;
    state.chain_id = config_.chain_id;
    state.initial_height = config_.initial_height;
    state.last_block_height = wanted_;
    state.last_block_id = last.signed_header->commit->block_id;
    state.last_block_time = header_of(last).time;
    state.last_validators = *set_of(last);
    state.validators = *set_of(trusted_.at(wanted_ + 1));
    state.next_validators = *set_of(trusted_.at(wanted_ + 2));
    state.last_height_validators_changed = wanted_ + 2;
    state.consensus_params = params;
    state.last_height_consensus_params_changed = wanted_ + 1;
    state.last_results_hash = current.last_results_hash;
    state.app_hash = current.app_hash;
    SyncedState synced{chain::from_record(std::move(state)), *last.signed_header->commit,
                       base::to_bytes(base::view(current.app_hash))};
    phase_ = Phase::idle;
    outcome_ = std::move(synced);
}

}  // namespace tandem::sync
