// light_client and evidence_verify: what follows from signatures about headers and about signers.
#include "tests/vectors_program/verify_support.h"
#include "types/decode.h"
#include "types/evidence_verify.h"
#include "types/light_client.h"

namespace tandem::vectors {
namespace {

// ---- light_client

std::string type_of(types::LightFault fault) {
    switch (fault) {
        case types::LightFault::old_header_expired:
            return "old_header_expired";
        case types::LightFault::invalid_header:
            return "invalid_header";
        case types::LightFault::validators_not_trusted:
            return "new_val_set_cant_be_trusted";
        case types::LightFault::other:
            break;
    }
    return "other";
}

/// Compares ok and, where the vector gives one, error_type ("" for ok).
void expect_light(Case& c, const types::LightVerdict& verdict) {
    expect_only(c, c.out(), {"ok", "error_type"});
    if (c.out().at("ok") != verdict.has_value())
        c.fail("ok", c.out().dump(),
               verdict ? "ok" : verdict.error().refusal.check + ": " + verdict.error().refusal.why);
    if (c.out().contains("error_type"))
        c.expect("error_type", verdict ? std::string() : type_of(verdict.error().fault));
}

/// A level whose numbers do not fit is passed on as what the same 64 bits mean with a sign.
types::TrustLevel level_from(const Json& json) {
    return {static_cast<std::int64_t>(uint64_from(json.at("numerator"))),
            static_cast<std::int64_t>(uint64_from(json.at("denominator")))};
}

void run_header_pair(Case& c) {
    const Json& in = c.in();
    const auto trusted = message_from<types::SignedHeader>(in.at("trusted"));
    const auto untrusted = message_from<types::SignedHeader>(in.at("untrusted"));
    const types::ValidatorSet trusted_validators = set_from(in.at("trusted_validators"));
    const types::ValidatorSet validators = set_from(in.at("untrusted_validators"));
    if (needs_ml_dsa(trusted_validators) || needs_ml_dsa(validators))
        return c.pending(std::string(no_ml_dsa));
    const types::LightRules rules{
        duration_from(in.at("trusting_period")), timestamp_from(in.at("now")),
        duration_from(in.at("max_clock_drift")), level_from(in.at("trust_level"))};
    if (c.kind() == "adjacent")
        expect_light(c, types::verify_adjacent(*trusted.header, untrusted, validators, rules));
    else if (c.kind() == "non_adjacent")
        expect_light(c, types::verify_non_adjacent(*trusted.header, trusted_validators, untrusted,
                                                   validators, rules));
    else
        expect_light(c, types::verify_light(*trusted.header, trusted_validators, untrusted,
                                            validators, rules));
}

void run_light_client(Case& c) {
    const std::string kind = c.kind();
    if (kind == "adjacent" || kind == "non_adjacent" || kind == "verify") {
        run_header_pair(c);
    } else if (kind == "backwards") {
        expect_light(c, types::verify_backwards(message_from<types::Header>(c.in().at("untrusted")),
                                                message_from<types::Header>(c.in().at("trusted"))));
    } else if (kind == "trust_level") {
        expect_only(c, c.out(), {"ok"});
        c.expect("ok", types::validate_trust_level(level_from(c.in())).has_value());
    } else {
        c.unknown(kind);
    }
}

// ---- evidence_verify

/// The chain of one case: some headers, and the same validators at every height.
class VectorChain final : public types::EvidenceView {
  public:
    VectorChain(const Json& headers, types::ValidatorSet validators)
        : validators_(std::make_shared<const types::ValidatorSet>(std::move(validators))) {
        for (const Json& json : headers) {
            const auto header = message_from<types::SignedHeader>(json);
            headers_.emplace(header.header->height, header);
        }
    }

    std::shared_ptr<const types::Header> header(std::int64_t height) const override {
        const auto found = headers_.find(height);
        if (found == headers_.end()) return nullptr;
        return std::make_shared<const types::Header>(*found->second.header);
    }
    std::shared_ptr<const types::Commit> commit(std::int64_t height) const override {
        const auto found = headers_.find(height);
        if (found == headers_.end()) return nullptr;
        return std::make_shared<const types::Commit>(*found->second.commit);
    }
    std::shared_ptr<const types::ValidatorSet> validators(std::int64_t) const override {
        return validators_;
    }
    std::int64_t latest_height() const override {
        return headers_.empty() ? 0 : headers_.rbegin()->first;
    }
    bool is_pending(const types::Evidence&) const override { return false; }
    bool is_committed(const types::Evidence&) const override { return false; }

  private:
    std::map<std::int64_t, types::SignedHeader> headers_;
    std::shared_ptr<const types::ValidatorSet> validators_;
};

/// As it comes over the wire, with the checks of reading.
types::Result<types::Evidence> evidence_from(const Json& json) {
    return types::decode_checked<types::Evidence>(
        wire::encode(message_from<types::Evidence>(json)));
}

types::Verdict verify_single(const Json& in, const types::Evidence& evidence) {
    if (const auto* duplicate = evidence.duplicate_vote())
        return types::verify_duplicate_vote(*duplicate, string_from(in.at("chain_id")),
                                            set_from(in.at("validators")));
    return types::verify_light_attack(*evidence.light_client_attack(),
                                      message_from<types::SignedHeader>(in.at("common_header")),
                                      message_from<types::SignedHeader>(in.at("trusted_header")),
                                      set_from(in.at("common_validators")));
}

void run_single(Case& c) {
    expect_only(c, c.out(), {"ok", "stage"});
    const auto evidence = evidence_from(c.in().at("evidence"));
    c.expect("ok", evidence && verify_single(c.in(), *evidence));
    if (c.out().contains("stage"))
        c.expect("stage", evidence ? "after from_proto" : "from_proto");
    else if (!evidence)
        c.fail("stage", "evidence that can be read", evidence.error().check);
}

void run_pool(Case& c) {
    expect_only(c, c.out(), {"ok", "stage"});
    const Json& state = c.in().at("state");
    const std::string chain_id = string_from(c.in().at("chain_id"));
    const types::EvidenceContext context{
        chain_id,
        int64_from(state.at("last_block_height")),
        timestamp_from(state.at("last_block_time")),
        {int64_from(state.at("max_age_num_blocks")), duration_from(state.at("max_age_duration")),
         int64_from(state.at("max_bytes"))}};
    const VectorChain chain(c.in().at("headers"), set_from(c.in().at("validators_at_all_heights")));
    types::Verdict verdict;
    std::vector<types::Evidence> list;
    for (const Json& json : c.in().at("evidence")) {
        auto evidence = evidence_from(json);
        if (!evidence) {
            verdict = std::unexpected(evidence.error());
            break;
        }
        list.push_back(std::move(*evidence));
    }
    if (c.out().contains("stage")) c.expect("stage", verdict ? "after from_proto" : "from_proto");
    if (verdict) verdict = types::verify_evidence_list(list, context, chain);
    if (c.out().at("ok") != verdict.has_value())
        c.fail("ok", c.out().dump(),
               verdict ? "ok" : verdict.error().check + ": " + verdict.error().why);
}

void run_expired(Case& c) {
    expect_only(c, c.out(), {"ok", "expired"});
    const Json& in = c.in();
    const bool expired = types::has_expired(
        int64_from(in.at("height_now")), timestamp_from(in.at("time_now")),
        int64_from(in.at("height")), timestamp_from(in.at("time")),
        {int64_from(in.at("max_age_num_blocks")), duration_from(in.at("max_age_duration")), 0});
    c.expect("expired", expired);
    c.expect("ok", !expired);
}

void run_make_duplicate_vote(Case& c) {
    const Json& in = c.in();
    const auto made = types::make_duplicate_vote(
        message_from<types::Vote>(in.at("vote_1")), message_from<types::Vote>(in.at("vote_2")),
        timestamp_from(in.at("block_time")), set_from(in.at("validators")));
    expect_only(c, c.out(), {"ok", "evidence", "encoded", "hash"});
    if (c.out().contains("ok")) c.expect("ok", made.has_value());
    if (!made) return;
    types::Evidence evidence;
    evidence.sum.emplace<1>(*made);
    expect_message(c, c.out(), "evidence", evidence);
    c.expect("encoded", hex(types::inner_bytes(evidence)));
    c.expect("hash", hex(types::hash_of(evidence)));
}

void run_evidence_verify(Case& c) {
    const std::string kind = c.kind();
    if (kind == "duplicate_vote" || kind == "light_attack") {
        run_single(c);
    } else if (kind == "pool") {
        run_pool(c);
    } else if (kind == "expired") {
        run_expired(c);
    } else if (kind == "make_duplicate_vote") {
        run_make_duplicate_vote(c);
    } else {
        c.unknown(kind);
    }
}

const RegisterTopic light_topic("light_client", run_light_client);
const RegisterTopic evidence_topic("evidence_verify", run_evidence_verify);

}  // namespace
}  // namespace tandem::vectors
