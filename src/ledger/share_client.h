// What a client of share needs: signing, and trust in nothing but an application hash, which it has
// from a header that a light client verified (the header of height H+1 carries the hash after H).
#pragma once
#include "crypto/verifier.h"
#include "ledger/share_format.h"
#include "types/proof_ops.h"

namespace tandem::ledger::share {

/// Signs as whoever the transaction names.
void sign(Tx& tx, std::string_view chain_id, const crypto::SigningKey& key);

/// The entry under `key`, if the proof leads from it to the hash: that of the application, or where
/// seats stand above it (docs/formats/seats-state.md) theirs, by a third operator with key "app".
template <typename Entry>
[[nodiscard]] base::Result<Entry> verified_entry(BytesView key, BytesView value,
                                                 const types::ProofOps& proof, BytesView app_hash);

/// Whether `older`, newest first and encoded, are the versions before `newest`, without a gap.
[[nodiscard]] base::Verdict verify_history(const Record& newest, std::span<const Bytes> older);

}  // namespace tandem::ledger::share
