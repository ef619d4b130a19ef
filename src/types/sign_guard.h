// The guard before every signature of a validator: never two different messages for one height,
// round and step. Rules are wire page 03, section 8.
//
// It remembers the last message that was signed. Height, round and step of the next one are
//
//   below           refused: a regression
//   the same        the very same message, or one that differs in its time alone, gets the old
//                   signature and the old time; anything else is refused
//   above           may be signed, once the new memory is on the disk
//
// A crash between signature and use thus leads to the same signature again, not to a second one.
//
// The signature of a vote extension is not guarded: it is made afresh every time, since an
// application may extend a vote differently after a restart. Only where it may stand is checked.
//
// Not here: the disk (io), and whether this key is in the validator set (signer).
#pragma once
#include <variant>

#include "crypto/public_key.h"
#include "types/vote.h"

namespace tandem::types {

/// Numbers as in CometBFT's state file, which may hold others.
enum class SignStep : std::int8_t { none = 0, propose = 1, prevote = 2, precommit = 3 };

/// The watermark: everything below it, and anything else at it, is never signed.
struct LastSigned {
    std::int64_t height = 0;
    std::int32_t round = 0;
    SignStep step = SignStep::none;
    Signature signature;
    Bytes sign_bytes;  // what the signature covers, length in front

    bool operator==(const LastSigned&) const = default;
};

/// Sign these bytes, after `next` (its signature filled in) has been made durable.
struct SignFresh {
    LastSigned next;  // without the signature
};

/// The message was signed before: use this signature, and the time that it covers.
struct SignAgain {
    Signature signature;
    Timestamp timestamp;
};

using SignDecision = std::variant<SignFresh, SignAgain>;

/// Refused as well: a vote that is neither prevote nor precommit; an extension elsewhere than in a
/// precommit for a block.
[[nodiscard]] Result<SignDecision> decide_signing(const LastSigned& last, std::string_view chain_id,
                                                  const Vote& vote);
[[nodiscard]] Result<SignDecision> decide_signing(const LastSigned& last, std::string_view chain_id,
                                                  const Proposal& proposal);

/// Whether a vote carries the signature of an extension, also of an empty one: a precommit for a
/// block. Whether extensions are enabled is the caller's to know.
[[nodiscard]] bool signs_extension(const Vote& vote);

/// What sign-bytes commit to, but for time and chain.
struct SignedContent {
    SignedMsgType type{};
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::int64_t pol_round = -1;  // of proposals
    BlockId block_id;

    bool operator==(const SignedContent&) const = default;
};
/// Of sign-bytes as LastSigned has them; nothing where they are none.
[[nodiscard]] std::optional<SignedContent> content_of(BytesView sign_bytes);

/// A key behind its guard, in memory: what CometBFT's local signer does between two writes of its
/// state file.
class GuardedKey {
  public:
    GuardedKey(crypto::PrivateKey key, LastSigned last)
        : key_(std::move(key)), last_(std::move(last)) {}

    /// Fills in signature, extension signature and, where the vote was signed before, its time.
    /// The caller makes last_signed() durable before it lets go of the vote. After a refusal the
    /// vote is not signed, but may hold the signature of its extension.
    [[nodiscard]] Verdict sign(std::string_view chain_id, Vote& vote);
    [[nodiscard]] Verdict sign(std::string_view chain_id, Proposal& proposal);

    [[nodiscard]] const LastSigned& last_signed() const noexcept { return last_; }
    [[nodiscard]] crypto::PublicKey public_key() const { return key_.public_key(); }

  private:
    template <typename Message>
    void carry_out(const SignDecision& decision, Message& message);

    crypto::PrivateKey key_;
    LastSigned last_;
};

}  // namespace tandem::types
