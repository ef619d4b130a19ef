// proto_encode, proto_decode and validate_basic: every message by its name in the vectors.
#include "tests/vectors_program/convert.h"
#include "types/block.h"
#include "types/decode.h"
#include "types/params.h"
#include "types/part_set.h"
#include "types/validator_set.h"

namespace tandem::vectors {
namespace {

using types::Verdict;

struct Stages {
    bool unmarshal = false;
    bool from_proto = false;
    std::optional<bool> validate_basic;  // absent when an earlier stage failed
    std::string why;
    std::optional<base::Bytes> remarshal;
    std::optional<base::Bytes> domain;
};

/// How CometBFT takes in one kind of message: what belongs to FromProto (may normalise), and what
/// to the ValidateBasic after it.
template <typename M>
struct Intake {
    std::function<Verdict(M&)> from_proto = [](M& m) { return types::check_decoded(m); };
    std::function<Verdict(const M&)> validate = [](const M&) { return Verdict{}; };
};

struct MessageTopic {
    std::function<base::Bytes(const Json&)> encode;
    std::function<Stages(base::BytesView)> decode;
};

template <wire::Message M>
MessageTopic topic_of(Intake<M> intake = {}) {
    return {[](const Json& value) { return wire::encode(message_from<M>(value)); },
            [intake](base::BytesView bytes) {
                Stages stages;
                auto message = wire::decode<M>(bytes);
                if (!message) {
                    stages.why = message.error().to_refusal().why;
                    return stages;
                }
                stages.unmarshal = true;
                stages.remarshal = wire::encode(*message);
                const Verdict read = intake.from_proto(*message);
                stages.from_proto = read.has_value();
                if (!read) {
                    stages.why = read.error().check + ": " + read.error().why;
                    return stages;
                }
                stages.domain = wire::encode(*message);
                const Verdict valid = intake.validate(*message);
                stages.validate_basic = valid.has_value();
                if (!valid) stages.why = valid.error().check + ": " + valid.error().why;
                return stages;
            }};
}

Verdict accept_all() {
    return {};
}

template <typename M>
Intake<M> no_domain_type() {
    return {.from_proto = [](M&) { return accept_all(); }};
}

template <typename M>
Intake<M> then_validate() {
    return {.validate = [](const M& m) { return types::validate_basic(m); }};
}

Intake<types::ConsensusParamsMessage> params_intake() {
    return {.from_proto = [](types::ConsensusParamsMessage& message) -> Verdict {
                auto params = types::from_message(message);
                if (!params) return std::unexpected(params.error());
                message = types::to_message(*params);
                return {};
            },
            .validate =
                [](const types::ConsensusParamsMessage& message) {
                    return types::validate_basic(*types::from_message(message));
                }};
}

Intake<types::BitArrayMessage> bit_array_intake() {
    return {.from_proto = [](types::BitArrayMessage&) { return accept_all(); },
            .validate = [](const types::BitArrayMessage& m) { return types::validate_basic(m); }};
}

Intake<types::ValidatorSetMessage> validator_set_intake() {
    return {.from_proto = [](types::ValidatorSetMessage& message) -> Verdict {
        auto set = types::ValidatorSet::from_message(message);
        if (!set) return std::unexpected(set.error());
        message = set->to_message();
        return {};
    }};
}

template <typename M>
std::string own_chain_id(const M& block) {
    if constexpr (std::same_as<M, types::SignedHeader>) {
        return block.header ? block.header->chain_id : "";
    } else {
        return block.signed_header ? own_chain_id(*block.signed_header) : "";
    }
}

template <typename M>
Intake<M> for_own_chain() {
    return {.validate = [](const M& m) { return types::validate_basic(m, own_chain_id(m)); }};
}

const std::map<std::string, MessageTopic>& messages() {
    using namespace types;
    static const std::map<std::string, MessageTopic> map = {
        {"Vote", topic_of<Vote>(then_validate<Vote>())},
        {"Proposal", topic_of<Proposal>()},
        {"CommitSig", topic_of<CommitSig>()},
        {"Commit", topic_of<Commit>()},
        {"ExtendedCommitSig", topic_of<ExtendedCommitSig>()},
        {"ExtendedCommit", topic_of<ExtendedCommit>()},
        {"PartSetHeader", topic_of<PartSetHeader>({[](auto& m) { return validate_basic(m); }})},
        {"BlockID", topic_of<BlockId>({[](auto& m) { return validate_basic(m); }})},
        {"Header", topic_of<Header>()},
        {"Data", topic_of<Data>(no_domain_type<Data>())},
        {"DuplicateVoteEvidence", topic_of<DuplicateVoteEvidence>()},
        {"LightClientAttackEvidence", topic_of<LightClientAttackEvidence>()},
        {"Evidence", topic_of<Evidence>()},
        {"EvidenceList", topic_of<EvidenceList>()},
        {"Block", topic_of<Block>()},
        {"PublicKey", topic_of<PublicKey>()},
        {"Validator", topic_of<Validator>(then_validate<Validator>())},
        {"SimpleValidator", topic_of<SimpleValidator>(no_domain_type<SimpleValidator>())},
        {"ValidatorSet", topic_of<ValidatorSetMessage>(validator_set_intake())},
        {"ConsensusParams", topic_of<ConsensusParamsMessage>(params_intake())},
        {"SignedHeader", topic_of<SignedHeader>(for_own_chain<SignedHeader>())},
        {"LightBlock", topic_of<LightBlock>(for_own_chain<LightBlock>())},
        {"Proof", topic_of<crypto::MerkleProof>()},
        {"Part", topic_of<Part>()},
        {"BlockMeta", topic_of<BlockMeta>(then_validate<BlockMeta>())},
        {"TxProof", topic_of<TxProof>()},
        {"BitArray", topic_of<BitArrayMessage>(bit_array_intake())},
    };
    return map;
}

const MessageTopic* find_message(Case& c) {
    const std::string name = c.in().at("message").get<std::string>();
    const auto found = messages().find(name);
    if (found == messages().end()) {
        c.unknown("message " + name);
        return nullptr;
    }
    return &found->second;
}

void run_encode(Case& c) {
    if (const MessageTopic* message = find_message(c))
        c.expect("encoded", hex(message->encode(c.in().at("value"))));
}

void run_decode(Case& c) {
    const MessageTopic* message = find_message(c);
    if (message == nullptr) return;
    const base::Bytes bytes = bytes_from(c.in().at("bytes"));
    const Stages stages = message->decode(bytes);
    const bool ok = stages.unmarshal && (stages.from_proto || !c.out().contains("from_proto")) &&
                    stages.validate_basic.value_or(true);
    for (const auto& [member, expected] : c.out().items()) {
        if (member == "error" || member == "panic") continue;
        if (member == "ok") {
            if (expected != ok)
                c.fail("ok (" + stages.why + ")", expected.dump(), ok ? "true" : "false");
        } else if (member == "unmarshal") {
            c.expect(member, stages.unmarshal);
        } else if (member == "from_proto") {
            c.expect(member, stages.from_proto);
        } else if (member == "validate_basic") {
            c.expect(member, stages.validate_basic ? Json(*stages.validate_basic) : Json());
        } else if (member == "remarshal") {
            const std::string got = stages.remarshal ? hex(*stages.remarshal) : "none";
            c.expect(member, expected == "same" && got == hex(bytes) ? "same" : got);
        } else if (member == "domain") {
            c.expect(member, stages.domain ? hex(*stages.domain) : "none");
        } else {
            c.unknown("member " + member);
        }
    }
    if (!c.out().contains("domain") && stages.domain && stages.domain != stages.remarshal &&
        c.out().contains("remarshal"))
        c.fail("domain", "as remarshal", hex(*stages.domain));
}

Json verdict_only(bool ok) {
    return ok;
}

void run_validate_basic(Case& c) {
    const std::string kind = c.kind();
    if (kind.empty()) {
        const MessageTopic* message = find_message(c);
        if (message == nullptr) return;
        if (c.in().contains("value"))
            if (const auto encoded = hex(message->encode(c.in().at("value")));
                c.in().at("bytes") != encoded)
                c.fail("bytes of value", c.in().at("bytes").dump(), encoded);
        const Stages stages = message->decode(bytes_from(c.in().at("bytes")));
        const bool ok =
            stages.unmarshal && stages.from_proto && stages.validate_basic.value_or(false);
        if (c.out().at("ok") != ok)
            c.fail("ok (" + stages.why + ")", c.out().dump(), ok ? "true" : "false");
    } else if (kind == "proposal_block_size") {
        types::Proposal proposal;
        proposal.block_id.part_set_header.total =
            static_cast<std::uint32_t>(uint64_from(c.in().at("total")));
        c.expect("ok", verdict_only(
                           types::validate_block_size(proposal, int64_from(c.in().at("max_bytes")))
                               .has_value()));
    } else if (kind == "ensure_extension") {
        c.expect(
            "ok",
            verdict_only(
                types::ensure_extension(message_from<types::Vote>(c.in().at("vote"))).has_value()));
    } else if (kind == "ensure_extensions") {
        const auto commit = message_from<types::ExtendedCommit>(c.in().at("extended_commit"));
        c.expect(
            "ok",
            verdict_only(
                types::ensure_extensions(commit, c.in().at("enabled").get<bool>()).has_value()));
    } else if (kind == "max_data_bytes") {
        const auto judge = [&](std::int64_t evidence, const char* ok, const char* value) {
            const auto room = types::data_bytes_max(int64_from(c.in().at("max_bytes")), evidence,
                                                    int64_from(c.in().at("validators")));
            c.expect(ok, room.has_value());
            if (room) c.expect(value, std::to_string(*room));
        };
        judge(int64_from(c.in().at("evidence_bytes")), "ok", "value");
        judge(0, "no_evidence_ok", "no_evidence_value");
    } else if (kind == "max_commit_bytes") {
        c.expect("value",
                 std::to_string(types::commit_bytes_max(int64_from(c.in().at("validators")))));
    } else {
        c.unknown(kind);
    }
}

const RegisterTopic encode_topic("proto_encode", run_encode);
const RegisterTopic decode_topic("proto_decode", run_decode);
const RegisterTopic validate_topic("validate_basic", run_validate_basic);

}  // namespace
}  // namespace tandem::vectors
