// Records: arbitrary bytes, damaged ones, and what honest proposers build.
//
// Input: one byte says what. 0: the rest is a record's bytes. 1: the rest damages a true record,
// which is then signed anew. Otherwise: the next eight bytes are a seed; a record that is built on
// the random state that follows from it must pass.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "seats/random_state.h"

namespace tandem::seats {
namespace {

using test::CheapChain;
using test::CheapVerifier;
using Vote = CommitFacts::Vote;

/// Three seats of three nodes after 80 blocks of 60 ms, so that heartbeats of five blocks are
/// fresh.
struct Scene {
    explicit Scene(std::uint8_t votes) {
        chain.execute_blocks(80, 60);
        for (std::size_t i = 0; i < 9; ++i)
            commit.votes.push_back(i % 3 != 0 ? Vote::not_validator
                                              : static_cast<Vote>(1 + (votes >> i) % 3));
        for (std::size_t i = 0; i < 8; ++i)
            (void)pool.add(chain.state(),
                           chain.heartbeat(i / 3, i % 3, 80 - static_cast<std::int64_t>(i % 5)),
                           verifier);
    }
    [[nodiscard]] RecordContext context() const { return {81, proposer, commit}; }

    CheapChain chain{3, 3};
    CheapVerifier verifier;
    HeartbeatPool pool;
    CommitFacts commit;
    Bytes proposer = chain.address(1, 0);
};

/// The seats page, section 3, word by word, on a record that was read.
bool holds(const Scene& scene, const Record& record) {
    const State& state = scene.chain.state();
    const Node& proposer = scene.chain.node(1, 0);
    if (record.height != 81 || record.proposer_address != scene.proposer) return false;
    if (record.alive.size() != 9) return false;
    std::vector<CarriedHeartbeat> left = record.heartbeats;
    for (std::size_t i = 0; i < 9; ++i) {
        const Node& node = scene.chain.node(i / 3, i % 3);
        const bool voted =
            scene.commit.votes[i] == Vote::block || scene.commit.votes[i] == Vote::nil;
        if (voted && !record.alive[i]) return false;
        if (voted || !record.alive[i]) continue;
        if (left.empty()) return false;
        const CarriedHeartbeat carried = left.front();
        left.erase(left.begin());
        if (carried.age > 80 - 17) return false;  // 64 blocks are known, 17 to 80
        const std::int64_t g = 80 - carried.age;
        if (carried.age > 1 && carried.age * 60 > 250) return false;
        const BlockFacts facts = scene.chain.facts_of(g);
        const Heartbeat heartbeat{test::address_of(node.consensus_key), g,
                                  base::to_bytes(facts.block_hash), base::to_bytes(facts.app_hash),
                                  carried.signature};
        if (!scene.verifier.verify(node.liveness_key, sign_bytes(state.chain_id, heartbeat),
                                   carried.signature))
            return false;
    }
    return left.empty() && scene.verifier.verify(proposer.liveness_key, sign_bytes(state, record),
                                                 record.signature);
}

void judge(const Scene& scene, BytesView tx) {
    const auto record = decode_record(tx);
    if (record) TANDEM_CHECK(base::equal(encode_record(*record), tx));
    const bool expected = record && holds(scene, *record);
    for (const HeartbeatPool* pool : {static_cast<const HeartbeatPool*>(nullptr), &scene.pool}) {
        const auto statuses =
            check_record(scene.chain.state(), scene.context(), tx, scene.verifier, pool);
        TANDEM_CHECK(statuses.has_value() == expected);
        TANDEM_CHECK(!statuses || statuses->size() == 9);
    }
}

void damage(crypto::FuzzInput& input) {
    const Scene scene(input.byte());
    const test::CheapKey key(scene.chain.node(1, 0).liveness_key);
    Record record = build_record(scene.chain.state(), scene.context(), scene.pool, key);
    judge(scene, encode_record(record));
    for (int steps = 0; steps < 20 && !input.empty(); ++steps) {
        const std::uint8_t step = input.byte();
        const std::size_t place = input.byte();
        const std::size_t count = record.heartbeats.size();
        switch (step % 8) {
            case 0:
                record.alive[place % record.alive.size()].flip();
                break;
            case 1:
                record.alive.resize(1 + place % 12);
                break;
            case 2:
                if (count < record.alive.size())
                    record.heartbeats.insert(
                        record.heartbeats.begin() +
                            static_cast<std::ptrdiff_t>(place % (count + 1)),
                        {input.byte(),
                         scene.chain.heartbeat(place / 3 % 3, place % 3, 80 - input.byte() % 70)
                             .signature});
                break;
            case 3:
                if (count > 0)
                    record.heartbeats.erase(record.heartbeats.begin() +
                                            static_cast<std::ptrdiff_t>(place % count));
                break;
            case 4:
                if (count > 0) record.heartbeats[place % count].age = input.byte();
                break;
            case 5:
                if (count > 0) record.heartbeats[place % count].signature[7] ^= 1;
                break;
            case 6:
                record.height = input.byte();
                break;
            default:
                record.proposer_address = scene.chain.address(place / 3 % 3, place % 3);
                break;
        }
        if (record.heartbeats.size() > record.alive.size())
            record.heartbeats.resize(record.alive.size());
        // The height binds the block before; where there is none that is known, nobody can sign.
        if (scene.chain.state().block(record.height - 1) != nullptr)
            scene.chain.sign(record, scene.chain.node(1, 0));
        judge(scene, encode_record(record));
    }
}

}  // namespace
}  // namespace tandem::seats

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    const std::uint8_t what = input.byte();
    if (what == 0) {
        tandem::seats::judge(tandem::seats::Scene(0), input.all());
    } else if (what == 1) {
        tandem::seats::damage(input);
    } else {
        tandem::base::SeededRandom dice(static_cast<std::uint64_t>(input.int64()));
        TANDEM_CHECK(tandem::seats::test::build_and_check_record(dice).empty());
    }
    return 0;
}
