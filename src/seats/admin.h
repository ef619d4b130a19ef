// Operations on chain: signed transactions by which an organisation handles its seat, and the
// consortium its seats and parameters (seats page, section 7; docs/formats/admin-transaction.md).
//
// They stand directly after the record. One that fails is answered with a code that says why; it
// never makes a block invalid. A transaction with a good signature, the next nonce and an expiry
// not yet passed uses up its nonce, also when it is refused; otherwise a refusal changes nothing.
#pragma once
#include <variant>

#include "crypto/verifier.h"
#include "seats/state.h"

namespace tandem::seats {

/// A node as it asks to be registered. Both keys prove themselves over chain id, seat id, node
/// name and both public keys.
struct NodeRegistration {
    std::string name;
    PublicKey consensus_key;
    PublicKey liveness_key;
    Bytes consensus_proof;
    Bytes liveness_proof;

    bool operator==(const NodeRegistration&) const = default;
};

// ---- Signed by the seat's admin key.
struct Switchover {
    std::string to;  // the standby's name
    bool operator==(const Switchover&) const = default;
};
struct Pause {
    bool operator==(const Pause&) const = default;
};
struct Resume {
    bool operator==(const Resume&) const = default;
};
struct AddStandby {
    NodeRegistration node;
    bool operator==(const AddStandby&) const = default;
};
struct ReplaceStandby {
    std::string old_name;
    NodeRegistration node;
    bool operator==(const ReplaceStandby&) const = default;
};
struct RemoveStandby {
    std::string name;
    bool operator==(const RemoveStandby&) const = default;
};
/// The new liveness key proves itself as at registration; the window stays.
struct ReplaceLivenessKey {
    std::string name;
    PublicKey liveness_key;
    Bytes liveness_proof;
    bool operator==(const ReplaceLivenessKey&) const = default;
};
struct RotateAdminKey {
    PublicKey admin_key;
    Bytes admin_proof;  // by the new key, over chain id and seat id
    bool operator==(const RotateAdminKey&) const = default;
};

// ---- Signed by admin keys of more than two thirds of the voting power.
struct AddSeat {
    std::string id;
    std::int64_t power = 0;
    PublicKey admin_key;
    Bytes admin_proof;
    std::vector<NodeRegistration> nodes;  // the first becomes the validator
    bool operator==(const AddSeat&) const = default;
};
struct RemoveSeat {
    std::string id;
    bool operator==(const RemoveSeat&) const = default;
};
struct ChangePower {
    std::string id;
    std::int64_t power = 0;
    bool operator==(const ChangePower&) const = default;
};
struct ChangeParams {
    Params params;
    bool operator==(const ChangeParams&) const = default;
};

using Operation = std::variant<std::monostate, Switchover, Pause, Resume, AddStandby,
                               ReplaceStandby, RemoveStandby, ReplaceLivenessKey, RotateAdminKey,
                               AddSeat, RemoveSeat, ChangePower, ChangeParams>;

/// Whether more than two thirds of the power must sign.
[[nodiscard]] bool needs_quorum(const Operation& operation) noexcept;
[[nodiscard]] std::string_view name_of(const Operation& operation) noexcept;

struct AdminSignature {
    std::string seat;  // whose admin key signed
    Bytes signature;

    bool operator==(const AdminSignature&) const = default;
};

struct AdminTx {
    std::string seat;  // of a seat's own operation; empty for a quorum operation
    Operation operation;
    std::uint64_t nonce = 0;
    std::int64_t expiry_height = 0;          // last height at which it may be executed
    std::vector<AdminSignature> signatures;  // one for a seat's own operation

    bool operator==(const AdminTx&) const = default;
};

/// The signatures of all seats that there can be beside the longest operation.
inline constexpr std::size_t admin_tx_bytes_max = 262'144;

[[nodiscard]] Bytes encode_admin_tx(const AdminTx& tx);  // magic prefix included
/// Accepts exactly what encode_admin_tx writes of a transaction whose operation is set, whose texts
/// and keys are no longer than any may be, whose signatures have 64 bytes, and whose nonce and
/// expiry are positive. Whether the operation makes sense is judged when it is executed.
[[nodiscard]] Result<AdminTx> decode_admin_tx(BytesView bytes);
/// What every admin key signs: domain tag, chain id, seat, operation, nonce and expiry.
[[nodiscard]] Bytes sign_bytes(std::string_view chain_id, const AdminTx& tx);
/// What both keys of a new node sign.
[[nodiscard]] Bytes registration_sign_bytes(std::string_view chain_id, std::string_view seat,
                                            const NodeRegistration& node);
/// What a new admin key signs.
[[nodiscard]] Bytes admin_key_sign_bytes(std::string_view chain_id, std::string_view seat,
                                         const PublicKey& admin_key);

/// Codes of ExecTxResult and CheckTx, codespace "seats". 0 is success.
enum class AdminCode : std::uint32_t {
    ok = 0,
    malformed = 1,
    unknown_seat = 2,
    bad_signature = 3,
    no_quorum = 4,
    wrong_nonce = 5,
    expired = 6,
    unknown_node = 7,
    not_a_standby = 8,  // the validator, or an end of a pending switch
    not_alive = 9,      // the standby is not ALIVE in this block's record
    quarantined = 10,
    switch_pending = 11,
    too_soon = 12,   // the last switchover is less than M blocks ago
    no_record = 13,  // this block has no valid record
    power_guard = 14,
    key_in_use = 15,  // or retired
    bad_proof = 16,
    name_in_use = 17,  // node name within the seat, or seat id, also of a removed seat
    already = 18,      // paused or not paused already
    limits = 19,       // no room for the largest record beside the largest evidence, too many nodes
    bad_value = 20,    // power, parameters, key type, text out of range
    empty_set = 21,    // the validator set would become empty, or its power overflow
    leaving = 22,      // the seat is being removed
};

}  // namespace tandem::seats
