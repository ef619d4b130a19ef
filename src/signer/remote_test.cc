// A remote signer from both ends, without sockets: what the service answers, and what the client
// makes of answers, of silence, and of connections that end.
#include <gtest/gtest.h>

#include "crypto/ed25519.h"
#include "signer/remote_client.h"
#include "signer/remote_service.h"
#include "signer/signer.h"
#include "signer/test_key.h"
#include "wire/framing.h"

namespace tandem::signer {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using types::PrivvalMessage;
using types::SignedMsgType;
using types::Vote;
using Time = RemoteClient::Time;

constexpr std::string_view chain_id = "remote-test";

crypto::PrivateKey key_of(std::uint8_t number) {
    const base::Bytes seed(crypto::ed25519_seed_size, number);
    const auto pair = crypto::Ed25519PrivateKey::from_seed(seed);
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    return std::move(*key);
}

types::BlockId block(std::uint8_t number) {
    types::BlockId id;
    id.hash.assign(types::hash_bytes, number);
    id.part_set_header = {1, id.hash};
    return id;
}

struct RemoteTest : ::testing::Test {
    RemoteTest() { restart_service(1); }

    void restart_service(std::uint8_t key, types::LastSigned last = {}) {
        service = std::make_unique<RemoteService>(
            std::string(chain_id), types::GuardedKey(key_of(key), std::move(last)),
            [this](const types::LastSigned& now) { kept.push_back(now); });
    }
    Vote vote(SignedMsgType type, std::int64_t height, std::int32_t round, std::uint8_t number,
              std::int64_t time = 100) const {
        Vote vote;
        vote.type = type;
        vote.height = height;
        vote.round = round;
        if (number > 0) vote.block_id = block(number);
        vote.timestamp = {time, 0};
        vote.validator_address = address;
        return vote;
    }
    std::string refusal_of(const Vote& wanted) {
        const auto answer =
            service->answer({types::SignVoteRequest{wanted, std::string(chain_id)}});
        const auto& error = std::get<types::SignedVoteResponse>(answer.sum).error;
        return error ? error->description : "";
    }

    crypto::PublicKey public_key = key_of(1).public_key();
    types::Address address{crypto::address(public_key)};
    types::ValidatorSet set = set_of(std::array{public_key});
    std::vector<types::LastSigned> kept;
    std::unique_ptr<RemoteService> service;
};

// ---- The service

TEST_F(RemoteTest, WhatWasSignedIsKeptBeforeItIsAnswered) {
    const auto answer = service->answer(
        {types::SignVoteRequest{vote(SignedMsgType::prevote, 5, 0, 7), std::string(chain_id)}});
    const Vote& signed_vote = std::get<types::SignedVoteResponse>(answer.sum).vote;
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_EQ(kept[0].signature, signed_vote.signature);
    EXPECT_EQ(kept[0].sign_bytes, types::sign_bytes(chain_id, signed_vote));
    EXPECT_TRUE(crypto::verify(public_key, kept[0].sign_bytes, signed_vote.signature));
    // The same again is no news for the disk.
    EXPECT_EQ(refusal_of(vote(SignedMsgType::prevote, 5, 0, 7, 200)), "");
    EXPECT_EQ(kept.size(), 1u);
    EXPECT_EQ(refusal_of(vote(SignedMsgType::prevote, 5, 0, 8)),
              "error signing vote: conflicting data");
    EXPECT_EQ(kept.size(), 1u);
    EXPECT_EQ(service->counts().signed_messages, 2u);
    EXPECT_EQ(service->counts().refused, 1u);
}

TEST_F(RemoteTest, AServiceThatComesBackRemembers) {
    ASSERT_EQ(refusal_of(vote(SignedMsgType::precommit, 5, 1, 7)), "");
    restart_service(1, kept.back());
    EXPECT_EQ(refusal_of(vote(SignedMsgType::prevote, 5, 1, 7)),
              "error signing vote: step regression at height 5 round 1. Got 2, last step 3");
    EXPECT_EQ(refusal_of(vote(SignedMsgType::prevote, 5, 0, 7)),
              "error signing vote: round regression at height 5. Got 0, last round 1");
    EXPECT_EQ(refusal_of(vote(SignedMsgType::prevote, 4, 9, 7)),
              "error signing vote: height regression. Got 4, last height 5");
    EXPECT_EQ(refusal_of(vote(SignedMsgType::precommit, 5, 1, 7)), "");
    restart_service(1, {5, 1, types::SignStep::precommit, {}, {}});
    EXPECT_EQ(refusal_of(vote(SignedMsgType::precommit, 5, 1, 7)),
              "error signing vote: no SignBytes found");
}

TEST_F(RemoteTest, OddRequestsAreAnsweredWithErrors) {
    const auto answer = service->answer({types::SignVoteRequest{{}, std::string(chain_id)}});
    EXPECT_TRUE(std::get<types::SignedVoteResponse>(answer.sum).error);
    EXPECT_NE(refusal_of(vote(SignedMsgType::unknown, 5, 0, 7)), "");
    EXPECT_EQ(service->answer({types::PingResponse{}}), PrivvalMessage{});
    EXPECT_TRUE(kept.empty());
}

TEST_F(RemoteTest, RequestsMayComeInPieces) {
    RequestReader reader(*service);
    base::Bytes bytes = wire::encode_delimited(PrivvalMessage{types::PingRequest{}});
    base::append(
        bytes, wire::encode_delimited(PrivvalMessage{types::PubKeyRequest{std::string(chain_id)}}));
    base::Bytes answers;
    for (const std::uint8_t byte : bytes) {
        const auto answer = reader.receive(base::BytesView(&byte, 1));
        ASSERT_TRUE(answer);
        base::append(answers, *answer);
    }
    base::Bytes wanted = wire::encode_delimited(PrivvalMessage{types::PingResponse{}});
    base::append(wanted,
                 wire::encode_delimited(PrivvalMessage{types::PubKeyResponse{public_key, {}}}));
    EXPECT_EQ(answers, wanted);
}

TEST_F(RemoteTest, RequestsThatAreTooLongEndTheConnection) {
    RequestReader reader(*service);
    const base::Bytes length{0x81, 0x50};  // 10,241
    const auto answer = reader.receive(length);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().check, "signer.frame");
    EXPECT_TRUE(RequestReader(*service).receive(base::Bytes{0x80, 0x50}).has_value());
    EXPECT_FALSE(RequestReader(*service).receive(base::Bytes{0x01, 0xff}).has_value());
}

// ---- The client, on a connection to the service whose every byte the test carries

struct ClientTest : RemoteTest {
    ClientTest() {
        client.on_work = [this] { works = true; };
    }

    void connect() {
        reader.emplace(*service);
        client.connected(now);
    }
    void disconnect() {
        reader.reset();
        client.disconnected(now);
    }
    /// Carries bytes until both are silent. False: the client refused.
    bool carry() {
        for (;;) {
            if (const auto verdict = client.pass(now); !verdict) return refuse(verdict);
            const base::Bytes asked = client.take_output();
            if (asked.empty() || !reader || is_mute) return true;
            const auto answer = reader->receive(asked);
            TANDEM_CHECK(answer.has_value());
            if (const auto verdict = client.receive(*answer, now); !verdict) return refuse(verdict);
        }
    }
    bool refuse(const base::Verdict& verdict) {
        refused = verdict.error().check;
        disconnect();
        return false;
    }
    /// Time passes to the next thing that the client waits for, at most `limit` of it.
    bool wait(Time limit) {
        const Time end = now + limit;
        while (now < end) {
            const auto next = client.next();
            now = std::clamp(next.value_or(end), now, end);
            if (!carry()) return false;
            if (next && *next <= now && client.next() && *client.next() <= now) ++idle_turns;
        }
        return true;
    }
    void ask(const Vote& wanted) {
        client.sign(wanted,
                    [this](base::Result<Vote> answer) { answers.push_back(std::move(answer)); });
    }

    RemoteClient client{std::string(chain_id)};
    std::optional<RequestReader> reader;
    Time now{seconds(1'000)};
    bool is_mute = false;  // the service does not answer
    bool works = false;
    std::string refused;
    std::vector<base::Result<Vote>> answers;
    int idle_turns = 0;
};

TEST_F(ClientTest, AsksForTheKeyFirst) {
    EXPECT_FALSE(client.key());
    connect();
    EXPECT_TRUE(works);
    ASSERT_TRUE(carry());
    EXPECT_EQ(client.key(), public_key);
}

TEST_F(ClientTest, SignsInTurnsOfTheirOwn) {
    connect();
    ASSERT_TRUE(carry());
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    ask(vote(SignedMsgType::precommit, 5, 0, 7));
    EXPECT_TRUE(answers.empty());
    ASSERT_TRUE(carry());
    ASSERT_EQ(answers.size(), 2u);
    ASSERT_TRUE(answers[0] && answers[1]);
    EXPECT_EQ(answers[0]->type, SignedMsgType::prevote);
    EXPECT_EQ(answers[1]->type, SignedMsgType::precommit);
}

TEST_F(ClientTest, ARefusalIsForGood) {
    connect();
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    ask(vote(SignedMsgType::prevote, 5, 0, 8));
    ASSERT_TRUE(carry());
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_TRUE(answers[0]);
    ASSERT_FALSE(answers[1]);
    EXPECT_EQ(answers[1].error().check, "signer.refused");
    EXPECT_NE(answers[1].error().why.find("conflicting data"), std::string::npos);
}

TEST_F(ClientTest, WaitsForASignerThatComesBack) {
    connect();
    ASSERT_TRUE(carry());
    disconnect();
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    ASSERT_TRUE(wait(seconds(20)));
    EXPECT_TRUE(answers.empty());
    connect();
    ASSERT_TRUE(wait(seconds(1)));
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0]);
}

TEST_F(ClientTest, GivesUpInTheEnd) {
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    ASSERT_TRUE(wait(seconds(150)));  // 51 times 3 s, and 50 times 100 ms between them: 158 s
    EXPECT_TRUE(answers.empty());
    ASSERT_TRUE(wait(seconds(10)));
    ASSERT_EQ(answers.size(), 1u);
    ASSERT_FALSE(answers[0]);
    EXPECT_EQ(answers[0].error().check, "signer.unreachable");
    EXPECT_EQ(idle_turns, 0);
}

TEST_F(ClientTest, ASignerThatDoesNotAnswerIsDropped) {
    connect();
    ASSERT_TRUE(carry());
    is_mute = true;
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    const Time before = now;
    EXPECT_FALSE(wait(seconds(60)));
    EXPECT_EQ(refused, "signer.timeout");
    EXPECT_EQ(now - before, seconds(5));
    is_mute = false;
    connect();
    ASSERT_TRUE(wait(seconds(1)));
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0]);
}

TEST_F(ClientTest, AnIdleConnectionIsPinged) {
    connect();
    ASSERT_TRUE(carry());
    EXPECT_EQ(client.next(), now + milliseconds(3'333));
    ASSERT_TRUE(wait(seconds(60)));
    is_mute = true;
    const Time before = now;
    EXPECT_FALSE(wait(seconds(60)));
    EXPECT_LE(now - before, milliseconds(3'333) + seconds(5));
    EXPECT_TRUE(answers.empty());
    EXPECT_FALSE(client.next());  // nothing to wait for but a connection
}

TEST_F(ClientTest, AnotherKeyIsRefused) {
    connect();
    ASSERT_TRUE(carry());
    disconnect();
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    restart_service(2);
    connect();
    EXPECT_FALSE(carry());
    EXPECT_EQ(refused, "signer.key");
    EXPECT_EQ(service->counts().signed_messages, 0u);
    restart_service(1);
    connect();
    ASSERT_TRUE(wait(seconds(1)));
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(answers[0]);
}

TEST_F(ClientTest, AnotherChainIsRefused) {
    RemoteService other("other", types::GuardedKey(key_of(1), {}), [](const auto&) {});
    reader.emplace(other);
    client.connected(now);
    EXPECT_FALSE(carry());
    EXPECT_EQ(refused, "signer.refused");
}

TEST_F(ClientTest, HeightsThatAreOverAreNotAskedFor) {
    ask(vote(SignedMsgType::prevote, 5, 0, 7));
    ask(vote(SignedMsgType::precommit, 5, 0, 7));
    ask(vote(SignedMsgType::prevote, 6, 0, 7));
    ASSERT_TRUE(wait(seconds(1)));
    ASSERT_EQ(answers.size(), 2u);
    EXPECT_EQ(answers[0].error().check, "signer.overtaken");
    EXPECT_EQ(answers[1].error().check, "signer.overtaken");
    connect();
    ASSERT_TRUE(wait(seconds(1)));
    EXPECT_EQ(service->last_signed().height, 6);
    EXPECT_EQ(service->counts().signed_messages, 1u);
}

TEST_F(ClientTest, WhatASignerCouldNotReadIsNotAsked) {
    connect();
    Vote with_extension = vote(SignedMsgType::precommit, 5, 0, 7);
    with_extension.extension.assign(types::signer_message_bytes_max, 1);
    ask(with_extension);
    ASSERT_TRUE(carry());
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].error().check, "signer.too_long");
    EXPECT_EQ(client.key(), public_key);
}

TEST_F(ClientTest, AnswersThatNobodyAskedForEndTheConnection) {
    const auto refusal = [&](const base::Bytes& bytes) {
        client.connected(now);
        EXPECT_TRUE(client.pass(now));
        const auto verdict = client.receive(bytes, now);  // asked is the key
        client.disconnected(now);
        return verdict ? "" : verdict.error().check;
    };
    base::Bytes key = wire::encode_delimited(PrivvalMessage{types::PubKeyResponse{public_key, {}}});
    EXPECT_EQ(refusal(key), "");
    EXPECT_EQ(refusal(wire::encode_delimited(PrivvalMessage{types::PingResponse{}})),
              "signer.answer");
    EXPECT_EQ(refusal({0x81, 0x50}), "signer.frame");
    EXPECT_EQ(refusal({0x01, 0xff}), "signer.frame");
    base::append(key, base::Bytes(key));
    EXPECT_EQ(refusal(key), "signer.unasked");
}

// ---- The guard before a remote key

struct GuardTest : RemoteTest {
    Signer make(types::LastSigned last = {}) const {
        return {std::string(chain_id), public_key, std::move(last)};
    }
    base::Result<Pending<Vote>> reserve(Signer& signer, const Vote& wanted) const {
        auto reserved = signer.reserve(wanted, {wanted.height, set}, false);
        if (!reserved) return std::unexpected(reserved.error());
        return std::move(*reserved).logged_at({1});
    }
    Vote answer_to(const Vote& asked) {
        const auto answer = service->answer({types::SignVoteRequest{asked, std::string(chain_id)}});
        return std::get<types::SignedVoteResponse>(answer.sum).vote;
    }
    const crypto::Verifier& verifier = crypto::real_verifier();
};

TEST_F(GuardTest, TakesWhatWasAskedForAndNothingElse) {
    Signer signer = make();
    const auto pending = reserve(signer, vote(SignedMsgType::prevote, 5, 0, 7));
    ASSERT_TRUE(pending);
    const auto asked = signer.ask(*pending, {1});
    ASSERT_TRUE(asked);
    const Vote good = answer_to(*asked);
    Vote wrong = good;
    wrong.height = 6;
    EXPECT_EQ(signer.accept(*pending, wrong, verifier).error().check, "sign.remote");
    wrong = good;
    wrong.signature[0] ^= 1;
    EXPECT_EQ(signer.accept(*pending, wrong, verifier).error().check, "sign.remote");
    EXPECT_EQ(signer.accept(*pending, good, verifier), good);
}

TEST_F(GuardTest, TheSignersEarlierTimeIsTaken) {
    ASSERT_EQ(refusal_of(vote(SignedMsgType::prevote, 5, 0, 7, 90)), "");  // our log was lost
    Signer signer = make();
    const auto pending = reserve(signer, vote(SignedMsgType::prevote, 5, 0, 7, 100));
    const auto cast = signer.accept(*pending, answer_to(*signer.ask(*pending, {1})), verifier);
    ASSERT_TRUE(cast);
    EXPECT_EQ(cast->timestamp.seconds, 90);
}

TEST_F(GuardTest, AfterARestartTheSameIsAskedAgainWithItsTime) {
    types::LastSigned logged;
    {
        Signer signer = make();
        const auto pending = reserve(signer, vote(SignedMsgType::prevote, 5, 0, 7, 100));
        ASSERT_TRUE(pending);
        logged = signer.last_signed();
    }
    Signer signer = make(logged);
    EXPECT_EQ(reserve(signer, vote(SignedMsgType::prevote, 5, 0, 8)).error().check,
              "sign.conflict");
    EXPECT_EQ(reserve(signer, vote(SignedMsgType::prevote, 4, 0, 7)).error().check, "sign.height");
    const auto again = reserve(signer, vote(SignedMsgType::prevote, 5, 0, 7, 200));
    ASSERT_TRUE(again);
    EXPECT_EQ(signer.ask(*again, {1})->timestamp.seconds, 100);
    EXPECT_TRUE(signer.ask(*again, {1})->signature.empty());
}

TEST_F(GuardTest, OneQuestionAStepUntilItIsGivenUp) {
    Signer signer = make();
    const Vote wanted = vote(SignedMsgType::prevote, 5, 0, 7);
    const auto pending = reserve(signer, wanted);
    EXPECT_EQ(reserve(signer, wanted).error().check, "sign.pending");
    signer.give_up(*pending);
    EXPECT_EQ(reserve(signer, vote(SignedMsgType::prevote, 5, 0, 8)).error().check,
              "sign.conflict");
    EXPECT_TRUE(reserve(signer, wanted));
}

TEST_F(GuardTest, WhatTheNetworkRemembersVoidsAnAnswer) {
    Signer signer = make();
    const auto pending = reserve(signer, vote(SignedMsgType::prevote, 5, 0, 7));
    const auto asked = signer.ask(*pending, {1});
    Vote foreign = vote(SignedMsgType::prevote, 5, 0, 8);
    foreign.signature.assign(64, 9);
    ASSERT_TRUE(signer.saw_own(foreign));
    EXPECT_EQ(signer.accept(*pending, answer_to(*asked), verifier).error().check, "sign.overtaken");
    EXPECT_EQ(signer.last_signed().signature, foreign.signature);
}

TEST_F(GuardTest, ExtensionsAreSignedWhereTheyAreEnabled) {
    for (const bool enabled : {false, true}) {
        restart_service(1);
        Signer signer = make();
        auto reserved = signer.reserve(vote(SignedMsgType::precommit, 5, 0, 7), {5, set}, enabled);
        ASSERT_TRUE(reserved);
        const auto pending = std::move(*reserved).logged_at({1});
        Vote answer = answer_to(*signer.ask(pending, {1}));
        ASSERT_FALSE(answer.extension_signature.empty());
        const auto cast = signer.accept(pending, answer, verifier);
        ASSERT_TRUE(cast);
        EXPECT_EQ(cast->extension_signature.empty(), !enabled);
        answer.extension_signature.clear();
        EXPECT_EQ(signer.accept(pending, answer, verifier).has_value(), !enabled);
    }
}

}  // namespace
}  // namespace tandem::signer
