// The transactions and entries of `share` (docs/formats/share.md): plain data, their bytes, and
// what signatures cover.
//
// There is one way to write each: a transaction that reads differently from how it would be written
// is malformed, so its hash names its content.
#pragma once
#include <variant>

#include "abci/types.h"

namespace tandem::ledger::share {

using base::Bytes;
using base::BytesView;

inline constexpr std::size_t name_bytes_max = 64;
inline constexpr std::size_t key_bytes_max = 256;
inline constexpr std::size_t value_bytes_max = 262'144;
inline constexpr std::size_t readers_max = 256;
inline constexpr std::size_t approvals_max = 1024;
inline constexpr std::size_t tx_bytes_max = value_bytes_max + 65'536;

/// What a member key may do. Numbers on the wire.
enum class Role : std::int32_t { none = 0, reader = 1, writer = 2 };

// ---- Operations. The first group is the admin's, the second that of members who write.
struct SetMember {  // adds one, or gives it another key or role
    std::string name;
    crypto::PublicKey key;
    Role role = Role::none;
    bool operator==(const SetMember&) const = default;
};
struct RemoveMember {
    std::string name;
    bool operator==(const RemoveMember&) const = default;
};
struct RotateAdmin {
    crypto::PublicKey key;
    Bytes proof;  // the new key's signature
    bool operator==(const RotateAdmin&) const = default;
};
struct SetNamespace {
    std::string name;
    std::vector<std::string> readers;  // organisations, sorted; none: everybody reads
    bool operator==(const SetNamespace&) const = default;
};
struct AddOrganisation {  // needs approvals of more than two thirds of the organisations
    std::string name;
    crypto::PublicKey admin_key;
    Bytes proof;  // the new admin key's signature
    bool operator==(const AddOrganisation&) const = default;
};
struct Put {
    std::string name;  // of the namespace
    Bytes key;
    Bytes value;
    std::int64_t expected_version = 0;  // 0: any; -1: there is none yet
    bool operator==(const Put&) const = default;
};
struct Remove {
    std::string name;
    Bytes key;
    std::int64_t expected_version = 0;
    bool operator==(const Remove&) const = default;
};

using Operation = std::variant<std::monostate, SetMember, RemoveMember, RotateAdmin, SetNamespace,
                               AddOrganisation, Put, Remove>;

struct Approval {
    std::string organisation;
    Bytes signature;  // by its admin key
    bool operator==(const Approval&) const = default;
};

struct Tx {
    std::string organisation;
    std::string member;       // empty: the admin
    std::uint64_t nonce = 0;  // above every nonce that this signer used before
    Bytes signature;
    std::vector<Approval> approvals;  // of other organisations, sorted by name
    Operation operation;
    bool operator==(const Tx&) const = default;
};

[[nodiscard]] Bytes encode(const Tx& tx);
/// Refused as malformed: what is too long, names nothing, or is written in another way.
[[nodiscard]] base::Result<Tx> decode_tx(BytesView bytes);
/// What signature and approvals cover: everything but these.
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const Tx& tx);
/// What a new admin key signs.
[[nodiscard]] Bytes admin_proof_bytes(std::string_view chain_id, std::string_view organisation,
                                      const crypto::PublicKey& key);
/// What a reader of a restricted namespace signs.
[[nodiscard]] Bytes query_sign_bytes(std::string_view chain_id, std::string_view path,
                                     BytesView data, std::int64_t height);

/// 1 to 64 of a-z, 0-9, "-", "_", ".".
[[nodiscard]] bool is_name(std::string_view name);

// ---- Entries of the state, as proofs are about them.
struct Organisation {
    crypto::PublicKey admin_key;
    std::uint64_t nonce = 0;
    bool operator==(const Organisation&) const = default;
};
struct Member {
    crypto::PublicKey key;
    Role role = Role::none;  // none: was removed
    std::uint64_t nonce = 0;
    bool operator==(const Member&) const = default;
};
struct Namespace {
    std::vector<std::string> readers;
    bool operator==(const Namespace&) const = default;
};
struct Record {
    Bytes value;
    bool removed = false;
    std::int64_t version = 0;  // from 1
    std::int64_t height = 0;   // of the block that wrote it
    types::Timestamp time;     // of that block
    std::string member;        // who wrote it
    Bytes previous;            // SHA-256 of the version before; empty for the first
    bool operator==(const Record&) const = default;
};

[[nodiscard]] Bytes encode(const Organisation& entry);
[[nodiscard]] Bytes encode(const Member& entry);
[[nodiscard]] Bytes encode(const Namespace& entry);
[[nodiscard]] Bytes encode(const Record& entry);
template <typename Entry>
[[nodiscard]] base::Result<Entry> decode_entry(BytesView bytes);

// ---- Keys of entries in the tree.
[[nodiscard]] Bytes organisation_key(std::string_view organisation);
[[nodiscard]] Bytes member_key(std::string_view organisation, std::string_view member);
[[nodiscard]] Bytes namespace_key(std::string_view organisation, std::string_view name);
[[nodiscard]] Bytes record_key(std::string_view organisation, std::string_view name, BytesView key);

}  // namespace tandem::ledger::share
