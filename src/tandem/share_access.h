// What the commands about `share` ask of its node: entries with proofs that are verified here,
// lists, and transactions signed by a member or an admin.
//
// A proof is about the height at which the node answered; it is verified against the application
// hash in the header behind that height, whose signatures are verified too (vouched_header.h).
#pragma once
#include "ledger/share_client.h"
#include "tandem/node_files.h"
#include "tandem/vouched_header.h"

namespace tandem::program {

namespace share = ledger::share;

/// "ORGANISATION/NAME": a namespace or a member.
struct Place {
    std::string organisation;
    std::string name;

    [[nodiscard]] std::string text() const { return organisation + "/" + name; }
};
[[nodiscard]] std::expected<Place, Failure> place_of(const std::string& text, const char* what);

/// Who signs. An empty member is the organisation's admin.
struct Signer {
    std::string organisation;
    std::string member;
    std::shared_ptr<const crypto::SigningKey> key;

    [[nodiscard]] std::string text() const {
        return member.empty() ? "the admin of " + organisation : organisation + "/" + member;
    }
};
/// `flag` is named where there is no path.
[[nodiscard]] std::expected<Signer, Failure> signer_of(std::string organisation, std::string member,
                                                       const std::string& key_path,
                                                       const char* flag);

/// Base64, or JSON as tandem keys prints it.
[[nodiscard]] std::expected<crypto::PublicKey, Failure> public_key_of(const std::string& text);

/// A query at share, and what came.
struct ShareAnswer {
    base::Bytes value;
    std::int64_t height = 0;  // whose state it is about
    types::ProofOps proof;
    bool has_proof = false;
};

template <typename Entry>
struct EntryAnswer {
    std::optional<Entry> entry;  // nothing: there is none
    std::int64_t height = 0;
    std::optional<VouchedHeader> proved_by;
};

class ShareClient {
  public:
    /// Refused where the node's application is another one.
    [[nodiscard]] static std::expected<ShareClient, Failure> open(
        const Context& context, const NodeOptions& options,
        std::optional<TrustedHash> trusted = {});

    [[nodiscard]] NodeClient& node() noexcept { return node_; }
    [[nodiscard]] const ChainStatus& begun_at() const noexcept { return status_; }
    /// Signs queries from now on, for namespaces that name their readers.
    void read_as(Signer reader) { reader_ = std::move(reader); }

    [[nodiscard]] std::expected<ShareAnswer, Failure> ask(std::string path, base::BytesView data,
                                                          bool prove = false);
    [[nodiscard]] std::expected<json, Failure> ask_json(std::string path, base::BytesView data);
    /// `key`: of the entry in the tree. With `prove` the proof is verified.
    template <typename Entry>
    [[nodiscard]] std::expected<EntryAnswer<Entry>, Failure> entry(const std::string& path,
                                                                   base::BytesView data,
                                                                   base::BytesView key, bool prove);
    /// What an answer says of `key`. An answer with a proof waits for the header behind it, so that
    /// whoever has several asks for all of them first.
    template <typename Entry>
    [[nodiscard]] std::expected<EntryAnswer<Entry>, Failure> read(const ShareAnswer& answer,
                                                                  base::BytesView key, bool prove);
    [[nodiscard]] std::expected<EntryAnswer<share::Record>, Failure> record(const Place& place,
                                                                            base::BytesView key,
                                                                            bool prove);

    /// With the signer's next nonce, unsigned. Refused where the key is not the signer's.
    [[nodiscard]] std::expected<share::Tx, Failure> prepare(const Signer& signer,
                                                            share::Operation operation);
    /// Signs, sends and waits; where another transaction used the nonce first, again with the next.
    [[nodiscard]] std::expected<Landed, Failure> execute(const Signer& signer,
                                                         const share::Operation& operation);
    [[nodiscard]] std::expected<Landed, Failure> send(const share::Tx& tx);

  private:
    ShareClient(NodeClient node, ChainStatus status, std::optional<TrustedHash> trusted)
        : node_(std::move(node)),
          status_(std::move(status)),
          headers_(status_.chain_id, std::move(trusted)) {}

    NodeClient node_;
    ChainStatus status_;
    HeaderCheck headers_;
    std::optional<Signer> reader_;
};

/// "organisation/name/key", as queries about records take it.
[[nodiscard]] base::Bytes record_data(const Place& place, base::BytesView key);

}  // namespace tandem::program
