// What a light client can say of a node's answers: whether they are those of a header that it
// trusts (sync/light_client.h).
//
//     block, header     the hash; of a block also transactions, evidence and last commit
//     block_results     code, data and gas of each transaction: the next header's results hash
//     consensus_params  the header's hash, which covers the limits of blocks alone
//     tx                its proof; code and data of its result are not proved by it
//     abci_query        its proof, up to the application hash in the next header
//
// Answers are JSON texts as the node gave them, and leave as they came: only their meaning is
// looked at. Whatever is not covered by a hash (events, logs, sizes, rounds) is the node's word.
//
// Not here: where the trusted header comes from; questions.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>

#include "types/light_block.h"
#include "types/proof_ops.h"
#include "wire/json.h"

namespace tandem::rpc::light {

/// The member of an answer, or null where there is none.
[[nodiscard]] std::optional<wire::JsonValue> member(const wire::JsonValue& answer,
                                                    std::string_view name);
/// A 64-bit integer of the answer, by its path; nothing where it is none.
[[nodiscard]] std::optional<std::int64_t> integer_at(const wire::JsonValue& answer,
                                                     std::initializer_list<std::string_view> path);

/// Of `block` and of one member of `blocks`: {"block_id": .., "block": ..}.
[[nodiscard]] base::Verdict check_block(const wire::JsonValue& answer,
                                        const types::LightBlock& trusted);
/// {"header": ..}
[[nodiscard]] base::Verdict check_header(const wire::JsonValue& answer,
                                         const types::LightBlock& trusted);
/// A member of `block_metas`.
[[nodiscard]] base::Verdict check_meta(const wire::JsonValue& meta,
                                       const types::LightBlock& trusted);
/// `next` is the block after.
[[nodiscard]] base::Verdict check_results(const wire::JsonValue& answer,
                                          const types::LightBlock& next);
[[nodiscard]] base::Verdict check_params(const wire::JsonValue& answer,
                                         const types::LightBlock& trusted);
/// An answer of `tx` that was asked for with proof. `hash`: the one that was asked for; empty: any.
[[nodiscard]] base::Verdict check_tx(const wire::JsonValue& answer, base::BytesView hash,
                                     const types::LightBlock& trusted);
/// Without its proof, for whoever did not ask for it.
[[nodiscard]] std::string without_proof(const wire::JsonValue& tx);

/// What a query proved, before there is a header to hold it against.
struct QueryAnswer {
    std::int64_t height = 0;  // of the state; the application hash is in the next header
    base::Bytes key, value;
    types::ProofOps proof;
};
/// Refused where the application refused the query, or proves nothing.
[[nodiscard]] base::Result<QueryAnswer> read_query(const wire::JsonValue& answer);
/// `next` is the block after the answer's height. `key_path` empty: the proof's own keys, the last
/// of which (nearest to the value) must be the answer's.
[[nodiscard]] base::Verdict check_query(const QueryAnswer& answer, std::string_view key_path,
                                        const types::LightBlock& next);

}  // namespace tandem::rpc::light
