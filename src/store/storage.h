// Entries of the database as messages.
//
// What stands in the database was written by this program; bytes that do not decode, or that
// another program's version wrote, are the machine's fault. A `Damage` handler says so and ends the
// process; the impure floor installs one with an exit code and advice, elsewhere it is a failed
// check.
#pragma once
#include <string>

#include "base/check.h"
#include "store/keys.h"
#include "types/decode.h"

namespace tandem::store {

/// Must not return. May be null.
using DamageHook = void (*)(const std::string& what);
inline DamageHook damage_hook = nullptr;

/// The database holds what it cannot hold. Ends the process.
[[noreturn]] void damaged(BytesView key, const base::Refusal& why);

/// Marks an empty database as one of this chain and of this layout, and holds any other against
/// them. Refused: "database.chain_id", "database.version".
[[nodiscard]] base::Verdict claim(KeyValues& database, const std::string& chain_id);

// ---- A snapshot that is being restored. Until it is complete, application, seats and state may be
// of no height at all.

/// Durable when it returns.
void begin_restore(KeyValues& database);
/// Durable when it returns, with all that was written before.
void end_restore(KeyValues& database);
/// Takes away all but the chain's name if a restore began and did not end. Before anything is read.
[[nodiscard]] bool undo_unfinished_restore(KeyValues& database);

/// As claim(), of a database that must be there already, and changing nothing.
[[nodiscard]] base::Verdict check_claim(const KeyValues& database, const std::string& chain_id);

/// The message at `key`, or nothing. With the checks of reading, where the type has any.
template <wire::Message M>
[[nodiscard]] std::optional<M> load(const KeyValues& database, BytesView key) {
    const auto bytes = database.get(key);
    if (!bytes) return std::nullopt;
    if constexpr (requires(M& message) { check_decoded(message); }) {
        auto message = types::decode_checked<M>(*bytes);
        if (!message) damaged(key, message.error());
        return std::move(*message);
    } else {
        auto message = wire::decode<M>(*bytes);
        if (!message) damaged(key, message.error().to_refusal());
        return std::move(*message);
    }
}

}  // namespace tandem::store
