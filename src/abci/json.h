// What applications answer, as CometBFT's RPC and events show it: in two dialects at once (wire
// page of the RPC, shapes; trap 25).
//
//   protobuf JSON   results of transactions, CheckTx, queries: every field is written, bytes that
//                   are empty as null, lists as []; 64-bit integers in quotes
//   plain           all the rest: fields with zero values are left out; what is inside may be of
//                   the other dialect again, such as the attributes of an event
//
// What a light client holds against hashes is also read. Not here: reading the rest, which nobody
// needs; the answers around these values (rpc).
#pragma once
#include "abci/responses.h"
#include "base/refusal.h"
#include "wire/json_write.h"

namespace tandem::abci {

// ---- protobuf JSON
void write_json(wire::JsonWriter& writer, const ExecTxResult& result);
void write_json(wire::JsonWriter& writer, const ResponseCheckTx& response);
void write_json(wire::JsonWriter& writer, const ResponseQuery& response);

/// Of the two that a light client reads: ExecTxResult and ResponseQuery.
template <typename T>
[[nodiscard]] base::Result<T> from_json(const wire::JsonValue& value);

// ---- plain
void write_json(wire::JsonWriter& writer, const ResponseInfo& response);
void write_json(wire::JsonWriter& writer, const ValidatorUpdate& update);
/// As the event NewBlock carries it.
void write_json(wire::JsonWriter& writer, const ResponseFinalizeBlock& response);
/// As the event Tx carries it: here the result is plain as well.
void write_json(wire::JsonWriter& writer, const TxResult& result);

/// A list of plain events; null where there are none.
void write_json(wire::JsonWriter& writer, std::span<const Event> events);

/// The answer of /block_results, whole: every member is there, lists that are empty as null.
void write_block_results(wire::JsonWriter& writer, std::int64_t height,
                         const ResponseFinalizeBlock& response);

}  // namespace tandem::abci
