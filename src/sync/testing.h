// What the tests and the fuzz target of block sync share: a chain that peers have, and a node that
// follows it by BlockClient.
#pragma once
#include "chain/test_chain.h"
#include "store/memory_key_values.h"
#include "sync/block_client.h"
#include "sync/block_server.h"
#include "types/decode.h"

namespace tandem::sync::testing {

/// A chain with its blocks in a store, and the states between them.
class Source {
  public:
    explicit Source(std::int64_t extensions_from = 0) : chain_({10, 20, 5}) {
        chain_.genesis.consensus_params.abci.vote_extensions_enable_height = extensions_from;
        chain_.start();
        states.push_back(chain_.state);
    }

    void grow(std::int64_t count, std::size_t tx_bytes = 50) {
        for (std::int64_t i = 0; i < count; ++i) add_block(tx_bytes);
    }
    [[nodiscard]] std::int64_t height() const { return blocks.height(); }

    store::MemoryKeyValues database;
    store::BlockStore blocks{database};
    std::vector<chain::State> states;  // after each height, from 0

  private:
    void add_block(std::size_t tx_bytes) {
        const auto built = chain_.build({base::Bytes(tx_bytes, 1)});
        const std::int64_t height = built.block->header.height;
        const types::Commit commit = chain_.commit_for(built.id);
        consensus::CommitRecord record = Shared<types::Commit>::make(commit);
        if (chain_.state.consensus_params.abci.extensions_enabled(height))
            record = Shared<types::ExtendedCommit>::make(extended(commit));
        blocks.save({built.id, built.block, built.parts, record});
        abci::ResponseFinalizeBlock answer;
        answer.app_hash = base::Bytes(4, static_cast<std::uint8_t>(height));
        answer.tx_results.resize(1);
        const auto verdict = chain_.try_advance(built, answer);
        TANDEM_CHECK(verdict.has_value());
        chain_.last_commit = record;
        states.push_back(chain_.state);
    }
    [[nodiscard]] types::ExtendedCommit extended(const types::Commit& commit) const {
        types::ExtendedCommit out{commit.height, commit.round, commit.block_id, {}};
        for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
            types::Vote vote = types::vote_of(commit, i);
            vote.extension = base::Bytes{1, static_cast<std::uint8_t>(i)};
            const auto& key = chain::TestChain::key_of(chain_.state.validators->validators()[i]);
            const auto& sig = commit.signatures[i];
            out.extended_signatures.push_back(
                {sig.block_id_flag, sig.validator_address, sig.timestamp, sig.signature,
                 vote.extension,
                 types::Signature(
                     key.sign(types::extension_sign_bytes(chain_.state.chain_id, vote)))});
        }
        return out;
    }

    chain::TestChain chain_;
};

inline constexpr Time second = std::chrono::seconds(1);

/// A node that follows.
class Follower {
  public:
    explicit Follower(const Source& source, BlockClientConfig config = {})
        : source_(&source), state(source.states[0]), client(config, 1, Time{0}) {}

    void add_peer(std::uint64_t peer) {
        client.add_peer({peer}, "peer " + std::to_string(peer), now);
    }
    void tell_status(std::uint64_t peer, std::int64_t height, std::int64_t base = 1) {
        client.hear({peer}, types::StatusResponse{height, base}, now);
    }
    [[nodiscard]] std::vector<BlockEffect> effects() {
        std::vector<BlockEffect> all;
        while (auto effect = client.next_effect()) all.push_back(std::move(*effect));
        return all;
    }
    [[nodiscard]] types::BlockResponse response(std::int64_t height) const {
        const auto bytes =
            answer_to({height}, source_->blocks, source_->states.back().consensus_params);
        TANDEM_CHECK(bytes.has_value());
        auto message = types::decode_checked<types::BlocksyncMessage>(*bytes);
        TANDEM_CHECK(message.has_value());
        return std::get<types::BlockResponse>(std::move(message->sum));
    }
    [[nodiscard]] base::Verdict give(std::uint64_t peer, std::int64_t height) {
        return client.hear(PeerId{peer}, response(height), now);
    }
    /// Executes all that can be; the number of blocks.
    std::int64_t execute() {
        std::int64_t count = 0;
        while (auto block = client.next_block(state, chain::test_validation(), now)) {
            const std::int64_t height = block->block->header.height;
            const auto expected = source_->blocks.decided(height);
            TANDEM_CHECK(expected && block->id == expected->id &&
                         *block->parts == *expected->parts);
            TANDEM_CHECK(block->commit.index() == expected->commit.index());
            state = source_->states.at(static_cast<std::size_t>(height));
            client.executed(now);
            ++count;
        }
        return count;
    }

  private:
    const Source* source_;

  public:
    chain::State state;
    Time now{0};
    BlockClient client;
};

}  // namespace tandem::sync::testing
