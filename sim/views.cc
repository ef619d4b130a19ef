#include "sim/views.h"

namespace tandem::sim {

std::uint64_t Views::dice(std::uint64_t a, std::uint64_t b, std::uint64_t c,
                          std::uint64_t d) const {
    std::uint64_t word = seed_ * 0x9e3779b97f4a7c15;
    for (const std::uint64_t part : {a, b, c, d}) {
        word = (word ^ part) * 0xbf58476d1ce4e5b9;
        word ^= word >> 29;
    }
    return word * 0x94d049bb133111eb >> 33;
}

std::uint64_t Views::severity(std::int64_t height, std::uint64_t what) const {
    const auto h = static_cast<std::uint64_t>(height);
    if (dice(h, 1) % 3 == 0) return 0;  // a calm height
    constexpr std::array<std::uint64_t, 6> of_votes{0, 15, 30, 45, 60, 75};
    constexpr std::array<std::uint64_t, 6> of_proposals{0, 0, 0, 10, 25, 50};
    return (what == 0 ? of_proposals : of_votes)[dice(h, 2, what) % of_votes.size()];
}

bool Views::is_isolated(std::size_t node) const {
    return world_.now() < isolated_until_ && isolated_.contains(node);
}

bool Views::hides(std::size_t from, std::size_t to, const Message& message) const {
    if (is_isolated(from) || is_isolated(to)) return true;
    std::int64_t height = 0;
    std::int32_t round = 0;
    std::uint64_t what = 0, index = 0;
    if (const auto* vote = std::get_if<Message::Vote>(&message.content)) {
        height = vote->vote->height;
        round = vote->vote->round;
        what = static_cast<std::uint64_t>(vote->vote->type);
        index = static_cast<std::uint64_t>(vote->vote->validator_index);
    } else if (const auto* proposal = std::get_if<Message::Proposal>(&message.content)) {
        height = proposal->proposal->height;
        round = proposal->proposal->round;
    } else {
        return false;
    }
    if (round >= rounds_hidden) return false;
    const auto place = static_cast<std::uint64_t>(height) * 8 + static_cast<std::uint64_t>(round);
    return dice(place, what, index, to) % 100 < severity(height, what);
}

void Views::decided(std::size_t node, std::int64_t height, std::size_t nodes) {
    if (height < height_) return;
    const auto h = static_cast<std::uint64_t>(height);
    if (height > height_) {
        height_ = height;
        isolated_.clear();
        isolated_until_ = world_.now() + isolation_max;
    }
    if (severity(height, 2) == 0 || dice(h, 3) % 2 == 0) return;
    isolated_.insert(node);
    // With half of them cut off nobody moves.
    if (2 * isolated_.size() >= nodes) isolated_until_ = 0;
}

}  // namespace tandem::sim
