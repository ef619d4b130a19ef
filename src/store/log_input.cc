#include "store/log_input.h"

#include <fmt/format.h>

#include "types/consensus_messages.h"
#include "types/decode.h"

namespace tandem::store {

// Messages of docs/formats/log.md. Where a message of the network has the same fields, it is that.

struct HeightMessage {
    std::int64_t height = 0;
};
struct TimerMessage {
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::uint32_t step = 0;
};
struct BuiltMessage {
    std::int64_t height = 0;
    std::int32_t round = 0;
    Bytes block;
};
struct JudgedMessage {
    std::int64_t height = 0;
    types::BlockId id;
    std::uint32_t judgement = 0;
};
struct ExtendedMessage {
    std::int64_t height = 0;
    std::int32_t round = 0;
    types::BlockId id;
    Bytes extension;
};
struct ExtensionJudgedMessage {
    std::int64_t height = 0;
    std::uint64_t question = 0;
    bool accepted = false;
};
struct TransactionsMessage {
    std::int64_t height = 0;
};
struct SignedProposalMessage {
    types::Proposal proposal;
};
struct SignedVoteMessage {
    types::Vote vote;
};

struct InputMessage {
    types::Timestamp now;
    std::uint64_t peer = 0;
    std::variant<std::monostate, HeightMessage, types::Proposal, types::BlockPart, types::Vote,
                 types::VoteSetMaj23, TimerMessage, BuiltMessage, JudgedMessage, ExtendedMessage,
                 ExtensionJudgedMessage, TransactionsMessage, SignedProposalMessage,
                 SignedVoteMessage>
        event;
};

}  // namespace tandem::store

namespace tandem::wire {

template <>
struct Described<store::HeightMessage> {
    static constexpr std::string_view name = "HeightBegan";
    static constexpr auto fields = std::tuple{field<1>("height", &store::HeightMessage::height)};
};

template <>
struct Described<store::TimerMessage> {
    using M = store::TimerMessage;
    static constexpr std::string_view name = "TimerRang";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("step", &M::step)};
};

template <>
struct Described<store::BuiltMessage> {
    using M = store::BuiltMessage;
    static constexpr std::string_view name = "BlockBuilt";
    static constexpr auto fields = std::tuple{
        field<1>("height", &M::height), field<2>("round", &M::round), field<3>("block", &M::block)};
};

template <>
struct Described<store::JudgedMessage> {
    using M = store::JudgedMessage;
    static constexpr std::string_view name = "BlockJudged";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("block_id", &M::id),
                   field<3>("judgement", &M::judgement)};
};

template <>
struct Described<store::ExtendedMessage> {
    using M = store::ExtendedMessage;
    static constexpr std::string_view name = "VoteExtended";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("round", &M::round),
                   field<3>("block_id", &M::id), field<4>("extension", &M::extension)};
};

template <>
struct Described<store::ExtensionJudgedMessage> {
    using M = store::ExtensionJudgedMessage;
    static constexpr std::string_view name = "ExtensionJudged";
    static constexpr auto fields =
        std::tuple{field<1>("height", &M::height), field<2>("question", &M::question),
                   field<3>("accepted", &M::accepted)};
};

template <>
struct Described<store::TransactionsMessage> {
    static constexpr std::string_view name = "TransactionsAvailable";
    static constexpr auto fields =
        std::tuple{field<1>("height", &store::TransactionsMessage::height)};
};

template <>
struct Described<store::SignedProposalMessage> {
    static constexpr std::string_view name = "ProposalSigned";
    static constexpr auto fields =
        std::tuple{field<1>("proposal", &store::SignedProposalMessage::proposal)};
};

template <>
struct Described<store::SignedVoteMessage> {
    static constexpr std::string_view name = "VoteSigned";
    static constexpr auto fields = std::tuple{field<1>("vote", &store::SignedVoteMessage::vote)};
};

template <>
struct Described<store::InputMessage> {
    using M = store::InputMessage;
    static constexpr std::string_view name = "Input";
    static constexpr auto fields =
        std::tuple{field<1>("now", &M::now), field<2>("peer", &M::peer),
                   one_of<3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15>(
                       "event", &M::event, "height_began", "proposal_received", "part_received",
                       "vote_received", "majority_claimed", "timer_rang", "block_built",
                       "block_judged", "vote_extended", "extension_judged",
                       "transactions_available", "proposal_signed", "vote_signed")};
};

}  // namespace tandem::wire

namespace tandem::store {
namespace {

using base::refuse;
using base::Result;
using Event = LoggedEvent;

// ---- Writing

struct ToMessage {
    InputMessage& out;

    void operator()(const consensus::StartHeight& event) const {
        out.event = HeightMessage{event.height};
    }
    void operator()(const consensus::ProposalReceived& event) const {
        out.peer = event.peer.value;
        out.event = *event.proposal;
    }
    void operator()(const consensus::PartReceived& event) const {
        out.peer = event.peer.value;
        out.event = types::BlockPart{event.height, event.round, *event.part};
    }
    void operator()(const consensus::VoteReceived& event) const {
        out.peer = event.peer.value;
        out.event = *event.vote;
    }
    void operator()(const consensus::PeerClaimsMajority& event) const {
        out.peer = event.peer.value;
        out.event = types::VoteSetMaj23{event.height, event.round, event.type, event.block_id};
    }
    void operator()(const consensus::TimerRang& event) const {
        out.event = TimerMessage{event.timer.height, event.timer.round,
                                 static_cast<std::uint32_t>(event.timer.step)};
    }
    void operator()(const consensus::BlockBuilt& event) const {
        out.event = BuiltMessage{event.height, event.round, *event.parts->assemble()};
    }
    void operator()(const consensus::BlockJudged& event) const {
        out.event =
            JudgedMessage{event.height, event.id, static_cast<std::uint32_t>(event.judgement)};
    }
    void operator()(const consensus::VoteExtended& event) const {
        out.event = ExtendedMessage{event.height, event.round, event.id, event.extension};
    }
    void operator()(const consensus::ExtensionJudged& event) const {
        out.event = ExtensionJudgedMessage{event.height, event.question, event.accepted};
    }
    void operator()(const consensus::TransactionsAvailable& event) const {
        out.event = TransactionsMessage{event.height};
    }
    void operator()(const consensus::ProposalSigned& event) const {
        out.event = SignedProposalMessage{*event.proposal};
    }
    void operator()(const consensus::VoteSigned& event) const {
        out.event = SignedVoteMessage{*event.vote};
    }
    // As they were read.
    void operator()(const HeightBegan& event) const { out.event = HeightMessage{event.height}; }
    void operator()(const UnverifiedProposal& event) const {
        out.peer = event.peer.value;
        if (event.signed_here)
            out.event = SignedProposalMessage{*event.proposal};
        else
            out.event = *event.proposal;
    }
    void operator()(const UnverifiedVote& event) const {
        out.peer = event.peer.value;
        if (event.signed_here)
            out.event = SignedVoteMessage{*event.vote};
        else
            out.event = *event.vote;
    }
};

template <typename Input>
Bytes encode_any(const Input& input) {
    InputMessage message;
    message.now = input.now;
    std::visit(ToMessage{message}, input.event);
    return wire::encode(message);
}

// ---- Reading

struct FromMessage {
    consensus::PeerId peer;

    Result<Event> operator()(std::monostate) const {
        return refuse("input.event", "there is none");
    }
    Result<Event> operator()(HeightMessage& message) const { return HeightBegan{message.height}; }
    Result<Event> proposal(types::Proposal& proposal, bool signed_here) const {
        TANDEM_TRY(check_decoded(proposal));
        return UnverifiedProposal{peer, Shared<types::Proposal>::make(std::move(proposal)),
                                  signed_here};
    }
    Result<Event> vote(types::Vote& vote, bool signed_here) const {
        TANDEM_TRY(check_decoded(vote));
        return UnverifiedVote{peer, Shared<types::Vote>::make(std::move(vote)), signed_here};
    }
    Result<Event> operator()(types::Proposal& message) const { return proposal(message, false); }
    Result<Event> operator()(types::Vote& message) const { return vote(message, false); }
    Result<Event> operator()(SignedProposalMessage& message) const {
        return proposal(message.proposal, true);
    }
    Result<Event> operator()(SignedVoteMessage& message) const { return vote(message.vote, true); }
    Result<Event> operator()(types::BlockPart& message) const {
        TANDEM_TRY(check_decoded(message));
        return consensus::PartReceived{peer, message.height, message.round,
                                       Shared<types::Part>::make(std::move(message.part))};
    }
    Result<Event> operator()(types::VoteSetMaj23& message) const {
        TANDEM_TRY(check_decoded(message));
        return consensus::PeerClaimsMajority{peer, message.height, message.round, message.type,
                                             std::move(message.block_id)};
    }
    Result<Event> operator()(TimerMessage& message) const {
        if (message.step < 1 || message.step > 8)
            return refuse("input.step", fmt::format("{} is no step", message.step));
        return consensus::TimerRang{
            {message.height, message.round, static_cast<consensus::Step>(message.step)}};
    }
    Result<Event> operator()(BuiltMessage& message) const {
        auto bytes = std::make_shared<const Bytes>(std::move(message.block));
        if (bytes->empty()) return refuse("input.block", "it is empty");
        auto block = types::decode_checked<types::Block>(*bytes, bytes);
        if (!block) return std::unexpected(block.error());
        auto parts = types::PartSet::split(*bytes);
        types::BlockId id{types::hash_of(*block), parts.header()};
        return consensus::BlockBuilt{message.height, message.round, std::move(id),
                                     Shared<types::Block>::make(std::move(*block)),
                                     Shared<types::PartSet>::make(std::move(parts))};
    }
    Result<Event> operator()(JudgedMessage& message) const {
        if (message.judgement > static_cast<std::uint32_t>(consensus::Judgement::accepted))
            return refuse("input.judgement", fmt::format("{} is none", message.judgement));
        return consensus::BlockJudged{message.height, std::move(message.id),
                                      static_cast<consensus::Judgement>(message.judgement)};
    }
    Result<Event> operator()(ExtendedMessage& message) const {
        return consensus::VoteExtended{message.height, message.round, std::move(message.id),
                                       std::move(message.extension)};
    }
    Result<Event> operator()(ExtensionJudgedMessage& message) const {
        return consensus::ExtensionJudged{message.height, message.question, message.accepted};
    }
    Result<Event> operator()(TransactionsMessage& message) const {
        return consensus::TransactionsAvailable{message.height};
    }
};

}  // namespace

Bytes encode_input(const consensus::Input& input) {
    return encode_any(input);
}

Bytes encode_input(const LoggedInput& input) {
    return encode_any(input);
}

Result<LoggedInput> decode_input(BytesView bytes) {
    auto message = wire::decode<InputMessage>(bytes);
    if (!message) return std::unexpected(message.error().to_refusal());
    auto event = std::visit(FromMessage{{message->peer}}, message->event);
    if (!event) return std::unexpected(std::move(event).error());
    return LoggedInput{message->now, std::move(*event)};
}

}  // namespace tandem::store
