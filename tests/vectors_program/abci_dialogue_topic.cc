// abci-dialogues: what went over the four sockets between a node and its application. Ours takes
// each part: the server, with our kvstore behind it, is sent the recorded bytes and gives the
// recorded answers; the client asks the recorded questions, with the recorded bytes on the recorded
// connections, and understands the answers; and a whole node asks the same things in the same order
// (abci_dialogue_node.cc).
//
// One difference is ours: the client asks to flush after each question, and so the recorded
// questions that share a flush have one each.
#include <arpa/inet.h>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

#include "io/abci_client.h"
#include "io/abci_server.h"
#include "io/files.h"
#include "ledger/kvstore.h"
#include "tests/node/heard_application.h"
#include "tests/vectors_program/abci_dialogue.h"
#include "wire/framing.h"

namespace tandem::vectors {
namespace {

constexpr std::size_t connections = 4;
constexpr int patience_ms = 10'000;

template <wire::Message M>
void expect_framed(Case& c, const M& message, const base::Bytes& framed) {
    const base::Bytes written = wire::encode_delimited(message);
    if (written != framed) c.fail("message", hex(framed), hex(written));
    const auto frame = wire::next_frame(framed, framed.size());
    if (frame.state != wire::FrameState::complete || frame.consumed != framed.size())
        return c.fail("frame", "one whole frame", hex(framed));
    const auto read = wire::decode<M>(frame.body);
    if (!read || *read != message) c.fail("message read", hex(framed), "another");
}

AbciDialogue read_dialogue(Case& c) {
    c.know_members({"messages"});
    AbciDialogue dialogue;
    for (const Json& entry : c.out().at("messages")) {
        AbciMessage message;
        message.connection = entry.at("conn").get<std::size_t>();
        if (message.connection >= connections) throw BadVector("a fifth connection");
        message.by_node = entry.at("from") == "node";
        message.bytes = bytes_from(entry.at("bytes"));
        if (message.by_node) {
            message.request = message_from<abci::Request>(entry.at("message"));
            expect_framed(c, message.request, message.bytes);
        } else {
            message.response = message_from<abci::Response>(entry.at("message"));
            expect_framed(c, message.response, message.bytes);
        }
        dialogue.push_back(std::move(message));
    }
    return dialogue;
}

// ---- A socket of the kernel, and no more: what is tested must not test itself.

class Place {
  public:
    Place() {
        std::string name = (std::filesystem::temp_directory_path() / "tandem-abci-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] std::string path() const { return (folder_ / "app.sock").string(); }
    [[nodiscard]] std::string address() const { return "unix://" + path(); }
    [[nodiscard]] sockaddr_un raw() const {
        sockaddr_un raw{};
        raw.sun_family = AF_UNIX;
        const std::string text = path();
        text.copy(raw.sun_path, sizeof raw.sun_path - 1);
        return raw;
    }

  private:
    std::filesystem::path folder_;
};

const sockaddr* plain(const sockaddr_un& raw) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&raw));
}

io::Descriptor dial(const Place& place) {
    io::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un raw = place.raw();
    if (::connect(socket.get(), plain(raw), sizeof raw) != 0)
        throw std::runtime_error("our server cannot be reached");
    return socket;
}

bool comes(int descriptor, int within_ms) {
    pollfd wanted{descriptor, POLLIN, 0};
    return ::poll(&wanted, 1, within_ms) == 1;
}

/// So many bytes, or fewer where no more came.
base::Bytes read_bytes(int descriptor, std::size_t count) {
    base::Bytes bytes(count);
    std::size_t have = 0;
    while (have < count && comes(descriptor, patience_ms)) {
        const ssize_t got = ::recv(descriptor, bytes.data() + have, count - have, 0);
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    bytes.resize(have);
    return bytes;
}

/// One message with its length; empty where none came.
base::Bytes read_frame(int descriptor) {
    base::Bytes bytes;
    for (;;) {
        const auto frame = wire::next_frame(bytes, std::uint64_t{1} << 30);
        if (frame.state == wire::FrameState::complete) return bytes;
        if (frame.state != wire::FrameState::incomplete) return {};
        const base::Bytes more = read_bytes(descriptor, 1);
        if (more.empty()) return {};
        base::append(bytes, more);
    }
}

bool write_bytes(int descriptor, const base::Bytes& bytes) {
    return ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

// ---- Our server in the application's place

/// kvstore, with the extensions of the recorded application.
class RecordedKind final : public testing::HeardApplication {
  public:
    RecordedKind(abci::Application& inner, std::vector<abci::Request>& heard, std::string member)
        : HeardApplication(inner, heard), member_(std::move(member)) {}
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote& request) override {
        if (member_.empty()) return HeardApplication::extend_vote(request);
        return extension_of(request.height, member_);
    }

  private:
    std::string member_;
};

void play_application(Case& c, const AbciDialogue& dialogue, ledger::MemoryStorage& storage) {
    ledger::KvStore kvstore(storage);
    std::vector<abci::Request> heard;
    RecordedKind application(kvstore, heard, member_of(dialogue));
    const Place place;
    boost::asio::io_context loop;
    auto server = io::AbciServer::start(loop, application, place.address());
    if (!server) return c.fail("server", "a socket", server.error().why);
    auto work = boost::asio::make_work_guard(loop);
    std::thread thread([&loop] { loop.run(); });
    {
        std::array<io::Descriptor, connections> sockets;
        for (io::Descriptor& socket : sockets) socket = dial(place);
        for (const AbciMessage& message : dialogue) {
            const int socket = sockets.at(message.connection).get();
            if (message.by_node) {
                if (!write_bytes(socket, message.bytes)) c.fail("server", "takes bytes", "closed");
                continue;
            }
            const base::Bytes answer = read_bytes(socket, message.bytes.size());
            if (answer == message.bytes) continue;
            c.fail("our application's answer", hex(message.bytes), hex(answer));
            break;  // what follows would be read askew
        }
        for (const io::Descriptor& socket : sockets)
            if (comes(socket.get(), 0)) c.fail("our application", "silence at the end", "more");
    }
    boost::asio::post(loop, [&] {
        server->reset();
        work.reset();
    });
    thread.join();
}

// ---- Our client in the node's place

struct Exchange {
    const AbciMessage* question;
    const AbciMessage* answer;
};

/// The questions in their order, each with its answer: those of a connection come in order.
std::vector<Exchange> exchanges_of(const AbciDialogue& dialogue) {
    std::vector<Exchange> exchanges;
    for (const AbciMessage& message : dialogue) {
        if (message.is_flush()) continue;
        if (message.by_node) {
            exchanges.push_back({&message, nullptr});
            continue;
        }
        const auto open = std::ranges::find_if(exchanges, [&](const Exchange& each) {
            return each.answer == nullptr && each.question->connection == message.connection;
        });
        if (open == exchanges.end()) throw BadVector("an answer to nothing");
        open->answer = &message;
    }
    return exchanges;
}

/// The recorded application: takes four connections, and gives the recorded answers.
class RecordedApplication {
  public:
    RecordedApplication(const Place& place, const std::vector<Exchange>& exchanges)
        : exchanges_(exchanges), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_un raw = place.raw();
        if (::bind(listener_.get(), plain(raw), sizeof raw) != 0 ||
            ::listen(listener_.get(), static_cast<int>(connections)) != 0)
            throw std::runtime_error("no socket for the recorded application");
    }

    void run() {
        for (io::Descriptor& socket : sockets_)
            socket = io::Descriptor(::accept(listener_.get(), nullptr, nullptr));
        const base::Bytes flush = wire::encode_delimited(abci::Request{abci::RequestFlush{}});
        const base::Bytes flushed = wire::encode_delimited(abci::Response{abci::ResponseFlush{}});
        for (const Exchange& exchange : exchanges_) {
            const std::size_t connection = next_connection();
            if (connection == connections) return note("our client's question", "one", "none");
            if (connection != exchange.question->connection)
                note("connection", std::to_string(exchange.question->connection),
                     std::to_string(connection));
            const int socket = sockets_.at(connection).get();
            const base::Bytes asked = read_frame(socket);
            if (asked != exchange.question->bytes)
                note("our client's question", hex(exchange.question->bytes), hex(asked));
            if (const base::Bytes second = read_frame(socket); second != flush)
                note("behind our client's question", hex(flush), hex(second));
            base::Bytes answer = exchange.answer->bytes;
            base::append(answer, flushed);
            if (!write_bytes(socket, answer)) note("our client", "takes answers", "closed");
        }
    }
    [[nodiscard]] const std::vector<Mismatch>& mismatches() const { return mismatches_; }

  private:
    void note(std::string what, std::string expected, std::string got) {
        mismatches_.push_back({std::move(what), std::move(expected), std::move(got)});
    }
    [[nodiscard]] std::size_t next_connection() const {
        std::array<pollfd, connections> wanted{};
        for (std::size_t i = 0; i < connections; ++i)
            wanted.at(i) = {sockets_.at(i).get(), POLLIN, 0};
        if (::poll(wanted.data(), wanted.size(), patience_ms) < 1) return connections;
        for (std::size_t i = 0; i < connections; ++i)
            if (wanted.at(i).revents != 0) return i;
        return connections;
    }

    const std::vector<Exchange>& exchanges_;
    io::Descriptor listener_;
    std::array<io::Descriptor, connections> sockets_;
    std::vector<Mismatch> mismatches_;
};

void play_client(Case& c, const AbciDialogue& dialogue) {
    const auto exchanges = exchanges_of(dialogue);
    const Place place;
    RecordedApplication application(place, exchanges);
    std::thread thread([&application] { application.run(); });
    {
        const auto client = io::AbciClient::connect(place.address(), [](const std::string&) {});
        for (const Exchange& exchange : exchanges)
            if (ask(**client, exchange.question->request) != exchange.answer->response)
                c.fail("answer", hex(exchange.answer->bytes), "understood otherwise");
    }
    thread.join();
    for (const Mismatch& found : application.mismatches())
        c.fail(found.what, found.expected, found.got);
}

void run_file(const std::filesystem::path&, const Json& file, const RunCase& run) {
    std::unique_ptr<ledger::MemoryStorage> storage;
    DialogueNodes nodes;
    for (const Json& entry : file.at("cases"))
        run(entry.at("name"), entry.at("in"), entry.at("out"), [&](Case& c) {
            const AbciDialogue dialogue = read_dialogue(c);
            const auto begins = std::ranges::any_of(dialogue, [](const AbciMessage& message) {
                return std::holds_alternative<abci::RequestInitChain>(message.request.value);
            });
            if (begins || !storage) storage = std::make_unique<ledger::MemoryStorage>();
            play_application(c, dialogue, *storage);
            play_client(c, dialogue);
            nodes.play(c, dialogue);
        });
}

const RegisterFile abci_dialogues("abci-dialogues", run_file);

}  // namespace

// ---- What both files use

namespace {

struct Ask {
    abci::Application& application;

    template <typename Request>
    abci::Response operator()(const Request&) const {
        throw BadVector("a question that no node asks");
    }
    abci::Response operator()(const abci::RequestInfo& r) const { return {application.info(r)}; }
    abci::Response operator()(const abci::RequestQuery& r) const { return {application.query(r)}; }
    abci::Response operator()(const abci::RequestCheckTx& r) const {
        return {application.check_tx(r)};
    }
    abci::Response operator()(const abci::RequestInitChain& r) const {
        return {application.init_chain(r)};
    }
    abci::Response operator()(const abci::RequestPrepareProposal& r) const {
        return {application.prepare_proposal(r)};
    }
    abci::Response operator()(const abci::RequestProcessProposal& r) const {
        return {application.process_proposal(r)};
    }
    abci::Response operator()(const abci::RequestExtendVote& r) const {
        return {application.extend_vote(r)};
    }
    abci::Response operator()(const abci::RequestVerifyVoteExtension& r) const {
        return {application.verify_vote_extension(r)};
    }
    abci::Response operator()(const abci::RequestFinalizeBlock& r) const {
        return {application.finalize_block(r)};
    }
    abci::Response operator()(const abci::RequestCommit& r) const {
        return {application.commit(r)};
    }
};

}  // namespace

abci::Response ask(abci::Application& application, const abci::Request& request) {
    return std::visit(Ask{application}, request.value);
}

std::string member_of(const AbciDialogue& dialogue) {
    for (const AbciMessage& message : dialogue)
        if (const auto* answer = std::get_if<abci::ResponseExtendVote>(&message.response.value)) {
            const std::string text(base::as_text(answer->vote_extension));
            return text.substr(text.rfind(' ') + 1);
        }
    return "";
}

abci::ResponseExtendVote extension_of(std::int64_t height, const std::string& member) {
    const std::string text = "ext " + std::to_string(height) + " of " + member;
    return {base::to_bytes(base::as_bytes(text))};
}

}  // namespace tandem::vectors
