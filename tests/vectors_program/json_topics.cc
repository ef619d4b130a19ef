// genesis, key_files, file_pv, store_records, files: what stands in the files of a node's home.
#include "p2p/address_book.h"
#include "tests/vectors_program/convert.h"
#include "tests/vectors_program/state_json.h"
#include "types/block.h"
#include "types/genesis.h"
#include "types/key_files.h"

namespace tandem::vectors {
namespace {

/// Refuses members of `out` that the runner does not compare.
void expect_known_members(Case& c, std::initializer_list<std::string_view> known) {
    for (const auto& [member, value] : c.out().items())
        if (std::ranges::find(known, member) == known.end()) c.unknown("member " + member);
}

// ---- genesis

void run_genesis(Case& c) {
    expect_known_members(c, {"ok", "error", "panic", "file_hash", "clock", "state_ok",
                             "state_error", "state", "saved"});
    const std::string file = string_from(c.in().at("file"));
    constexpr wire::Timestamp now{4'000'000'000, 1};
    auto read = types::genesis_from_json(file, now);
    c.expect("file_hash", hex(base::view(types::genesis_file_hash(file))));
    c.expect("ok", read.has_value());
    if (!read) {
        if (c.out().at("ok") == true) c.fail("refusal", "none", read.error().why);
        return;
    }
    if (c.out().at("ok") == false) return;
    types::GenesisDoc& doc = read->doc;
    const bool from_clock = doc.genesis_time == now;
    if (from_clock) doc.genesis_time = wire::Timestamp{};  // the vectors leave it out
    if (from_clock != c.out().value("clock", false))
        c.fail("clock", c.out().dump(), from_clock ? "used" : "not used");
    const std::string saved = types::to_json(doc);
    c.expect("saved", saved);
    const auto again = types::genesis_from_json(saved, wire::Timestamp{});
    if (!again || types::to_json(again->doc) != saved)
        c.fail("saved, read again", saved, again ? types::to_json(again->doc) : again.error().why);
    const auto state = types::genesis_state(doc);
    c.expect("state_ok", state.has_value());
    if (!state) {
        if (c.out().contains("state")) c.fail("state", "one", state.error().why);
        return;
    }
    Json shown = to_json(*state);
    if (from_clock) shown.erase("last_block_time");
    c.expect("state", shown);
}

// ---- key_files

crypto::PrivateKey private_key_from(const Json& in) {
    const std::string name = in.value("key_type", "ed25519");
    const auto type = crypto::key_type_from_name(name);
    if (!type) throw BadVector("unknown kind of key: " + name);
    auto key = crypto::PrivateKey::from_bytes(*type, bytes_from(in.at("priv_key")));
    if (!key) throw BadVector(key.error().why);
    return std::move(*key);
}

std::string text_of(const crypto::SecretBytes& secret) {
    return std::string(base::as_text(secret.view()));
}

std::string mode_text() {
    std::string text;
    for (unsigned mode = types::secret_file_mode; mode != 0; mode /= 8)
        text.insert(0, std::to_string(mode % 8));
    return text;
}

/// What was written is read as the key that it was.
void expect_read_again(Case& c, const types::Result<types::KeyReading>& read,
                       const crypto::PrivateKey& key) {
    if (!read) return c.fail("file, read again", "a key", read.error().why);
    if (!read->warnings.empty())
        c.fail("file, read again", "no warning", read->warnings.front().text());
    const auto signing = types::signing_key("key", read->key);
    if (!signing || !base::equal(signing->bytes(), key.bytes()))
        c.fail("file, read again", "the same key", signing ? "another" : signing.error().why);
}

void run_node_key(Case& c) {
    expect_known_members(c, {"file", "id", "mode"});
    const crypto::PrivateKey key = private_key_from(c.in());
    const std::string file = text_of(types::node_key_text(key));
    c.expect("file", file);
    c.expect("id", types::node_id(key.public_key()));
    c.expect("mode", mode_text());
    expect_read_again(c, types::node_key_from_json(file), key);
}

void run_validator_key(Case& c) {
    expect_known_members(c, {"file", "address", "pub_key", "mode"});
    const crypto::PrivateKey key = private_key_from(c.in());
    const std::string file = text_of(types::validator_key_text(key));
    c.expect("file", file);
    c.expect("address", hex(base::view(crypto::address(key.public_key()))));
    c.expect("pub_key", hex(base::view(key.public_key().bytes)));
    if (c.out().contains("mode")) c.expect("mode", mode_text());
    expect_read_again(c, types::validator_key_from_json(file), key);
}

void expect_state_read_again(Case& c, const std::string& file, const types::LastSigned& last) {
    const auto read = types::last_signed_from_json(file);
    if (!read) return c.fail("file, read again", "a state", read.error().why);
    if (read->last != last || !read->warnings.empty())
        c.fail("file, read again", "the same state, no warning",
               types::last_signed_text(read->last));
}

void run_validator_state(Case& c) {
    expect_known_members(c, {"file", "mode"});
    types::LastSigned last;
    if (c.in().contains("vote")) {
        types::GuardedKey key(private_key_from(c.in()), {});
        auto vote = message_from<types::Vote>(c.in().at("vote"));
        if (const auto signed_vote = key.sign(string_from(c.in().at("chain_id")), vote);
            !signed_vote)
            c.fail("vote", "signed", signed_vote.error().why);
        last = key.last_signed();
    }
    const std::string file = types::last_signed_text(last);
    c.expect("file", file);
    if (c.out().contains("mode")) c.expect("mode", mode_text());
    expect_state_read_again(c, file, last);
}

void run_load_node_key(Case& c) {
    expect_known_members(c, {"ok", "error", "id"});
    const auto read = types::node_key_from_json(string_from(c.in().at("file")));
    c.expect("ok", read.has_value());
    if (read && c.out().at("ok") == true) c.expect("id", types::node_id(read->key.public_key));
    if (!read && c.out().at("ok") == true) c.fail("refusal", "none", read.error().why);
}

void run_key_files(Case& c) {
    const std::string kind = c.kind();
    if (kind == "node_key") return run_node_key(c);
    if (kind == "priv_validator_key") return run_validator_key(c);
    if (kind == "priv_validator_state") return run_validator_state(c);
    if (kind == "load_node_key") return run_load_node_key(c);
    c.unknown(kind);
}

// ---- file_pv

/// A signer with a state file, as the vectors drive it.
class Signer {
  public:
    explicit Signer(crypto::PrivateKey key) : key_(std::move(key)), guard_(key_.clone(), {}) {
        save();
    }

    [[nodiscard]] const std::string& state_file() const { return state_file_; }

    template <typename Message>
    types::Verdict sign(const std::string& chain_id, Message& message) {
        const types::LastSigned before = guard_.last_signed();
        const auto verdict = guard_.sign(chain_id, message);
        if (guard_.last_signed() != before) save();
        return verdict;
    }
    void replace_state_file(std::string text) { state_file_ = std::move(text); }
    types::Verdict reload() {
        auto read = types::last_signed_from_json(state_file_);
        if (!read) return std::unexpected(read.error());
        guard_ = types::GuardedKey(key_.clone(), std::move(read->last));
        return {};
    }

  private:
    void save() { state_file_ = types::last_signed_text(guard_.last_signed()); }

    crypto::PrivateKey key_;
    types::GuardedKey guard_;
    std::string state_file_;
};

template <typename Message>
void run_sign(Case& c, const Json& request, const Json& expected, Signer& signer,
              const std::string& member, const std::string& prefix) {
    auto message = message_from<Message>(request.at(member));
    const auto verdict = signer.sign(string_from(c.in().at("chain_id")), message);
    c.expect_at(expected, "ok", verdict.has_value(), prefix);
    if (message != message_from<Message>(expected.at(member)))
        c.fail(prefix + member, expected.at(member).dump(), hex(wire::encode(message)));
}

void run_file_pv(Case& c) {
    expect_known_members(c, {"first_state_file", "steps"});
    Signer signer(private_key_from(c.in()));
    c.expect("first_state_file", signer.state_file());
    const Json& requests = c.in().at("requests");
    const Json& steps = c.out().at("steps");
    if (requests.size() != steps.size()) return c.fail("steps", "one a request", "another number");
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const Json& request = requests.at(i);
        const Json& expected = steps.at(i);
        const std::string prefix = "steps[" + std::to_string(i) + "].";
        const auto op = request.at("op").get<std::string>();
        if (op == "sign_vote") {
            run_sign<types::Vote>(c, request, expected, signer, "vote", prefix);
        } else if (op == "sign_proposal") {
            run_sign<types::Proposal>(c, request, expected, signer, "proposal", prefix);
        } else if (op == "reload" || op == "set_state_file") {
            if (op == "set_state_file")
                signer.replace_state_file(string_from(request.at("state_file")));
            c.expect_at(expected, "ok", signer.reload().has_value(), prefix);
        } else {
            c.unknown("op " + op);
        }
        c.expect_at(expected, "state_file", signer.state_file(), prefix);
    }
}

// ---- store_records

template <wire::Message M>
void run_record(Case& c) {
    const auto message = message_from<M>(c.in().at("value"));
    const base::Bytes encoded = wire::encode(message);
    c.expect("encoded", hex(encoded));
    const auto again = wire::decode<M>(encoded);
    if (!again || *again != message) c.fail("decoded", "the same message", "another");
}

/// A state is also read into memory and written from there.
void run_state_record(Case& c) {
    run_record<types::StateMessage>(c);
    const auto message = message_from<types::StateMessage>(c.in().at("value"));
    const auto state = types::from_message(message);
    if (!state) return c.fail("state", "one", state.error().check + ": " + state.error().why);
    c.expect("encoded", hex(wire::encode(types::to_message(*state, message.version.software))));
}

void run_store_records(Case& c) {
    expect_known_members(c, {"encoded"});
    const auto message = c.in().at("message").get<std::string>();
    if (message == "BlockMeta") return run_record<types::BlockMeta>(c);
    if (message == "ValidatorsInfo") return run_record<types::ValidatorsInfo>(c);
    if (message == "ConsensusParamsInfo") return run_record<types::ConsensusParamsInfo>(c);
    if (message == "State") return run_state_record(c);
    c.unknown("message " + message);
}

// ---- files

void run_validator_key_file(Case& c, const std::string& text) {
    const auto read = types::validator_key_from_json(text);
    if (!read) return c.fail("text", "a key", read.error().why);
    const auto key = types::signing_key("priv_validator_key", read->key);
    if (!key) return c.fail("text", "a key that signs", key.error().why);
    c.expect("text", text_of(types::validator_key_text(*key)));
}

void run_sign_state_file(Case& c, const std::string& text) {
    const auto read = types::last_signed_from_json(text);
    if (!read) return c.fail("text", "a state", read.error().why);
    c.expect("text", types::last_signed_text(read->last));
}

void run_genesis_file(Case& c, const std::string& text) {
    const auto read = types::genesis_from_json(text, {});
    if (!read) return c.fail("text", "a genesis", read.error().why);
    c.expect("text", types::genesis_file_text(read->doc));
}

void run_address_book_file(Case& c, const std::string& text) {
    const auto book = p2p::AddressBook::from_text({}, text);
    if (!book) return c.fail("text", "an address book", book.error().why);
    c.expect("text", book->to_text());
}

void run_node_key_file(Case& c) {
    const crypto::PrivateKey key = private_key_from(c.in());
    c.expect("text", text_of(types::node_key_text(key)));
    c.expect("id", types::node_id(key.public_key()));
}

/// Where the vector names no key, the text that is expected is read and written again. Two of the
/// files are told by their input alone: a node key by its private key, the genesis by nothing.
void run_files(Case& c) {
    expect_known_members(c, {"text", "id"});
    const std::string text = string_from(c.out().at("text"));
    const std::string file = c.in().value("file", std::string());
    if (c.in().contains("priv_key")) return run_node_key_file(c);
    if (c.in().empty()) return run_genesis_file(c, text);
    if (file == "config/priv_validator_key.json") return run_validator_key_file(c, text);
    if (file == "data/priv_validator_state.json") return run_sign_state_file(c, text);
    if (file == "config/addrbook.json") return run_address_book_file(c, text);
    c.unknown("file " + file);
}

const RegisterTopic genesis_topic("genesis", run_genesis);
const RegisterTopic key_files_topic("key_files", run_key_files);
const RegisterTopic file_pv_topic("file_pv", run_file_pv);
const RegisterTopic store_records_topic("store_records", run_store_records);
const RegisterTopic files_topic("files", run_files);

}  // namespace
}  // namespace tandem::vectors
