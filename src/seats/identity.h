// Identities: the application never learns which machine signed.
//
// Its view of a seat is one stable key, that of the seat's first node at its admission. On the way
// down addresses of nodes become addresses of identities, also for heights at which the seat had
// another node: a key belongs to one seat for good, and retired keys remember theirs.
#pragma once
#include "abci/requests.h"
#include "seats/by_address.h"
#include "seats/state.h"

namespace tandem::seats {

class Identities {
  public:
    Identities() = default;  // of no node at all
    explicit Identities(const State& state);

    /// The identity's address of the seat that this consensus address belongs or belonged to; the
    /// address itself where it belongs to none.
    [[nodiscard]] types::Address of(BytesView consensus_address) const;

    /// Rewrites every address in place.
    void apply(abci::CommitInfo& commit) const;
    void apply(abci::ExtendedCommitInfo& commit) const;
    void apply(std::vector<abci::Misbehavior>& misbehavior) const;

  private:
    ByAddress<types::Address> identity_of_;  // only where the two differ
};

}  // namespace tandem::seats
