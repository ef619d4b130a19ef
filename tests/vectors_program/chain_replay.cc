// Topic chain: captured chains, one line a height, replayed through chain/ from genesis to the
// final state. A case is a height; the last one compares the whole state. The key-value application
// executes the blocks as well, and has to answer what the recorded one answered.
#include <fstream>

#include "tests/vectors_program/convert.h"
//
#include "chain/requests.h"
#include "ledger/kvstore.h"
#include "tests/vectors_program/chain_support.h"
#include "types/verify_commit.h"

namespace tandem::vectors {
namespace {

using chain::State;

/// The name of the program that wrote the final states.
constexpr std::string_view software = "0.38.26";

/// The chain as far as it was replayed, for the evidence in later blocks.
struct History final : types::EvidenceView {
    struct Height {
        std::shared_ptr<const types::Header> header;
        std::shared_ptr<const types::Commit> commit;
        std::shared_ptr<const types::ValidatorSet> validators;
    };
    std::map<std::int64_t, Height> heights;
    std::vector<types::Evidence> committed;

    [[nodiscard]] Height at(std::int64_t height) const {
        const auto found = heights.find(height);
        return found == heights.end() ? Height{} : found->second;
    }
    std::shared_ptr<const types::Header> header(std::int64_t height) const override {
        return at(height).header;
    }
    std::shared_ptr<const types::Commit> commit(std::int64_t height) const override {
        return at(height).commit;
    }
    std::shared_ptr<const types::ValidatorSet> validators(std::int64_t height) const override {
        return at(height).validators;
    }
    std::int64_t latest_height() const override {
        return heights.empty() ? 0 : heights.rbegin()->first;
    }
    bool is_pending(const types::Evidence&) const override { return false; }
    bool is_committed(const types::Evidence& evidence) const override {
        return std::ranges::find(committed, evidence) != committed.end();
    }
};

struct Replay {
    State state;
    History history;
    consensus::CommitRecord last_commit;
    Json commit_before;  // as the line before had it: the next block carries it
    std::unique_ptr<ledger::MemoryStorage> storage;
    std::unique_ptr<ledger::KvStore> application;
};

Json validators_json(const types::ValidatorSet& set) {
    Json list = Json::array();
    for (const types::Validator& validator : set.validators())
        list.push_back({{"address", hex(base::view(validator.address))},
                        {"pub_key", hex(base::view(validator.pub_key.bytes))},
                        {"power", std::to_string(validator.voting_power)},
                        {"priority", std::to_string(validator.proposer_priority)}});
    return list;
}

void check_block(Case& c, const Replay& at, const types::Block& block,
                 const chain::BuiltBlock& whole) {
    const Json& line = c.in();
    c.expect_at(line, "block", hex(wire::encode(block)));
    c.expect_at(line, "block_id",
                {{"hash", hex(base::view(whole.id.hash))},
                 {"parts_total", whole.id.part_set_header.total},
                 {"parts_hash", hex(base::view(whole.id.part_set_header.hash))}});
    const types::BlockMeta meta{whole.id, static_cast<std::int64_t>(wire::encoded_size(block)),
                                block.header, static_cast<std::int64_t>(block.data.txs.size())};
    c.expect_at(line, "block_meta", hex(wire::encode(meta)));
    if (!at.commit_before.is_null())
        c.expect_at({{"commit of the line before", at.commit_before}}, "commit of the line before",
                    hex(wire::encode(*block.last_commit)));
    const auto built = rebuilt(at.state, at.last_commit, block);
    if (!built) return c.fail("built again", "a block", built.error().why);
    c.expect_at(line, "block", hex(wire::encode(*built->block)), "built again: ");
}

void check_commits(Case& c, const State& state, const types::BlockId& id) {
    const Json& line = c.in();
    const auto verify = [&](const char* name, const types::Commit& commit) {
        const auto verdict = types::verify_commit(*state.validators, state.chain_id, id,
                                                  state.next_height(), commit);
        if (!verdict) c.fail(name, "a good commit", verdict.error().why);
    };
    const auto seen = decoded<types::Commit>(line.at("seen_commit"));
    verify("seen_commit", seen);
    if (line.contains("commit")) verify("commit", decoded<types::Commit>(line.at("commit")));
    const bool enabled = state.consensus_params.abci.extensions_enabled(state.next_height());
    if (line.contains("extended_commit") != enabled)
        return c.fail("extended_commit", enabled ? "there" : "not there", "the other way");
    if (!enabled) return;
    const auto extended = decoded<types::ExtendedCommit>(line.at("extended_commit"));
    const auto verdict = types::verify_commit_extended(*state.validators, state.chain_id, id,
                                                       state.next_height(), extended);
    if (!verdict) c.fail("extended_commit", "a good commit", verdict.error().why);
    if (const auto there = types::ensure_extensions(extended, true); !there)
        c.fail("extended_commit", "with extensions", there.error().why);
    c.expect_at(line, "seen_commit", hex(wire::encode(extended.without_extensions())),
                "without extensions: ");
}

/// What the next block's proposer goes on with: the commit that the next block carries, which may
/// hold later precommits than were seen, with the extensions that were kept.
consensus::CommitRecord last_commit_after(const Json& line) {
    const Json& plain = line.contains("commit") ? line.at("commit") : line.at("seen_commit");
    const auto commit = decoded<types::Commit>(plain);
    if (!line.contains("extended_commit")) return consensus::Shared<types::Commit>::make(commit);
    auto extended = decoded<types::ExtendedCommit>(line.at("extended_commit"));
    if (extended.without_extensions() == commit)
        return consensus::Shared<types::ExtendedCommit>::make(std::move(extended));
    return record_of(commit, true);  // another proposer saw other precommits
}

/// Some chains have an application that does more than the example: it extends votes and changes
/// parameters. What it leaves to the example is compared.
void check_application(Case& c, const Replay& at, const chain::BuiltBlock& whole) {
    const auto recorded =
        decoded<abci::ResponseFinalizeBlock>(c.in().at("finalize_block_response"));
    abci::ResponseFinalizeBlock answer =
        at.application->finalize_block(chain::finalize_block_request(
            {whole.id, *whole.block, *at.state.last_validators, at.state.initial_height}));
    (void)at.application->commit({});
    answer.consensus_param_updates = recorded.consensus_param_updates;
    c.expect_at(c.in(), "finalize_block_response", hex(wire::encode(answer)), "by kvstore: ");
    const auto info = at.application->info({});
    c.expect_at(c.in(), "app_hash_after", hex(info.last_block_app_hash), "info of kvstore: ");
    c.expect_at(c.in(), "height", std::to_string(info.last_block_height), "info of kvstore: ");
}

void run_height(Case& c, Replay& at) {
    const Json& line = c.in();
    c.expect_at(line, "height", std::to_string(at.state.next_height()));
    c.expect_at(line, "validators", validators_json(*at.state.validators));
    c.expect_at(line, "validator_set", hex(wire::encode(at.state.validators->to_message())));
    c.expect_at(line, "validators_hash", hex(base::view(at.state.validators.hash())));
    c.expect_at(line, "consensus_params",
                hex(wire::encode(types::to_message(at.state.consensus_params))));

    const auto block = decoded<types::Block>(line.at("block"));
    const auto whole = chain::with_parts(block);
    check_block(c, at, block, whole);
    check_commits(c, at.state, whole.id);
    check_application(c, at, whole);
    auto after =
        executed(chain::Execution(chain::ExecutionMode::decided, at.state,
                                  chain::DecidedBlock{whole.id, whole.block, whole.parts, {}}),
                 decoded<abci::ResponseFinalizeBlock>(line.at("finalize_block_response")),
                 chain::VerifyingEvidenceJudge(at.history, crypto::real_verifier()));
    if (!after)
        throw BadVector("the chain ends here: " + after.error().check + ": " + after.error().why);
    c.expect_at(line, "app_hash_after", hex(base::view(after->app_hash)));
    c.expect_at(line, "results_hash_after", hex(base::view(after->last_results_hash)));
    at.history.heights[block.header.height] = {
        std::make_shared<const types::Header>(block.header),
        std::make_shared<const types::Commit>(decoded<types::Commit>(line.at("seen_commit"))),
        at.state.validators.shared().pointer()};
    for (const types::Evidence& evidence : block.evidence.evidence)
        at.history.committed.push_back(evidence);
    at.state = std::move(*after);
    at.last_commit = last_commit_after(line);
    at.commit_before = line.contains("commit") ? line.at("commit") : Json();
}

/// The application's part of the handshake was not recorded; the first header shows its outcome.
Replay begin(const Json& head, const Json& first_line) {
    const auto block = decoded<types::Block>(first_line.at("block"));
    const std::string genesis = head.at("genesis").dump();
    Replay replay;
    replay.storage = std::make_unique<ledger::MemoryStorage>();
    replay.application = std::make_unique<ledger::KvStore>(*replay.storage);
    const auto reading = types::genesis_from_json(genesis, {});
    if (!reading) throw BadVector(reading.error().why);
    abci::RequestInitChain request;
    for (const types::GenesisValidator& validator : reading->doc.validators)
        request.validators.push_back({validator.pub_key, validator.power});
    abci::ResponseInitChain answer = replay.application->init_chain(request);
    if (!base::equal(answer.app_hash, base::view(block.header.app_hash)))
        throw BadVector("another application hash at the start");
    auto state = state_after_handshake(genesis, block.header.version.app, answer);
    if (!state) throw BadVector(state.error().why);
    replay.state = std::move(*state);
    return replay;
}

void run_chain(const std::filesystem::path& path, const Json& head, const RunCase& run_case) {
    std::filesystem::path lines = path;  // chain-x.head.json has its blocks in chain-x.jsonl
    lines.replace_extension().replace_extension(".jsonl");
    std::ifstream stream(lines);
    std::optional<Replay> replay;
    std::string text;
    bool ok = true;
    while (ok && std::getline(stream, text)) {
        const Json line = Json::parse(text);
        if (!replay) replay = begin(head, line);
        const std::string name =
            head.at("chain_id").get<std::string>() + " " + line.at("height").get<std::string>();
        ok = run_case(name, line, line, [&](Case& c) { run_height(c, *replay); });
    }
    if (!replay) throw BadVector("no blocks in " + lines.string());
    if (!ok) return;
    run_case(head.at("chain_id").get<std::string>() + " in the end", head, head, [&](Case& c) {
        c.expect_at(
            head, "final_state",
            hex(wire::encode(types::to_message(chain::to_record(replay->state), software))));
        c.expect_at(head.at("counts"), "last", std::to_string(replay->state.last_block_height));
        c.expect_at(head.at("counts"), "evidence", replay->history.committed.size());
    });
}

const RegisterFile chain_files("chain", run_chain);

}  // namespace
}  // namespace tandem::vectors
