#include "ledger/share_block.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace tandem::ledger {

namespace {

using Done = ShareBlock::Done;

Done refused(ShareCode code, std::string log) {
    return {code, std::move(log), 0};
}

}  // namespace

Bytes version_key(BytesView record_key, std::int64_t version) {
    Bytes key = {'v'};
    base::append(key, record_key);
    key.push_back(0);  // no byte of a shorter key's version is taken for one of its key
    for (int shift = 56; shift >= 0; shift -= 8)
        key.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(version) >> shift));
    return key;
}

template <typename Entry>
std::optional<Entry> ShareBlock::find(const Bytes& key) const {
    const auto changed = changes_.find(key);
    const auto stored = changed == changes_.end() ? tree_.get(key) : changed->second;
    if (!stored) return std::nullopt;
    auto entry = share::decode_entry<Entry>(*stored);
    TANDEM_CHECK(entry.has_value());
    return std::move(*entry);
}

ShareBlock::Done ShareBlock::check(const share::Tx& tx) const {
    crypto::PublicKey key;
    std::uint64_t last_nonce = 0;
    if (tx.member.empty()) {
        const auto entry = find<share::Organisation>(share::organisation_key(tx.organisation));
        if (!entry) return refused(ShareCode::unknown_signer, "there is no such organisation");
        key = entry->admin_key;
        last_nonce = entry->nonce;
    } else {
        const auto entry = find<share::Member>(share::member_key(tx.organisation, tx.member));
        if (!entry || entry->role == share::Role::none)
            return refused(ShareCode::unknown_signer, "there is no such member");
        key = entry->key;
        last_nonce = entry->nonce;
    }
    if (!verifier_.verify(key, share::sign_bytes(facts_.chain_id, tx), tx.signature))
        return refused(ShareCode::bad_signature, "the signature does not verify");
    if (tx.nonce <= last_nonce)
        return refused(ShareCode::wrong_nonce,
                       "the signer has used nonce " + std::to_string(last_nonce));
    return {};
}

void ShareBlock::use_nonce(const share::Tx& tx) {
    if (tx.member.empty()) {
        const Bytes key = share::organisation_key(tx.organisation);
        auto entry = *find<share::Organisation>(key);
        entry.nonce = tx.nonce;
        return set(key, entry);
    }
    const Bytes key = share::member_key(tx.organisation, tx.member);
    auto entry = *find<share::Member>(key);
    entry.nonce = tx.nonce;
    set(key, entry);
}

ShareBlock::Done ShareBlock::execute(const share::Tx& tx) {
    if (Done checked = check(tx); checked.code != ShareCode::ok) return checked;
    use_nonce(tx);
    const bool is_of_member = std::holds_alternative<share::Put>(tx.operation) ||
                              std::holds_alternative<share::Remove>(tx.operation);
    if (is_of_member == tx.member.empty())
        return refused(ShareCode::not_allowed, is_of_member ? "records are written by members"
                                                            : "this is for the admin to do");
    return std::visit([&](const auto& op) { return apply(tx, op); }, tx.operation);
}

ShareBlock::Done ShareBlock::apply(const share::Tx&, const std::monostate&) const {
    return refused(ShareCode::malformed, "there is no operation");
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::SetMember& op) {
    const Bytes key = share::member_key(tx.organisation, op.name);
    share::Member entry = find<share::Member>(key).value_or(share::Member{});
    entry.key = op.key;
    entry.role = op.role;
    set(key, entry);
    return {};
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::RemoveMember& op) {
    const Bytes key = share::member_key(tx.organisation, op.name);
    auto entry = find<share::Member>(key);
    if (!entry || entry->role == share::Role::none)
        return refused(ShareCode::unknown_name, "there is no such member");
    // The entry stays with its nonce: a member of that name and key who comes back must not make
    // his old transactions good again.
    entry->role = share::Role::none;
    set(key, *entry);
    return {};
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::RotateAdmin& op) {
    if (!verifier_.verify(
            op.key, share::admin_proof_bytes(facts_.chain_id, tx.organisation, op.key), op.proof))
        return refused(ShareCode::bad_proof, "the new key's own signature does not verify");
    const Bytes key = share::organisation_key(tx.organisation);
    auto entry = *find<share::Organisation>(key);
    entry.admin_key = op.key;
    set(key, entry);
    return {};
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::SetNamespace& op) {
    for (const std::string& reader : op.readers)
        if (!find<share::Organisation>(share::organisation_key(reader)))
            return refused(ShareCode::unknown_name, "there is no organisation " + reader);
    set(share::namespace_key(tx.organisation, op.name), share::Namespace{op.readers});
    return {};
}

std::size_t ShareBlock::organisations() const {
    std::set<Bytes> keys;
    const Bytes prefix = {'o', '/'};
    tree_.scan(prefix, prefix, [&](BytesView key, BytesView) {
        keys.insert(base::to_bytes(key));
        return true;
    });
    for (const auto& [key, value] : changes_)
        if (value && key.size() > prefix.size() &&
            std::ranges::equal(prefix, BytesView(key).first(2)))
            keys.insert(key);
    return keys.size();  // an organisation never goes
}

bool ShareBlock::has_quorum(const share::Tx& tx) const {
    const Bytes message = share::sign_bytes(facts_.chain_id, tx);
    for (const share::Approval& approval : tx.approvals) {
        if (approval.organisation == tx.organisation) return false;
        const auto entry =
            find<share::Organisation>(share::organisation_key(approval.organisation));
        if (!entry || !verifier_.verify(entry->admin_key, message, approval.signature))
            return false;
    }
    return 3 * (1 + tx.approvals.size()) > 2 * organisations();
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::AddOrganisation& op) {
    const Bytes key = share::organisation_key(op.name);
    if (find<share::Organisation>(key))
        return refused(ShareCode::name_in_use, "there is an organisation of that name");
    if (!has_quorum(tx))
        return refused(ShareCode::no_quorum,
                       "more than two thirds of the organisations have to approve, and every "
                       "approval has to verify");
    if (!verifier_.verify(op.admin_key,
                          share::admin_proof_bytes(facts_.chain_id, op.name, op.admin_key),
                          op.proof))
        return refused(ShareCode::bad_proof, "the new key's own signature does not verify");
    set(key, share::Organisation{op.admin_key, 0});
    return {};
}

ShareBlock::Done ShareBlock::write(const share::Tx& tx, const std::string& name, const Bytes& key,
                                   std::int64_t expected_version, std::optional<Bytes> value) {
    const auto member = find<share::Member>(share::member_key(tx.organisation, tx.member));
    if (!member || member->role != share::Role::writer)
        return refused(ShareCode::not_allowed, "the member is no writer");
    if (!find<share::Namespace>(share::namespace_key(tx.organisation, name)))
        return refused(ShareCode::unknown_namespace, "the organisation has no such namespace");
    const Bytes place = share::record_key(tx.organisation, name, key);
    const auto before = find<share::Record>(place);
    const std::int64_t version = before ? before->version : 0;
    const std::int64_t expected = expected_version == -1 ? 0 : expected_version;
    if (expected_version != 0 && expected != version)
        return refused(ShareCode::version_conflict,
                       "the record has version " + std::to_string(version));
    if (!value && (!before || before->removed))
        return refused(ShareCode::unknown_name, "there is no such record");
    share::Record record;
    record.removed = !value;
    record.value = std::move(value).value_or(Bytes{});
    record.version = version + 1;
    record.height = facts_.height;
    record.time = facts_.time;
    record.member = tx.member;
    if (before) {
        const auto digest = crypto::sha256(share::encode(*before));
        record.previous.assign(digest.begin(), digest.end());
    }
    versions_.push_back({version_key(place, record.version), share::encode(record)});
    set(place, record);
    return {ShareCode::ok, "", record.version};
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::Put& op) {
    return write(tx, op.name, op.key, op.expected_version, op.value);
}

ShareBlock::Done ShareBlock::apply(const share::Tx& tx, const share::Remove& op) {
    return write(tx, op.name, op.key, op.expected_version, std::nullopt);
}

}  // namespace tandem::ledger
