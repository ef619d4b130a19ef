// Inside share: one block's transactions, executed on what the blocks before left.
#pragma once
#include "ledger/share.h"

namespace tandem::ledger {

class ShareBlock {
  public:
    struct Facts {
        std::string_view chain_id;
        std::int64_t height = 0;
        types::Timestamp time;
    };
    ShareBlock(const ShareTree& tree, const crypto::Verifier& verifier, Facts facts)
        : tree_(tree), verifier_(verifier), facts_(facts) {}

    struct Done {
        ShareCode code = ShareCode::ok;
        std::string log;
        std::int64_t version = 0;  // that a record got
    };
    /// Who signed, whether the nonce is new: as CheckTx asks.
    [[nodiscard]] Done check(const share::Tx& tx) const;
    Done execute(const share::Tx& tx);

    [[nodiscard]] const EntryChanges& changes() const noexcept { return changes_; }
    /// Records of this block, for their history.
    [[nodiscard]] std::vector<Change> take_versions() { return std::move(versions_); }

  private:
    using Names = std::vector<std::string>;
    template <typename Entry>
    [[nodiscard]] std::optional<Entry> find(const Bytes& key) const;
    template <typename Entry>
    void set(const Bytes& key, const Entry& entry) {
        changes_[key] = share::encode(entry);
    }
    void use_nonce(const share::Tx& tx);
    [[nodiscard]] std::size_t organisations() const;
    [[nodiscard]] bool has_quorum(const share::Tx& tx) const;
    Done apply(const share::Tx& tx, const std::monostate&) const;
    Done apply(const share::Tx& tx, const share::SetMember& op);
    Done apply(const share::Tx& tx, const share::RemoveMember& op);
    Done apply(const share::Tx& tx, const share::RotateAdmin& op);
    Done apply(const share::Tx& tx, const share::SetNamespace& op);
    Done apply(const share::Tx& tx, const share::AddOrganisation& op);
    Done apply(const share::Tx& tx, const share::Put& op);
    Done apply(const share::Tx& tx, const share::Remove& op);
    Done write(const share::Tx& tx, const std::string& name, const Bytes& key,
               std::int64_t expected_version, std::optional<Bytes> value);

    const ShareTree& tree_;
    const crypto::Verifier& verifier_;
    Facts facts_;
    EntryChanges changes_;
    std::vector<Change> versions_;
};

/// Where a version of a record is kept, beside the tree: behind 'v', the record's key and 8 bytes.
[[nodiscard]] Bytes version_key(BytesView record_key, std::int64_t version);

/// The answer to a query; `height` is that of the last commit.
[[nodiscard]] abci::ResponseQuery share_query(const Storage& storage, const ShareTree& tree,
                                              const crypto::Verifier& verifier,
                                              std::string_view chain_id, std::int64_t height,
                                              const abci::RequestQuery& request);

}  // namespace tandem::ledger
