#include "signer/signer.h"

#include <fmt/format.h>

#include "signer/watermark.h"

namespace tandem::signer {

using base::refuse;
using types::LastSigned;
using types::SignStep;

namespace {

std::tuple<std::int64_t, std::int32_t, SignStep> place(const LastSigned& last) {
    return {last.height, last.round, last.step};
}

SignStep step_of(const types::Vote& vote) {
    return vote.type == types::SignedMsgType::prevote ? SignStep::prevote : SignStep::precommit;
}

}  // namespace

Signer::Signer(std::string chain_id, std::shared_ptr<const crypto::SigningKey> key, LastSigned last)
    : chain_id_(std::move(chain_id)),
      key_(std::move(key)),
      public_key_(key_->public_key()),
      address_(crypto::address(public_key_)),
      last_(std::move(last)) {
    // The crash fell between barrier and signature, or the record was logged without one.
    if (last_.signature.empty() && !last_.sign_bytes.empty())
        last_.signature = key_->sign(last_.sign_bytes);
}

Signer::Signer(std::string chain_id, crypto::PublicKey key, LastSigned last)
    : chain_id_(std::move(chain_id)),
      public_key_(std::move(key)),
      address_(crypto::address(public_key_)),
      last_(std::move(last)) {
    if (!last_.sign_bytes.empty()) last_.signature = elsewhere();
}

Verdict Signer::ask_membership(const ValidatorsAt& validators, std::int64_t height,
                               std::optional<std::int32_t> index) const {
    TANDEM_CHECK(validators.height == height);
    const auto found = validators.set.index_of(address_);
    if (!found || validators.set.validators()[*found].pub_key != public_key_)
        return refuse("sign.not_validator", fmt::format("key {} is no validator of height {}",
                                                        base::to_hex(address_), height));
    if (index && std::cmp_not_equal(*index, *found))
        return refuse("sign.validator_index",
                      fmt::format("the vote names validator {}, this key is {}", *index, *found));
    return {};
}

template <typename Message>
Result<Reservation<Message>> Signer::reserve_checked(Message message) {
    auto decision = types::decide_signing(last_, chain_id_, message);
    if (!decision) {
        if (decision.error().check == "sign.state" && last_.signature.empty() &&
            !last_.sign_bytes.empty())
            return refuse("sign.pending", "this very step already waits for its signature");
        return std::unexpected(std::move(decision).error());
    }
    if (auto* fresh = std::get_if<types::SignFresh>(&*decision)) {
        message.signature.clear();
        last_ = std::move(fresh->next);
    } else {
        auto& again = std::get<types::SignAgain>(*decision);
        message.signature = key_ ? std::move(again.signature) : types::Signature{};
        message.timestamp = again.timestamp;
    }
    waiting_.push_back({++reservations_, last_});
    return Reservation<Message>(std::move(message), encode_watermark(address_, last_),
                                reservations_);
}

Result<Reservation<types::Vote>> Signer::reserve(types::Vote vote, const ValidatorsAt& validators,
                                                 bool extensions_enabled) {
    TANDEM_TRY(ask_membership(validators, vote.height, vote.validator_index));
    if (vote.validator_address != address_)
        return refuse("sign.validator_address",
                      fmt::format("the vote is of {}, this key is {}",
                                  base::to_hex(vote.validator_address), base::to_hex(address_)));
    const bool extends = extensions_enabled && types::signs_extension(vote);
    if (!extends && !vote.extension.empty())
        return refuse("sign.extension", "an extension where there must be none");
    vote.extension_signature.clear();
    auto reservation = reserve_checked(std::move(vote));
    if (reservation) reservation->extends_ = extends;
    return reservation;
}

Result<Reservation<types::Proposal>> Signer::reserve(types::Proposal proposal,
                                                     const ValidatorsAt& validators) {
    TANDEM_TRY(ask_membership(validators, proposal.height, std::nullopt));
    return reserve_checked(std::move(proposal));
}

Verdict Signer::ask_overtaken(std::uint64_t number) const {
    if (number > overtaken_) return {};
    return refuse(
        "sign.overtaken",
        "this key may have signed something else here, in a life that it does not remember");
}

void Signer::settle(std::uint64_t number, types::Signature signature) {
    // What a peer showed us since has its own signature.
    if (number == reservations_ && number > overtaken_) last_.signature = std::move(signature);
    std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.number <= number; });
}

template <typename Message>
Verdict Signer::sign_message(Pending<Message>& pending, LogPosition durable) {
    TANDEM_CHECK(pending.needs_ <= durable && key_ != nullptr);
    TANDEM_TRY(ask_overtaken(pending.number_));
    Message& message = pending.message_;
    if (message.signature.empty())
        message.signature = key_->sign(types::sign_bytes(chain_id_, message));
    settle(pending.number_, message.signature);
    return {};
}

Result<types::Vote> Signer::sign(Pending<types::Vote> pending, LogPosition durable) {
    TANDEM_TRY(sign_message(pending, durable));
    types::Vote& vote = pending.message_;
    if (pending.extends_)
        vote.extension_signature = key_->sign(types::extension_sign_bytes(chain_id_, vote));
    return std::move(vote);
}

Result<types::Proposal> Signer::sign(Pending<types::Proposal> pending, LogPosition durable) {
    TANDEM_TRY(sign_message(pending, durable));
    return std::move(pending.message_);
}

// ---- A remote signer

template <typename Message>
Result<Message> Signer::ask(const Pending<Message>& pending, LogPosition durable) const {
    TANDEM_CHECK(pending.needs_ <= durable && key_ == nullptr);
    TANDEM_TRY(ask_overtaken(pending.number_));
    return pending.message_;
}
template Result<types::Vote> Signer::ask(const Pending<types::Vote>&, LogPosition) const;
template Result<types::Proposal> Signer::ask(const Pending<types::Proposal>&, LogPosition) const;

/// `answer`: its signatures are of no interest to the comparison any more.
template <typename Message>
Verdict Signer::accept_message(const Pending<Message>& pending, const Message& answer,
                               const crypto::Verifier& verifier) {
    Message asked = pending.message_;
    asked.timestamp = answer.timestamp;
    asked.signature = answer.signature;
    if (asked != answer)
        return refuse("sign.remote",
                      "the remote signer answers with something else than it was "
                      "asked to sign");
    if (!verifier.verify(public_key_, types::sign_bytes(chain_id_, answer), answer.signature))
        return refuse("sign.remote", "the remote signer's signature does not hold");
    return {};
}

Result<types::Vote> Signer::accept(const Pending<types::Vote>& pending, types::Vote answer,
                                   const crypto::Verifier& verifier) {
    types::Vote bare = answer;
    bare.extension_signature.clear();
    auto verdict = accept_message(pending, bare, verifier);
    if (verdict && pending.extends_ &&
        !verifier.verify(public_key_, types::extension_sign_bytes(chain_id_, answer),
                         answer.extension_signature))
        verdict = refuse("sign.remote",
                         "the remote signer's signature of the vote's extension does not hold");
    settle(pending.number_, verdict ? answer.signature : elsewhere());
    TANDEM_TRY(verdict);
    TANDEM_TRY(ask_overtaken(pending.number_));
    if (!pending.extends_) answer.extension_signature.clear();
    return answer;
}

Result<types::Proposal> Signer::accept(const Pending<types::Proposal>& pending,
                                       types::Proposal answer, const crypto::Verifier& verifier) {
    const auto verdict = accept_message(pending, answer, verifier);
    settle(pending.number_, verdict ? answer.signature : elsewhere());
    TANDEM_TRY(verdict);
    TANDEM_TRY(ask_overtaken(pending.number_));
    return answer;
}

Bytes Signer::raise_to(LastSigned watermark) {
    last_ = std::move(watermark);
    overtaken_ = reservations_;
    waiting_.clear();
    return encode_watermark(address_, last_);
}

std::optional<Bytes> Signer::hold_back(std::int64_t height) {
    // Without sign-bytes nothing at this very place is signed either.
    const LastSigned end{
        height, std::numeric_limits<std::int32_t>::max(), SignStep::precommit, {}, {}};
    if (place(end) <= place(last_)) return std::nullopt;
    return raise_to(end);
}

template <typename Message>
std::optional<Bytes> Signer::remember(const Message& message, SignStep step) {
    LastSigned seen{message.height, message.round, step, message.signature,
                    types::sign_bytes(chain_id_, message)};
    if (place(seen) < place(last_)) {
        void_waiting(seen);
        return std::nullopt;  // the watermark is above it already
    }
    if (place(seen) == place(last_) && seen.sign_bytes == last_.sign_bytes) return std::nullopt;
    return raise_to(std::move(seen));
}

/// What waits at the place of `seen` or below, the life that signed `seen` may have signed
/// otherwise. (An echo of our own is below all that waits.)
void Signer::void_waiting(const LastSigned& seen) {
    for (const Waiting& waiting : waiting_) {
        const bool is_same = waiting.message.sign_bytes == seen.sign_bytes;
        if (place(waiting.message) <= place(seen) && !is_same)
            overtaken_ = std::max(overtaken_, waiting.number);
    }
}

std::optional<Bytes> Signer::saw_own(const types::Vote& vote) {
    return remember(vote, step_of(vote));
}

std::optional<Bytes> Signer::saw_own(const types::Proposal& proposal) {
    return remember(proposal, SignStep::propose);
}

}  // namespace tandem::signer
