#include "tandem/vouched_header.h"

#include <charconv>
#include <fmt/format.h>

#include "tandem/node_files.h"
#include "types/hashing.h"
#include "types/json.h"

namespace tandem::program {
namespace {

constexpr std::int64_t validators_max = 10'000;
constexpr std::size_t hash_bytes = 32;
// As long as the seats of a chain can be expected to answer for what they signed.
constexpr std::int64_t trusting_period_nanos = std::int64_t{14} * 86'400 * 1'000'000'000;
constexpr std::int64_t clock_drift_nanos = std::int64_t{10} * 1'000'000'000;

std::unexpected<Failure> disbelieved(std::int64_t height, const Refusal& why) {
    return fail(
        ExitCode::failed,
        fmt::format("what the node answers about height {} does not verify: {}", height, why.why));
}

std::int64_t power_behind(const types::ValidatorSet& set, const types::Commit& commit) {
    std::int64_t power = 0;
    for (const types::CommitSig& signature : commit.signatures)
        if (signature.block_id_flag == types::BlockIdFlag::commit)
            if (const auto* validator = set.find(base::view(signature.validator_address)))
                power += validator->voting_power;
    return power;
}

std::expected<types::ValidatorSet, Failure> validators_at(NodeClient& client, std::int64_t height) {
    std::vector<types::Validator> list;
    for (std::int64_t page = 1, total = 1;
         static_cast<std::int64_t>(list.size()) < total && total <= validators_max; ++page) {
        auto answer = client.call("validators", {{"height", std::to_string(height)},
                                                 {"page", std::to_string(page)},
                                                 {"per_page", "100"}});
        if (!answer) return fail(std::move(answer).error());
        total = number(*answer, "total");
        const json rows = answer->value("validators", json::array());
        if (rows.empty()) break;
        for (const json& row : rows) {
            auto validator = types::from_json<types::Validator>(row.dump());
            if (!validator) return disbelieved(height, validator.error());
            list.push_back(std::move(*validator));
        }
    }
    auto set = types::ValidatorSet::from_existing(std::move(list));
    if (!set) return disbelieved(height, set.error());
    return std::move(*set);
}

}  // namespace

std::expected<TrustedHash, Failure> trusted_hash(const std::string& text) {
    TrustedHash trusted;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, trusted.height);
    const auto colon = text.find(':');
    const auto hash = colon == std::string::npos
                          ? std::nullopt
                          : base::from_hex(std::string_view(text).substr(colon + 1));
    if (read.ec != std::errc() || read.ptr != text.data() + colon || trusted.height < 1 || !hash ||
        hash->size() != hash_bytes)
        return fail(ExitCode::usage,
                    fmt::format("--trust {}: it is HEIGHT:HASH, with the 64 hexadecimal digits of "
                                "a block's hash",
                                text));
    trusted.hash = *hash;
    return trusted;
}

std::expected<HeaderCheck::LightHeight, Failure> HeaderCheck::fetch(NodeClient& client,
                                                                    std::int64_t height) const {
    auto answer = client.call("commit", {{"height", std::to_string(height)}});
    if (!answer) return fail(std::move(answer).error());
    auto header =
        types::from_json<types::SignedHeader>(answer->value("signed_header", json()).dump());
    if (!header) return disbelieved(height, header.error());
    if (const auto valid = types::validate_basic(*header, chain_id_); !valid)
        return disbelieved(height, valid.error());
    if (header->header->height != height)
        return disbelieved(height, {"height", "the header is of another height"});
    auto set = validators_at(client, height);
    if (!set) return fail(std::move(set).error());
    if (set->hash() != header->header->validators_hash)
        return disbelieved(height,
                           {"validators", "the validators are not those that the header names"});
    const types::Commit& commit = *header->commit;
    if (const auto good = types::verify_commit(*set, chain_id_, commit.block_id, height, commit,
                                               crypto::real_verifier(), types::CommitCheck::light);
        !good)
        return disbelieved(height, good.error());
    return LightHeight{std::move(*header), std::move(*set)};
}

Outcome HeaderCheck::anchor(NodeClient& client) {
    auto first = fetch(client, trusted_->height);
    if (!first) return fail(std::move(first).error());
    const types::Hash hash = types::hash_of(*first->signed_header.header);
    if (!base::equal(hash, trusted_->hash))
        return fail(ExitCode::failed,
                    fmt::format("block {} of the node has the hash {}, not the one that is trusted",
                                trusted_->height, base::to_hex(hash, base::HexCase::upper)));
    newest_trusted_ = std::move(*first);
    return {};
}

Outcome HeaderCheck::follow(NodeClient& client, const LightHeight& target) {
    if (!newest_trusted_)
        if (Outcome anchored = anchor(client); !anchored) return anchored;
    const std::int64_t height = target.signed_header.header->height;
    std::vector<LightHeight> ahead{target};
    while (!ahead.empty()) {
        const types::Header& trusted = *newest_trusted_->signed_header.header;
        LightHeight& next = ahead.back();
        const std::int64_t next_height = next.signed_header.header->height;
        if (next_height == trusted.height &&
            types::hash_of(trusted) == types::hash_of(*next.signed_header.header)) {
            ahead.pop_back();
            continue;
        }
        if (next_height <= trusted.height)
            return fail(ExitCode::failed,
                        fmt::format("height {} lies before the trusted height {}; trust an earlier "
                                    "one",
                                    height, trusted.height));
        const types::LightRules rules{
            {trusting_period_nanos}, wall_clock(), {clock_drift_nanos}, {}};
        auto announced = validators_at(client, trusted.height + 1);
        if (!announced) return fail(std::move(announced).error());
        if (announced->hash() != trusted.next_validators_hash)
            return disbelieved(trusted.height + 1,
                               {"validators", "the header before names other validators"});
        const auto verdict =
            types::verify_light(trusted, *announced, next.signed_header, next.validators, rules);
        if (verdict) {
            newest_trusted_ = std::move(next);
            ahead.pop_back();
            continue;
        }
        const std::int64_t middle = trusted.height + (next_height - trusted.height) / 2;
        if (verdict.error().fault != types::LightFault::validators_not_trusted ||
            middle == trusted.height)
            return disbelieved(next_height, verdict.error().refusal);
        auto between = fetch(client, middle);
        if (!between) return fail(std::move(between).error());
        ahead.push_back(std::move(*between));
    }
    return {};
}

std::expected<VouchedHeader, Failure> HeaderCheck::header(NodeClient& client, std::int64_t height) {
    if (const auto found = known_.find(height); found != known_.end()) return found->second;
    if (Outcome waited = client.wait_for(height); !waited) return fail(std::move(waited).error());
    auto fetched = fetch(client, height);
    if (!fetched) return fail(std::move(fetched).error());
    if (trusted_)
        if (Outcome led = follow(client, *fetched); !led) return fail(std::move(led).error());
    VouchedHeader vouched{*fetched->signed_header.header,
                          power_behind(fetched->validators, *fetched->signed_header.commit),
                          fetched->validators.total_voting_power(), trusted_.has_value()};
    known_.emplace(height, vouched);
    return vouched;
}

}  // namespace tandem::program
