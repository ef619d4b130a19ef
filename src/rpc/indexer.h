// The index by which transactions and blocks are found: what CometBFT calls the "kv" indexer.
//
// Of each event only attributes with index = true are kept. Every transaction is found by its hash
// (tx.hash) and height (tx.height), every block by block.height. Conditions of one search that name
// attributes of events must hold within one event; those on heights hold for the block.
//
// Over an ordered map, which the node puts on its disk. Keys, all integers big-endian:
//     't' hash                                        TxResult
//     'h' height index                                hash            every transaction in order
//     'e' tag value height index event                ""
//     'b' height                                      ""              every block that was indexed
//     'f' tag value height event                      ""
// with tag and value behind their lengths, so that no value can be taken for the beginning of
// another. A value of more than 128 bytes stands there by its hash, and itself in the entry: keys
// are copied again and again where a database sorts them.
//
// Not here: the map itself; the blocks and their transactions' proofs, which the routes add.
#pragma once
#include "abci/messages.h"
#include "rpc/environment.h"
#include "rpc/query.h"

namespace tandem::rpc {

/// The map, as much of it as an index needs. io lays it over the node's database.
class IndexStorage {
  public:
    virtual ~IndexStorage() = default;
    [[nodiscard]] virtual std::optional<Bytes> get(BytesView key) const = 0;
    /// Each entry with first <= key < end in order, until `visit` says false.
    virtual void visit(BytesView first, BytesView end,
                       const std::function<bool(BytesView key, BytesView value)>& visit) const = 0;
    struct Entry {
        Bytes key;
        Bytes value;
    };
    /// All of it or nothing. Need not be durable at once: a block that is indexed again after a
    /// crash changes nothing.
    virtual void write(std::vector<Entry> entries) = 0;
};

class Indexer {
  public:
    virtual ~Indexer() = default;

    /// A block that was executed, with the results of its transactions.
    virtual void add(std::int64_t height, const wire::Txs& txs,
                     const abci::ResponseFinalizeBlock& answer) = 0;

    [[nodiscard]] virtual Result<std::optional<abci::TxResult>> tx(BytesView hash) const = 0;
    /// In no particular order is asked for: by height and index, ascending.
    [[nodiscard]] virtual Result<std::vector<abci::TxResult>> search_txs(
        const Query& query) const = 0;
    /// Heights, ascending.
    [[nodiscard]] virtual Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const = 0;
};

class KeyValueIndexer final : public Indexer {
  public:
    /// `storage` outlives this.
    explicit KeyValueIndexer(IndexStorage& storage) : storage_(storage) {}

    void add(std::int64_t height, const wire::Txs& txs,
             const abci::ResponseFinalizeBlock& answer) override;
    [[nodiscard]] Result<std::optional<abci::TxResult>> tx(BytesView hash) const override;
    [[nodiscard]] Result<std::vector<abci::TxResult>> search_txs(const Query& query) const override;
    [[nodiscard]] Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const override;

  private:
    IndexStorage& storage_;
};

/// `indexer = "null"`: nothing is kept, and searches say so.
class NullIndexer final : public Indexer {
  public:
    void add(std::int64_t, const wire::Txs&, const abci::ResponseFinalizeBlock&) override {}
    [[nodiscard]] Result<std::optional<abci::TxResult>> tx(BytesView hash) const override;
    [[nodiscard]] Result<std::vector<abci::TxResult>> search_txs(const Query& query) const override;
    [[nodiscard]] Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const override;
};

}  // namespace tandem::rpc
