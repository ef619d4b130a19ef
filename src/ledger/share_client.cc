#include "ledger/share_client.h"

#include "crypto/sha256.h"
#include "ledger/share_tree.h"

namespace tandem::ledger::share {

using base::refuse;

namespace {

constexpr std::size_t own_operators = 2;  // of a proof by the application itself

std::string path_of(BytesView key, const types::ProofOps& proof) {
    // No chain of operators fits both paths: "app" is no bucket.
    return (proof.ops.size() > own_operators ? "/app" : "") + share_key_path(key);
}

}  // namespace

void sign(Tx& tx, std::string_view chain_id, const crypto::SigningKey& key) {
    const auto signature = key.sign(sign_bytes(chain_id, tx));
    tx.signature.assign(signature.begin(), signature.end());
}

template <typename Entry>
base::Result<Entry> verified_entry(BytesView key, BytesView value, const types::ProofOps& proof,
                                   BytesView app_hash) {
    TANDEM_TRY(types::verify_value(proof, app_hash, path_of(key, proof), value));
    return decode_entry<Entry>(value);
}
template base::Result<Organisation> verified_entry(BytesView, BytesView, const types::ProofOps&,
                                                   BytesView);
template base::Result<Member> verified_entry(BytesView, BytesView, const types::ProofOps&,
                                             BytesView);
template base::Result<Namespace> verified_entry(BytesView, BytesView, const types::ProofOps&,
                                                BytesView);
template base::Result<Record> verified_entry(BytesView, BytesView, const types::ProofOps&,
                                             BytesView);

base::Verdict verify_history(const Record& newest, std::span<const Bytes> older) {
    Record above = newest;
    for (const Bytes& encoded : older) {
        if (!base::equal(crypto::sha256(encoded), above.previous))
            return refuse("share.history", "version " + std::to_string(above.version) +
                                               " names another one before it");
        auto record = decode_entry<Record>(encoded);
        if (!record) return std::unexpected(record.error());
        if (record->version + 1 != above.version)
            return refuse("share.history", "a version is missing");
        above = std::move(*record);
    }
    return {};
}

}  // namespace tandem::ledger::share
