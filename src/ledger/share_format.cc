#include "ledger/share_format.h"

#include <algorithm>
#include <array>

#include "crypto/ed25519.h"
#include "wire/message.h"

namespace tandem::wire {

using namespace ledger::share;  // NOLINT(google-build-using-namespace): the tables read as lists

template <>
struct Described<SetMember> {
    static constexpr std::string_view name = "ShareSetMember";
    static constexpr auto fields =
        std::tuple{field<1>("name", &SetMember::name), field<2>("key", &SetMember::key),
                   field<3>("role", &SetMember::role)};
};
template <>
struct Described<RemoveMember> {
    static constexpr std::string_view name = "ShareRemoveMember";
    static constexpr auto fields = std::tuple{field<1>("name", &RemoveMember::name)};
};
template <>
struct Described<RotateAdmin> {
    static constexpr std::string_view name = "ShareRotateAdmin";
    static constexpr auto fields =
        std::tuple{field<1>("key", &RotateAdmin::key), field<2>("proof", &RotateAdmin::proof)};
};
template <>
struct Described<SetNamespace> {
    static constexpr std::string_view name = "ShareSetNamespace";
    static constexpr auto fields = std::tuple{field<1>("name", &SetNamespace::name),
                                              field<2>("readers", &SetNamespace::readers)};
};
template <>
struct Described<AddOrganisation> {
    static constexpr std::string_view name = "ShareAddOrganisation";
    static constexpr auto fields = std::tuple{field<1>("name", &AddOrganisation::name),
                                              field<2>("admin_key", &AddOrganisation::admin_key),
                                              field<3>("proof", &AddOrganisation::proof)};
};
template <>
struct Described<Put> {
    static constexpr std::string_view name = "SharePut";
    static constexpr auto fields = std::tuple{
        field<1>("name", &Put::name), field<2>("key", &Put::key), field<3>("value", &Put::value),
        field<4>("expected_version", &Put::expected_version)};
};
template <>
struct Described<Remove> {
    static constexpr std::string_view name = "ShareRemove";
    static constexpr auto fields =
        std::tuple{field<1>("name", &Remove::name), field<2>("key", &Remove::key),
                   field<4>("expected_version", &Remove::expected_version)};
};
template <>
struct Described<Approval> {
    static constexpr std::string_view name = "ShareApproval";
    static constexpr auto fields = std::tuple{field<1>("organisation", &Approval::organisation),
                                              field<2>("signature", &Approval::signature)};
};
template <>
struct Described<Tx> {
    static constexpr std::string_view name = "ShareTx";
    static constexpr auto fields =
        std::tuple{field<1>("organisation", &Tx::organisation),
                   field<2>("member", &Tx::member),
                   field<3>("nonce", &Tx::nonce),
                   field<4>("signature", &Tx::signature),
                   field<5>("approvals", &Tx::approvals),
                   one_of<11, 12, 13, 14, 15, 21, 22>(
                       "operation", &Tx::operation, "set_member", "remove_member", "rotate_admin",
                       "set_namespace", "add_organisation", "put", "remove")};
};
template <>
struct Described<Organisation> {
    static constexpr std::string_view name = "ShareOrganisation";
    static constexpr auto fields = std::tuple{field<1>("admin_key", &Organisation::admin_key),
                                              field<2>("nonce", &Organisation::nonce)};
};
template <>
struct Described<Member> {
    static constexpr std::string_view name = "ShareMember";
    static constexpr auto fields =
        std::tuple{field<1>("key", &Member::key), field<2>("role", &Member::role),
                   field<3>("nonce", &Member::nonce)};
};
template <>
struct Described<Namespace> {
    static constexpr std::string_view name = "ShareNamespace";
    static constexpr auto fields = std::tuple{field<1>("readers", &Namespace::readers)};
};
template <>
struct Described<Record> {
    static constexpr std::string_view name = "ShareRecord";
    static constexpr auto fields =
        std::tuple{field<1>("value", &Record::value),      field<2>("removed", &Record::removed),
                   field<3>("version", &Record::version),  field<4>("height", &Record::height),
                   field<5>("time", &Record::time),        field<6>("member", &Record::member),
                   field<7>("previous", &Record::previous)};
};

}  // namespace tandem::wire

namespace tandem::ledger::share {

namespace {

using base::refuse;

constexpr std::array<std::uint8_t, 5> preamble = {0x00, 'T', 'S', 'H', 1};

bool is_key(const crypto::PublicKey& key) {
    return key.type == crypto::KeyType::ed25519 &&
           key.bytes.size() == crypto::public_key_size(crypto::KeyType::ed25519);
}
bool is_signature(const Bytes& bytes) {
    return bytes.size() == crypto::ed25519_signature_size;
}
bool is_sorted_names(const std::vector<std::string>& names, std::size_t names_max) {
    return names.size() <= names_max && std::ranges::all_of(names, is_name) &&
           std::ranges::adjacent_find(names, std::ranges::greater_equal()) == names.end();
}

/// Whether an operation says something: lengths, names and kinds of keys.
struct IsWellFormed {
    bool operator()(const std::monostate&) const { return false; }
    bool operator()(const SetMember& op) const {
        return is_name(op.name) && is_key(op.key) &&
               (op.role == Role::reader || op.role == Role::writer);
    }
    bool operator()(const RemoveMember& op) const { return is_name(op.name); }
    bool operator()(const RotateAdmin& op) const {
        return is_key(op.key) && is_signature(op.proof);
    }
    bool operator()(const SetNamespace& op) const {
        return is_name(op.name) && is_sorted_names(op.readers, readers_max);
    }
    bool operator()(const AddOrganisation& op) const {
        return is_name(op.name) && is_key(op.admin_key) && is_signature(op.proof);
    }
    bool operator()(const Put& op) const {
        return is_name(op.name) && !op.key.empty() && op.key.size() <= key_bytes_max &&
               op.value.size() <= value_bytes_max && op.expected_version >= -1;
    }
    bool operator()(const Remove& op) const {
        return is_name(op.name) && !op.key.empty() && op.key.size() <= key_bytes_max &&
               op.expected_version >= -1;
    }
};

void append_text(Bytes& to, std::string_view text) {
    to.push_back(static_cast<std::uint8_t>(text.size() >> 8U));
    to.push_back(static_cast<std::uint8_t>(text.size() & 0xffU));
    base::append(to, base::as_bytes(text));
}

Bytes signed_prefix(std::string_view domain, std::string_view chain_id) {
    Bytes bytes;
    append_text(bytes, domain);
    append_text(bytes, chain_id);
    return bytes;
}

Bytes entry_key(std::uint8_t kind, std::initializer_list<std::string_view> names) {
    Bytes key = {kind};
    for (const std::string_view name : names) {
        key.push_back('/');
        base::append(key, base::as_bytes(name));
    }
    return key;
}

}  // namespace

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
}

Bytes encode(const Tx& tx) {
    Bytes bytes(preamble.begin(), preamble.end());
    base::append(bytes, wire::encode(tx));
    return bytes;
}

base::Result<Tx> decode_tx(BytesView bytes) {
    if (bytes.size() > tx_bytes_max) return refuse("share.tx", "the transaction is too long");
    if (bytes.size() < preamble.size() || !base::equal(bytes.first(preamble.size()), preamble))
        return refuse("share.tx", "no transaction of this application");
    auto tx = wire::decode<Tx>(bytes.subspan(preamble.size()));
    if (!tx) return refuse("share.tx", tx.error().to_refusal().why);
    const bool names_hold =
        is_name(tx->organisation) && (tx->member.empty() || is_name(tx->member));
    const bool approvals_hold =
        tx->approvals.size() <= approvals_max &&
        std::ranges::all_of(tx->approvals,
                            [](const Approval& approval) {
                                return is_name(approval.organisation) &&
                                       is_signature(approval.signature);
                            }) &&
        std::ranges::adjacent_find(tx->approvals, std::ranges::greater_equal(),
                                   &Approval::organisation) == tx->approvals.end();
    if (!names_hold || !approvals_hold || tx->nonce == 0 || !is_signature(tx->signature) ||
        !std::visit(IsWellFormed{}, tx->operation))
        return refuse("share.tx", "a name, key, length or number is out of bounds");
    if (!base::equal(encode(*tx), bytes))
        return refuse("share.tx", "is not written in the one way it may be");
    return std::move(*tx);
}

Bytes sign_bytes(std::string_view chain_id, const Tx& tx) {
    Tx unsigned_tx = tx;
    unsigned_tx.signature.clear();
    unsigned_tx.approvals.clear();
    Bytes bytes = signed_prefix("tandem/share/1", chain_id);
    base::append(bytes, wire::encode(unsigned_tx));
    return bytes;
}

Bytes admin_proof_bytes(std::string_view chain_id, std::string_view organisation,
                        const crypto::PublicKey& key) {
    Bytes bytes = signed_prefix("tandem/share-admin/1", chain_id);
    append_text(bytes, organisation);
    base::append(bytes, base::view(key.bytes));
    return bytes;
}

Bytes query_sign_bytes(std::string_view chain_id, std::string_view path, BytesView data,
                       std::int64_t height) {
    Bytes bytes = signed_prefix("tandem/share-query/1", chain_id);
    append_text(bytes, path);
    append_text(bytes, std::to_string(height));
    base::append(bytes, data);
    return bytes;
}

Bytes encode(const Organisation& entry) {
    return wire::encode(entry);
}
Bytes encode(const Member& entry) {
    return wire::encode(entry);
}
Bytes encode(const Namespace& entry) {
    return wire::encode(entry);
}
Bytes encode(const Record& entry) {
    return wire::encode(entry);
}

template <typename Entry>
base::Result<Entry> decode_entry(BytesView bytes) {
    auto entry = wire::decode<Entry>(bytes);
    if (!entry) return std::unexpected(entry.error().to_refusal());
    return std::move(*entry);
}
template base::Result<Organisation> decode_entry(BytesView);
template base::Result<Member> decode_entry(BytesView);
template base::Result<Namespace> decode_entry(BytesView);
template base::Result<Record> decode_entry(BytesView);

Bytes organisation_key(std::string_view organisation) {
    return entry_key('o', {organisation});
}
Bytes member_key(std::string_view organisation, std::string_view member) {
    return entry_key('m', {organisation, member});
}
Bytes namespace_key(std::string_view organisation, std::string_view name) {
    return entry_key('n', {organisation, name});
}
Bytes record_key(std::string_view organisation, std::string_view name, BytesView key) {
    return entry_key('r', {organisation, name, base::as_text(key)});
}

}  // namespace tandem::ledger::share
