#include "seats/heartbeat.h"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/ed25519.h"
#include "seats/formats.h"

namespace tandem::seats {
namespace {

using crypto::address_size;
constexpr std::size_t signature_size = crypto::ed25519_signature_size;
constexpr std::size_t heartbeat_bytes =
    preamble_bytes + address_size + 8 + hash_bytes + hash_bytes + signature_size;
static_assert(heartbeat_bytes == 161, "docs/formats/heartbeat.md says so");

/// What the chain alone says of a statement, whoever made it: confirmed where it is true and
/// fresh.
HeartbeatStanding standing_of(const State& state, const Heartbeat& heartbeat) {
    if (heartbeat.height > state.height)
        return heartbeat.height - state.height <= HeartbeatPool::heights_ahead_max
                   ? HeartbeatStanding::not_yet
                   : HeartbeatStanding::too_far_ahead;
    if (!is_fresh(state, heartbeat.height, state.height)) return HeartbeatStanding::stale;
    const BlockFacts& block = *state.block(heartbeat.height);
    if (!base::equal(heartbeat.block_hash, block.block_hash) ||
        !base::equal(heartbeat.app_hash, block.app_hash))
        return HeartbeatStanding::wrong_hash;
    return HeartbeatStanding::confirmed;
}

bool says_the_same(const Heartbeat& a, const Heartbeat& b) {
    return a.block_hash == b.block_hash && a.app_hash == b.app_hash;
}

}  // namespace

Bytes sign_bytes(std::string_view chain_id, const Heartbeat& heartbeat) {
    return FixedWriter::signed_bytes(domain::heartbeat, chain_id)
        .height(heartbeat.height)
        .prefixed(heartbeat.block_hash)
        .prefixed(heartbeat.app_hash)
        .take();
}

Bytes encode_heartbeat(const Heartbeat& heartbeat) {
    Bytes out = FixedWriter::special(heartbeat_letter, heartbeat_bytes)
                    .raw(heartbeat.node_address)
                    .height(heartbeat.height)
                    .raw(heartbeat.block_hash)
                    .raw(heartbeat.app_hash)
                    .raw(heartbeat.signature)
                    .take();
    TANDEM_CHECK(out.size() == heartbeat_bytes);
    return out;
}

Result<Heartbeat> decode_heartbeat(BytesView bytes) {
    if (bytes.size() != heartbeat_bytes)
        return refuse("heartbeat.size",
                      fmt::format("{} bytes instead of {}", bytes.size(), heartbeat_bytes));
    if (!has_preamble(bytes, heartbeat_letter))
        return refuse("heartbeat.preamble", "it does not begin as a heartbeat of version 1");
    FixedReader reader(bytes.subspan(preamble_bytes));
    Heartbeat heartbeat;
    heartbeat.node_address = reader.bytes(address_size);
    heartbeat.height = reader.height();
    heartbeat.block_hash = reader.bytes(hash_bytes);
    heartbeat.app_hash = reader.bytes(hash_bytes);
    heartbeat.signature = reader.bytes(signature_size);
    if (heartbeat.height < 1 || heartbeat.height > heights_max)
        return refuse("heartbeat.height", fmt::format("{} is no height", heartbeat.height));
    return heartbeat;
}

Heartbeat make_heartbeat(const State& state, BytesView node_address,
                         const crypto::SigningKey& key) {
    TANDEM_CHECK(!state.recent_blocks.empty());
    const BlockFacts& newest = state.recent_blocks.back();
    TANDEM_CHECK(newest.app_hash.size() == hash_bytes);
    Heartbeat heartbeat{base::to_bytes(node_address),
                        newest.height,
                        base::to_bytes(newest.block_hash),
                        base::to_bytes(newest.app_hash),
                        {}};
    heartbeat.signature =
        base::to_bytes(base::view(key.sign(sign_bytes(state.chain_id, heartbeat))));
    return heartbeat;
}

bool is_fresh(const State& state, std::int64_t g, std::int64_t judged) {
    TANDEM_CHECK(state.height == judged);
    // 64 blocks are kept, and none below the initial height: g > H-65 and g >= initial height.
    const BlockFacts* block = state.block(g);
    if (block == nullptr) return false;
    if (judged - g <= std::int64_t{state.params.heartbeat_lag_blocks}) return true;
    const Duration behind = wire::difference(state.block(judged)->time, block->time);
    return behind <= state.params.heartbeat_lag_time;
}

HeartbeatStanding judge_heartbeat(const State& state, const Heartbeat& heartbeat,
                                  const crypto::Verifier& verifier) {
    const HeartbeatStanding standing = standing_of(state, heartbeat);
    if (standing != HeartbeatStanding::confirmed && standing != HeartbeatStanding::not_yet)
        return standing;
    const auto node = find_by_consensus_address(state, heartbeat.node_address);
    if (!node) return HeartbeatStanding::unknown_node;
    const bool genuine =
        verifier.verify(state.seats[node->seat].nodes[node->node].liveness_key,
                        sign_bytes(state.chain_id, heartbeat), heartbeat.signature);
    return genuine ? standing : HeartbeatStanding::forged;
}

HeartbeatPool::Added HeartbeatPool::add(const State& state, const Heartbeat& heartbeat,
                                        const crypto::Verifier& verifier) {
    const HeartbeatStanding standing = standing_of(state, heartbeat);
    const bool confirmed = standing == HeartbeatStanding::confirmed;
    if (!confirmed && standing != HeartbeatStanding::not_yet) return Added::refused;
    if (const std::vector<Entry>* there = list(heartbeat.height, heartbeat.node_address)) {
        for (const Entry& entry : *there)
            if (says_the_same(entry.heartbeat, heartbeat)) return Added::known;
        if (!confirmed && there->size() >= per_node_and_height_max) return Added::full;
    }
    const PublicKey* key = liveness_key_of(state, heartbeat.node_address);
    if (key == nullptr ||
        !verifier.verify(*key, sign_bytes(state.chain_id, heartbeat), heartbeat.signature))
        return Added::refused;
    std::vector<Entry>& entries =
        entries_[heartbeat.height][crypto::Address(heartbeat.node_address)];
    if (confirmed) {
        size_ -= entries.size();
        entries.clear();
    }
    entries.push_back({heartbeat, *key, confirmed});
    ++size_;
    return Added::kept;
}

std::vector<Heartbeat> HeartbeatPool::executed(const State& state) {
    std::vector<Heartbeat> newly_confirmed;
    const auto keep = [&](Entry& entry) {
        if (keys_changed_) {
            const PublicKey* key = liveness_key_of(state, entry.heartbeat.node_address);
            if (key == nullptr || *key != entry.liveness_key) return false;
        }
        const HeartbeatStanding standing = standing_of(state, entry.heartbeat);
        if (standing == HeartbeatStanding::not_yet) return true;
        if (standing != HeartbeatStanding::confirmed) return false;
        if (!entry.confirmed) newly_confirmed.push_back(entry.heartbeat);
        entry.confirmed = true;
        return true;
    };
    refresh_liveness_keys(state);
    for (auto& [height, by_node] : entries_) {
        const bool is_over = height <= state.height && !is_fresh(state, height, state.height);
        if (!is_over && !keys_changed_ && height <= judged_up_to_) continue;
        for (auto& [node, entries] : by_node)
            size_ -= std::erase_if(entries, [&](Entry& entry) { return !keep(entry); });
        std::erase_if(by_node, [](const auto& item) { return item.second.empty(); });
    }
    std::erase_if(entries_, [](const auto& item) { return item.second.empty(); });
    keys_changed_ = false;
    judged_up_to_ = state.height;
    return newly_confirmed;
}

const Heartbeat* HeartbeatPool::freshest(const State& state, BytesView node_address,
                                         std::int64_t judged) const {
    for (auto at = entries_.upper_bound(judged); at != entries_.begin();) {
        --at;
        if (!is_fresh(state, at->first, judged)) continue;
        const std::vector<Entry>* there = list(at->first, node_address);
        if (there != nullptr && there->front().confirmed) return &there->front().heartbeat;
    }
    return nullptr;
}

bool HeartbeatPool::is_confirmed(const Heartbeat& heartbeat, const PublicKey& liveness_key) const {
    const std::vector<Entry>* there = list(heartbeat.height, heartbeat.node_address);
    if (there == nullptr) return false;
    const Entry& entry = there->front();
    return entry.confirmed && entry.heartbeat == heartbeat && entry.liveness_key == liveness_key;
}

void HeartbeatPool::refresh_liveness_keys(const State& state) {
    ByAddress<PublicKey> keys;
    for (const Seat& seat : state.seats)
        for (const Node& node : seat.nodes)
            keys.emplace(node.consensus_key.address(), node.liveness_key);
    liveness_keys_height_ = state.height;
    if (keys == liveness_keys_) return;
    liveness_keys_ = std::move(keys);
    keys_changed_ = true;
}

const PublicKey* HeartbeatPool::liveness_key_of(const State& state, BytesView node_address) {
    if (liveness_keys_height_ != state.height) refresh_liveness_keys(state);
    const auto found = liveness_keys_.find(node_address);
    return found == liveness_keys_.end() ? nullptr : &found->second;
}

const std::vector<HeartbeatPool::Entry>* HeartbeatPool::list(std::int64_t height,
                                                             BytesView node_address) const {
    const auto by_node = entries_.find(height);
    if (by_node == entries_.end()) return nullptr;
    const auto found = by_node->second.find(node_address);
    return found == by_node->second.end() ? nullptr : &found->second;
}

}  // namespace tandem::seats
