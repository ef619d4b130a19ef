#include "rpc/consensus_json.h"

#include <fmt/format.h>

#include "types/json.h"
#include "types/time_text.h"

namespace tandem::rpc {

namespace {

using consensus::State;
using wire::JsonWriter;

constexpr std::size_t fingerprint_bytes = 6;
constexpr std::string_view no_vote = "nil-Vote";

/// The first bytes, with zeros where there are fewer.
std::string fingerprint(base::BytesView bytes) {
    base::Bytes first(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                         bytes.size(), fingerprint_bytes)));
    first.resize(fingerprint_bytes);
    return base::to_hex(first, base::HexCase::upper);
}

std::string_view type_text(types::SignedMsgType type) {
    return type == types::SignedMsgType::prevote ? "SIGNED_MSG_TYPE_PREVOTE(Prevote)"
                                                 : "SIGNED_MSG_TYPE_PRECOMMIT(Precommit)";
}

/// "BA{5:___x_} 10/70 = 0.14": who voted, and their part of the power.
std::string bits_text(const types::VoteSet* votes, const types::ValidatorSet& validators) {
    const types::BitArray bits =
        votes != nullptr ? votes->bit_array() : types::BitArray(validators.size());
    std::int64_t power = 0;
    for (std::size_t i = 0; i < validators.size(); ++i)
        if (bits.get(i)) power += validators.validators()[i].voting_power;
    const std::int64_t total = validators.total_voting_power();
    return fmt::format("BA{{{}:{}}} {}/{} = {:.2f}", bits.size(), bits.to_text(), power, total,
                       static_cast<double>(power) / static_cast<double>(total));
}

void write_votes(JsonWriter& writer, const types::VoteSet* votes, std::size_t validators) {
    writer.begin_array();
    for (std::size_t i = 0; i < validators; ++i) {
        const auto* vote = votes != nullptr ? votes->vote(i) : nullptr;
        if (vote == nullptr || *vote == nullptr)
            writer.string(no_vote);
        else
            writer.string(vote_text(**vote));
    }
    writer.end_array();
}

void write_height_votes(JsonWriter& writer, const State& state) {
    writer.begin_array();
    if (state.votes.validators()) {
        const types::ValidatorSet& validators = *state.votes.validators();
        for (std::int32_t round = 0; round <= state.votes.tracked(); ++round) {
            const auto* prevotes = state.votes.prevotes(round);
            const auto* precommits = state.votes.precommits(round);
            writer.begin_object().name("round").number(round);
            writer.name("prevotes");
            write_votes(writer, prevotes, validators.size());
            writer.name("prevotes_bit_array").string(bits_text(prevotes, validators));
            writer.name("precommits");
            write_votes(writer, precommits, validators.size());
            writer.name("precommits_bit_array").string(bits_text(precommits, validators));
            writer.end_object();
        }
    }
    writer.end_array();
}

void write_hash(JsonWriter& writer, const consensus::HeldBlock* block) {
    writer.hex(block == nullptr ? base::BytesView() : base::view(block->id.hash));
}

template <typename T>
const T* pointer(const std::optional<T>& value) {
    return value ? &*value : nullptr;
}

void write_parts(JsonWriter& writer, const types::PartSet* parts) {
    if (parts == nullptr) {
        writer.null();
        return;
    }
    writer.begin_object();
    writer.name("count/total").string(fmt::format("{}/{}", parts->count(), parts->total()));
    writer.name("parts_bit_array").raw(types::bit_array_to_json(parts->bit_array()));
    writer.end_object();
}

void write_block(JsonWriter& writer, const consensus::HeldBlock* held) {
    if (held == nullptr || !held->block)
        writer.null();
    else
        types::write_json(writer, *held->block);
}

void write_held(JsonWriter& writer, std::string_view name, std::int32_t round,
                const consensus::HeldBlock* held) {
    const std::string prefix(name);
    writer.name(prefix + "_round").number(round);
    writer.name(prefix + "_block");
    write_block(writer, held);
    writer.name(prefix + "_block_parts");
    write_parts(writer, held != nullptr && held->parts ? &*held->parts : nullptr);
}

void write_validators(JsonWriter& writer, const types::ValidatorSet* set) {
    if (set == nullptr) {
        writer.null();
        return;
    }
    writer.begin_object().name("validators").begin_array();
    for (const types::Validator& validator : set->validators())
        types::write_json(writer, validator);
    writer.end_array().name("proposer");
    if (set->empty())
        writer.null();
    else
        types::write_json(writer, set->proposer());
    writer.end_object();
}

void write_last_commit(JsonWriter& writer, const types::VoteSet* votes) {
    if (votes == nullptr) {
        writer.null();
        return;
    }
    writer.begin_object().name("votes");
    write_votes(writer, votes, votes->size());
    writer.name("votes_bit_array").string(bits_text(votes, votes->validators()));
    writer.name("peer_maj_23s").begin_object();
    for (const auto& [peer, id] : votes->claims()) {
        writer.name(peer);
        types::write_json(writer, id);
    }
    writer.end_object().end_object();
}

}  // namespace

std::string vote_text(const types::Vote& vote) {
    return fmt::format("Vote{{{}:{} {}/{:02}/{} {} {} {} @ {}}}", vote.validator_index,
                       fingerprint(base::view(vote.validator_address)), vote.height, vote.round,
                       type_text(vote.type), fingerprint(base::view(vote.block_id.hash)),
                       fingerprint(base::view(vote.signature)), fingerprint(vote.extension),
                       types::to_text(vote.timestamp));
}

std::string evidence_text(const types::Evidence& evidence) {
    if (const auto* votes = evidence.duplicate_vote()) {
        const auto text = [](const base::Box<types::Vote>& vote) {
            return vote ? vote_text(*vote) : std::string(no_vote);
        };
        return fmt::format("DuplicateVoteEvidence{{VoteA: {}, VoteB: {}}}", text(votes->vote_a),
                           text(votes->vote_b));
    }
    if (const auto* attack = evidence.light_client_attack())
        return fmt::format("LightClientAttackEvidence{{CommonHeight: {}, TotalVotingPower: {}}}",
                           attack->common_height, attack->total_voting_power);
    return "<nil>";
}

void write_round_state(JsonWriter& writer, const State& state) {
    writer.begin_object();
    writer.name("height/round/step")
        .string(fmt::format("{}/{}/{}", state.height, state.round, static_cast<int>(state.step)));
    writer.name("start_time").string(types::to_text(state.start_time));
    writer.name("proposal_block_hash");
    write_hash(writer, pointer(state.proposal_block));
    writer.name("locked_block_hash");
    write_hash(writer, pointer(state.locked));
    writer.name("valid_block_hash");
    write_hash(writer, pointer(state.valid));
    writer.name("height_vote_set");
    write_height_votes(writer, state);
    writer.name("proposer").begin_object();
    const bool has_proposer = state.validators && !state.validators->empty();
    const types::Address address =
        has_proposer ? state.validators->proposer().address : types::Address();
    writer.name("address").hex(base::view(address));
    const auto index = has_proposer ? state.validators->index_of(base::view(address))
                                    : std::optional<std::size_t>();
    writer.name("index").number(index ? static_cast<std::int64_t>(*index) : -1);
    writer.end_object().end_object();
}

void write_full_round_state(JsonWriter& writer, const State& state) {
    writer.begin_object();
    writer.name("height").quoted(state.height);
    writer.name("round").number(state.round);
    writer.name("step").number(static_cast<std::int64_t>(state.step));
    writer.name("start_time").string(types::to_text(state.start_time));
    writer.name("commit_time")
        .string(types::to_text(state.commit_time.value_or(types::Timestamp{})));
    writer.name("validators");
    write_validators(writer, state.validators ? &*state.validators : nullptr);
    writer.name("proposal");
    if (state.proposal)
        types::write_json(writer, *state.proposal);
    else
        writer.null();
    writer.name("proposal_block");
    write_block(writer, pointer(state.proposal_block));
    writer.name("proposal_block_parts");
    write_parts(writer, state.proposal_parts());
    write_held(writer, "locked", state.locked_round, pointer(state.locked));
    write_held(writer, "valid", state.valid_round, pointer(state.valid));
    writer.name("votes");
    write_height_votes(writer, state);
    writer.name("commit_round").number(state.commit_round);
    writer.name("last_commit");
    write_last_commit(writer, pointer(state.last_commit));
    writer.name("last_validators");
    write_validators(writer, state.last_commit ? &state.last_commit->validators() : nullptr);
    writer.name("triggered_timeout_precommit").boolean(state.precommit_wait_set);
    writer.end_object();
}

}  // namespace tandem::rpc
