#include "signer/remote_client.h"

#include <fmt/format.h>

#include "base/check.h"
#include "wire/framing.h"

namespace tandem::signer {

using base::refuse;
using types::PrivvalMessage;

namespace {

/// Whether the answer is of the kind that the request asks for: its member stands behind that of
/// the request.
bool is_answer_to(const PrivvalMessage& request, const PrivvalMessage& answer) {
    return answer.sum.index() == request.sum.index() + 1;
}

/// Of an answer to a question for a signature.
const base::Box<types::RemoteSignerError>* error_in(const PrivvalMessage& answer) {
    if (const auto* vote = std::get_if<types::SignedVoteResponse>(&answer.sum)) return &vote->error;
    if (const auto* proposal = std::get_if<types::SignedProposalResponse>(&answer.sum))
        return &proposal->error;
    return nullptr;
}

}  // namespace

const crypto::PublicKey& RemoteClient::public_key() const {
    TANDEM_CHECK(key_.has_value());
    return *key_;
}

// ---- Questions

void RemoteClient::sign(types::Vote vote, Then<types::Vote> then) {
    const std::int64_t height = vote.height;
    ask({.request = {types::SignVoteRequest{std::move(vote), chain_id_}},
         .height = height,
         .then = [then = std::move(then)](Answer answer) {
             if (!answer) return then(std::unexpected(std::move(answer).error()));
             then(std::move(std::get<types::SignedVoteResponse>(answer->sum).vote));
         }});
}

void RemoteClient::sign(types::Proposal proposal, Then<types::Proposal> then) {
    const std::int64_t height = proposal.height;
    ask({.request = {types::SignProposalRequest{std::move(proposal), chain_id_}},
         .height = height,
         .then = [then = std::move(then)](Answer answer) {
             if (!answer) return then(std::unexpected(std::move(answer).error()));
             then(std::move(std::get<types::SignedProposalResponse>(answer->sum).proposal));
         }});
}

void RemoteClient::confirm_key() {
    if (connected_) ask({.request = {types::PubKeyRequest{chain_id_}}});
}

void RemoteClient::ask(Question question) {
    if (question.height > 0) drop_overtaken(question.height);
    const std::size_t bytes = wire::encode(question.request).size();
    if (bytes > types::signer_message_bytes_max) {
        // A signer reads no further than that, and then not at all on this connection.
        finish(std::move(question),
               refuse("signer.too_long",
                      fmt::format("the request has {} bytes, and a signer reads {}: is the vote's "
                                  "extension too long?",
                                  bytes, types::signer_message_bytes_max)));
    } else {
        questions_.push_back(std::move(question));
    }
    on_work();
}

/// So that the queue stays short while nobody answers.
void RemoteClient::drop_overtaken(std::int64_t height) {
    for (std::size_t i = questions_.size(); i-- > 0;) {
        if (!waits_at(i) || !questions_[i].then || questions_[i].height >= height) continue;
        Question late = std::move(questions_[i]);
        questions_.erase(questions_.begin() + static_cast<std::ptrdiff_t>(i));
        finish(std::move(late),
               refuse("signer.overtaken", "the height was over before the signer could be asked"));
    }
}

void RemoteClient::finish(Question question, Answer answer) {
    if (!question.then) return;
    finished_.emplace_back([then = std::move(question.then), answer = std::move(answer)]() mutable {
        then(std::move(answer));
    });
}

// ---- The connection

void RemoteClient::connected(Time now) {
    TANDEM_CHECK(!connected_);
    connected_ = true;
    last_traffic_ = now;
    if (!questions_.empty()) questions_.front().deadline.reset();
    questions_.push_front({.request = {types::PubKeyRequest{chain_id_}}});
    on_work();
}

void RemoteClient::disconnected(Time now) {
    connected_ = false;
    input_.clear();
    output_.clear();
    if (in_flight_) fail_attempt(now, "the connection to the signer ended");
    std::erase_if(questions_, [](const Question& question) { return !question.then; });
    on_work();
}

void RemoteClient::fail_attempt(Time now, const std::string& why) {
    in_flight_ = false;
    Question& question = questions_.front();
    question.deadline.reset();
    question.again_at = now + timing_.retry;
    if (question.then && ++question.failures <= timing_.retries_max) return;
    Question lost = std::move(question);
    questions_.pop_front();
    finish(std::move(lost),
           refuse("signer.unreachable",
                  fmt::format("{}; given up after {} attempts", why, timing_.retries_max + 1)));
}

void RemoteClient::send(Question& question, Time now) {
    base::append(output_, wire::encode_delimited(question.request));
    question.deadline = now + timing_.answer;
    question.again_at.reset();
    in_flight_ = true;
    last_traffic_ = now;
}

void RemoteClient::call_back() {
    for (const auto& call : std::exchange(finished_, {})) call();
}

base::Verdict RemoteClient::pass(Time now) {
    call_back();
    auto verdict = go_on(now);
    call_back();
    return verdict;
}

base::Verdict RemoteClient::go_on(Time now) {
    while (true) {
        if (in_flight_) {
            if (now < *questions_.front().deadline) return {};
            fail_attempt(now, "the signer did not answer in time");
            return refuse(
                "signer.timeout",
                fmt::format("no answer within {} s",
                            std::chrono::round<std::chrono::seconds>(timing_.answer).count()));
        }
        if (questions_.empty()) {
            if (!connected_ || now < last_traffic_ + timing_.ping) return {};
            questions_.push_back({.request = {types::PingRequest{}}});
        }
        Question& question = questions_.front();
        if (question.again_at && now < *question.again_at) return {};
        if (connected_) {
            send(question, now);
        } else if (!question.deadline) {
            question.deadline = now + timing_.connect;
            return {};
        } else if (now < *question.deadline) {
            return {};
        } else {
            fail_attempt(now, "no signer is connected");
        }
    }
}

std::optional<RemoteClient::Time> RemoteClient::next() const {
    if (!finished_.empty()) return Time::min();
    if (questions_.empty())
        return connected_ ? std::optional(last_traffic_ + timing_.ping) : std::nullopt;
    const Question& question = questions_.front();
    if (in_flight_) return question.deadline;
    if (question.again_at && (connected_ || !question.deadline)) return question.again_at;
    return question.deadline ? question.deadline : Time::min();
}

// ---- Answers

base::Verdict RemoteClient::receive(base::BytesView bytes, Time now) {
    base::append(input_, bytes);
    last_traffic_ = now;
    std::size_t taken = 0;
    for (;;) {
        const auto frame = wire::next_frame(base::BytesView(input_).subspan(taken),
                                            types::signer_message_bytes_max);
        if (frame.state == wire::FrameState::incomplete) break;
        if (frame.state != wire::FrameState::complete)
            return refuse("signer.frame",
                          fmt::format("an answer of more than {} bytes, or without a length",
                                      types::signer_message_bytes_max));
        auto answer = wire::decode<PrivvalMessage>(frame.body);
        if (!answer)
            return refuse("signer.frame",
                          "an answer that is no message: " + answer.error().to_refusal().why);
        TANDEM_TRY(take_answer(std::move(*answer)));
        taken += frame.consumed;
    }
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(taken));
    return {};
}

base::Verdict RemoteClient::take_answer(PrivvalMessage answer) {
    if (!in_flight_) return refuse("signer.unasked", "an answer to no question");
    if (!is_answer_to(questions_.front().request, answer))
        return refuse("signer.answer", "an answer to another question than was asked");
    Question question = std::move(questions_.front());
    questions_.pop_front();
    in_flight_ = false;
    if (const auto* key = std::get_if<types::PubKeyResponse>(&answer.sum)) return take_key(*key);
    if (const auto* error = error_in(answer); error != nullptr && *error)
        finish(std::move(question),
               refuse("signer.refused", "the signer refuses: " + (*error)->description));
    else
        finish(std::move(question), std::move(answer));
    return {};
}

base::Verdict RemoteClient::take_key(const types::PubKeyResponse& answer) {
    if (answer.error)
        return refuse("signer.refused",
                      fmt::format("the signer does not show its key ({}): does it sign for chain "
                                  "\"{}\"?",
                                  answer.error->description, chain_id_));
    if (answer.pub_key.type == crypto::KeyType::none)
        return refuse("signer.key", "the signer shows no key, or one of an unknown kind");
    if (key_ && *key_ != answer.pub_key)
        return refuse("signer.key",
                      fmt::format("the signer has key {} now, and this node votes with {}",
                                  base::to_hex(crypto::address(answer.pub_key)),
                                  base::to_hex(crypto::address(*key_))));
    key_ = answer.pub_key;
    return {};
}

}  // namespace tandem::signer
