// Tendermint consensus as a value: inputs go in, a Ready comes out, nothing else happens.
//
// The core owns no clock, socket, file, key or thread, and draws no random number. Copy it to fork
// a simulation; compare two to check a replay. Same inputs, same Readies, on every machine.
//
// The rules are those of CometBFT 0.38, which are older than the paper's (arXiv:1807.04938) in
// one place: a node that has locked a block prevotes it whatever is proposed, and unlocks when it
// sees two thirds prevote for something else, or for nil, in a later round. marks.h names the
// paper's lines and the corners where the two differ.
//
// CometBFT stands still while it asks the application. Here a question is an effect and its answer
// an input, and everything that does not hang on the answer goes on meanwhile: votes are counted,
// timers ring, other nodes may even decide the height. What hangs on an answer is said in
// state.h: a prevote or a precommit that waits, a block being built, a vote whose extension is
// being judged. An answer that comes when its round has passed is refused.
//
// Rejected: following the paper's newer rule of prevoting (a chain shared with CometBFT would lock
// differently); a queue of inputs held back while a question is open (it keeps CometBFT's order
// to the letter, and makes one slow application stop everything).
//
// Not here: checking signatures (verified.h), whether we may sign (signer), what to tell which
// peer (gossip), what a block must look like beyond its basic validation (chain), who may vote at
// the next height (seats, by way of the validator set).
#pragma once
#include <expected>

#include "consensus/effects.h"
#include "consensus/marks.h"
#include "consensus/refusal.h"
#include "consensus/state.h"

namespace tandem::consensus {

class Core {
  public:
    /// One door. A refused input has changed nothing; see blame() for whose fault it was.
    /// REQUIRES: what the inputs require (inputs.h), and that `now` is in the range of the wire.
    [[nodiscard]] std::expected<Ready, Refusal> step(const Input& input);

    [[nodiscard]] const State& state() const noexcept { return state_; }
    [[nodiscard]] const Marks& marks() const noexcept { return marks_; }
    /// Equal digests have equal futures.
    [[nodiscard]] crypto::Digest digest() const { return digest_of(state_); }
    /// Aborts where an invariant of the state does not hold.
    void check_invariants() const { consensus::check_invariants(state_); }

    bool operator==(const Core&) const = default;

  private:
    State state_;
    Marks marks_;
};

}  // namespace tandem::consensus
