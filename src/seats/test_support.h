// What tests, fuzz targets and benchmarks of this folder share: keys that follow from their names,
// small registries, chains of invented blocks.
#pragma once
#include <memory>

#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "crypto/verifier.h"
#include "seats/record.h"

namespace tandem::seats::test {

inline Bytes digest_of(std::string_view text) {
    return base::to_bytes(crypto::sha256(base::as_bytes(text)));
}

/// An Ed25519 key whose seed is the SHA-256 of a text.
class TestKey final : public crypto::SigningKey {
  public:
    explicit TestKey(std::string_view text)
        : key_(crypto::Ed25519PrivateKey::from_seed(digest_of(text))) {}

    [[nodiscard]] PublicKey public_key() const override {
        const crypto::Ed25519PublicKey bytes = key_.public_key();
        return {crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}};
    }
    [[nodiscard]] crypto::SignatureBytes sign(BytesView message) const override {
        const crypto::Ed25519Signature signature = key_.sign(message);
        return {signature.begin(), signature.end()};
    }

  private:
    crypto::Ed25519PrivateKey key_;
};

/// Signatures that cost one hash: for fuzzing and for counting. Not secure, and not meant to be.
class CheapKey final : public crypto::SigningKey {
  public:
    explicit CheapKey(PublicKey key) : key_(std::move(key)) {}
    explicit CheapKey(std::string_view text) {
        const Bytes bytes = digest_of(text);
        key_ = {crypto::KeyType::ed25519, {bytes.begin(), bytes.end()}};
    }

    [[nodiscard]] PublicKey public_key() const override { return key_; }
    [[nodiscard]] crypto::SignatureBytes sign(BytesView message) const override {
        const auto signature = crypto::sha512({base::view(key_.bytes), message});
        return {signature.begin(), signature.end()};
    }

  private:
    PublicKey key_;
};

class CheapVerifier final : public crypto::Verifier {
  public:
    [[nodiscard]] bool verify(const PublicKey& key, BytesView message,
                              BytesView signature) const override {
        ++calls;
        return base::equal(base::view(CheapKey(key).sign(message)), signature);
    }
    mutable std::size_t calls = 0;
};

inline std::string seat_id(std::size_t seat) {
    static constexpr std::array<std::string_view, 4> names{"alpha", "beta", "gamma", "delta"};
    return seat < names.size() ? std::string(names[seat]) : "seat-" + std::to_string(seat);
}

inline Bytes address_of(const PublicKey& key) {
    return base::to_bytes(base::view(crypto::address(key)));
}

inline Timestamp at_ms(std::int64_t milliseconds) {
    return {milliseconds / 1000, static_cast<std::int32_t>(milliseconds % 1000 * 1'000'000)};
}

/// A chain of seats "alpha", "beta", ..., each with nodes "alpha-1", "alpha-2", ... The key of node
/// n is made of the text "n consensus" or "n liveness", that of a seat's admin of "alpha admin".
template <typename Key>
class ChainOf {
  public:
    ChainOf(std::size_t seats, std::size_t nodes_per_seat, std::int64_t initial_height = 1) {
        state_.chain_id = "tandem-example";
        state_.initial_height = initial_height;
        state_.height = initial_height - 1;
        state_.chain_params = {4'194'304, 1'048'576, {"ed25519"}};
        for (std::size_t i = 0; i < seats; ++i) {
            Seat seat;
            seat.id = seat_id(i);
            seat.power = 10;
            seat.admin_key = Key(seat.id + " admin").public_key();
            seat.count_from = initial_height;
            for (std::size_t n = 1; n <= nodes_per_seat; ++n) {
                Node node;
                node.name = seat.id + "-" + std::to_string(n);
                node.consensus_key = Key(node.name + " consensus").public_key();
                node.liveness_key = Key(node.name + " liveness").public_key();
                seat.nodes.push_back(node);
            }
            seat.identity = seat.nodes.front().consensus_key;
            state_.seats.push_back(std::move(seat));
        }
    }

    [[nodiscard]] State& state() { return state_; }
    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] const Node& node(std::size_t seat, std::size_t node) const {
        return state_.seats[seat].nodes[node];
    }
    [[nodiscard]] Bytes address(std::size_t seat, std::size_t node_index) const {
        return address_of(node(seat, node_index).consensus_key);
    }
    [[nodiscard]] static Key liveness_key(const Node& node) { return Key(node.name + " liveness"); }

    /// One more block, `milliseconds` after the one before it. Nothing of it is counted.
    void execute_block(std::int64_t milliseconds = 1000) {
        now_ms_ += milliseconds;
        ++state_.height;
        state_.recent_blocks.push_back(facts_of(state_.height));
        if (state_.recent_blocks.size() > window_records)
            state_.recent_blocks.erase(state_.recent_blocks.begin());
    }
    void execute_blocks(std::int64_t count, std::int64_t milliseconds = 1000) {
        for (std::int64_t i = 0; i < count; ++i) execute_block(milliseconds);
    }
    /// What the chain says of a block that it may not have executed yet.
    [[nodiscard]] BlockFacts facts_of(std::int64_t height) const {
        const std::string number = std::to_string(height);
        return {height, types::Hash(digest_of("block " + number)),
                types::Hash(digest_of("application hash " + number)), at_ms(now_ms_)};
    }

    /// The true heartbeat of a node about a block, executed or not.
    [[nodiscard]] Heartbeat heartbeat(std::size_t seat, std::size_t node_index,
                                      std::int64_t height) const {
        const BlockFacts facts = facts_of(height);
        Heartbeat made{address(seat, node_index),
                       height,
                       base::to_bytes(facts.block_hash),
                       base::to_bytes(facts.app_hash),
                       {}};
        sign(made, node(seat, node_index));
        return made;
    }
    void sign(Heartbeat& heartbeat, const Node& node) const {
        const auto signature = liveness_key(node).sign(sign_bytes(state_.chain_id, heartbeat));
        heartbeat.signature = base::to_bytes(base::view(signature));
    }
    void sign(Record& record, const Node& node) const {
        const auto signature = liveness_key(node).sign(sign_bytes(state_, record));
        record.signature = base::to_bytes(base::view(signature));
    }

    /// The commit for the newest block, signed by every validator.
    [[nodiscard]] abci::CommitInfo full_commit() const {
        abci::CommitInfo commit;
        for (const Seat& seat : state_.seats) {
            abci::VoteInfo vote;
            vote.validator.address = crypto::address(seat.nodes[seat.validator].consensus_key);
            vote.validator.power = seat.power;
            vote.block_id_flag = types::BlockIdFlag::commit;
            commit.votes.push_back(vote);
        }
        return commit;
    }

  private:
    State state_;
    std::int64_t now_ms_ = 1'700'000'000'000;
};

using Chain = ChainOf<TestKey>;
using CheapChain = ChainOf<CheapKey>;

}  // namespace tandem::seats::test
