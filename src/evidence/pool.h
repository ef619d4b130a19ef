// Evidence: votes and headers that somebody signed who must not have, from when they are seen until
// a block carries them or they are too old to count.
//
//     two votes that consensus saw   report()  ---\   once their height is decided
//     a message of a peer            receive() ----> verified -> pending -> block -> committed
//     a block that is judged         judge()   ---/                  \-> gossip to each peer
//     RPC                            add()     --/
//
// What is pending was verified and is not verified again when a block carries it, except attacks
// on light clients, where another block may hide behind the same hash. What is committed is
// remembered until it is too old to be offered again. Both stand in the database: evidence is rare
// and a restart must not lose it. Whoever needs them durable syncs (chain/execution.h).
//
// Bounded by items and bytes. Only validators can make evidence that is true, and one that floods
// us with its own crimes gets no more than the bound; what does not fit is dropped, and peers have
// it.
//
// Not here: whether evidence is true (types/evidence_verify.h), what becomes of the guilty
// (application, seats).
#pragma once
#include <deque>
#include <map>
#include <set>

#include "chain/block_validation.h"
#include "store/block_store.h"
#include "store/state_store.h"

namespace tandem::evidence {

using base::Bytes;
using base::BytesView;
using base::Verdict;
using types::Evidence;

inline constexpr std::size_t pending_items_max = 1'000;
inline constexpr std::size_t pending_bytes_max = std::size_t{8} << 20;
inline constexpr std::size_t reports_max = 100;

/// What one peer was told, or told us.
class Walk {
  public:
    /// All of it may be said again. CometBFT repeats pending evidence every 10 seconds.
    void repeat() noexcept { known_.clear(); }

  private:
    friend class Pool;
    std::set<std::uint64_t> known_;  // numbers of pending items
};

class Pool final : types::EvidenceView {
  public:
    /// All of it is borrowed. Reads what is pending.
    Pool(store::KeyValues& database, const store::BlockStore& blocks,
         const store::StateStore& states, const crypto::Verifier& verifier);
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    // ---- In.
    /// Two votes of one validator that consensus saw.
    void report(const types::Vote& first, const types::Vote& second);
    /// Refused where it is not true, or not of this time: "evidence.<what>".
    [[nodiscard]] Verdict add(const Evidence& evidence, const chain::State& state);
    /// From a peer. Refused only for what costs the peer its connection: what it says is not true,
    /// whoever looks at it. What we cannot judge (a height that is not here) is passed over.
    [[nodiscard]] Verdict receive(Walk& from, const types::EvidenceList& list,
                                  const chain::State& state);
    /// A block took effect. Committed evidence leaves, expired evidence too; reported votes of
    /// heights that are decided by now become evidence.
    void committed(const chain::State& after, const types::EvidenceList& list);

    // ---- Out.
    /// The first ones by height and hash whose encoded list takes at most `bytes_max` (-1: all).
    [[nodiscard]] std::vector<Evidence> pending(std::int64_t bytes_max) const;
    [[nodiscard]] std::size_t pending_count() const noexcept { return pending_.size(); }
    /// For chain::validate_block. Of a block that is judged, true evidence becomes pending.
    [[nodiscard]] const chain::EvidenceJudge& judge() const noexcept { return judge_; }
    /// The next message for a peer of this height (0: unknown), encoded; what is given out counts
    /// as said.
    [[nodiscard]] std::optional<Bytes> next_for(Walk& peer, std::int64_t peer_height,
                                                const chain::State& state) const;

  private:
    struct Item {
        Evidence evidence;
        std::size_t bytes = 0;     // in an encoded list
        std::uint64_t number = 0;  // in the order of coming
    };
    using PendingKey = std::pair<std::int64_t, Bytes>;  // height, hash

    class Judge final : public chain::EvidenceJudge {
      public:
        explicit Judge(Pool& pool) : pool_(&pool) {}
        [[nodiscard]] Verdict judge(const chain::State& state,
                                    const types::EvidenceList& list) const override {
            return pool_->judge_list(state, list);
        }

      private:
        Pool* pool_;
    };

    // ---- types::EvidenceView
    [[nodiscard]] std::shared_ptr<const types::Header> header(std::int64_t height) const override;
    [[nodiscard]] std::shared_ptr<const types::Commit> commit(std::int64_t height) const override;
    [[nodiscard]] std::shared_ptr<const types::ValidatorSet> validators(
        std::int64_t height) const override;
    [[nodiscard]] std::int64_t latest_height() const override { return blocks_->height(); }
    [[nodiscard]] bool is_pending(const Evidence& evidence) const override;
    [[nodiscard]] bool is_committed(const Evidence& evidence) const override;

    [[nodiscard]] Verdict judge_list(const chain::State& state, const types::EvidenceList& list);
    [[nodiscard]] bool lies_ahead(const Evidence& evidence) const;
    void keep(const Evidence& evidence);
    void hold(const PendingKey& key, Evidence evidence);
    void drop(store::Batch& batch, std::map<PendingKey, Item>::iterator item);
    void remove_expired(store::Batch& batch, const chain::State& state);
    void ripen(const chain::State& state);

    store::KeyValues* database_;
    const store::BlockStore* blocks_;
    const store::StateStore* states_;
    const crypto::Verifier* verifier_;
    Judge judge_{*this};
    std::map<PendingKey, Item> pending_;
    std::size_t pending_bytes_ = 0;  // invariant: sum over pending_
    std::uint64_t next_number_ = 1;
    std::deque<std::pair<types::Vote, types::Vote>> reports_;  // of heights not yet decided
};

}  // namespace tandem::evidence
