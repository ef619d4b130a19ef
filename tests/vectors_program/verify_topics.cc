// proposer_priority, vote_set, commit_verify, median_time: validators and what they signed.
#include "tests/vectors_program/verify_support.h"
#include "types/decode.h"
#include "types/median_time.h"
#include "types/verify_commit.h"
#include "types/vote_set.h"

namespace tandem::vectors {
namespace {

types::PublicKey ed25519_key(const Json& json) {
    const base::Bytes bytes = bytes_from(json);
    return {crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}};
}

// ---- proposer_priority

Json set_json(const types::ValidatorSet& set) {
    const types::ValidatorSetMessage message = set.to_message();  // with the proposer as cached
    Json validators = Json::array();
    for (const types::Validator& validator : set.validators())
        validators.push_back({{"address", hex(validator.address)},
                              {"proposer_priority", std::to_string(validator.proposer_priority)},
                              {"voting_power", std::to_string(validator.voting_power)}});
    return {{"hash", hex(set.hash())},
            {"proposer", message.proposer ? Json(hex(message.proposer->address)) : Json()},
            {"proposer_priority_hash", hex(set.proposer_priority_hash())},
            {"total_voting_power", std::to_string(set.total_voting_power())},
            {"validators", validators}};
}

std::vector<types::ValidatorChange> changes_from(const Json& json) {
    std::vector<types::ValidatorChange> changes;
    for (const Json& entry : json)
        changes.push_back({ed25519_key(entry.at("pub_key")), int64_from(entry.at("voting_power"))});
    return changes;
}

void expect_set(Case& c, const Json& where, const std::string& member,
                const types::ValidatorSet& set, const std::string& prefix) {
    if (where.contains(member) && where.at(member).is_null() && set.empty()) return;
    c.expect_at(where, member, set_json(set), prefix);
}

void run_op(Case& c, types::ValidatorSet& set, const Json& op, const Json& expected,
            const std::string& where) {
    const std::string name = op.at("op").get<std::string>();
    bool ok = true;
    const auto times = [&] { return static_cast<std::int32_t>(int64_from(op.at("times"))); };
    if (name == "increment") {
        ok = !set.empty() && times() >= 1;
        if (ok) set.advance(times());
    } else if (name == "copy_increment") {
        ok = !set.empty() && times() >= 1;
        if (ok) expect_set(c, expected, "copy", set.advanced(times()), where);
    } else if (name == "update") {
        ok = set.apply_changes(changes_from(op.at("changes"))).has_value();
    } else if (name == "rescale") {
        set.rescale_priorities(int64_from(op.at("diff_max")));
    } else if (name == "from_existing") {
        std::vector<types::Validator> reversed(set.validators().rbegin(), set.validators().rend());
        const auto copy = types::ValidatorSet::from_existing(std::move(reversed));
        ok = copy.has_value();
        if (ok) expect_set(c, expected, "copy", *copy, where);
    } else {
        return c.unknown("op " + name);
    }
    c.expect_at(expected, "ok", ok, where);
    expect_set(c, expected, "after", set, where);
    const bool copies = name == "copy_increment" || name == "from_existing";
    expect_only(c, expected,
                copies ? std::set<std::string>{"ok", "after", "copy"}
                       : std::set<std::string>{"ok", "after"},
                where);
}

void run_proposer_priority(Case& c) {
    auto set = types::ValidatorSet::make(changes_from(c.in().at("validators")));
    c.expect_at(c.out().at("construct"), "ok", set.has_value(), "construct.");
    if (!set) return;
    expect_only(c, c.out(), {"construct", "after", "ops"});
    expect_set(c, c.out(), "after", *set, "");
    const Json& ops = c.in().at("ops");
    for (std::size_t i = 0; i < ops.size(); ++i)
        run_op(c, *set, ops[i], c.out().at("ops").at(i), "op " + std::to_string(i) + " ");
}

// ---- vote_set

std::string kind_of(types::VoteFault fault) {
    switch (fault) {
        case types::VoteFault::none:
            return "";
        case types::VoteFault::invalid_validator_index:
            return "invalid_validator_index";
        case types::VoteFault::invalid_validator_address:
            return "invalid_validator_address";
        case types::VoteFault::unexpected_step:
            return "unexpected_step";
        case types::VoteFault::invalid_signature:
            return "invalid_signature";
        case types::VoteFault::non_deterministic_signature:
            return "non_deterministic_signature";
        case types::VoteFault::conflicting_vote:
            return "conflicting_votes";
        case types::VoteFault::unexpected_extension:
        case types::VoteFault::missing_extension:
            break;
    }
    return "other";
}

/// `named` are the blocks that the operations named so far.
Json vote_set_state(const types::VoteSet& set, std::span<const types::BlockId> named) {
    Json by_block = Json::array();
    for (const types::BlockId& id : named) {
        const auto bits = set.bit_array_of(id);
        by_block.push_back(
            {{"hash", hex(id.hash)}, {"bits", bits ? Json(bits->to_text()) : Json()}});
    }
    Json main_votes = Json::array();
    for (std::size_t i = 0; i < set.size(); ++i) {
        const auto* vote = set.vote(i);
        main_votes.push_back(vote != nullptr ? Json(hex((*vote)->block_id.hash)) : Json());
    }
    const types::BlockId* majority = set.majority();
    return {
        {"bit_array", set.bit_array().to_text()},
        {"by_block", by_block},
        {"has_all", set.has_all()},
        {"has_two_thirds_any", set.has_two_thirds_any()},
        {"has_two_thirds_majority", majority != nullptr},
        {"is_commit", majority != nullptr && set.type() == types::SignedMsgType::precommit},
        {"main_votes", main_votes},
        {"majority", majority == nullptr ? Json()
                                         : Json{{"hash", hex(majority->hash)},
                                                {"part_set_header",
                                                 {{"hash", hex(majority->part_set_header.hash)},
                                                  {"total", majority->part_set_header.total}}}}}};
}

void run_vote_set(Case& c) {
    const auto validators =
        std::make_shared<const types::ValidatorSet>(set_from(c.in().at("validators")));
    types::VoteSet set(int64_from(c.in().at("height")),
                       static_cast<std::int32_t>(int64_from(c.in().at("round"))),
                       static_cast<types::SignedMsgType>(c.in().at("type").get<std::int32_t>()),
                       c.in().at("extended").get<bool>(), validators);
    const std::string chain_id = string_from(c.in().at("chain_id"));
    const Json& ops = c.in().at("ops");
    std::vector<types::BlockId> named;
    const auto name = [&](const types::BlockId& id) {
        if (std::ranges::find(named, id) == named.end()) named.push_back(id);
    };
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const Json& expected = c.out().at("steps").at(i);
        const std::string where = "step " + std::to_string(i) + " ";
        const std::string op = ops[i].at("op").get<std::string>();
        if (op == "vote") {
            const auto vote =
                std::make_shared<const types::Vote>(message_from<types::Vote>(ops[i].at("vote")));
            name(vote->block_id);
            const types::AddedVote added = set.add(chain_id, vote);
            c.expect_at(expected, "ok", added.fault == types::VoteFault::none, where);
            c.expect_at(expected, "added", added.added, where);
            c.expect_at(expected, "error_kind", kind_of(added.fault), where);
        } else if (op == "peer_maj23") {
            const auto id = message_from<types::BlockId>(ops[i].at("block_id"));
            name(id);
            const auto verdict = set.claim_majority(ops[i].at("peer").get<std::string>(), id);
            c.expect_at(expected, "ok", verdict.has_value(), where);
        } else {
            c.unknown("op " + op);
        }
        c.expect_at(expected, "state", vote_set_state(set, named), where);
        expect_only(c, expected,
                    op == "vote" ? std::set<std::string>{"ok", "added", "error_kind", "state"}
                                 : std::set<std::string>{"ok", "state"},
                    where);
    }
    expect_only(c, c.out(), {"steps", "commit"});
    if (c.out().contains("commit") != (set.type() == types::SignedMsgType::precommit))
        c.fail("commit", "of precommits, and of them alone", c.out().dump());
    if (!c.out().contains("commit")) return;
    const Json& expected = c.out().at("commit");
    const bool can_commit = set.can_make_commit().has_value();
    c.expect_at(expected, "ok", can_commit, "commit.");
    if (!can_commit) return;
    expect_only(c, expected, {"ok", "commit", "encoded", "extended_encoded"}, "commit.");
    expect_message(c, expected, "commit", set.make_commit(), "commit.");
    c.expect_at(expected, "encoded", hex(wire::encode(set.make_commit())), "commit.");
    c.expect_at(expected, "extended_encoded", hex(wire::encode(set.make_extended_commit())),
                "commit.");
}

// ---- commit_verify

void run_commit_verify(Case& c) {
    const std::string chain_id = string_from(c.in().at("chain_id"));
    const types::ValidatorSet set = set_from(c.in().at("validators"));
    const auto id = message_from<types::BlockId>(c.in().at("block_id"));
    const std::int64_t height = int64_from(c.in().at("height"));
    const crypto::Verifier& verifier = crypto::real_verifier();
    const types::ValidatorSet trusted =
        c.in().contains("trusted_validators") ? set_from(c.in().at("trusted_validators")) : set;
    if (needs_ml_dsa(set) || needs_ml_dsa(trusted)) return c.pending(std::string(no_ml_dsa));
    if (c.in().contains("extended_commit")) {
        const auto commit = message_from<types::ExtendedCommit>(c.in().at("extended_commit"));
        expect_only(c, c.out(), {"verify_commit_extended"});
        return expect_verdict(c, c.out(), "verify_commit_extended",
                              types::verify_commit_extended(set, chain_id, id, height, commit));
    }
    expect_only(
        c, c.out(),
        {"verify_commit", "verify_commit_light", "verify_commit_light_all_signatures", "trusting"});
    const auto commit = message_from<types::Commit>(c.in().at("commit"));
    const auto check = [&](types::CommitCheck kind) {
        return types::verify_commit(set, chain_id, id, height, commit, verifier, kind);
    };
    expect_verdict(c, c.out(), "verify_commit", check(types::CommitCheck::full));
    expect_verdict(c, c.out(), "verify_commit_light", check(types::CommitCheck::light));
    expect_verdict(c, c.out(), "verify_commit_light_all_signatures",
                   check(types::CommitCheck::light_all_signatures));
    for (const Json& level : c.out().at("trusting")) {
        const types::TrustLevel trust{int64_from(level.at("numerator")),
                                      int64_from(level.at("denominator"))};
        expect_only(c, level, {"numerator", "denominator", "light", "all_signatures"});
        const std::string where = "trusting " + level.at("numerator").get<std::string>() + "/" +
                                  level.at("denominator").get<std::string>() + " ";
        expect_verdict(c, level, "light",
                       types::verify_commit_trusting(trusted, chain_id, commit, trust, false),
                       where);
        expect_verdict(c, level, "all_signatures",
                       types::verify_commit_trusting(trusted, chain_id, commit, trust, true),
                       where);
    }
}

// ---- median_time

void run_median_time(Case& c) {
    expect_only(c, c.out(), {"ok", "time"});
    if (c.kind() == "weighted") {
        std::vector<types::WeightedTime> times;
        for (const Json& entry : c.in().at("times"))
            times.push_back({timestamp_from(entry.at("time")), int64_from(entry.at("weight"))});
        c.expect("ok", true);
        return c.expect("time", to_json(types::weighted_median(std::move(times),
                                                               int64_from(c.in().at("total")))));
    }
    if (c.kind() != "commit") return c.unknown(c.kind());
    const auto time = types::median_time(message_from<types::Commit>(c.in().at("commit")),
                                         set_from(c.in().at("validators")));
    c.expect("ok", time.has_value());
    c.expect("time", to_json(time.value_or(types::Timestamp{})));
}

const RegisterTopic priority_topic("proposer_priority", run_proposer_priority);
const RegisterTopic vote_set_topic("vote_set", run_vote_set);
const RegisterTopic commit_topic("commit_verify", run_commit_verify);
const RegisterTopic median_topic("median_time", run_median_time);

}  // namespace
}  // namespace tandem::vectors
