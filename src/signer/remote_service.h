// A key in a process of its own, as seen from that process: questions of a validator in, answers
// out (wire page, part C).
//
// The guard (types/sign_guard.h) stands before every signature, as it does beside a validator's own
// key file; what it remembers is made durable before the answer is given. One that was signed
// before gets the same signature again, with its first time. What the guard refuses is said in the
// words that CometBFT's signer uses, because people's tools look for them.
//
// Rejected: a memory that is written behind the answers. It would save a barrier a signature, and
// a crash would forget what the network has seen.
//
// Where CometBFT's signer crashes (a request without its vote, a vote of no known type), this one
// answers with an error.
//
// Not here: sockets and reconnecting (io), the files (types/key_files.h), the validator's side
// (remote_client.h).
#pragma once
#include <functional>

#include "types/privval_messages.h"
#include "types/sign_guard.h"

namespace tandem::signer {

class RemoteService {
  public:
    /// Makes it durable that this was signed; does not return where it cannot.
    using Keep = std::function<void(const types::LastSigned&)>;

    RemoteService(std::string chain_id, types::GuardedKey key, Keep keep)
        : chain_id_(std::move(chain_id)), key_(std::move(key)), keep_(std::move(keep)) {}

    /// The answer to one request. One that is none, such as an answer, gets an empty message.
    [[nodiscard]] types::PrivvalMessage answer(const types::PrivvalMessage& request);

    [[nodiscard]] const types::LastSigned& last_signed() const noexcept {
        return key_.last_signed();
    }
    [[nodiscard]] crypto::PublicKey public_key() const { return key_.public_key(); }

    /// Votes and proposals that were signed, and refused, since the start.
    struct Counts {
        std::uint64_t signed_messages = 0;
        std::uint64_t refused = 0;
    };
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
    /// Why the newest refused request was refused.
    [[nodiscard]] const std::string& newest_refusal() const noexcept { return newest_refusal_; }

  private:
    [[nodiscard]] types::PrivvalMessage answer_to(const types::PubKeyRequest& request) const;
    [[nodiscard]] types::PrivvalMessage answer_to(const types::SignVoteRequest& request);
    [[nodiscard]] types::PrivvalMessage answer_to(const types::SignProposalRequest& request);
    template <typename Message>
    [[nodiscard]] std::optional<std::string> refused(std::string_view chain_id, Message* message,
                                                     std::string_view what);

    std::string chain_id_;
    types::GuardedKey key_;
    Keep keep_;
    Counts counts_;
    std::string newest_refusal_;
};

/// The bytes of one connection: requests come in pieces, answers go out whole and in order.
class RequestReader {
  public:
    explicit RequestReader(RemoteService& service) : service_(service) {}

    /// What is to be sent. Refused, and then the connection is of no more use: "signer.frame" for a
    /// request that is too long or no message.
    [[nodiscard]] base::Result<base::Bytes> receive(base::BytesView bytes);

  private:
    RemoteService& service_;
    base::Bytes input_;  // of a request that is not whole yet
};

}  // namespace tandem::signer
