// The way from a header that is trusted to a later one, with one server's blocks.
//
// Where the validators changed too much for one step, a block half way is tried first, and so on
// (skipping); or every block is taken in turn (sequential).
//
// A value: heights out, blocks in. Not here: who is asked (light_client.h), comparing.
#pragma once
#include <vector>

#include "types/light_client.h"

namespace tandem::sync {

class Bisection {
  public:
    /// `start` is trusted. REQUIRES: goal > its height.
    Bisection(types::LightBlock start, std::int64_t goal, bool sequential);

    /// The block to be given next.
    [[nodiscard]] std::int64_t wanted() const noexcept { return wanted_; }
    /// REQUIRES: a block of height wanted() that passed validate_basic; not is_done().
    [[nodiscard]] types::LightVerdict take(types::LightBlock block, const types::LightRules& rules,
                                           const crypto::Verifier& verifier);
    [[nodiscard]] bool is_done() const noexcept;
    /// What was verified, by height: each by the one before it. The start is first.
    [[nodiscard]] const std::vector<types::LightBlock>& path() const noexcept { return path_; }
    /// Forgets what could not be verified yet: another server is asked.
    void drop_pending();

  private:
    void choose_wanted();

    std::vector<types::LightBlock> path_;
    std::vector<types::LightBlock> pending_;  // too far to be trusted yet; the nearest is last
    std::int64_t goal_;
    std::int64_t wanted_ = 0;
    bool sequential_;
};

[[nodiscard]] inline const types::Header& header_of(const types::LightBlock& block) {
    return *block.signed_header->header;
}

}  // namespace tandem::sync
