// Heartbeats as bytes, and a pool against a list that does the same slowly.
//
// Input: a heartbeat's bytes, of as many as the length in front says; then steps, one byte each and
// what they need: execute a block, or offer some node's heartbeat about some height, true or not.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "seats/heartbeat.h"
#include "seats/test_support.h"

namespace tandem::seats {
namespace {

using test::CheapChain;
using test::CheapVerifier;

void read_bytes(BytesView bytes) {
    const auto read = decode_heartbeat(bytes);
    if (read) TANDEM_CHECK(base::equal(encode_heartbeat(*read), bytes));
}

/// The pool's promises, kept without indices: everything in one list, in the order of arrival.
class SlowPool {
  public:
    HeartbeatPool::Added add(const State& state, const Heartbeat& heartbeat,
                             const crypto::Verifier& verifier) {
        using Added = HeartbeatPool::Added;
        const HeartbeatStanding standing = judge_heartbeat(state, heartbeat, verifier);
        const bool confirmed = standing == HeartbeatStanding::confirmed;
        std::size_t waiting = 0;
        for (const Heartbeat& other : all_) {
            if (other.height != heartbeat.height || other.node_address != heartbeat.node_address)
                continue;
            const bool same =
                other.block_hash == heartbeat.block_hash && other.app_hash == heartbeat.app_hash;
            if (same && could_stand(state, heartbeat)) return Added::known;
            ++waiting;
        }
        if (heartbeat.height > state.height && heartbeat.height <= state.height + 2 && waiting == 4)
            return Added::full;
        if (!confirmed && standing != HeartbeatStanding::not_yet) return Added::refused;
        all_.push_back(heartbeat);
        return Added::kept;
    }
    void executed(const State& state) {
        std::erase_if(all_, [&](const Heartbeat& h) { return !could_stand(state, h); });
    }
    [[nodiscard]] const Heartbeat* freshest(const State& state, BytesView node) const {
        const Heartbeat* best = nullptr;
        for (const Heartbeat& heartbeat : all_)
            if (base::equal(heartbeat.node_address, node) && heartbeat.height <= state.height &&
                is_fresh(state, heartbeat.height, state.height) &&
                (best == nullptr || heartbeat.height > best->height))
                best = &heartbeat;
        return best;
    }
    [[nodiscard]] std::size_t size() const { return all_.size(); }

  private:
    /// By the chain alone: to come soon, or true and fresh.
    static bool could_stand(const State& state, const Heartbeat& heartbeat) {
        if (heartbeat.height > state.height) return heartbeat.height <= state.height + 2;
        if (!is_fresh(state, heartbeat.height, state.height)) return false;
        const BlockFacts& block = *state.block(heartbeat.height);
        return base::equal(block.block_hash, heartbeat.block_hash) &&
               base::equal(block.app_hash, heartbeat.app_hash);
    }
    std::vector<Heartbeat> all_;
};

void play(crypto::FuzzInput& input) {
    CheapChain chain(2, 2);
    const State& state = chain.state();
    chain.state().params.heartbeat_lag_blocks = input.byte() % 5;
    const CheapVerifier verifier;
    HeartbeatPool pool;
    SlowPool slow;
    chain.execute_block();
    for (int steps = 0; steps < 400 && !input.empty(); ++steps) {
        const std::uint8_t step = input.byte();
        if (step % 8 == 0) {
            chain.execute_block(1 + step);
            (void)pool.executed(state);
            slow.executed(state);
        } else {
            Heartbeat made =
                chain.heartbeat(step / 8 % 2, step / 16 % 2, state.height + 4 - input.byte() % 72);
            const Node& node = chain.node(step / 8 % 2, step / 16 % 2);
            const std::uint8_t lie = input.byte();
            if (lie % 4 == 1) made.app_hash[0] = lie;
            if (lie % 4 == 2) made.block_hash[0] = lie;
            if (lie % 4 != 0) chain.sign(made, node);
            if (lie % 16 == 3) made.signature[0] ^= 1;
            TANDEM_CHECK(pool.add(state, made, verifier) == slow.add(state, made, verifier));
        }
        TANDEM_CHECK(pool.size() == slow.size() && pool.size() <= 4U * (64 + 2 * 4));
        for (std::size_t i = 0; i < 4; ++i) {
            const Bytes address = chain.address(i / 2, i % 2);
            const Heartbeat* a = pool.freshest(state, address, state.height);
            const Heartbeat* b = slow.freshest(state, address);
            TANDEM_CHECK((a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b));
        }
    }
}

}  // namespace
}  // namespace tandem::seats

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    tandem::seats::read_bytes(input.prefixed());
    tandem::seats::play(input);
    return 0;
}
