// rpc: requests over HTTP to a node that holds chain-main, and its answers. rpc-websocket: the
// conversations over WebSockets with that node while it was at work.
#include <deque>
#include <set>
#include <sstream>

#include "rpc/service.h"
#include "rpc/websocket.h"
#include "tests/vectors_program/rpc_environment.h"
#include "types/json.h"

namespace tandem::vectors {
namespace {

using OrderedJson = nlohmann::ordered_json;

// Where the chain stood when the "live" requests were made.
constexpr std::int64_t height_with_evidence = 100, height_with_txs = 26;

// ---- Over HTTP

struct RawRequest {
    rpc::HttpRequest request;
    bool is_malformed = false;
};

std::string unchunked(std::string_view body) {
    std::string whole;
    while (!body.empty()) {
        const std::size_t line = body.find("\r\n");
        const auto size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
        if (size == 0) break;
        whole += body.substr(line + 2, size);
        body.remove_prefix(line + 2 + size + 2);
    }
    return whole;
}

RawRequest read_request(const std::string& raw) {
    RawRequest read;
    const std::size_t head_end = raw.find("\r\n\r\n");
    std::istringstream head(raw.substr(0, head_end));
    std::string line, version;
    std::getline(head, line);
    std::istringstream request_line(line);
    rpc::HttpRequest& request = read.request;
    request.target.clear();
    request_line >> request.verb >> request.target >> version;
    read.is_malformed = request.target.empty();
    request.is_http_1_0 = version == "HTTP/1.0";
    request.body = raw.substr(head_end + 4);
    request.client = "127.0.0.1:50000";
    while (std::getline(head, line)) {
        if (line.ends_with('\r')) line.pop_back();
        const std::size_t colon = line.find(": ");
        const std::string name = line.substr(0, colon), value = line.substr(colon + 2);
        if (name == "Host") request.host = value;
        if (name == "Content-Type") request.content_type = value;
        if (name == "Transfer-Encoding") request.body = unchunked(request.body);
    }
    return read;
}

/// Requests that are too long to stand in the file are told by a note.
RawRequest request_of(const Json& in) {
    if (in.contains("request")) return read_request(in.at("request").get<std::string>());
    RawRequest read;
    read.request.verb = "POST";
    read.request.host = "127.0.0.1:31101";
    const auto note = in.at("note").get<std::string>();
    if (in.contains("tx_length")) {
        std::string tx = "big=";
        tx.resize(in.at("tx_length").get<std::size_t>(), 'x');
        read.request.body = R"({"jsonrpc":"2.0","id":1,"method":"broadcast_tx_sync","params":)"
                            R"({"tx":")" +
                            base::to_base64(base::as_bytes(tx)) + "\"}}";
        if (read.request.body.size() != in.at("body_length").get<std::size_t>())
            throw BadVector("another length: " + std::to_string(read.request.body.size()));
    } else {
        const std::size_t digits = note.find_first_of("0123456789");
        read.request.body.assign(std::stoul(note.substr(digits)), ' ');
    }
    return read;
}

/// Takes out what a path names: "result.node_info.version", "result.txs[*].x", "*".
void erase_path(OrderedJson& json, std::string_view path) {
    if (path == "*" || path.empty()) {
        json = nullptr;
        return;
    }
    const std::string name(path.substr(0, path.find_first_of(".[")));
    path.remove_prefix(name.size());
    if (!json.is_object() || !json.contains(name)) return;
    OrderedJson& member = json.at(name);
    if (path.empty()) {
        json.erase(name);
    } else if (path.starts_with("[*].")) {
        for (OrderedJson& element : member) erase_path(element, path.substr(4));
    } else {
        erase_path(member, path.substr(1));
    }
}

std::string without_volatile(const std::string& body, const Json& paths) {
    if (paths.empty()) return body;
    OrderedJson json = OrderedJson::parse(body);
    for (const Json& path : paths) erase_path(json, path.get<std::string>());
    return json.dump();
}

/// What the transport adds is compared by its own tests.
void check_headers(Case& c, const rpc::HttpResponse& response, bool is_exact) {
    std::map<std::string, std::string> expected, got;
    for (const auto& [name, value] : c.out().at("headers").items())
        expected[name] = value.get<std::string>();
    for (const auto& [name, value] : response.headers) got[name] = value;
    const auto length = expected.find("Content-Length");
    if (length != expected.end() && is_exact)
        c.expect_at(c.out().at("headers"), "Content-Length", std::to_string(response.body.size()));
    if (expected.contains("X-Server-Time") != response.tells_time)
        c.fail("X-Server-Time", "as the vector has it", "the other way");
    for (const char* name : {"Date", "X-Server-Time", "Content-Length"}) expected.erase(name);
    if (expected != got) c.fail("headers", Json(expected).dump(), Json(got).dump());
}

std::filesystem::path head_of(const std::filesystem::path& file) {
    return file.parent_path() / "chain-main.head.json";
}

struct Node {
    Node(const std::filesystem::path& file, std::int64_t last) : environment(head_of(file), last) {}

    ChainEnvironment environment;
    rpc::Service service{environment, environment.bus, environment.indexer, {}};
};

rpc::HttpResponse answer_to(Node& node, const RawRequest& read) {
    if (read.is_malformed) return rpc::malformed_request();
    std::optional<rpc::HttpResponse> response;
    node.service.handle(read.request,
                        [&](rpc::HttpResponse answer) { response = std::move(answer); });
    if (!response) node.environment.ring();  // it waits for a block that does not come
    if (!response) throw BadVector("no answer");
    return std::move(*response);
}

void run_http_case(Case& c, const Json& volatile_paths, Node& node) {
    const RawRequest read = request_of(c.in());
    const rpc::HttpResponse response = answer_to(node, read);
    c.expect("status", response.status);
    const bool is_whole = std::ranges::find(volatile_paths, Json("*")) != volatile_paths.end();
    check_headers(c, response, volatile_paths.empty());
    if (is_whole || read.request.verb == "HEAD") return;
    const std::string expected =
        without_volatile(c.out().at("body").get<std::string>(), volatile_paths);
    const std::string got = without_volatile(response.body, volatile_paths);
    if (expected != got) c.fail("body", expected, got);
}

void run_http(const std::filesystem::path& path, const Json& file, const RunCase& run_case) {
    Node standing(path, 0), with_evidence(path, height_with_evidence), live(path, height_with_txs);
    live.environment.commits_at_once = true;
    for (const Json& json : file.at("cases")) {
        const auto name = json.at("name").get<std::string>();
        const bool is_live = name.starts_with("live ");
        const bool is_evidence = name.contains("broadcast_evidence");
        Node& node = is_live ? is_evidence ? with_evidence : live : standing;
        run_case(name, json.at("in"), json.at("out"),
                 [&](Case& c) { run_http_case(c, json.at("volatile"), node); });
    }
}

// ---- Over WebSockets

/// What a node sent, told apart: answers in their order, events of each subscription.
struct Inbox {
    std::deque<std::string> answers;
    std::map<std::string, std::deque<std::string>> events;  // by id
    std::set<std::string> begun;                            // ids whose events were compared
};

bool is_event(const Json& json) {
    return json.contains("result") && json.at("result").contains("data");
}

class Conversation {
  public:
    explicit Conversation(const std::filesystem::path& path)
        : environment_(head_of(path), 0),
          service_(environment_, environment_.bus, environment_.indexer, {}),
          session_(service_, "127.0.0.1:50001", [] {}) {}

    void run(Case& c) {
        const Json& frames = c.out().at("frames");
        for (std::size_t i = 0; i < frames.size(); ++i) {
            const auto from = frames.at(i).at("from").get<std::string>();
            const auto text = frames.at(i).at("text").get<std::string>();
            if (from == "client") {
                set_tip(frames, i);
                session_.receive(text);
                collect();
            } else if (from == "node") {
                compare(c, i, text);
            }
            if (!c.mismatches().empty()) return;
        }
        if (!inbox_.answers.empty()) c.fail("answers", "no more", inbox_.answers.front());
    }

  private:
    /// Where the chain stood is not recorded, but one of the answers tells it.
    void set_tip(const Json& frames, std::size_t at) {
        constexpr std::string_view words = "current blockchain height ";
        for (std::size_t i = at; i < frames.size(); ++i) {
            const auto text = frames.at(i).at("text").get<std::string>();
            const std::size_t found = text.find(words);
            if (found == std::string::npos) continue;
            environment_.tip = std::stoll(text.substr(found + words.size()));
            return;
        }
    }
    void collect() {
        for (; const std::string* frame = session_.next(); session_.sent()) {
            const Json json = Json::parse(*frame);
            if (is_event(json))
                inbox_.events[json.at("id").dump()].push_back(*frame);
            else
                inbox_.answers.push_back(*frame);
        }
    }
    void compare(Case& c, std::size_t at, const std::string& text) {
        const std::string what = "frame " + std::to_string(at);
        const Json expected = Json::parse(text);
        if (!is_event(expected)) {
            if (inbox_.answers.empty()) return c.fail(what, text, "(nothing)");
            if (inbox_.answers.front() != text) c.fail(what, text, inbox_.answers.front());
            inbox_.answers.pop_front();
            return;
        }
        const std::string id = expected.at("id").dump();
        std::deque<std::string>& events = inbox_.events[id];
        if (events.empty()) publish(expected.at("result"));
        // A subscription that began in the midst of a block may lack its first events.
        if (!inbox_.begun.contains(id))
            while (events.size() > 1 && !same(events.front(), text)) events.pop_front();
        inbox_.begun.insert(id);
        if (events.empty()) return c.fail(what, text, "(no event)");
        if (!same(events.front(), text)) c.fail(what, text, events.front());
        events.pop_front();
    }
    /// Byte for byte but for the order of the map, which is another at each run.
    static bool same(const std::string& a, const std::string& b) {
        constexpr std::string_view map = ",\"events\":{\"";
        return Json::parse(a) == Json::parse(b) &&
               a.substr(0, a.rfind(map)) == b.substr(0, b.rfind(map));
    }

    /// Makes happen what the expected event tells of.
    void publish(const Json& result) {
        const Json& value = result.at("data").at("value");
        const auto name = result.at("events").at("tm.event").at(0).get<std::string>();
        if (const auto height = height_of_block(name, value)) {
            if (next_block_ == 0) next_block_ = *height;
            for (; next_block_ <= *height; ++next_block_)
                environment_.bus.publish_block(environment_.executed(next_block_),
                                               environment_.changes(next_block_));
        } else if (name == "Vote") {
            const auto vote = types::from_json<types::Vote>(value.at("Vote").dump());
            if (!vote) throw BadVector(vote.error().why);
            environment_.bus.publish(rpc::vote_event(*vote));
        } else {
            publish_step(name, value);
        }
        collect();
    }
    static std::optional<std::int64_t> height_of_block(const std::string& name, const Json& value) {
        if (name == "NewBlock") return int64_from(value.at("block").at("header").at("height"));
        if (name == "NewBlockHeader") return int64_from(value.at("header").at("height"));
        if (name == "NewBlockEvents") return int64_from(value.at("height"));
        if (name == "Tx") return int64_from(value.at("TxResult").at("height"));
        return std::nullopt;
    }
    static consensus::Step step_of(const std::string& name) {
        for (int number = 1; number <= 8; ++number)
            if (rpc::step_name(static_cast<consensus::Step>(number)) == name)
                return static_cast<consensus::Step>(number);
        throw BadVector("unknown step " + name);
    }
    void publish_step(const std::string& name, const Json& value) {
        static const std::map<std::string, consensus::Notice> notices = {
            {"NewRound", consensus::Notice::new_round},
            {"CompleteProposal", consensus::Notice::complete_proposal},
            {"TimeoutPropose", consensus::Notice::timeout_propose},
            {"TimeoutWait", consensus::Notice::timeout_wait},
            {"Polka", consensus::Notice::polka},
            {"Lock", consensus::Notice::lock},
            {"Relock", consensus::Notice::relock},
            {"Unlock", consensus::Notice::unlock},
            {"ValidBlock", consensus::Notice::valid_block}};
        consensus::Notify notice;
        notice.height = int64_from(value.at("height"));
        notice.round = value.at("round").get<std::int32_t>();
        notice.step = step_of(value.at("step").get<std::string>());
        if (name == "NewRoundStep") {
            environment_.bus.publish(rpc::round_step_event(
                {notice.height, notice.round, notice.step, {}, notice.round}));
            return;
        }
        notice.notice = notices.at(name);
        if (name == "NewRound") {
            const Json& proposer = value.at("proposer");
            environment_.bus.publish(rpc::new_round_event(
                notice, types::Address(*base::from_hex(proposer.at("address").get<std::string>())),
                proposer.at("index").get<std::size_t>()));
            return;
        }
        if (name == "CompleteProposal") {
            const auto id = types::from_json<types::BlockId>(value.at("block_id").dump());
            if (!id) throw BadVector(id.error().why);
            notice.id = *id;
        }
        environment_.bus.publish(rpc::notice_event(notice));
    }

    ChainEnvironment environment_;
    rpc::Service service_;
    rpc::WebSocketSession session_;
    Inbox inbox_;
    std::int64_t next_block_ = 0;
};

void run_websocket(const std::filesystem::path& path, const Json& file, const RunCase& run_case) {
    for (const Json& json : file.at("cases"))
        run_case(json.at("name").get<std::string>(), json.at("in"), json.at("out"), [&](Case& c) {
            c.know_members({"frames"});
            Conversation(path).run(c);
        });
}

const RegisterFile http_topic("rpc", run_http);
const RegisterFile websocket_topic("rpc-websocket", run_websocket);

}  // namespace
}  // namespace tandem::vectors
