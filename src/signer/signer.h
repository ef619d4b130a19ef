// The guard before every signature of a validator's key.
//
// A validator that signs two things for one height, round and step is punished, and rightly: two
// such signatures can fork a chain. And a node whose seat has moved to another must be silent, or
// two keys would speak for one seat. So between consensus, which wants to say something, and the
// key stands this guard. It asks three questions:
//
//   1. Is this key in the validator set of this height, at the index that the vote names?
//   2. Is height/round/step above what was signed last; or exactly there and the same message?
//   3. Is the memory of it on the disk? A crash must not make us forget what we said.
//
// The third is answered by types. Asking gives a Reservation with a record for the log. Only when
// it was told where in the log the record ends does it become a Pending, and only sign(Pending,
// durable position) makes a signature:
//
//     reserve(vote) -> Reservation -> logged_at(position) -> Pending -> sign(durable) -> Vote
//
// The record goes into the same log as the inputs, so one barrier serves both. It holds what is
// about to be signed, not the signature: after a crash the same bytes are signed again, and the
// schemes that we have give the same signature for the same bytes. A crash between barrier and
// signature thus costs nothing, and a message asked for again gets its old time back (trap 19).
//
// What no guard can know is that its whole disk was put back to an older image. Two things help:
// hold_back (after a restore, or with a new memory, stay silent until a height that began in our
// sight), and saw_own (the network shows a signature of ours that we do not remember).
//
// The key may be in another process (ADR 0011), which has a guard of its own. This one stands
// before it all the same: what may not be signed is not asked for, and what comes back is not
// believed.
//
//     ... Pending -> ask(durable) -> the remote signer -> accept(its answer) -> Vote
//
// Not here: the log, when to vote, how to reach a remote signer (remote_client.h). The rules of
// comparing are types/sign_guard.h.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "crypto/verifier.h"
#include "types/sign_guard.h"
#include "types/validator_set.h"

namespace tandem::signer {

using base::Bytes;
using base::BytesView;
using base::Result;
using base::Verdict;

/// A place in the log, as its owner counts; larger is later.
struct LogPosition {
    std::uint64_t value = 0;

    auto operator<=>(const LogPosition&) const = default;
};

/// The validators of one height: whom a vote of that height is held against.
struct ValidatorsAt {
    std::int64_t height = 0;
    const types::ValidatorSet& set;
};

template <typename Message>
class Pending;

/// A message that may be signed as soon as `record` is on the disk.
template <typename Message>
class Reservation {
  public:
    /// For the log (watermark.h).
    [[nodiscard]] const Bytes& record() const noexcept { return record_; }
    /// The record was appended and ends at `end`.
    [[nodiscard]] Pending<Message> logged_at(LogPosition end) &&;

  private:
    friend class Signer;
    Reservation(Message message, Bytes record, std::uint64_t number)
        : message_(std::move(message)), record_(std::move(record)), number_(number) {}

    Message message_;  // signature: empty, or the one that it had before
    Bytes record_;
    std::uint64_t number_;  // which reservation of its signer
    bool extends_ = false;  // sign the extension, too
};

template <typename Message>
class Pending {
  public:
    /// The signature needs the log durable up to here.
    [[nodiscard]] LogPosition needs() const noexcept { return needs_; }
    [[nodiscard]] const Message& unsigned_message() const noexcept { return message_; }

  private:
    friend class Signer;
    friend class Reservation<Message>;
    Pending(Message message, LogPosition needs, std::uint64_t number, bool extends)
        : message_(std::move(message)), needs_(needs), number_(number), extends_(extends) {}

    Message message_;
    LogPosition needs_;
    std::uint64_t number_;
    bool extends_;
};

template <typename Message>
Pending<Message> Reservation<Message>::logged_at(LogPosition end) && {
    return {std::move(message_), end, number_, extends_};
}

class Signer {
  public:
    /// `last` is the newest watermark in the log, or none for a key that never signed. Its
    /// signature may be missing: it is made again.
    Signer(std::string chain_id, std::shared_ptr<const crypto::SigningKey> key,
           types::LastSigned last);
    /// The key of a remote signer: ask() and accept() instead of sign().
    Signer(std::string chain_id, crypto::PublicKey key, types::LastSigned last);

    // ---- Asking. Refused: "sign.not_validator", "sign.validator_index",
    // "sign.validator_address", "sign.pending" (the same step waits for its signature), and as
    // types/sign_guard.h says. A refusal changes nothing. REQUIRES: a well-formed message but for
    // its signature.

    /// The extension is signed as well where `extensions_enabled` and the vote is a precommit for
    /// a block. Elsewhere there must be none.
    [[nodiscard]] Result<Reservation<types::Vote>> reserve(types::Vote vote,
                                                           const ValidatorsAt& validators,
                                                           bool extensions_enabled);
    [[nodiscard]] Result<Reservation<types::Proposal>> reserve(types::Proposal proposal,
                                                               const ValidatorsAt& validators);

    // ---- Signing. REQUIRES: pending.needs() <= durable, and a Pending of this Signer.
    /// With the time of the first signature, where there was one. Refused ("sign.overtaken") where
    /// hold_back or saw_own has raised the watermark since.
    [[nodiscard]] Result<types::Vote> sign(Pending<types::Vote> pending, LogPosition durable);
    [[nodiscard]] Result<types::Proposal> sign(Pending<types::Proposal> pending,
                                               LogPosition durable);

    // ---- Having it signed elsewhere. REQUIRES: a key of a remote signer.
    /// What is to be signed, with the time that it had before, if it was asked for before. Refused
    /// and REQUIRES: as sign().
    template <typename Message>
    [[nodiscard]] Result<Message> ask(const Pending<Message>& pending, LogPosition durable) const;
    /// The answer. Refused: "sign.remote" where it is not what was asked for, but for its time, or
    /// its signatures do not hold; "sign.overtaken". The signature of an extension is left out
    /// where none belongs.
    [[nodiscard]] Result<types::Vote> accept(const Pending<types::Vote>& pending,
                                             types::Vote answer, const crypto::Verifier& verifier);
    [[nodiscard]] Result<types::Proposal> accept(const Pending<types::Proposal>& pending,
                                                 types::Proposal answer,
                                                 const crypto::Verifier& verifier);
    /// There is no answer. The same message may be asked for again; nothing else.
    template <typename Message>
    void give_up(const Pending<Message>& pending) {
        settle(pending.number_, elsewhere());
    }

    // ---- What we do not remember. Each may give a record for the log, which is to be on the disk
    // before this node takes part any further; nothing that waits is signed then.

    /// Nothing at or below `height` is signed any more. Nothing to log where that was so before.
    [[nodiscard]] std::optional<Bytes> hold_back(std::int64_t height);
    /// A message came from the network with a good signature of this key. Where we do not remember
    /// it, it becomes what was signed last.
    [[nodiscard]] std::optional<Bytes> saw_own(const types::Vote& vote);
    [[nodiscard]] std::optional<Bytes> saw_own(const types::Proposal& proposal);

    [[nodiscard]] const types::Address& address() const noexcept { return address_; }
    [[nodiscard]] const types::LastSigned& last_signed() const noexcept { return last_; }

  private:
    [[nodiscard]] Verdict ask_membership(const ValidatorsAt& validators, std::int64_t height,
                                         std::optional<std::int32_t> index) const;
    template <typename Message>
    [[nodiscard]] Result<Reservation<Message>> reserve_checked(Message message);
    template <typename Message>
    [[nodiscard]] Verdict sign_message(Pending<Message>& pending, LogPosition durable);
    template <typename Message>
    [[nodiscard]] std::optional<Bytes> remember(const Message& message, types::SignStep step);
    [[nodiscard]] Bytes raise_to(types::LastSigned watermark);
    void void_waiting(const types::LastSigned& seen);
    [[nodiscard]] Verdict ask_overtaken(std::uint64_t number) const;
    template <typename Message>
    [[nodiscard]] Verdict accept_message(const Pending<Message>& pending, const Message& answer,
                                         const crypto::Verifier& verifier);
    void settle(std::uint64_t number, types::Signature signature);
    /// In place of a signature that the remote signer remembers.
    [[nodiscard]] static types::Signature elsewhere() { return types::Signature{0}; }

    /// Reserved, not signed yet.
    struct Waiting {
        std::uint64_t number;  // of the reservation
        types::LastSigned message;
    };

    std::string chain_id_;
    std::shared_ptr<const crypto::SigningKey> key_;  // null: a remote signer has it
    crypto::PublicKey public_key_;
    types::Address address_;
    types::LastSigned last_;  // its signature is missing while it waits
    std::uint64_t reservations_ = 0;
    std::uint64_t overtaken_ = 0;   // reservations up to here are void
    std::vector<Waiting> waiting_;  // in order; few: each is a step further
};

}  // namespace tandem::signer
