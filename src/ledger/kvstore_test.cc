#include "ledger/kvstore.h"

#include <gtest/gtest.h>

namespace tandem::ledger {
namespace {

Bytes bytes(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

std::string key_text(std::uint8_t number) {
    return base::to_base64(Bytes(32, number));
}

wire::Txs txs(const std::vector<std::string>& texts) {
    std::vector<Bytes> made;
    for (const std::string& text : texts) made.push_back(bytes(text));
    return wire::Txs::copy_of(made);
}

abci::ResponseFinalizeBlock block(KvStore& store, std::int64_t height,
                                  const std::vector<std::string>& texts) {
    abci::RequestFinalizeBlock request;
    request.txs = txs(texts);
    request.height = height;
    return store.finalize_block(request);
}

std::uint32_t checked(KvStore& store, std::string_view tx) {
    return store.check_tx({bytes(tx), abci::CheckTxType::new_tx}).code;
}

abci::ResponseQuery queried(KvStore& store, std::string_view key, std::string path = "",
                            bool prove = false) {
    return store.query({bytes(key), std::move(path), 0, prove});
}

TEST(KvStore, ChecksTheFormOfTransactions) {
    MemoryStorage storage;
    KvStore store(storage);
    const std::string validator = "val=ed25519!" + key_text(1) + "!";
    for (const std::string& good :
         {std::string("a=b"), std::string("a:b"), validator + "10", "val=!" + key_text(1) + "!0"})
        EXPECT_EQ(checked(store, good), 0U) << good;
    for (const std::string& bad :
         {std::string(), std::string("a"), std::string("=b"), std::string("a="),
          std::string("a=b="), std::string("a=b:c"), std::string("val="), validator,
          validator + "-1", validator + "x", "val=dsa!" + key_text(1) + "!1",
          std::string("val=ed25519!AAAA!1"), std::string("val=ed25519!?!1"), validator + "1!2"})
        EXPECT_EQ(checked(store, bad), 2U) << bad;
}

TEST(KvStore, ProposesWithEqualsSignsAndLeavesOutTheUnreadable) {
    MemoryStorage storage;
    KvStore store(storage);
    abci::RequestPrepareProposal request;
    request.txs = txs({"a:b", "bad", "c=d"});
    EXPECT_EQ(store.prepare_proposal(request).txs, txs({"a=b", "c=d"}));
    abci::RequestProcessProposal judged;
    judged.txs = txs({"a=b", "c=d"});
    EXPECT_EQ(store.process_proposal(judged).status, abci::ProposalStatus::accept);
    judged.txs = txs({"a=b", "bad"});
    EXPECT_EQ(store.process_proposal(judged).status, abci::ProposalStatus::reject);
}

TEST(KvStore, WhatABlockChangedIsThereAfterItsCommit) {
    MemoryStorage storage;
    KvStore store(storage);
    (void)block(store, 1, {"a=1", "b=2"});
    EXPECT_EQ(queried(store, "a").log, "does not exist");
    EXPECT_EQ(store.info({}).last_block_height, 0);
    (void)store.commit({});
    const auto answer = queried(store, "a", "", true);
    EXPECT_EQ(answer.log, "exists");
    EXPECT_EQ(answer.value, bytes("1"));
    EXPECT_EQ(answer.height, 1);
    EXPECT_EQ(answer.index, -1);
    EXPECT_EQ(store.info({}).data, "{\"size\":2}");
}

TEST(KvStore, ABlockThatIsFinalizedAgainCountsOnce) {
    MemoryStorage storage;
    KvStore store(storage);
    const auto first = block(store, 1, {"a=1", "b=2"});
    EXPECT_EQ(block(store, 1, {"a=1", "b=2"}), first);
    (void)store.commit({});
    EXPECT_EQ(store.info({}).last_block_app_hash, first.app_hash);
    EXPECT_EQ(first.app_hash, (Bytes{4, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(KvStore, GoesOnFromItsStorage) {
    MemoryStorage storage;
    Bytes hash;
    {
        KvStore store(storage);
        hash = block(store, 1, std::vector<std::string>(100, "a=1")).app_hash;
        (void)store.commit({});
        (void)block(store, 2, {"a=2"});  // dies before its Commit
    }
    KvStore store(storage);
    EXPECT_EQ(store.info({}).last_block_height, 1);
    EXPECT_EQ(store.info({}).last_block_app_hash, hash);
    EXPECT_EQ(hash, (Bytes{0xc8, 1, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(queried(store, "a").value, bytes("1"));
}

TEST(KvStore, ValidatorsAreSetPunishedAndTakenOut) {
    MemoryStorage storage;
    KvStore store(storage);
    crypto::PublicKey key{crypto::KeyType::ed25519, {}};
    key.bytes.assign(32, 1);
    abci::RequestInitChain genesis;
    genesis.validators.push_back({key, 10});
    (void)store.init_chain(genesis);
    EXPECT_FALSE(queried(store, base::as_text(base::view(key.bytes)), "/val").value.empty());

    abci::RequestFinalizeBlock request;
    request.height = 1;
    abci::Misbehavior caught;
    caught.type = abci::MisbehaviorType::duplicate_vote;
    caught.validator = {types::Address(crypto::address(key)), 10};
    request.misbehavior = {caught, caught};
    request.misbehavior[1].validator.address.assign(20, 7);  // of nobody
    request.txs = txs({"val=ed25519!" + key_text(2) + "!5"});
    const auto answer = store.finalize_block(request);
    ASSERT_EQ(answer.validator_updates.size(), 2U);
    EXPECT_EQ(answer.validator_updates[0], (abci::ValidatorUpdate{key, 9}));
    EXPECT_EQ(answer.validator_updates[1].power, 5);
    (void)store.commit({});

    (void)block(store, 2, {"val=!" + key_text(1) + "!0"});
    (void)store.commit({});
    EXPECT_TRUE(queried(store, base::as_text(base::view(key.bytes)), "/val").value.empty());
}

TEST(KvStore, AsksForTheBlocksThatItWasTold) {
    MemoryStorage storage;
    KvStore store(storage, {.retain_blocks = 3});
    std::vector<std::int64_t> retained;
    for (std::int64_t height = 1; height <= 5; ++height) {
        (void)block(store, height, {});
        retained.push_back(store.commit({}).retain_height);
    }
    EXPECT_EQ(retained, (std::vector<std::int64_t>{0, 0, 1, 2, 3}));
}

}  // namespace
}  // namespace tandem::ledger
