// What a node that begins with a snapshot must know of the chain, from servers that it does not
// believe: the state after height S and the commit for it (wire page 04, section 4).
//
//     trust height and hash, given by the operator
//        --bisection, by the first server that answers--> S --> S+1 --> S+2
//     all three are compared with what every other server says; parameters of S+1 must have the
//     hash that its header names
//
// Header S+1 has the application hash after S; it is signed by more than two thirds, and so it is
// only believed when S+2 confirms that it was decided. S, S+1 and S+2 are linked by hashes. Where
// two servers show different headers, one of them shows a chain that is not ours: nothing is
// chosen, the operator is told.
//
// No header covers the proposer priorities in validator sets; one server alone is not believed in
// them either: whoever has wrong ones takes the wrong block for the proposed one (ASA-2024-009).
//
// A value: questions out, answers in, one question at a time. Not here: HTTP (io), snapshots.
#pragma once
#include <map>

#include "chain/state.h"
#include "types/light_client.h"

namespace tandem::sync {

struct LightSyncConfig {
    std::string chain_id;
    std::int64_t initial_height = 1;
    std::int64_t trust_height = 0;
    types::Hash trust_hash;
    types::Duration trust_period{168LL * 3600 * 1'000'000'000};
    types::Duration max_clock_drift{10'000'000'000};
    types::TrustLevel trust_level;
    std::size_t servers = 0;  // by number from 0; at least two
};

struct LightQuestion {
    enum class Kind : std::uint8_t { block, params };
    Kind kind = Kind::block;
    std::size_t server = 0;
    std::int64_t height = 0;

    bool operator==(const LightQuestion&) const = default;
};

struct SyncedState {
    chain::State state;    // after S
    types::Commit commit;  // for S: what consensus saw
    base::Bytes app_hash;  // after S, as the snapshot must lead to
};

class LightSync {
  public:
    /// `verifier` is borrowed. REQUIRES: two servers or more, a trust height of 1 or more.
    LightSync(LightSyncConfig config, const crypto::Verifier& verifier);

    /// Begins to find out about a snapshot's height. What was verified before helps.
    /// REQUIRES: outcome() of the one before was taken.
    void want(std::int64_t height);
    /// The open question, once.
    [[nodiscard]] std::optional<LightQuestion> next_question();
    /// Answers it; refused: the server did not answer, or has it not.
    void answer(base::Result<types::LightBlock> block, types::Timestamp now);
    void answer(base::Result<types::ConsensusParams> params, types::Timestamp now);
    /// Once there is one.
    [[nodiscard]] std::optional<base::Result<SyncedState>> outcome();

  private:
    enum class Phase : std::uint8_t { idle, anchor, climb, compare, params };

    void ask(LightQuestion::Kind kind, std::size_t server, std::int64_t height);
    void ask_next();
    void next_server(base::Refusal why);
    void take_anchor(types::LightBlock block, types::Timestamp now);
    void take_climb(types::LightBlock block, types::Timestamp now);
    void take_comparison(const base::Result<types::LightBlock>& block);
    [[nodiscard]] base::Verdict check_links() const;
    void finish(const types::ConsensusParams& params);
    void fail(std::string_view check, std::string why);
    [[nodiscard]] types::LightRules rules(types::Timestamp now) const;
    [[nodiscard]] const types::Header& header(std::int64_t height) const;

    LightSyncConfig config_;
    const crypto::Verifier* verifier_;
    Phase phase_ = Phase::idle;
    std::int64_t wanted_ = 0;
    std::map<std::int64_t, types::LightBlock> trusted_;
    std::vector<types::LightBlock> pending_;  // too far to be trusted yet; the nearest is last
    std::size_t primary_ = 0;
    std::size_t failures_ = 0;  // of servers, since the last good answer
    std::size_t witness_ = 0;
    std::int64_t compared_ = 0;  // heights of that witness
    std::size_t confirmed_ = 0;
    std::optional<LightQuestion> question_;  // not asked yet
    std::optional<LightQuestion> open_;
    std::optional<base::Result<SyncedState>> outcome_;
};

}  // namespace tandem::sync
