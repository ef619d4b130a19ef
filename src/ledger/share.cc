#include "ledger/share.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "base/check.h"
#include "ledger/share_block.h"
#include "wire/json_read.h"
#include "wire/utf8.h"

namespace tandem::ledger {

namespace {

using base::refuse;
using wire::JsonKind;
using wire::JsonValue;

constexpr std::string_view codespace = "share";
constexpr std::string_view position_key = "position";
constexpr std::uint64_t app_version = 1;

/// Keys are bytes of any kind; as an event's text they stand as they are if they are text.
std::string shown(BytesView key) {
    std::string_view text = base::as_text(key);
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = wire::utf8_length(rest);
        if (length == 0) return "0x" + base::to_hex(key);
        rest.remove_prefix(length);
    }
    return std::string(text);
}

abci::Event event_of(const share::Tx& tx) {
    constexpr std::array<std::string_view, 8> actions = {
        "none",          "set_member",       "remove_member", "rotate_admin",
        "set_namespace", "add_organisation", "put",           "remove"};
    abci::Event event{"share",
                      {{"organisation", tx.organisation, true},
                       {"action", std::string(actions.at(tx.operation.index())), true}}};
    if (!tx.member.empty()) event.attributes.push_back({"member", tx.member, true});
    const auto place = [&](const std::string& name, const Bytes& key) {
        event.attributes.push_back({"namespace", tx.organisation + '/' + name, true});
        event.attributes.push_back({"key", shown(key), true});
    };
    if (const auto* put = std::get_if<share::Put>(&tx.operation)) place(put->name, put->key);
    if (const auto* remove = std::get_if<share::Remove>(&tx.operation))
        place(remove->name, remove->key);
    return event;
}

Bytes position_bytes(std::int64_t height, std::string_view chain_id) {
    const std::string text = std::to_string(height) + ' ' + std::string(chain_id);
    return base::to_bytes(base::as_bytes(text));
}

// ---- Genesis

/// The member of an object, or nothing.
std::optional<JsonValue> member_of(const JsonValue& object, std::string_view name) {
    std::optional<JsonValue> found;
    if (object.kind() == JsonKind::object)
        for (const wire::JsonMember member : object.members())
            if (member.name.string_is(name)) found = member.value;
    return found;
}

base::Result<std::string> text_at(const JsonValue& object, std::string_view name) {
    const auto value = member_of(object, name);
    if (!value || value->kind() != JsonKind::string)
        return refuse(
            "app_state." + std::string(name),
            "line " + std::to_string(object.line()) + ": a text is missing: " + std::string(name));
    return value->string();
}

base::Result<std::string> name_at(const JsonValue& object) {
    auto name = text_at(object, "name");
    if (name && !share::is_name(*name))
        return refuse("app_state.name",
                      "line " + std::to_string(object.line()) + ": \"" + *name +
                          "\" is no name: 1 to 64 of a-z, 0-9, \"-\", \"_\" and \".\"");
    return name;
}

base::Result<crypto::PublicKey> key_at(const JsonValue& object, std::string_view name) {
    const auto text = text_at(object, name);
    if (!text) return std::unexpected(text.error());
    const auto bytes = base::from_base64(*text);
    if (!bytes || bytes->size() != crypto::public_key_size(crypto::KeyType::ed25519))
        return refuse("app_state." + std::string(name), "line " + std::to_string(object.line()) +
                                                            ": " + std::string(name) +
                                                            " is no Ed25519 key in base64");
    crypto::PublicKey key{crypto::KeyType::ed25519, {}};
    key.bytes.assign(bytes->begin(), bytes->end());
    return key;
}

/// Calls `read` for each element of a list that may be left out.
template <typename Read>
base::Verdict for_each(const JsonValue& object, std::string_view name, Read read) {
    const auto list = member_of(object, name);
    if (!list || list->is_null()) return {};
    if (list->kind() != JsonKind::array)
        return refuse("app_state." + std::string(name), std::string(name) + " is no list");
    for (const JsonValue element : list->elements()) TANDEM_TRY(read(element));
    return {};
}

base::Verdict read_member(EntryChanges& entries, const std::string& organisation,
                          const JsonValue& json) {
    const auto name = name_at(json);
    if (!name) return std::unexpected(name.error());
    const auto key = key_at(json, "key");
    if (!key) return std::unexpected(key.error());
    const auto role = text_at(json, "role");
    if (!role) return std::unexpected(role.error());
    if (*role != "reader" && *role != "writer")
        return refuse("app_state.role", "a role is \"reader\" or \"writer\", not \"" + *role + '"');
    const share::Member member{*key, *role == "writer" ? share::Role::writer : share::Role::reader,
                               0};
    if (!entries.emplace(share::member_key(organisation, *name), share::encode(member)).second)
        return refuse("app_state.members", *name + " is there twice");
    return {};
}

base::Verdict read_namespace(EntryChanges& entries, const std::string& organisation,
                             const JsonValue& json) {
    const auto name = name_at(json);
    if (!name) return std::unexpected(name.error());
    share::Namespace entry;
    TANDEM_TRY(for_each(json, "readers", [&](const JsonValue& reader) -> base::Verdict {
        if (reader.kind() != JsonKind::string || !share::is_name(reader.string()))
            return refuse("app_state.readers", "a reader is the name of an organisation");
        entry.readers.push_back(reader.string());
        return {};
    }));
    std::ranges::sort(entry.readers);
    if (!entries.emplace(share::namespace_key(organisation, *name), share::encode(entry)).second)
        return refuse("app_state.namespaces", *name + " is there twice");
    return {};
}

base::Verdict read_organisation(EntryChanges& entries, const JsonValue& json) {
    const auto name = name_at(json);
    if (!name) return std::unexpected(name.error());
    const auto key = key_at(json, "admin_key");
    if (!key) return std::unexpected(key.error());
    if (!entries
             .emplace(share::organisation_key(*name), share::encode(share::Organisation{*key, 0}))
             .second)
        return refuse("app_state.organisations", *name + " is there twice");
    TANDEM_TRY(for_each(json, "members", [&](const JsonValue& member) {
        return read_member(entries, *name, member);
    }));
    return for_each(json, "namespaces",
                    [&](const JsonValue& space) { return read_namespace(entries, *name, space); });
}

Storage& without_leftovers(Storage& storage) {
    ShareRestore::undo_unfinished(storage);
    return storage;
}

}  // namespace

base::Result<EntryChanges> share_genesis(BytesView app_state) {
    EntryChanges entries;
    if (app_state.empty()) return entries;
    const auto json = wire::parse_json(base::as_text(app_state));
    if (!json) return std::unexpected(json.error());
    TANDEM_TRY(for_each(*json, "organisations", [&](const JsonValue& organisation) {
        return read_organisation(entries, organisation);
    }));
    return entries;
}

Share::Share(Storage& storage, const crypto::Verifier& verifier, ShareSettings settings)
    : storage_(without_leftovers(storage)),
      verifier_(verifier),
      tree_(storage_),
      expected_chain_id_(std::move(settings.chain_id)),
      snapshots_(storage_, settings.snapshots),
      restore_(storage_, tree_) {
    const auto stored = storage_.get(base::as_bytes(position_key));
    if (!stored) return;
    const std::string_view text = base::as_text(*stored);
    const std::size_t blank = text.find(' ');
    TANDEM_CHECK(blank != std::string_view::npos);
    const char* const end = std::next(text.begin(), static_cast<std::ptrdiff_t>(blank));
    const auto read = std::from_chars(text.begin(), end, height_);
    TANDEM_CHECK(read.ec == std::errc() && read.ptr == end);
    chain_id_ = text.substr(blank + 1);
}

abci::ResponseInfo Share::info(const abci::RequestInfo&) {
    // Before the first block an engine asks for InitChain, whose hash counts then.
    return {"share", "1", app_version, height_, Bytes(tree_.root().begin(), tree_.root().end())};
}

abci::ResponseQuery Share::query(const abci::RequestQuery& request) {
    if (restore_.runs()) {  // nothing of what is there was proved yet
        abci::ResponseQuery answer;
        answer.code = static_cast<std::uint32_t>(ShareCode::bad_query);
        answer.codespace = codespace;
        answer.log = "a snapshot is being restored";
        return answer;
    }
    return share_query(storage_, tree_, verifier_, chain_id_, height_, request);
}

abci::ResponseCheckTx Share::check_tx(const abci::RequestCheckTx& request) {
    abci::ResponseCheckTx answer;
    if (restore_.runs()) {
        answer.code = static_cast<std::uint32_t>(ShareCode::unknown_signer);
        answer.codespace = codespace;
        answer.log = "a snapshot is being restored";
        return answer;
    }
    const auto tx = share::decode_tx(request.tx);
    const ShareBlock block(tree_, verifier_, {chain_id_, height_ + 1, {}});
    const ShareBlock::Done done =
        tx ? block.check(*tx) : ShareBlock::Done{ShareCode::malformed, tx.error().why, 0};
    answer.code = static_cast<std::uint32_t>(done.code);
    answer.log = done.log;
    if (answer.code != 0) answer.codespace = codespace;
    answer.gas_wanted = 1;
    return answer;
}

abci::ResponseInitChain Share::init_chain(const abci::RequestInitChain& request) {
    const auto entries = share_genesis(request.app_state_bytes);
    TANDEM_CHECK(entries.has_value());  // whoever starts the node has asked share_genesis before
    chain_id_ = request.chain_id;
    auto outcome = tree_.outcome_of(*entries);
    tree_.apply(outcome);
    outcome.writes.push_back(
        {base::to_bytes(base::as_bytes(position_key)), position_bytes(0, chain_id_)});
    storage_.write(std::move(outcome.writes));
    abci::ResponseInitChain answer;
    answer.app_hash.assign(tree_.root().begin(), tree_.root().end());
    return answer;
}

abci::ResponsePrepareProposal Share::prepare_proposal(const abci::RequestPrepareProposal& request) {
    std::vector<BytesView> txs;
    for (const BytesView tx : request.txs)
        if (share::decode_tx(tx)) txs.push_back(tx);
    return {wire::Txs::copy_of(txs)};
}

abci::ResponseProcessProposal Share::process_proposal(const abci::RequestProcessProposal& request) {
    const bool readable = std::ranges::all_of(
        request.txs, [](BytesView tx) { return share::decode_tx(tx).has_value(); });
    return {readable ? abci::ProposalStatus::accept : abci::ProposalStatus::reject};
}

abci::ResponseFinalizeBlock Share::finalize_block(const abci::RequestFinalizeBlock& request) {
    ShareBlock block(tree_, verifier_, {chain_id_, request.height, request.time});
    abci::ResponseFinalizeBlock answer;
    for (const BytesView bytes : request.txs) {
        abci::ExecTxResult& result = answer.tx_results.emplace_back();
        result.gas_wanted = 1;
        const auto tx = share::decode_tx(bytes);
        const ShareBlock::Done done =
            tx ? block.execute(*tx) : ShareBlock::Done{ShareCode::malformed, tx.error().why, 0};
        result.code = static_cast<std::uint32_t>(done.code);
        result.log = done.log;
        if (result.code != 0) {
            result.codespace = codespace;
            continue;
        }
        result.events = {event_of(*tx)};
        if (done.version == 0) continue;
        const std::string version = std::to_string(done.version);
        result.data = base::to_bytes(base::as_bytes("{\"version\":\"" + version + "\"}"));
        result.events[0].attributes.push_back({"version", version, true});
    }
    pending_ = {request.height, tree_.outcome_of(block.changes()), block.take_versions()};
    const auto& root = pending_.outcome.root;
    answer.app_hash.assign(root.begin(), root.end());
    return answer;
}

abci::ResponseCommit Share::commit(const abci::RequestCommit&) {
    height_ = pending_.height;
    tree_.apply(pending_.outcome);
    std::vector<Change> writes = std::move(pending_.outcome.writes);
    std::ranges::move(pending_.versions, std::back_inserter(writes));
    writes.push_back(
        {base::to_bytes(base::as_bytes(position_key)), position_bytes(height_, chain_id_)});
    storage_.write(std::move(writes));
    pending_ = {};
    snapshots_.committed(height_, chain_id_);
    return {};
}

abci::ResponseExtendVote Share::extend_vote(const abci::RequestExtendVote&) {
    return {};
}
abci::ResponseVerifyVoteExtension Share::verify_vote_extension(
    const abci::RequestVerifyVoteExtension&) {
    return {abci::ExtensionStatus::accept};
}

// ---- Snapshots

abci::ResponseListSnapshots Share::list_snapshots(const abci::RequestListSnapshots&) {
    return snapshots_.list();
}
abci::ResponseLoadSnapshotChunk Share::load_snapshot_chunk(
    const abci::RequestLoadSnapshotChunk& request) {
    return {snapshots_.chunk(request)};
}

/// An engine offers one only where it has no state itself, so whatever is here goes.
abci::ResponseOfferSnapshot Share::offer_snapshot(const abci::RequestOfferSnapshot& request) {
    const auto answer = restore_.begin(request, expected_chain_id_);
    if (answer != abci::OfferSnapshotResult::accept) return {answer};
    height_ = 0;
    chain_id_.clear();
    pending_ = {};
    snapshots_.clear();
    return {answer};
}

abci::ResponseApplySnapshotChunk Share::apply_snapshot_chunk(
    const abci::RequestApplySnapshotChunk& request) {
    return restore_.apply(request, [this](std::int64_t height, const std::string& chain_id) {
        height_ = height;
        chain_id_ = chain_id;
        return Change{base::to_bytes(base::as_bytes(position_key)),
                      position_bytes(height, chain_id)};
    });
}

}  // namespace tandem::ledger
