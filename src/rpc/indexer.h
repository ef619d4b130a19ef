// The index by which transactions and blocks are found: what CometBFT calls the "kv" indexer.
//
// Of each event only attributes with index = true are kept. Every transaction is found by its hash
// (tx.hash) and height (tx.height), every block by block.height. Conditions of one search that name
// attributes of events must hold within one event; those on heights hold for the block.
//
// Over an ordered map, which the node puts on its disk. Keys, all integers big-endian:
//     't' hash                   height index            where it was executed last
//     'd' height index           hash                    of one that was executed again later
//     'e' tag value height       text (index event)*     where in the block the value occurs
//     'b' height                 transactions            every block that was indexed
//     'f' tag value height       text (0 event)*         likewise of the block's own events
//     'h' height index           TxResult                of blocks that are not stored any more
// with tag, value and text behind their lengths, so that no value can be taken for the beginning of
// another. A value of more than 128 bytes stands in the key by its hash, and itself as the entry's
// text: keys are copied again and again where a database sorts them. For the same reason a value
// has one entry for a block, however often it occurs there. A block's 'b' is written with the rest,
// so that the newest one says what is missing.
//
// A search finds places. What was executed there, and with which result, stands in the stored block
// and its answer; an index that held it too, as CometBFT's does, would write it all twice. Only
// what the node is about to forget goes into the index.
//
// Not here: the map itself; the blocks, their answers and proofs, which the routes add.
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

/// Whether the node stores what the application answered as long as the block.
enum class Answers : std::uint8_t {
    stored,
    discarded,  // storage.discard_abci_responses: the index keeps the results of each block
};

/// Of a transaction.
struct TxPlace {
    std::int64_t height = 0;
    std::uint32_t index = 0;
    friend auto operator<=>(const TxPlace&, const TxPlace&) = default;
};

class Indexer {
  public:
    virtual ~Indexer() = default;

    /// A block that was executed, with the results of its transactions.
    virtual void add(std::int64_t height, const wire::Txs& txs,
                     const abci::ResponseFinalizeBlock& answer) = 0;

    /// What is not stored elsewhere any longer, or soon will not be.
    virtual void keep(std::int64_t height, const wire::Txs& txs,
                      const abci::ResponseFinalizeBlock& answer) = 0;

    [[nodiscard]] virtual Result<std::optional<TxPlace>> find_tx(BytesView hash) const = 0;
    /// Ascending. A transaction that was executed twice counts where it was last.
    [[nodiscard]] virtual Result<std::vector<TxPlace>> search_txs(const Query& query) const = 0;
    /// The highest block that was indexed, from `first` on; 0: none.
    [[nodiscard]] virtual std::int64_t newest_block(std::int64_t first) const = 0;
    /// Nothing: the block is stored, or was never seen.
    [[nodiscard]] virtual Result<std::optional<abci::TxResult>> kept_tx(
        const TxPlace& place) const = 0;
    /// Heights, ascending.
    [[nodiscard]] virtual Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const = 0;
};

class KeyValueIndexer final : public Indexer {
  public:
    /// `storage` outlives this. A search that reads more than `entries_read_max` is refused.
    explicit KeyValueIndexer(IndexStorage& storage, Answers answers = Answers::stored,
                             std::size_t entries_read_max = 5'000'000)
        : storage_(storage), answers_(answers), entries_read_max_(entries_read_max) {}

    /// Keeps the results, too, where nobody else will.
    void add(std::int64_t height, const wire::Txs& txs,
             const abci::ResponseFinalizeBlock& answer) override;
    void keep(std::int64_t height, const wire::Txs& txs,
              const abci::ResponseFinalizeBlock& answer) override;
    [[nodiscard]] std::int64_t newest_block(std::int64_t first) const override;
    [[nodiscard]] Result<std::optional<TxPlace>> find_tx(BytesView hash) const override;
    [[nodiscard]] Result<std::vector<TxPlace>> search_txs(const Query& query) const override;
    [[nodiscard]] Result<std::optional<abci::TxResult>> kept_tx(
        const TxPlace& place) const override;
    [[nodiscard]] Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const override;

  private:
    IndexStorage& storage_;
    Answers answers_;
    std::size_t entries_read_max_;
};

/// `indexer = "null"`: nothing is kept, and searches say so.
class NullIndexer final : public Indexer {
  public:
    void add(std::int64_t, const wire::Txs&, const abci::ResponseFinalizeBlock&) override {}
    void keep(std::int64_t, const wire::Txs&, const abci::ResponseFinalizeBlock&) override {}
    [[nodiscard]] std::int64_t newest_block(std::int64_t) const override {
        return std::numeric_limits<std::int64_t>::max();
    }
    [[nodiscard]] Result<std::optional<TxPlace>> find_tx(BytesView hash) const override;
    [[nodiscard]] Result<std::vector<TxPlace>> search_txs(const Query& query) const override;
    [[nodiscard]] Result<std::optional<abci::TxResult>> kept_tx(
        const TxPlace& place) const override;
    [[nodiscard]] Result<std::vector<std::int64_t>> search_blocks(
        const Query& query) const override;
};

}  // namespace tandem::rpc
