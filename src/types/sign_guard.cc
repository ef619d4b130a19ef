#include "types/sign_guard.h"

#include <fmt/format.h>

#include "wire/framing.h"

namespace tandem::types {
namespace {

/// Signed messages as they are read back from their sign-bytes, to tell what differs.
struct SignedVote {
    SignedMsgType type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    base::Box<BlockId> block_id;
    Timestamp timestamp;
    std::string chain_id;

    bool operator==(const SignedVote&) const = default;
};

struct SignedProposal {
    SignedMsgType type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::int64_t pol_round = 0;
    base::Box<BlockId> block_id;
    Timestamp timestamp;
    std::string chain_id;

    bool operator==(const SignedProposal&) const = default;
};

}  // namespace
}  // namespace tandem::types

namespace tandem::wire {

template <>
struct Described<types::SignedVote> {
    using Signed = types::SignedVote;
    static constexpr std::string_view name = "CanonicalVote";
    static constexpr auto fields = std::tuple{
        field<1>("type", &Signed::type),           fixed<2>("height", &Signed::height),
        fixed<3>("round", &Signed::round),         field<4>("block_id", &Signed::block_id),
        field<5>("timestamp", &Signed::timestamp), field<6>("chain_id", &Signed::chain_id)};
};

template <>
struct Described<types::SignedProposal> {
    using Signed = types::SignedProposal;
    static constexpr std::string_view name = "CanonicalProposal";
    static constexpr auto fields = std::tuple{
        field<1>("type", &Signed::type),         fixed<2>("height", &Signed::height),
        fixed<3>("round", &Signed::round),       field<4>("pol_round", &Signed::pol_round),
        field<5>("block_id", &Signed::block_id), field<6>("timestamp", &Signed::timestamp),
        field<7>("chain_id", &Signed::chain_id)};
};

}  // namespace tandem::wire

namespace tandem::types {
namespace {

enum class Place : std::uint8_t { same, above };

/// Where height, round and step stand relative to the last ones; refused below.
Result<Place> compare(const LastSigned& last, std::int64_t height, std::int32_t round,
                      SignStep step) {
    if (height != last.height) {
        if (height > last.height) return Place::above;
        return refuse("sign.height", fmt::format("height {} lies below {}, where this key signed "
                                                 "last",
                                                 height, last.height));
    }
    if (round != last.round) {
        if (round > last.round) return Place::above;
        return refuse("sign.round", fmt::format("round {} of height {} lies below {}, where this "
                                                "key signed last",
                                                round, height, last.round));
    }
    if (step != last.step) {
        if (step > last.step) return Place::above;
        return refuse(
            "sign.step",
            fmt::format("step {} of height {} round {} lies below {}, where this key "
                        "signed last",
                        static_cast<int>(step), height, round, static_cast<int>(last.step)));
    }
    return Place::same;
}

template <typename Signed>
std::optional<Signed> read_signed(BytesView sign_bytes) {
    const wire::Frame frame = wire::next_frame(sign_bytes, sign_bytes.size());
    if (frame.state != wire::FrameState::complete) return std::nullopt;
    auto message = wire::decode<Signed>(frame.body);
    if (!message) return std::nullopt;
    return std::move(*message);
}

/// For a message at the very height, round and step of the last one.
template <typename Signed>
Result<SignDecision> sign_again(const LastSigned& last, BytesView sign_bytes, Timestamp time) {
    if (last.sign_bytes.empty())
        return refuse("sign.state", "it is not known what this key signed last at this step");
    if (last.signature.empty())
        return refuse("sign.state", "the signature that this key made last is not known");
    if (base::equal(last.sign_bytes, sign_bytes)) return SignAgain{last.signature, time};

    auto before = read_signed<Signed>(last.sign_bytes);
    auto now = read_signed<Signed>(sign_bytes);
    if (!before || !now)
        return refuse("sign.conflict", "what this key signed last at this step cannot be read");
    const Timestamp signed_time = std::exchange(before->timestamp, now->timestamp);
    if (*before == *now) return SignAgain{last.signature, signed_time};
    return refuse("sign.conflict", "this key signed something else at this step");
}

template <typename Signed, typename Message>
Result<SignDecision> decide(const LastSigned& last, Place place, SignStep step, Bytes sign_bytes,
                            const Message& message) {
    if (place == Place::same) return sign_again<Signed>(last, sign_bytes, message.timestamp);
    return SignFresh{
        LastSigned{message.height, message.round, step, Signature{}, std::move(sign_bytes)}};
}

Result<SignStep> step_of(const Vote& vote) {
    switch (vote.type) {
        case SignedMsgType::prevote:
            return SignStep::prevote;
        case SignedMsgType::precommit:
            return SignStep::precommit;
        default:
            break;
    }
    return refuse("sign.type", fmt::format("{} is no type of a vote", static_cast<int>(vote.type)));
}

}  // namespace

bool signs_extension(const Vote& vote) {
    return vote.type == SignedMsgType::precommit && !vote.block_id.is_zero();
}

Result<SignDecision> decide_signing(const LastSigned& last, std::string_view chain_id,
                                    const Vote& vote) {
    const auto step = step_of(vote);
    if (!step) return std::unexpected(step.error());
    const auto place = compare(last, vote.height, vote.round, *step);
    if (!place) return std::unexpected(place.error());
    if (!vote.extension.empty() && !signs_extension(vote))
        return refuse("sign.extension", "only a precommit for a block may carry an extension");
    return decide<SignedVote>(last, *place, *step, sign_bytes(chain_id, vote), vote);
}

Result<SignDecision> decide_signing(const LastSigned& last, std::string_view chain_id,
                                    const Proposal& proposal) {
    const auto place = compare(last, proposal.height, proposal.round, SignStep::propose);
    if (!place) return std::unexpected(place.error());
    return decide<SignedProposal>(last, *place, SignStep::propose, sign_bytes(chain_id, proposal),
                                  proposal);
}

std::optional<SignedContent> content_of(BytesView sign_bytes) {
    const auto content = [](const auto& read, std::int64_t pol_round) {
        return SignedContent{read.type, read.height, read.round, pol_round,
                             read.block_id ? *read.block_id : BlockId{}};
    };
    // Their fields have other numbers, so what is read as the wrong one of the two may hold.
    const auto vote = read_signed<SignedVote>(sign_bytes);
    if (vote && vote->type != SignedMsgType::proposal) return content(*vote, -1);
    const auto proposal = read_signed<SignedProposal>(sign_bytes);
    if (proposal && proposal->type == SignedMsgType::proposal)
        return content(*proposal, proposal->pol_round);
    return std::nullopt;
}

template <typename Message>
void GuardedKey::carry_out(const SignDecision& decision, Message& message) {
    if (const auto* again = std::get_if<SignAgain>(&decision)) {
        message.signature = again->signature;
        message.timestamp = again->timestamp;
        return;
    }
    last_ = std::get<SignFresh>(decision).next;
    last_.signature = key_.sign(last_.sign_bytes);
    message.signature = last_.signature;
}

Verdict GuardedKey::sign(std::string_view chain_id, Vote& vote) {
    const auto decision = decide_signing(last_, chain_id, vote);
    // CometBFT signs the extension before it looks for a conflict, and leaves that in the vote.
    if (decision || decision.error().check == "sign.conflict")
        vote.extension_signature =
            signs_extension(vote) ? key_.sign(extension_sign_bytes(chain_id, vote)) : Signature{};
    if (!decision) return std::unexpected(decision.error());
    carry_out(*decision, vote);
    return {};
}

Verdict GuardedKey::sign(std::string_view chain_id, Proposal& proposal) {
    const auto decision = decide_signing(last_, chain_id, proposal);
    if (!decision) return std::unexpected(decision.error());
    carry_out(*decision, proposal);
    return {};
}

}  // namespace tandem::types
