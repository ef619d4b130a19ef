#include "types/json.h"

#include <fmt/format.h>

#include "base/nearest_name.h"
#include "types/json_codec.h"

// ---- Tables, in the order of the fields as CometBFT writes them.
namespace tandem::wire {

template <typename E>
    requires std::same_as<E, types::SignedMsgType> || std::same_as<E, types::BlockIdFlag>
struct JsonCodec<E> {
    using Number = std::conditional_t<std::same_as<E, types::BlockIdFlag>, std::uint8_t,
                                      std::int32_t>;  // the flag is one byte in CometBFT
    static bool read(JsonReading& reading, const JsonValue& value, E& out) {
        Number number = 0;
        if (!read_json(reading, value, number)) return false;
        out = static_cast<E>(number);
        return true;
    }
    static void write(JsonWriter& writer, E value) {
        writer.number(static_cast<std::int32_t>(value));
    }
};

template <>
struct JsonCodec<Txs> {
    static void write(JsonWriter& writer, const Txs& txs) {
        writer.begin_array();
        for (const base::BytesView tx : txs) writer.base64(tx);
        writer.end_array();
    }
};

template <>
struct JsonFields<types::PartSetHeader> {
    static constexpr auto fields = std::tuple{json_field("total", &types::PartSetHeader::total),
                                              json_field("hash", &types::PartSetHeader::hash)};
};

template <>
struct JsonFields<types::BlockId> {
    static constexpr auto fields =
        std::tuple{json_field("hash", &types::BlockId::hash),
                   json_field("parts", &types::BlockId::part_set_header)};
};

template <>
struct JsonFields<types::ConsensusVersion> {
    static constexpr auto fields =
        std::tuple{json_field_if_set("block", &types::ConsensusVersion::block),
                   json_field_if_set("app", &types::ConsensusVersion::app)};
};

template <>
struct JsonFields<types::Header> {
    using Header = types::Header;
    static constexpr auto fields =
        std::tuple{json_field("version", &Header::version),
                   json_field("chain_id", &Header::chain_id),
                   json_field("height", &Header::height),
                   json_field("time", &Header::time),
                   json_field("last_block_id", &Header::last_block_id),
                   json_field("last_commit_hash", &Header::last_commit_hash),
                   json_field("data_hash", &Header::data_hash),
                   json_field("validators_hash", &Header::validators_hash),
                   json_field("next_validators_hash", &Header::next_validators_hash),
                   json_field("consensus_hash", &Header::consensus_hash),
                   json_field("app_hash", &Header::app_hash),
                   json_field("last_results_hash", &Header::last_results_hash),
                   json_field("evidence_hash", &Header::evidence_hash),
                   json_field("proposer_address", &Header::proposer_address)};
};

template <>
struct JsonFields<types::CommitSig> {
    using CommitSig = types::CommitSig;
    static constexpr auto fields =
        std::tuple{json_field("block_id_flag", &CommitSig::block_id_flag),
                   json_field("validator_address", &CommitSig::validator_address),
                   json_field("timestamp", &CommitSig::timestamp),
                   json_field("signature", &CommitSig::signature)};
};

template <>
struct JsonFields<types::Commit> {
    using Commit = types::Commit;
    static constexpr auto fields = std::tuple{
        json_field("height", &Commit::height), json_field("round", &Commit::round),
        json_field("block_id", &Commit::block_id), json_field("signatures", &Commit::signatures)};
};

template <>
struct JsonFields<types::Vote> {
    using Vote = types::Vote;
    static constexpr auto fields =
        std::tuple{json_field("type", &Vote::type),
                   json_field("height", &Vote::height),
                   json_field("round", &Vote::round),
                   json_field("block_id", &Vote::block_id),
                   json_field("timestamp", &Vote::timestamp),
                   json_field("validator_address", &Vote::validator_address),
                   json_field("validator_index", &Vote::validator_index),
                   json_field("signature", &Vote::signature),
                   json_field("extension", &Vote::extension),
                   json_field("extension_signature", &Vote::extension_signature)};
};

template <>
struct JsonFields<types::Proposal> {
    // The kind of message is written under the name of its Go field.
    using Proposal = types::Proposal;
    static constexpr auto fields = std::tuple{
        json_field("Type", &Proposal::type),          json_field("height", &Proposal::height),
        json_field("round", &Proposal::round),        json_field("pol_round", &Proposal::pol_round),
        json_field("block_id", &Proposal::block_id),  json_field("timestamp", &Proposal::timestamp),
        json_field("signature", &Proposal::signature)};
};

template <>
struct JsonFields<types::Validator> {
    using Validator = types::Validator;
    static constexpr auto fields = std::tuple{
        json_field("address", &Validator::address), json_field("pub_key", &Validator::pub_key),
        json_field("voting_power", &Validator::voting_power),
        json_field("proposer_priority", &Validator::proposer_priority)};
};

template <>
struct JsonFields<types::ValidatorSetMessage> {
    using ValidatorSetMessage = types::ValidatorSetMessage;
    static constexpr auto fields =
        std::tuple{json_field("validators", &ValidatorSetMessage::validators),
                   json_field("proposer", &ValidatorSetMessage::proposer)};
};

template <>
struct JsonFields<types::SignedHeader> {
    static constexpr auto fields = std::tuple{json_field("header", &types::SignedHeader::header),
                                              json_field("commit", &types::SignedHeader::commit)};
};

template <>
struct JsonFields<types::LightBlock> {
    static constexpr auto fields =
        std::tuple{json_field("signed_header", &types::LightBlock::signed_header),
                   json_field("validator_set", &types::LightBlock::validator_set)};
};

template <>
struct JsonFields<types::DuplicateVoteEvidence> {
    using Evidence = types::DuplicateVoteEvidence;
    static constexpr auto fields =
        std::tuple{json_field("vote_a", &Evidence::vote_a), json_field("vote_b", &Evidence::vote_b),
                   json_field("TotalVotingPower", &Evidence::total_voting_power),
                   json_field("ValidatorPower", &Evidence::validator_power),
                   json_field("Timestamp", &Evidence::timestamp)};
};

template <>
struct JsonFields<types::LightClientAttackEvidence> {
    using Evidence = types::LightClientAttackEvidence;
    static constexpr auto fields =
        std::tuple{json_field("ConflictingBlock", &Evidence::conflicting_block),
                   json_field("CommonHeight", &Evidence::common_height),
                   json_field("ByzantineValidators", &Evidence::byzantine_validators),
                   json_field("TotalVotingPower", &Evidence::total_voting_power),
                   json_field("Timestamp", &Evidence::timestamp)};
};

template <>
struct JsonCodec<types::Evidence> {
    static constexpr std::array<std::string_view, 2> names = {
        "tendermint/DuplicateVoteEvidence", "tendermint/LightClientAttackEvidence"};

    static bool read(JsonReading& reading, const JsonValue& value, types::Evidence& out) {
        const auto tagged = read_json_tagged(reading, value);
        if (!tagged) return false;
        if (tagged->type == names[0])
            return read_kind<types::DuplicateVoteEvidence>(reading, *tagged, out);
        if (tagged->type == names[1])
            return read_kind<types::LightClientAttackEvidence>(reading, *tagged, out);
        const JsonReading::Step step(reading, "type");
        return reading.fail(tagged->type_value, fmt::format("one of {}", fmt::join(names, ", ")));
    }
    static void write(JsonWriter& writer, const types::Evidence& value) {
        if (const auto* votes = value.duplicate_vote()) {
            writer.begin_object().name("type").string(names[0]).name("value");
            write_json_object(writer, *votes);
            writer.end_object();
        } else if (const auto* attack = value.light_client_attack()) {
            writer.begin_object().name("type").string(names[1]).name("value");
            write_json_object(writer, *attack);
            writer.end_object();
        } else {
            writer.null();
        }
    }

  private:
    template <typename Kind>
    static bool read_kind(JsonReading& reading, const JsonTagged& tagged, types::Evidence& out) {
        const JsonReading::Step step(reading, "value");
        auto& kind = out.sum.template emplace<base::Box<Kind>>();
        return read_json_member(reading, tagged.value, kind.emplace());
    }
};

template <>
struct JsonFields<types::EvidenceList> {
    static constexpr auto fields =
        std::tuple{json_field("evidence", &types::EvidenceList::evidence)};
};

template <>
struct JsonFields<types::Data> {
    static constexpr auto fields = std::tuple{json_field("txs", &types::Data::txs)};
};

template <>
struct JsonFields<types::Block> {
    using Block = types::Block;
    static constexpr auto fields = std::tuple{
        json_field("header", &Block::header), json_field("data", &Block::data),
        json_field("evidence", &Block::evidence), json_field("last_commit", &Block::last_commit)};
};

template <>
struct JsonFields<types::BlockMeta> {
    using BlockMeta = types::BlockMeta;
    static constexpr auto fields = std::tuple{json_field("block_id", &BlockMeta::block_id),
                                              json_field("block_size", &BlockMeta::block_size),
                                              json_field("header", &BlockMeta::header),
                                              json_field("num_txs", &BlockMeta::num_txs)};
};

template <>
struct JsonFields<crypto::MerkleProof> {
    using Proof = crypto::MerkleProof;
    static constexpr auto fields =
        std::tuple{json_field("total", &Proof::total), json_field("index", &Proof::index),
                   json_field_as<JsonBase64>("leaf_hash", &Proof::leaf_hash),
                   json_field_as<JsonList<JsonBase64>>("aunts", &Proof::aunts)};
};

template <>
struct JsonFields<types::Part> {
    using Part = types::Part;
    static constexpr auto fields =
        std::tuple{json_field("index", &Part::index), json_field_as<JsonHex>("bytes", &Part::bytes),
                   json_field("proof", &Part::proof)};
};

template <>
struct JsonFields<types::TxProof> {
    using TxProof = types::TxProof;
    static constexpr auto fields =
        std::tuple{json_field_as<JsonHex>("root_hash", &TxProof::root_hash),
                   json_field("data", &TxProof::data), json_field("proof", &TxProof::proof)};
};

/// A part of an update comes from a protobuf message, whose zero values are not written; but a
/// duration always is.
struct UpdatePart {
    template <typename T>
    static bool read(JsonReading& reading, const JsonValue& value, base::Box<T>& out) {
        return JsonCodec<base::Box<T>>::read(reading, value, out);
    }
    template <typename T>
    static void write(JsonWriter& writer, const base::Box<T>& part) {
        if (!part) {
            writer.null();
            return;
        }
        writer.begin_object();
        const auto write_field = [&](auto field) {
            using Member = std::remove_cvref_t<decltype((*part).*field.member)>;
            field.omit_empty = !std::same_as<Member, types::Duration>;
            field.write(writer, *part);
        };
        std::apply([&](const auto&... fields) { (write_field(fields), ...); },
                   JsonFields<T>::fields);
        writer.end_object();
    }
};

template <>
struct JsonFields<types::ConsensusParamsMessage> {
    using Message = types::ConsensusParamsMessage;
    static constexpr auto fields =
        std::tuple{json_field_as<UpdatePart>("block", &Message::block, true),
                   json_field_as<UpdatePart>("evidence", &Message::evidence, true),
                   json_field_as<UpdatePart>("validator", &Message::validator, true),
                   json_field_as<UpdatePart>("version", &Message::version, true),
                   json_field_as<UpdatePart>("abci", &Message::abci, true)};
};

}  // namespace tandem::wire

namespace tandem::types {

template <typename T>
void write_json(wire::JsonWriter& writer, const T& value) {
    wire::JsonCodec<T>::write(writer, value);
}

template <typename T>
std::string to_json(const T& value) {
    wire::JsonWriter writer;
    write_json(writer, value);
    return writer.take();
}

template <typename T>
bool read_json(wire::JsonReading& reading, const wire::JsonValue& value, T& out) {
    return wire::read_json_member(reading, value, out);
}

template <typename T>
Result<T> from_json(std::string_view text) {
    const auto value = wire::parse_json(text);
    if (!value) return std::unexpected(value.error());
    wire::JsonReading reading;
    Result<T> out;
    if (!read_json(reading, *value, *out)) return std::unexpected(reading.refusal());
    return out;
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type.
#define TANDEM_JSON_WRITTEN(T)                             \
    template void write_json(wire::JsonWriter&, const T&); \
    template std::string to_json(const T&);
#define TANDEM_JSON(T)                                                       \
    TANDEM_JSON_WRITTEN(T)                                                   \
    template bool read_json(wire::JsonReading&, const wire::JsonValue&, T&); \
    template Result<T> from_json<T>(std::string_view);
// NOLINTEND(bugprone-macro-parentheses)

TANDEM_JSON_WRITTEN(Data)
TANDEM_JSON_WRITTEN(Block)
TANDEM_JSON(PartSetHeader)
TANDEM_JSON(BlockId)
TANDEM_JSON(Header)
TANDEM_JSON(CommitSig)
TANDEM_JSON(Commit)
TANDEM_JSON(Vote)
TANDEM_JSON(Proposal)
TANDEM_JSON(PublicKey)
TANDEM_JSON(Validator)
TANDEM_JSON(ValidatorSetMessage)
TANDEM_JSON(SignedHeader)
TANDEM_JSON(LightBlock)
TANDEM_JSON(Evidence)
TANDEM_JSON(EvidenceList)
TANDEM_JSON(BlockMeta)
TANDEM_JSON(ConsensusParams)
TANDEM_JSON(ConsensusParamsMessage)
TANDEM_JSON(crypto::MerkleProof)
TANDEM_JSON(Part)
TANDEM_JSON(TxProof)

#undef TANDEM_JSON
#undef TANDEM_JSON_WRITTEN

}  // namespace tandem::types
