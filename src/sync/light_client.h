// A light client: headers that are believed because of who signed them, and not because a server
// sent them.
//
//     trust height and hash --bisection, from the primary--> the wanted height
//     the header there is compared with what the witnesses have
//
// A header that the trusted validators signed can still be of another chain than everybody else's,
// where a third of them signed two. Hence witnesses: where one shows another header, its own chain
// is followed from the last block that both have. If it does not hold, the witness is left out from
// then on. If it holds, somebody signed twice: evidence against either side is made, for the other
// side to judge, and the client believes nothing any more.
//
// Below the trusted heights, hashes lead backwards; there is nothing to compare there.
//
// A primary that does not answer, or has the height not, is replaced by the first server that has
// it; one that shows what does not hold is left out for good.
//
// A value: questions out, answers in, one question at a time. Not here: HTTP, the disk (tandem).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sync/bisection.h"
#include "types/evidence.h"

namespace tandem::sync {

// ---- Checks by which a refused answer says what it is; any other says that the server lies.
inline constexpr std::string_view light_no_answer = "light.no_answer";
inline constexpr std::string_view light_not_there = "light.not_there";

struct LightClientConfig {
    std::string chain_id;
    types::Duration trust_period{168LL * 3600 * 1'000'000'000};
    types::Duration max_clock_drift{10'000'000'000};
    types::TrustLevel trust_level;
    bool sequential = false;
    std::vector<std::string> servers;  // their names; the first is the primary at first
    std::size_t blocks_max = 1'000;    // that are remembered; at least 1
};

struct BlockQuestion {
    std::size_t server = 0;
    std::int64_t height = 0;  // 0: the newest
    bool again = false;       // it was not there a moment ago: wait before asking

    bool operator==(const BlockQuestion&) const = default;
};

/// Two chains that both hold. What each side is to be told: evidence against the other.
struct LightAttack {
    std::size_t primary = 0, witness = 0;
    std::int64_t height = 0;  // where they differ
    std::optional<types::LightClientAttackEvidence> for_witness, for_primary;
};

/// Follows one side's chain beside the other's path, to where they part.
struct LightExamination {
    std::vector<types::LightBlock> path;  // of the side that is looked at
    std::size_t at = 0;                   // the blocks up to this one are common
    std::size_t other = 0;                // the server of the other side
    std::optional<Bisection> chain;       // of the other side, from path[at]
    bool is_reverse = false;              // the path is the witness's
};

class LightClient {
  public:
    /// `trusted` was verified before, by a client of the same chain. `verifier` is borrowed.
    LightClient(LightClientConfig config, std::map<std::int64_t, types::LightBlock> trusted,
                const crypto::Verifier& verifier);

    /// Begins with a header that the operator trusts; what was trusted before is forgotten.
    void anchor(std::int64_t height, types::Hash hash);
    /// Begins to find out about a height; 0: the newest. REQUIRES: something is trusted.
    void want(std::int64_t height);
    /// The open question, once.
    [[nodiscard]] std::optional<BlockQuestion> next_question();
    void answer(base::Result<types::LightBlock> block, types::Timestamp now);
    /// The verified block, once there is one.
    [[nodiscard]] std::optional<base::Result<types::LightBlock>> outcome();

    [[nodiscard]] const std::map<std::int64_t, types::LightBlock>& trusted() const noexcept {
        return trusted_;
    }
    [[nodiscard]] std::size_t primary() const noexcept { return primary_; }
    [[nodiscard]] const std::string& name_of(std::size_t server) const {
        return config_.servers.at(server);
    }
    /// False for a server that has lied.
    [[nodiscard]] bool is_used(std::size_t server) const { return used_.at(server); }
    /// What happened to servers since the last call, for a log.
    [[nodiscard]] std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }
    /// Once there is one, every further wish is refused.
    [[nodiscard]] const std::optional<LightAttack>& attack() const noexcept { return attack_; }

  private:
    enum class Phase : std::uint8_t { idle, anchor, newest, climb, backward, compare, examine };

    void ask(std::size_t server, std::int64_t height, bool again = false);
    void ask_next();
    void fail(std::string_view check, std::string why);
    void primary_failed(const base::Refusal& why);
    void leave_out(std::size_t server, const base::Refusal& why);
    void take_anchor(types::LightBlock block, types::Timestamp now);
    void take_newest(types::LightBlock block, types::Timestamp now);
    void begin_climb(std::int64_t goal);
    void take_climb(types::LightBlock block, types::Timestamp now);
    void take_backward(types::LightBlock block);
    void begin_compare(std::vector<types::LightBlock> path);
    void next_witness();
    void take_comparison(const base::Result<types::LightBlock>& block);
    void begin_examination(std::vector<types::LightBlock> path, std::size_t other, bool reverse);
    void take_examination(const base::Result<types::LightBlock>& block, types::Timestamp now);
    void found_parting(const std::vector<types::LightBlock>& chain);
    void witness_lies(const base::Refusal& why);
    void end_attack();
    void remember();
    [[nodiscard]] types::LightRules rules(types::Timestamp now) const;

    LightClientConfig config_;
    const crypto::Verifier* verifier_;
    std::map<std::int64_t, types::LightBlock> trusted_;
    std::vector<bool> used_;
    std::size_t primary_ = 0;
    std::optional<LightAttack> attack_;

    Phase phase_ = Phase::idle;
    std::int64_t wanted_ = 0;
    types::Hash anchor_hash_;
    std::size_t asked_ = 0;  // servers that failed to answer the open question, in a row
    std::size_t first_primary_ = 0;
    std::optional<base::Refusal> first_failure_;
    std::optional<Bisection> climb_;
    std::optional<types::LightBlock> lowest_;  // backwards: linked to what is trusted
    std::vector<types::LightBlock> path_;      // what is being compared; the last is the goal
    std::size_t witness_ = 0, confirmed_ = 0, repeats_ = 0;
    std::string witness_faults_;
    std::vector<std::string> notes_;
    std::optional<LightExamination> examination_;

    std::optional<BlockQuestion> question_, open_;
    std::optional<base::Result<types::LightBlock>> outcome_;
};

}  // namespace tandem::sync
