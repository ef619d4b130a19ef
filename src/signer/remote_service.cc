#include "signer/remote_service.h"

#include <fmt/format.h>

#include "wire/framing.h"

namespace tandem::signer {

using types::PrivvalMessage;
using types::RemoteSignerError;

namespace {

/// The reference signer gives this code to all errors.
constexpr std::int32_t unknown_error = 0;
/// The time that stands in an answer which carries nothing: the zero of Go's clock.
constexpr types::Timestamp no_time{-62'135'596'800, 0};

base::Box<RemoteSignerError> error_of(std::string text) {
    return base::Box<RemoteSignerError>(RemoteSignerError{unknown_error, std::move(text)});
}

int step_of(const types::Vote& vote) {
    return static_cast<int>(vote.type == types::SignedMsgType::prevote
                                ? types::SignStep::prevote
                                : types::SignStep::precommit);
}
int step_of(const types::Proposal&) {
    return static_cast<int>(types::SignStep::propose);
}

/// What the guard refused, as CometBFT's signer says it.
template <typename Message>
std::string guard_text(const base::Refusal& refusal, const types::LastSigned& last,
                       const Message& message) {
    if (refusal.check == "sign.height")
        return fmt::format("height regression. Got {}, last height {}", message.height,
                           last.height);
    if (refusal.check == "sign.round")
        return fmt::format("round regression at height {}. Got {}, last round {}", message.height,
                           message.round, last.round);
    if (refusal.check == "sign.step")
        return fmt::format("step regression at height {} round {}. Got {}, last step {}",
                           message.height, message.round, step_of(message),
                           static_cast<int>(last.step));
    if (refusal.check == "sign.conflict") return "conflicting data";
    if (refusal.check == "sign.state") return "no SignBytes found";
    if (refusal.check == "sign.extension")
        return "unexpected vote extension - extensions are only allowed in non-nil precommits";
    return refusal.why;
}

}  // namespace

template <typename Message>
std::optional<std::string> RemoteService::refused(std::string_view chain_id, Message* message,
                                                  std::string_view what) {
    std::string why;
    if (chain_id != chain_id_) {
        why = fmt::format("unable to sign {}", what);
    } else if (message == nullptr) {
        why = fmt::format("error signing {0}: there is no {0} in the request", what);
    } else {
        const types::LastSigned before = key_.last_signed();
        if (const auto verdict = key_.sign(chain_id_, *message)) {
            if (key_.last_signed() != before) keep_(key_.last_signed());
            ++counts_.signed_messages;
            return std::nullopt;
        } else {
            why = fmt::format("error signing {}: {}", what,
                              guard_text(verdict.error(), before, *message));
        }
    }
    ++counts_.refused;
    newest_refusal_ = why;
    return why;
}

PrivvalMessage RemoteService::answer_to(const types::PubKeyRequest& request) const {
    if (request.chain_id != chain_id_)
        return {types::PubKeyResponse{{}, error_of("unable to provide pubkey")}};
    return {types::PubKeyResponse{key_.public_key(), {}}};
}

PrivvalMessage RemoteService::answer_to(const types::SignVoteRequest& request) {
    types::SignedVoteResponse answer;
    if (request.vote) answer.vote = *request.vote;
    if (auto why = refused(request.chain_id, request.vote ? &answer.vote : nullptr, "vote")) {
        answer.vote = {};
        answer.vote.timestamp = no_time;
        answer.error = error_of(std::move(*why));
    }
    return {std::move(answer)};
}

PrivvalMessage RemoteService::answer_to(const types::SignProposalRequest& request) {
    types::SignedProposalResponse answer;
    if (request.proposal) answer.proposal = *request.proposal;
    if (auto why =
            refused(request.chain_id, request.proposal ? &answer.proposal : nullptr, "proposal")) {
        answer.proposal = {};
        answer.proposal.timestamp = no_time;
        answer.error = error_of(std::move(*why));
    }
    return {std::move(answer)};
}

PrivvalMessage RemoteService::answer(const PrivvalMessage& request) {
    if (const auto* key = std::get_if<types::PubKeyRequest>(&request.sum)) return answer_to(*key);
    if (const auto* vote = std::get_if<types::SignVoteRequest>(&request.sum))
        return answer_to(*vote);
    if (const auto* proposal = std::get_if<types::SignProposalRequest>(&request.sum))
        return answer_to(*proposal);
    if (std::holds_alternative<types::PingRequest>(request.sum)) return {types::PingResponse{}};
    return {};
}

base::Result<base::Bytes> RequestReader::receive(base::BytesView bytes) {
    base::append(input_, bytes);
    base::Bytes answers;
    std::size_t taken = 0;
    for (;;) {
        const auto frame = wire::next_frame(base::BytesView(input_).subspan(taken),
                                            types::signer_message_bytes_max);
        if (frame.state == wire::FrameState::incomplete) break;
        if (frame.state != wire::FrameState::complete)
            return base::refuse("signer.frame",
                                fmt::format("a request of more than {} bytes, or without a length",
                                            types::signer_message_bytes_max));
        const auto request = wire::decode<PrivvalMessage>(frame.body);
        if (!request)
            return base::refuse("signer.frame", "a request that is no message: " +
                                                    request.error().to_refusal().why);
        base::append(answers, wire::encode_delimited(service_.answer(*request)));
        taken += frame.consumed;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken));
    return answers;
}

}  // namespace tandem::signer
