// Transactions that wait for a block (wire page of the reactors, section 1).
//
// A value: transactions, the application's answers and committed blocks go in; questions for the
// application come out (CheckTx), and transactions for proposals and peers. First come, first
// served: by order of the answers, which is that of the questions.
//
// Bounded by count and by bytes, transactions that the application is still asked about included:
// what does not fit is refused at once, and the sender told so.
//
// After a block what it holds leaves, and the rest is asked about again, for the block may have
// made it invalid. Answers to questions of before that are ignored.
//
// Not here: which transactions seats keeps to itself (its CheckTx refuses them), the order of calls
// around Commit (chain), sockets.
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "abci/messages.h"
#include "base/histogram.h"
#include "mempool/tx_cache.h"

namespace tandem::mempool {

using Tx = std::shared_ptr<const base::Bytes>;

/// Who sent a transaction; the node gives the numbers, and gives none of them twice.
struct PeerId {
    std::uint64_t value = 0;

    auto operator<=>(const PeerId&) const = default;
};

struct Limits {
    std::size_t txs_max = 5000;
    std::uint64_t bytes_max = 1'073'741'824;  // of all transactions together
    std::size_t tx_bytes_max = 1'048'576;
    std::size_t cache_keys_max = 10'000;
    bool recheck = true;
    bool keep_invalid_txs_in_cache = false;
};

/// What the newest block's parameters say.
struct BlockRules {
    std::int64_t data_bytes_max = std::numeric_limits<std::int64_t>::max();  // for transactions
    std::int64_t gas_max = -1;                                               // -1: no limit
};

/// To be asked of the application, in this order.
struct Question {
    std::uint64_t number = 0;
    Tx tx;
    abci::CheckTxType type = abci::CheckTxType::new_tx;
};

/// Where a peer is in the row.
struct Walk {
    std::uint64_t next = 0;
};

/// 1, 3, 9, ... 729: where CometBFT divides the sizes of transactions.
inline constexpr double tx_bytes_bounds[] = {1, 3, 9, 27, 81, 243, 729};

/// Since the process began.
struct Counts {
    base::Histogram taken_bytes{tx_bytes_bounds};  // of transactions that were taken
    std::uint64_t failed = 0;    // new ones that the application or a rule refused
    std::uint64_t rejected = 0;  // for want of room
    std::uint64_t seen = 0;      // came again
    std::uint64_t rechecked = 0;
};

class Mempool {
  public:
    explicit Mempool(const Limits& limits) : limits_(limits), cache_(limits.cache_keys_max) {}

    // ---- Coming in.

    /// Refused when there is no room ("mempool.full"), it is too long ("mempool.tx_bytes"), no
    /// block could hold it ("mempool.block"), or it was seen before ("mempool.seen"). Else the
    /// application is to be asked.
    [[nodiscard]] base::Result<Question> add(base::Bytes tx, std::optional<PeerId> from = {});
    /// The answer. Refused: the transaction is not taken, or no longer ("mempool.check",
    /// "mempool.gas", "mempool.full"); answers to what nobody waits for are ignored.
    [[nodiscard]] base::Verdict answer(std::uint64_t question, const abci::ResponseCheckTx& answer);

    // ---- Going out.

    /// The first ones that fit together. -1: no limit.
    [[nodiscard]] std::vector<Tx> reap(std::int64_t data_bytes_max, std::int64_t gas_max) const;
    [[nodiscard]] std::vector<Tx> first(std::size_t count) const;
    /// The next one for a peer that stands at `peer_height`; nothing when there is none, or the
    /// peer is too far behind for it yet. `sends`: whether who sent us one sends it to that peer,
    /// too. Only the first sender is asked about: two who got it from each other would both leave
    /// it to the other.
    using Sends = std::function<bool(PeerId first_sender)>;
    [[nodiscard]] Tx next_for(PeerId peer, Walk& walk, std::int64_t peer_height,
                              const Sends& sends = {}) const;

    /// Whether there are any that the peer has not passed.
    [[nodiscard]] bool has_more(const Walk& walk) const {
        return entries_.lower_bound(walk.next) != entries_.end();
    }

    /// A block was committed. Returns what is to be asked again. REQUIRES: a result for each.
    [[nodiscard]] std::vector<Question> update(std::int64_t height, const wire::Txs& txs,
                                               std::span<const abci::ExecTxResult> results,
                                               const BlockRules& rules);
    /// Forgets every transaction, and what was seen.
    void flush();

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const Counts& counts() const noexcept { return counts_; }
    [[nodiscard]] bool contains(const TxKey& key) const { return places_.contains(key); }

  private:
    struct Entry {
        Tx tx;
        TxKey key;
        std::int64_t height = 0;  // that it was taken at
        std::int64_t gas_wanted = 0;
        std::optional<PeerId> first_sender;  // none where it was submitted here
        std::vector<PeerId> other_senders;

        void add_sender(PeerId peer);
        [[nodiscard]] bool was_sent_by(PeerId peer) const;
    };
    struct Asked {
        Tx tx;
        TxKey key;
        std::optional<PeerId> first_sender;
        std::optional<std::uint64_t> place;  // of an entry that is asked about again
    };
    [[nodiscard]] base::Verdict has_room(std::size_t more_bytes) const;
    [[nodiscard]] base::Verdict judge(const abci::ResponseCheckTx& answer) const;
    void remove(std::uint64_t place);
    void forget_invalid(const TxKey& key);

    Limits limits_;
    BlockRules rules_;
    std::int64_t height_ = 0;
    TxCache cache_;
    std::map<std::uint64_t, Entry> entries_;  // by place in the row; places only grow
    std::unordered_map<TxKey, std::uint64_t, TxKeyHash> places_;
    std::uint64_t next_place_ = 0;
    std::uint64_t bytes_ = 0;
    std::map<std::uint64_t, Asked> asked_;  // by question
    std::uint64_t asked_bytes_ = 0;         // of those that are not entries yet
    std::size_t asked_new_ = 0;
    std::uint64_t next_question_ = 1;
    Counts counts_;
};

}  // namespace tandem::mempool
