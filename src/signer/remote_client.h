// The validator's side of a remote signer (wire page, part C), without its sockets: one connection
// at a time, on which questions are asked one by one.
//
//     sign(vote) -> queue -> take_output() -> the signer -> receive() -> `then`
//
// A question that gets no answer, for nobody is connected, for it takes too long, or for the
// connection ends, is asked again; a signer that refuses has said so for good. After too many times
// it is given up: a validator without its signer is silent, and nothing worse. Meanwhile consensus
// goes on, for answers come by themselves; a question about a height that it has left is not asked
// any more.
//
// Every new connection is asked for its key first, and one with another key is refused: the key
// is what the guard of this node remembers signatures of. On the wire nobody says who he is; what
// a stranger in the signer's place can do is to be in its place.
//
// Rejected: waiting for the answer where the signature is wanted, as CometBFT does. A signer that
// is slow would then hold up gossip, RPC and the votes of others with our own.
//
// Not here: who may sign what (signer.h, sign_guard.h), whether signatures hold (signer.h), the
// connection and its seal (io/remote_signer.h).
#pragma once
#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "signer/remote_key.h"
#include "types/privval_messages.h"

namespace tandem::signer {

class RemoteClient final : public RemoteKey {
  public:
    using Time = std::chrono::nanoseconds;  // of a clock that never goes back

    /// CometBFT's.
    struct Timing {
        Time connect = std::chrono::seconds(3);  // a question waits so long for a connection
        Time answer = std::chrono::seconds(5);
        Time ping = std::chrono::milliseconds(3'333);  // without other traffic
        Time retry = std::chrono::milliseconds(100);
        int retries_max = 50;
    };

    explicit RemoteClient(std::string chain_id) : RemoteClient(std::move(chain_id), Timing{}) {}
    RemoteClient(std::string chain_id, Timing timing)
        : chain_id_(std::move(chain_id)), timing_(timing) {}

    /// There is something to do: pass() is to be called soon, and not from inside.
    std::function<void()> on_work = [] {};

    // ---- From the connection. A refusal: it is to be closed, and disconnected() to be called.
    void connected(Time now);
    void disconnected(Time now);
    /// Plain bytes. pass() follows.
    [[nodiscard]] base::Verdict receive(base::BytesView bytes, Time now);
    /// Asks what is to be asked, and calls back who has an answer.
    [[nodiscard]] base::Verdict pass(Time now);
    /// When to call pass() though nothing happens. In the past: at once.
    [[nodiscard]] std::optional<Time> next() const;
    /// What is to be sent, once.
    [[nodiscard]] base::Bytes take_output() { return std::exchange(output_, {}); }

    /// None before the first connection said it.
    [[nodiscard]] const std::optional<crypto::PublicKey>& key() const noexcept { return key_; }

    // ---- RemoteKey
    /// REQUIRES: key().
    [[nodiscard]] const crypto::PublicKey& public_key() const override;
    void sign(types::Vote vote, Then<types::Vote> then) override;
    void sign(types::Proposal proposal, Then<types::Proposal> then) override;
    void confirm_key() override;

  private:
    using Answer = base::Result<types::PrivvalMessage>;
    struct Question {
        types::PrivvalMessage request;
        std::int64_t height = 0;
        std::function<void(Answer)> then = {};  // none: to be asked once, nobody waits
        int failures = 0;
        std::optional<Time> deadline = {};  // for a connection, or for the answer
        std::optional<Time> again_at = {};
    };

    void ask(Question question);
    [[nodiscard]] bool waits_at(std::size_t index) const { return index > 0 || !in_flight_; }
    void drop_overtaken(std::int64_t height);
    void fail_attempt(Time now, const std::string& why);
    [[nodiscard]] base::Verdict go_on(Time now);
    void call_back();
    void finish(Question question, Answer answer);
    [[nodiscard]] base::Verdict take_answer(types::PrivvalMessage answer);
    [[nodiscard]] base::Verdict take_key(const types::PubKeyResponse& answer);
    void send(Question& question, Time now);

    std::string chain_id_;
    Timing timing_;
    std::optional<crypto::PublicKey> key_;
    bool connected_ = false;
    bool in_flight_ = false;  // the first question is asked
    Time last_traffic_{0};
    std::deque<Question> questions_;
    std::vector<std::function<void()>> finished_;  // called by pass()
    base::Bytes input_;                            // of an answer that is not whole yet
    base::Bytes output_;
};

}  // namespace tandem::signer
