// remote-signer: encodings; what the reference signer answered, in order and on one connection, is
// what ours answers; and a recorded conversation of a node with its signer. In that one, ours takes
// each part in turn: its client asks the recorded questions with the recorded bytes and believes
// the recorded answers, its service gives them, and a whole node of ours, under a virtual clock,
// asks the same things in the same order, height by height.
#include <regex>

#include "crypto/sha256.h"
#include "signer/remote_client.h"
#include "signer/remote_service.h"
#include "signer/signer.h"
#include "tests/node/virtual_network.h"
#include "tests/vectors_program/convert.h"
#include "wire/framing.h"

namespace tandem::vectors {
namespace {

using types::PrivvalMessage;

/// The message is written as `framed`, and `framed` is read as the message.
void expect_encoding(Case& c, const std::string& what, const Json& json, const Json& framed) {
    const auto message = message_from<PrivvalMessage>(json);
    const std::string written = hex(wire::encode_delimited(message));
    if (written != framed) c.fail(what, framed, written);
    const base::Bytes bytes = bytes_from(framed);
    const auto frame = wire::next_frame(bytes, bytes.size());
    if (frame.state != wire::FrameState::complete || frame.consumed != bytes.size())
        return c.fail(what + " as a frame", "one whole frame", framed);
    const auto read = wire::decode<PrivvalMessage>(frame.body);
    if (!read) return c.fail(what + " read", "a message", read.error().to_refusal().why);
    if (*read != message) c.fail(what + " read", framed, hex(wire::encode_delimited(*read)));
}

crypto::PrivateKey key_from(const Json& json) {
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, bytes_from(json));
    if (!key) throw BadVector("the signer's key is none of Ed25519");
    return std::move(*key);
}

// ---- The signer's answers

struct Conversation {
    explicit Conversation(const Json& file)
        : chain_id(file.at("signer_chain_id").get<std::string>()),
          service(chain_id, types::GuardedKey(key_from(file.at("signer_priv_key")), {}),
                  [this](const types::LastSigned& last) { kept = last; }) {
        reader.emplace(service);
    }

    std::string chain_id;
    types::LastSigned kept;
    signer::RemoteService service;
    std::optional<signer::RequestReader> reader;
    types::Vote newest_vote;  // of a request
};

/// "precommit 9/0 with an extension of 10300 bytes 05", of which the vector has the beginning, the
/// length and the hash.
base::Bytes long_request(Case& c, const Conversation& talk) {
    const Json& in = c.in();
    types::Vote vote = talk.newest_vote;
    vote.type = types::SignedMsgType::precommit;
    const std::string note = in.at("message").at("note");
    const std::regex form(
        "precommit (\\d+)/(\\d+) with an extension of (\\d+) bytes ([0-9a-f]{2})");
    std::smatch found;
    if (!std::regex_match(note, found, form)) throw BadVector("a note of another kind: " + note);
    vote.height = std::stoll(found[1]);
    vote.round = std::stoi(found[2]);
    vote.extension.assign(std::stoul(found[3]),
                          static_cast<std::uint8_t>(std::stoul(found[4], nullptr, 16)));
    base::Bytes request =
        wire::encode_delimited(PrivvalMessage{types::SignVoteRequest{vote, talk.chain_id}});
    c.expect_at(in, "request_length", request.size());
    c.expect_at(in, "request_sha256", hex(crypto::sha256(request)));
    return request;
}

void expect_answer(Case& c, Conversation& talk) {
    c.know_members({"answer", "message"});
    const bool is_long = c.in().at("message").contains("note");
    if (!is_long) expect_encoding(c, "request", c.in().at("message"), c.in().at("request"));
    const base::Bytes request = is_long ? long_request(c, talk) : bytes_from(c.in().at("request"));
    const std::string wanted = c.out().at("answer");
    const auto answer = talk.reader->receive(request);
    if (wanted.starts_with("none")) {
        // The reference leaves such a connection open and is deaf on it; ours ends it.
        if (answer && !answer->empty()) c.fail("answer", "none", hex(*answer));
        talk.reader.emplace(talk.service);
        return;
    }
    expect_encoding(c, "answer", c.out().at("message"), c.out().at("answer"));
    if (!answer) return c.fail("answer", wanted, answer.error().why);
    c.expect("answer", hex(*answer));
    const auto message = message_from<PrivvalMessage>(c.in().at("message"));
    if (const auto* vote = std::get_if<types::SignVoteRequest>(&message.sum); vote && vote->vote)
        talk.newest_vote = *vote->vote;
    // What was signed was kept before it was answered.
    if (talk.kept != talk.service.last_signed())
        c.fail("kept", "what was signed last", "something older");
}

// ---- The recorded conversation

struct Step {
    PrivvalMessage asked, answered;
    base::Bytes asked_bytes, answered_bytes;
};

std::vector<Step> steps_of(const Json& messages) {
    std::vector<Step> steps;
    for (const Json& entry : messages) {
        const bool is_question = entry.at("from") == "node";
        const auto message = message_from<PrivvalMessage>(entry.at("message"));
        if (is_question) {
            steps.push_back({message, {}, bytes_from(entry.at("bytes")), {}});
        } else {
            if (steps.empty()) throw BadVector("an answer before the first question");
            steps.back().answered = message;
            steps.back().answered_bytes = bytes_from(entry.at("bytes"));
        }
    }
    return steps;
}

/// Our service in the signer's place.
void play_signer(Case& c, const std::vector<Step>& steps, const std::string& chain_id) {
    signer::RemoteService service(chain_id,
                                  types::GuardedKey(key_from(c.in().at("validator_priv_key")), {}),
                                  [](const types::LastSigned&) {});
    signer::RequestReader reader(service);
    for (const Step& step : steps) {
        const auto answer = reader.receive(step.asked_bytes);
        if (!answer || *answer != step.answered_bytes)
            c.fail("our signer's answer", hex(step.answered_bytes),
                   answer ? hex(*answer) : answer.error().why);
    }
}

/// Our client and our guard in the node's place.
class NodePart {
  public:
    NodePart(Case& c, const std::string& chain_id)
        : case_(c),
          key_(key_from(c.in().at("validator_priv_key")).public_key()),
          set_(*types::ValidatorSet::make(std::vector<types::ValidatorChange>{{key_, 10}})),
          guard_(chain_id, key_, {}),
          client_(chain_id) {}

    void play(const Step& step) {
        if (const auto* vote = std::get_if<types::SignVoteRequest>(&step.asked.sum))
            return sign(step, *vote->vote);
        if (const auto* proposal = std::get_if<types::SignProposalRequest>(&step.asked.sum))
            return sign(step, *proposal->proposal);
        if (std::holds_alternative<types::PubKeyRequest>(step.asked.sum)) {
            if (!std::exchange(is_connected_, true))
                client_.connected(now_);
            else
                client_.confirm_key();
        } else if (std::holds_alternative<types::PingRequest>(step.asked.sum)) {
            now_ += signer::RemoteClient::Timing{}.ping;
        } else {
            throw BadVector("the node asks what no node asks");
        }
        exchange(step);
        if (client_.key() != key_) case_.fail("key", "that of the validator", "another");
    }

  private:
    template <typename Message>
    void sign(const Step& step, const Message& message) {
        constexpr bool is_vote = std::same_as<Message, types::Vote>;
        bool has_extension = false;
        if constexpr (is_vote) has_extension = !message.extension.empty();
        auto reserved = [&] {
            if constexpr (is_vote)
                return guard_.reserve(message, {message.height, set_}, has_extension);
            else
                return guard_.reserve(message, {message.height, set_});
        }();
        if (!reserved) return case_.fail("guard", "a reservation", reserved.error().why);
        const auto pending = std::move(*reserved).logged_at({1});
        base::Result<Message> answer = base::refuse("none", "no answer came");
        client_.sign(*guard_.ask(pending, {1}),
                     [&answer](base::Result<Message> came) { answer = std::move(came); });
        exchange(step);
        if (answer) answer = guard_.accept(pending, *answer, crypto::real_verifier());
        if (!answer) return case_.fail("answer", "a signature", answer.error().why);
        if constexpr (is_vote) {
            types::Vote wanted = std::get<types::SignedVoteResponse>(step.answered.sum).vote;
            if (!has_extension) wanted.extension_signature.clear();  // nobody asked for it
            if (*answer != wanted) case_.fail("vote", "as it was answered", "another");
        } else if (*answer != std::get<types::SignedProposalResponse>(step.answered.sum).proposal) {
            case_.fail("proposal", "as it was answered", "another");
        }
    }

    void exchange(const Step& step) {
        now_ += std::chrono::milliseconds(1);
        if (!client_.pass(now_)) case_.fail("pass", "silence", "a refusal");
        const base::Bytes asked = client_.take_output();
        if (asked != step.asked_bytes)
            case_.fail("our node's question", hex(step.asked_bytes), hex(asked));
        if (const auto heard = client_.receive(step.answered_bytes, now_); !heard)
            case_.fail("the signer's answer", "accepted", heard.error().why);
        if (!client_.pass(now_)) case_.fail("pass", "silence", "a refusal");
    }

    Case& case_;
    crypto::PublicKey key_;
    types::ValidatorSet set_;
    signer::Signer guard_;
    signer::RemoteClient client_;
    signer::RemoteClient::Time now_{0};
    bool is_connected_ = false;
};

/// What is asked, in order: kind, height, round and type. Repeated questions for the key are one,
/// pings are left out: they depend on the pace.
std::vector<std::string> order_of(const std::vector<PrivvalMessage>& questions) {
    std::vector<std::string> order;
    for (const PrivvalMessage& question : questions) {
        std::string line;
        if (const auto* vote = std::get_if<types::SignVoteRequest>(&question.sum))
            line = "vote " + std::to_string(static_cast<int>(vote->vote->type)) + " at " +
                   std::to_string(vote->vote->height) + "/" + std::to_string(vote->vote->round);
        else if (const auto* proposal = std::get_if<types::SignProposalRequest>(&question.sum))
            line = "proposal at " + std::to_string(proposal->proposal->height) + "/" +
                   std::to_string(proposal->proposal->round);
        else if (std::holds_alternative<types::PubKeyRequest>(question.sum))
            line = "key";
        else
            continue;
        if (line != "key" || order.empty() || order.back() != "key") order.push_back(line);
    }
    return order;
}

/// A whole node of ours, alone on its chain.
void play_whole_node(Case& c, const std::vector<Step>& steps, const std::string& chain_id) {
    std::vector<PrivvalMessage> recorded;
    for (const Step& step : steps) recorded.push_back(step.asked);
    const auto wanted = order_of(recorded);

    testing::VirtualNetwork network(1, 1);
    network.genesis.chain_id = chain_id;
    network.has_remote_signers = true;
    network.start_all();
    const auto asked = [&network] {
        std::vector<PrivvalMessage> questions;
        for (const auto& [by_node, message] : network[0].signer().said)
            if (by_node) questions.push_back(message);
        return order_of(questions);
    };
    network.run_until([&] { return asked().size() >= wanted.size(); });
    auto got = asked();
    got.resize(std::min(got.size(), wanted.size()));
    if (got != wanted) c.fail("order", Json(wanted).dump(), Json(got).dump());
}

void judge_dialogue(Case& c, const std::string& chain_id) {
    c.know_members({"messages"});
    for (const Json& step : c.out().at("messages"))
        expect_encoding(c, "message", step.at("message"), step.at("bytes"));
    const auto steps = steps_of(c.out().at("messages"));
    play_signer(c, steps, chain_id);
    NodePart node(c, chain_id);
    for (const Step& step : steps) node.play(step);
    play_whole_node(c, steps, chain_id);
}

void run_file(const std::filesystem::path&, const Json& file, const RunCase& run) {
    Conversation talk(file);
    const std::string chain_id = file.at("signer_chain_id");
    for (const Json& entry : file.at("cases")) {
        run(entry.at("name"), entry.at("in"), entry.at("out"), [&](Case& c) {
            const std::string& name = c.name();
            if (name.starts_with("encoding: ")) {
                c.know_members({"delimited"});
                expect_encoding(c, "delimited", c.in(), c.out().at("delimited"));
            } else if (name.starts_with("signer: ")) {
                expect_answer(c, talk);
            } else if (name.starts_with("dialogue: ")) {
                judge_dialogue(c, chain_id);
            } else {
                c.unknown(name);
            }
        });
    }
}

const RegisterFile remote_signer("remote-signer", run_file);

}  // namespace
}  // namespace tandem::vectors
