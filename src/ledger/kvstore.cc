#include "ledger/kvstore.h"

#include <charconv>

#include "base/check.h"
#include "crypto/public_key.h"
#include "wire/framing.h"
#include "wire/message.h"

namespace tandem::ledger {

namespace {

constexpr std::string_view validator_prefix = "val=";
constexpr std::string_view value_prefix = "kvPairKey:";
constexpr std::string_view position_key = "position";
constexpr std::size_t app_hash_bytes = 8;  // a varint of fewer than 2^55 transactions fits
constexpr std::uint64_t app_version = 1;

Bytes prefixed(std::string_view prefix, BytesView rest) {
    Bytes key = base::to_bytes(base::as_bytes(prefix));
    base::append(key, rest);
    return key;
}

Bytes position_bytes(std::int64_t txs, std::int64_t height) {
    return base::to_bytes(base::as_bytes(std::to_string(txs) + ' ' + std::to_string(height)));
}

bool is_validator_tx(std::string_view tx) {
    return tx.starts_with(validator_prefix);
}

/// `key=value` or `key:value`: one separator in all, with something on both sides.
bool is_pair(std::string_view tx) {
    if (std::ranges::count(tx, '=') + std::ranges::count(tx, ':') != 1) return false;
    const auto ends_a_part = [](char c) { return c == '=' || c == ':'; };
    return !ends_a_part(tx.front()) && !ends_a_part(tx.back());
}

bool is_valid(std::string_view tx) {
    return is_validator_tx(tx) ? validator_update_of(base::as_bytes(tx)).has_value() : is_pair(tx);
}

abci::Event app_event(std::string_view creator, std::string_view key) {
    return {"app",
            {{"creator", std::string(creator), true},
             {"key", std::string(key), true},
             {"index_key", "index is working", true},
             {"noindex_key", "index is working", false}}};
}

struct Pair {
    std::string_view key, value;
};

/// As events show it; of a transaction that is not one pair, all of it twice.
Pair pair_of(std::string_view tx) {
    const auto at = tx.find('=');
    if (at == std::string_view::npos || tx.find('=', at + 1) != std::string_view::npos)
        return {tx, tx};
    return {tx.substr(0, at), tx.substr(at + 1)};
}

/// As Go's ParseInt reads decimal numbers: a sign of either kind may stand in front.
std::optional<std::int64_t> decimal(std::string_view text) {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('-')) return std::nullopt;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::optional<abci::ValidatorUpdate> validator_update_of(BytesView tx) {
    std::string_view text = base::as_text(tx);
    if (!is_validator_tx(text)) return std::nullopt;
    text.remove_prefix(validator_prefix.size());
    const auto first = text.find('!');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = text.find('!', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto bytes = base::from_base64(text.substr(first + 1, second - first - 1));
    const auto power = decimal(text.substr(second + 1));
    if (!bytes || !power || *power < 0) return std::nullopt;
    const std::string_view kind = text.substr(0, first);
    const auto type = kind.empty() ? crypto::KeyType::ed25519 : crypto::key_type_from_name(kind);
    if (!type || bytes->size() != crypto::public_key_size(*type)) return std::nullopt;
    abci::ValidatorUpdate update;
    update.pub_key.type = *type;
    update.pub_key.bytes.assign(bytes->begin(), bytes->end());
    update.power = *power;
    return update;
}

KvStore::KvStore(Storage& storage, KvStoreOptions options) : storage_(storage), options_(options) {
    const auto stored = storage_.get(base::as_bytes(position_key));
    if (!stored) return;
    const std::string_view text = base::as_text(*stored);
    const auto blank = text.find(' ');
    TANDEM_CHECK(blank != std::string_view::npos);
    const auto txs = decimal(text.substr(0, blank));
    const auto height = decimal(text.substr(blank + 1));
    TANDEM_CHECK(txs && height);
    committed_ = finalized_ = {*txs, *height};
}

Bytes KvStore::app_hash(const Position& position) {
    Bytes hash;
    for (auto rest = static_cast<std::uint64_t>(position.txs) << 1U;; rest >>= 7U) {
        hash.push_back(static_cast<std::uint8_t>((rest & 0x7fU) | (rest > 0x7fU ? 0x80U : 0U)));
        if (rest <= 0x7fU) break;
    }
    TANDEM_CHECK(hash.size() <= app_hash_bytes);
    hash.resize(app_hash_bytes);
    return hash;
}

abci::ResponseInfo KvStore::info(const abci::RequestInfo&) {
    return {"{\"size\":" + std::to_string(committed_.txs) + "}", "2.0.0", app_version,
            committed_.height, app_hash(committed_)};
}

abci::ResponseQuery KvStore::query(const abci::RequestQuery& request) {
    abci::ResponseQuery answer;
    answer.key = request.data;
    if (request.path == "/val") {
        answer.value = storage_.get(prefixed(validator_prefix, request.data)).value_or(Bytes{});
        return answer;
    }
    const auto value = storage_.get(prefixed(value_prefix, request.data));
    answer.log = value ? "exists" : "does not exist";
    answer.value = value.value_or(Bytes{});
    answer.height = committed_.height;
    if (request.prove) answer.index = -1;  // the mark of a proof that does not come
    return answer;
}

abci::ResponseCheckTx KvStore::check_tx(const abci::RequestCheckTx& request) {
    abci::ResponseCheckTx answer;
    if (is_valid(base::as_text(request.tx)))
        answer.gas_wanted = 1;
    else
        answer.code = static_cast<std::uint32_t>(KvStoreCode::invalid_tx_format);
    return answer;
}

abci::ResponseInitChain KvStore::init_chain(const abci::RequestInitChain& request) {
    staged_.clear();
    for (const abci::ValidatorUpdate& validator : request.validators) stage_validator(validator);
    storage_.write(std::exchange(staged_, {}));
    abci::ResponseInitChain answer;
    answer.app_hash = app_hash(committed_);
    return answer;
}

abci::ResponsePrepareProposal KvStore::prepare_proposal(
    const abci::RequestPrepareProposal& request) {
    std::vector<Bytes> txs;
    for (const BytesView candidate : request.txs) {
        if (!is_valid(base::as_text(candidate))) continue;
        Bytes& tx = txs.emplace_back(base::to_bytes(candidate));
        const auto colon = std::ranges::find(tx, std::uint8_t{':'});
        if (colon != tx.end()) *colon = '=';
    }
    return {wire::Txs::copy_of(txs)};
}

abci::ResponseProcessProposal KvStore::process_proposal(
    const abci::RequestProcessProposal& request) {
    const bool valid =
        std::ranges::all_of(request.txs, [](BytesView tx) { return is_valid(base::as_text(tx)); });
    return {valid ? abci::ProposalStatus::accept : abci::ProposalStatus::reject};
}

abci::ResponseExtendVote KvStore::extend_vote(const abci::RequestExtendVote&) {
    return {};
}

abci::ResponseVerifyVoteExtension KvStore::verify_vote_extension(
    const abci::RequestVerifyVoteExtension&) {
    return {abci::ExtensionStatus::accept};
}

std::optional<crypto::PublicKey> KvStore::key_with_address(BytesView address) const {
    std::optional<crypto::PublicKey> found;
    const BytesView prefix = base::as_bytes(validator_prefix);
    storage_.scan(prefix, prefix, [&](BytesView, BytesView value) {
        const wire::Frame frame = wire::next_frame(value, value.size());
        TANDEM_CHECK(frame.state == wire::FrameState::complete);
        const auto update = wire::decode<abci::ValidatorUpdate>(frame.body);
        TANDEM_CHECK(update.has_value());
        if (!base::equal(base::view(crypto::address(update->pub_key)), address)) return true;
        found = update->pub_key;
        return false;
    });
    return found;
}

void KvStore::stage_validator(const abci::ValidatorUpdate& update) {
    Change change{prefixed(validator_prefix, base::view(update.pub_key.bytes)), std::nullopt};
    if (update.power != 0) change.value = wire::encode_delimited(update);
    staged_.push_back(std::move(change));
}

abci::ExecTxResult KvStore::execute(BytesView tx, abci::ResponseFinalizeBlock& answer) {
    const std::string_view text = base::as_text(tx);
    const auto [key, value] = pair_of(text);
    if (is_validator_tx(text)) {
        // A proposal with an unreadable one is not accepted; a set of liars may still decide it.
        if (const auto update = validator_update_of(tx)) {
            answer.validator_updates.push_back(*update);
            stage_validator(*update);
        }
    } else if (is_pair(text) && text.contains('=')) {
        staged_.push_back(
            {prefixed(value_prefix, base::as_bytes(key)), base::to_bytes(base::as_bytes(value))});
    }
    abci::ExecTxResult result;
    result.events = {app_event("Cosmoshi Netowoko", key), app_event("Cosmoshi", value)};
    return result;
}

abci::ResponseFinalizeBlock KvStore::finalize_block(const abci::RequestFinalizeBlock& request) {
    staged_.clear();
    finalized_ = committed_;
    abci::ResponseFinalizeBlock answer;
    for (const abci::Misbehavior& misbehavior : request.misbehavior) {
        if (misbehavior.type != abci::MisbehaviorType::duplicate_vote) continue;
        const auto key = key_with_address(base::view(misbehavior.validator.address));
        if (!key) continue;  // taken out since then
        answer.validator_updates.push_back({*key, misbehavior.validator.power - 1});
        stage_validator(answer.validator_updates.back());
    }
    for (const BytesView tx : request.txs) {
        answer.tx_results.push_back(execute(tx, answer));
        ++finalized_.txs;
    }
    finalized_.height = request.height;
    answer.app_hash = app_hash(finalized_);
    return answer;
}

abci::ResponseCommit KvStore::commit(const abci::RequestCommit&) {
    committed_ = finalized_;
    staged_.push_back({base::to_bytes(base::as_bytes(position_key)),
                       position_bytes(committed_.txs, committed_.height)});
    storage_.write(std::exchange(staged_, {}));
    if (options_.retain_blocks <= 0 || committed_.height < options_.retain_blocks) return {};
    return {committed_.height - options_.retain_blocks + 1};
}

abci::ResponseListSnapshots KvStore::list_snapshots(const abci::RequestListSnapshots&) {
    return {};
}

abci::ResponseOfferSnapshot KvStore::offer_snapshot(const abci::RequestOfferSnapshot&) {
    return {abci::OfferSnapshotResult::abort};
}

abci::ResponseLoadSnapshotChunk KvStore::load_snapshot_chunk(
    const abci::RequestLoadSnapshotChunk&) {
    return {};
}

abci::ResponseApplySnapshotChunk KvStore::apply_snapshot_chunk(
    const abci::RequestApplySnapshotChunk&) {
    return {abci::ApplySnapshotChunkResult::abort, {}, {}};
}

}  // namespace tandem::ledger
