#include "tandem/share_access.h"

#include <fmt/format.h>

#include "abci/json.h"
#include "ledger/share.h"
#include "types/json.h"

namespace tandem::program {
namespace {

constexpr int nonce_tries_max = 5;

base::Bytes bytes_of(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

types::ProofOps proof_of(const json& response) {
    types::ProofOps proof;
    const json ops = response.value("proofOps", json());
    if (!ops.is_object()) return proof;
    for (const json& op : ops.value("ops", json::array()))
        proof.ops.push_back(
            {op.value("type", std::string()), bytes_at(op, "key"), bytes_at(op, "data")});
    return proof;
}

Outcome check_key(const Signer& signer, const crypto::PublicKey& registered) {
    if (signer.key->public_key() == registered) return {};
    return fail(ExitCode::failed, fmt::format("this is not the key of {}; the chain has {} for it",
                                              signer.text(), types::to_json(registered)));
}

}  // namespace

std::expected<Place, Failure> place_of(const std::string& text, const char* what) {
    const auto slash = text.find('/');
    Place place{text.substr(0, slash), slash == std::string::npos ? "" : text.substr(slash + 1)};
    if (share::is_name(place.organisation) && share::is_name(place.name)) return place;
    return fail(ExitCode::usage,
                fmt::format("\"{}\": a {} is named ORGANISATION/NAME, each of a-z, 0-9, \"-\", "
                            "\"_\" and \".\"",
                            text, what));
}

std::expected<Signer, Failure> signer_of(std::string organisation, std::string member,
                                         const std::string& key_path, const char* flag) {
    if (key_path.empty())
        return fail(ExitCode::usage, fmt::format("which key signs? Give {} FILE", flag));
    if (!share::is_name(organisation) || (!member.empty() && !share::is_name(member)))
        return fail(ExitCode::usage,
                    fmt::format("\"{}\" names nobody: names are of a-z, 0-9, \"-\", \"_\" and "
                                "\".\"",
                                member.empty() ? organisation : organisation + "/" + member));
    auto key = load_node_key(key_path);
    if (!key) return fail(key.error());
    if (key->public_key().type != crypto::KeyType::ed25519)
        return fail(ExitCode::configuration,
                    fmt::format("{} is no Ed25519 key; share knows no others", key_path));
    return Signer{std::move(organisation), std::move(member),
                  std::make_shared<FileKey>(std::move(*key))};
}

std::expected<crypto::PublicKey, Failure> public_key_of(const std::string& text) {
    if (text.starts_with('{')) {
        auto key = types::from_json<crypto::PublicKey>(text);
        if (key && key->type == crypto::KeyType::ed25519) return std::move(*key);
    } else if (const auto bytes = base::from_base64(text);
               bytes && bytes->size() == crypto::public_key_size(crypto::KeyType::ed25519)) {
        crypto::PublicKey key{crypto::KeyType::ed25519, {}};
        key.bytes.assign(bytes->begin(), bytes->end());
        return key;
    }
    return fail(ExitCode::usage,
                fmt::format("\"{}\" is no Ed25519 public key: give it as tandem keys show prints "
                            "it, or in base64",
                            text));
}

base::Bytes record_data(const Place& place, base::BytesView key) {
    base::Bytes data = bytes_of(place.text() + "/");
    base::append(data, key);
    return data;
}

std::expected<ShareClient, Failure> ShareClient::open(const Context& context,
                                                      const NodeOptions& options,
                                                      std::optional<TrustedHash> trusted) {
    auto node = NodeClient::open(context, options);
    if (!node) return fail(std::move(node).error());
    auto info = node->call("abci_info", json::object());
    if (!info) return fail(std::move(info).error());
    const std::string name =
        info->value("response", json::object()).value("data", std::string("nameless"));
    if (name != "share")
        return fail(ExitCode::failed,
                    fmt::format("the application of {} is not share, but says of itself: {}. For "
                                "kvstore there are tandem tx set and tandem query get",
                                node->address(), name));
    auto status = node->status();
    if (!status) return fail(std::move(status).error());
    return ShareClient(std::move(*node), std::move(*status), std::move(trusted));
}

std::expected<ShareAnswer, Failure> ShareClient::ask(std::string path, base::BytesView data,
                                                     bool prove) {
    if (reader_) {
        auto now = node_.status();
        if (!now) return fail(std::move(now).error());
        const auto signature = reader_->key->sign(share::query_sign_bytes(
            status_.chain_id, std::string_view(path).substr(0, path.find('?')), data, now->height));
        path += fmt::format("{}as={}/{}&at={}&sig={}", path.contains('?') ? "&" : "?",
                            reader_->organisation, reader_->member, now->height,
                            base::to_hex(base::view(signature)));
    }
    auto answer =
        node_.call("abci_query", {{"path", path}, {"data", base::to_hex(data)}, {"prove", prove}});
    if (!answer) return fail(std::move(answer).error());
    const json response = answer->value("response", json::object());
    if (const std::int64_t code = number(response, "code"); code != 0) {
        const bool needs_reader =
            code == static_cast<std::int64_t>(ledger::ShareCode::not_allowed) && !reader_;
        return fail(
            ExitCode::failed,
            fmt::format(
                "{} (code {}){}", response.value("log", std::string()), code,
                needs_reader ? ". Give --as ORGANISATION/MEMBER and --member-key FILE" : ""));
    }
    ShareAnswer out{bytes_at(response, "value"), number(response, "height"), proof_of(response),
                    false};
    out.has_proof = !out.proof.ops.empty();
    return out;
}

std::expected<json, Failure> ShareClient::ask_json(std::string path, base::BytesView data) {
    auto answer = ask(std::move(path), data);
    if (!answer) return fail(std::move(answer).error());
    json value = json::parse(answer->value.begin(), answer->value.end(), nullptr, false);
    if (value.is_discarded()) return fail(ExitCode::failed, "the node's answer is no JSON");
    return value;
}

template <typename Entry>
std::expected<EntryAnswer<Entry>, Failure> ShareClient::entry(const std::string& path,
                                                              base::BytesView data,
                                                              base::BytesView key, bool prove) {
    auto answer = ask(path, data, prove);
    if (!answer) return fail(std::move(answer).error());
    return read<Entry>(*answer, key, prove);
}

template <typename Entry>
std::expected<EntryAnswer<Entry>, Failure> ShareClient::read(const ShareAnswer& answer,
                                                             base::BytesView key, bool prove) {
    EntryAnswer<Entry> out;
    out.height = answer.height;
    if (answer.value.empty() && !answer.has_proof) return out;
    if (!prove) {
        auto entry = share::decode_entry<Entry>(answer.value);
        if (!entry) return fail(ExitCode::failed, "the node's answer: " + entry.error().why);
        out.entry = std::move(*entry);
        return out;
    }
    if (!answer.has_proof)
        return fail(ExitCode::failed,
                    "the node gave no proof with its answer: do not believe it; ask another node");
    auto vouched = headers_.header(node_, answer.height + 1);
    if (!vouched) return fail(std::move(vouched).error());
    auto entry = share::verified_entry<Entry>(key, answer.value, answer.proof,
                                              base::view(vouched->header.app_hash));
    if (!entry)
        return fail(ExitCode::failed,
                    fmt::format("the proof does not lead to the application hash in header {}: do "
                                "not believe this node ({})",
                                answer.height + 1, entry.error().why));
    out.entry = std::move(*entry);
    out.proved_by = std::move(*vouched);
    return out;
}
template std::expected<EntryAnswer<share::Record>, Failure> ShareClient::read(const ShareAnswer&,
                                                                              base::BytesView,
                                                                              bool);
template std::expected<EntryAnswer<share::Organisation>, Failure> ShareClient::entry(
    const std::string&, base::BytesView, base::BytesView, bool);
template std::expected<EntryAnswer<share::Member>, Failure> ShareClient::entry(const std::string&,
                                                                               base::BytesView,
                                                                               base::BytesView,
                                                                               bool);
template std::expected<EntryAnswer<share::Namespace>, Failure> ShareClient::entry(
    const std::string&, base::BytesView, base::BytesView, bool);

std::expected<EntryAnswer<share::Record>, Failure> ShareClient::record(const Place& place,
                                                                       base::BytesView key,
                                                                       bool prove) {
    return entry<share::Record>("/record", record_data(place, key),
                                share::record_key(place.organisation, place.name, key), prove);
}

std::expected<share::Tx, Failure> ShareClient::prepare(const Signer& signer,
                                                       share::Operation operation) {
    share::Tx tx;
    tx.organisation = signer.organisation;
    tx.member = signer.member;
    tx.operation = std::move(operation);
    const auto unknown = [&] {
        return fail(ExitCode::failed, fmt::format("the chain does not know {}", signer.text()));
    };
    if (signer.member.empty()) {
        auto found =
            entry<share::Organisation>("/organisation", bytes_of(signer.organisation),
                                       share::organisation_key(signer.organisation), false);
        if (!found) return fail(std::move(found).error());
        if (!found->entry) return unknown();
        if (Outcome known = check_key(signer, found->entry->admin_key); !known)
            return fail(std::move(known).error());
        tx.nonce = found->entry->nonce + 1;
    } else {
        const Place place{signer.organisation, signer.member};
        auto found = entry<share::Member>("/member", bytes_of(place.text()),
                                          share::member_key(place.organisation, place.name), false);
        if (!found) return fail(std::move(found).error());
        if (!found->entry || found->entry->role == share::Role::none) return unknown();
        if (Outcome known = check_key(signer, found->entry->key); !known)
            return fail(std::move(known).error());
        tx.nonce = found->entry->nonce + 1;
    }
    return tx;
}

std::expected<Landed, Failure> ShareClient::send(const share::Tx& tx) {
    return node_.send(share::encode(tx), 0,
                      "tandem query record tells; to send it again is safe where it has an "
                      "expected version");
}

std::expected<Landed, Failure> ShareClient::execute(const Signer& signer,
                                                    const share::Operation& operation) {
    for (int left = nonce_tries_max;; --left) {
        auto tx = prepare(signer, operation);
        if (!tx) return fail(std::move(tx).error());
        share::sign(*tx, status_.chain_id, *signer.key);
        auto landed = send(*tx);
        if (!landed) return fail(std::move(landed).error());
        // Refused for its nonce, it has done nothing and never will.
        if (left == 0 || landed->code != static_cast<std::int64_t>(ledger::ShareCode::wrong_nonce))
            return landed;
    }
}

}  // namespace tandem::program
