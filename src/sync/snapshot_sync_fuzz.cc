// Any events in any order, answers of every kind: the client keeps its invariants, asks for chunks
// that exist of peers that are there, and holds no more than it may.
#include <set>

#include "base/check.h"
#include "sync/snapshot_client.h"

namespace tandem::sync {
namespace {

class Choices {
  public:
    explicit Choices(base::BytesView bytes) : rest_(bytes) {}
    [[nodiscard]] bool more() const { return !rest_.empty(); }
    [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
        if (rest_.empty()) return 0;
        const std::uint32_t value = rest_[0] % bound;
        rest_ = rest_.subspan(1);
        return value;
    }

  private:
    base::BytesView rest_;
};

constexpr std::uint32_t chunks_ahead = 3;

class Game {
  public:
    explicit Game(Choices choices)
        : choices_(choices), client_({.fetchers = 2, .chunks_ahead_max = chunks_ahead}, Time{0}) {}

    void play() {
        for (int i = 0; i < 500 && choices_.more() && !client_.has_ended(); ++i) {
            act();
            collect();
        }
    }

  private:
    void act() {
        const PeerId peer{1 + choices_.below(3)};
        switch (choices_.below(8)) {
            case 0:
                peers_.insert(peer);
                return client_.add_peer(peer, std::string(1, 'a' + static_cast<char>(peer.value)),
                                        now_);
            case 1:
                peers_.erase(peer);
                return client_.remove_peer(peer, now_);
            case 2:
                return client_.hear(peer,
                                    types::SnapshotsResponse{1 + choices_.below(3),
                                                             choices_.below(2),
                                                             1 + choices_.below(6),
                                                             base::Bytes{1},
                                                             {}},
                                    now_);
            case 3:
                return answer_chunk(peer);
            case 4:
                now_ += std::chrono::seconds(choices_.below(30));
                return client_.tick(now_);
            default:
                return answer_question();
        }
    }

    void answer_chunk(PeerId peer) {
        if (asked_.empty()) return;
        const AskChunk& question =
            asked_[choices_.below(static_cast<std::uint32_t>(asked_.size()))];
        types::ChunkResponse answer;
        answer.height = question.request.height;
        answer.format = question.request.format;
        answer.index = question.request.index;
        answer.missing = choices_.below(8) == 0;
        if (!answer.missing) answer.chunk = types::ChunkBytes(base::Bytes(100, 1));
        client_.hear(choices_.below(8) == 0 ? peer : question.peer, std::move(answer), now_);
    }

    void answer_question() {
        const auto question = std::exchange(question_, std::nullopt);
        if (!question) return;
        if (std::holds_alternative<Trust>(*question)) {
            if (choices_.below(4) == 0) return client_.not_trusted(now_);
            return client_.trusted({1}, now_);
        }
        if (std::holds_alternative<Offer>(*question))
            return client_.offered(static_cast<abci::OfferSnapshotResult>(
                                       choices_.below(4) == 0 ? choices_.below(6) : 1),
                                   now_);
        abci::ResponseApplySnapshotChunk answer;
        answer.result = static_cast<abci::ApplySnapshotChunkResult>(
            choices_.below(4) == 0 ? choices_.below(6) : 1);
        if (choices_.below(6) == 0) answer.refetch_chunks.push_back(choices_.below(7));
        if (choices_.below(8) == 0)
            answer.reject_senders.emplace_back(1, 'b' + static_cast<char>(choices_.below(3)));
        client_.applied(answer, now_);
    }

    void collect() {
        while (const auto effect = client_.next_effect()) {
            if (const auto* question = std::get_if<AskChunk>(&*effect)) {
                TANDEM_CHECK(question->request.index < 6 && peers_.contains(question->peer));
                asked_.push_back(*question);
                if (asked_.size() > 8) asked_.erase(asked_.begin());
            } else if (std::holds_alternative<Trust>(*effect) ||
                       std::holds_alternative<Offer>(*effect) ||
                       std::holds_alternative<Apply>(*effect)) {
                TANDEM_CHECK(!question_.has_value());
                question_ = *effect;
            } else if (std::holds_alternative<Restored>(*effect)) {
                TANDEM_CHECK(client_.has_ended());
            }
        }
        TANDEM_CHECK(client_.waiting_bytes() <= 100 * (chunks_ahead + 1));
    }

    Choices choices_;
    SnapshotClient client_;
    Time now_{0};
    std::set<PeerId> peers_;
    std::vector<AskChunk> asked_;
    std::optional<SnapshotEffect> question_;
};

}  // namespace
}  // namespace tandem::sync

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::sync::Game(tandem::sync::Choices({data, size})).play();
    return 0;
}
