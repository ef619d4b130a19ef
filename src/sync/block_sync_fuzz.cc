// Any events in any order, honest and not: the client keeps its invariants, gives out blocks of the
// chain only, and asks nobody for more than it may.
#include "sync/testing.h"

namespace tandem::sync::testing {
namespace {

class Choices {
  public:
    explicit Choices(base::BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] bool more() const { return !rest_.empty(); }
    [[nodiscard]] std::size_t below(std::size_t bound) {
        if (rest_.empty()) return 0;
        const std::size_t value = rest_[0] % bound;
        rest_ = rest_.subspan(1);
        return value;
    }

  private:
    base::BytesView rest_;
};

class Game {
  public:
    explicit Game(Choices choices)
        : choices_(choices),
          follower_(
              chain(),
              {.requests_per_peer_max = 4, .heights_ahead_max = 8, .waiting_bytes_max = 3000}) {}

    void play() {
        for (int i = 0; i < 300 && choices_.more(); ++i) {
            act();
            collect();
        }
    }

  private:
    static const Source& chain() {
        static Source made(6);
        if (made.height() == 0) made.grow(12);
        return made;
    }

    void act() {
        const std::uint64_t peer = 1 + choices_.below(4);
        switch (choices_.below(9)) {
            case 0:
                return follower_.add_peer(peer);
            case 1:
                return follower_.client.remove_peer({peer}, follower_.now);
            case 2:
                return follower_.tell_status(peer, static_cast<std::int64_t>(choices_.below(15)),
                                             static_cast<std::int64_t>(choices_.below(3)));
            case 3:
                return follower_.client.hear(
                    PeerId{peer},
                    types::NoBlockResponse{static_cast<std::int64_t>(choices_.below(14))},
                    follower_.now);
            case 4:
            case 5:
                return answer(peer);
            case 6: {
                follower_.now += std::chrono::seconds(choices_.below(20));
                return follower_.client.tick(follower_.now);
            }
            default:
                follower_.execute();
        }
    }

    void answer(std::uint64_t peer) {
        const auto height = static_cast<std::int64_t>(1 + choices_.below(12));
        auto response = follower_.response(height);
        switch (choices_.below(8)) {
            case 0:
                response.block->header.app_hash.assign(4, 9);
                break;
            case 1:
                response.ext_commit.reset();
                break;
            case 2:
                response.block->last_commit->signatures.clear();
                break;
            case 3:
                if (response.ext_commit) response.ext_commit->extended_signatures.pop_back();
                break;
            default:
                break;
        }
        std::ignore = follower_.client.hear(PeerId{peer}, std::move(response), follower_.now);
    }

    void collect() {
        for (const BlockEffect& effect : follower_.effects()) {
            if (const auto* question = std::get_if<AskBlock>(&effect)) {
                TANDEM_CHECK(question->height >= 1 && question->height <= 14);
                TANDEM_CHECK(!encode(*question).empty());
            }
        }
        TANDEM_CHECK(follower_.client.waiting_bytes() < 12 * 3000);
        TANDEM_CHECK(follower_.client.peer_count() <= 4);
        TANDEM_CHECK(follower_.client.next_height() == follower_.state.next_height());
    }

    Choices choices_;
    Follower follower_;
};

}  // namespace
}  // namespace tandem::sync::testing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem::sync::testing;
    Game(Choices({data, size})).play();
    return 0;
}
