// Two organisations and an engine above, for tests of share.
#pragma once
#include "crypto/ed25519.h"
#include "ledger/share.h"
#include "ledger/share_client.h"

namespace tandem::ledger::share::test {

constexpr std::string_view chain_id = "share-test";

class Key final : public crypto::SigningKey {
  public:
    /// A key of its own for each name.
    explicit Key(std::string_view name)
        : key_(crypto::Ed25519PrivateKey::from_seed(crypto::sha256(base::as_bytes(name)))) {}
    crypto::PublicKey public_key() const override {
        const auto bytes = key_.public_key();
        crypto::PublicKey key{crypto::KeyType::ed25519, {}};
        key.bytes.assign(bytes.begin(), bytes.end());
        return key;
    }
    crypto::SignatureBytes sign(base::BytesView message) const override {
        const auto bytes = key_.sign(message);
        return {bytes.begin(), bytes.end()};
    }

  private:
    crypto::Ed25519PrivateKey key_;
};

inline Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

/// acme has the admin "acme", the writer "w" and the reader "r"; beta the admin "beta" and the
/// writer "w". acme's namespaces are "open" and "closed", which beta may not read; gamma is nobody.
inline std::string genesis() {
    const auto key = [](std::string_view name) {
        return base::to_base64(base::view(Key(name).public_key().bytes));
    };
    return R"({"organisations":[{"name":"acme","admin_key":")" + key("acme") +
           R"(","members":[{"name":"w","key":")" + key("acme/w") +
           R"(","role":"writer"},{"name":"r","key":")" + key("acme/r") +
           R"(","role":"reader"}],"namespaces":[{"name":"open"},)"
           R"({"name":"closed","readers":["acme"]}]},{"name":"beta","admin_key":")" +
           key("beta") + R"(","members":[{"name":"w","key":")" + key("beta/w") +
           R"(","role":"writer"}]}]})";
}

/// Signed by "organisation" or "organisation/member".
inline Bytes signed_tx(std::string_view signer, std::uint64_t nonce, Operation operation,
                       std::vector<std::string> approving = {}) {
    Tx tx;
    const std::size_t slash = signer.find('/');
    tx.organisation = signer.substr(0, slash);
    if (slash != std::string_view::npos) tx.member = signer.substr(slash + 1);
    tx.nonce = nonce;
    tx.operation = std::move(operation);
    const Bytes message = sign_bytes(chain_id, tx);
    for (const std::string& name : approving) {
        const auto signature = Key(name).sign(message);
        tx.approvals.push_back({name, Bytes(signature.begin(), signature.end())});
    }
    sign(tx, chain_id, Key(signer));
    return encode(tx);
}

class Rig {
  public:
    explicit Rig(ShareSnapshotRules rules = {}) : settings{std::string(chain_id), rules} {
        start();
        abci::RequestInitChain request;
        request.chain_id = chain_id;
        request.app_state_bytes = bytes(genesis());
        app_hash = share->init_chain(request).app_hash;
    }
    /// As after a crash.
    void start() { share = std::make_unique<Share>(storage, crypto::real_verifier(), settings); }
    abci::ResponseFinalizeBlock finalize(const std::vector<Bytes>& txs) {
        abci::RequestFinalizeBlock request;
        request.height = height + 1;
        request.time = {1'700'000'000 + height, 0};
        request.txs = wire::Txs::copy_of(txs);
        return share->finalize_block(request);
    }
    /// The codes of one block's transactions.
    std::vector<std::uint32_t> block(const std::vector<Bytes>& txs) {
        const auto answer = finalize(txs);
        (void)share->commit({});
        ++height;
        app_hash = answer.app_hash;
        std::vector<std::uint32_t> codes;
        codes.reserve(answer.tx_results.size());
        for (const abci::ExecTxResult& result : answer.tx_results) codes.push_back(result.code);
        return codes;
    }
    abci::ResponseQuery query(std::string path, std::string_view data, bool prove = false) {
        return share->query({bytes(data), std::move(path), 0, prove});
    }

    ShareSettings settings;
    MemoryStorage storage;
    std::unique_ptr<Share> share;
    std::int64_t height = 0;
    Bytes app_hash;
};

}  // namespace tandem::ledger::share::test
