// Inside the application of operations: one operation on its way through the state of a block.
//
//     admin_signers.cc            who signed, nonce and expiry; what may enter the mempool
//     admin_checks.cc             what several operations ask, each in one place
//     admin_seat_operations.cc    a seat's own operations
//     admin_quorum_operations.cc  those of the quorum
//     admin_operations.cc         the whole of one operation, and its answer
//
// Every operation asks first and changes the state last, so that a refusal changes nothing.
#pragma once
#include <fmt/format.h>

#include "seats/process.h"

namespace tandem::seats {

/// A refusal of an operation: the code for programs, the words for the person who signed it.
struct Rejection {
    AdminCode code;
    std::string why;
};
using Checked = std::expected<void, Rejection>;

[[nodiscard]] inline std::unexpected<Rejection> reject(AdminCode code, std::string why) {
    return std::unexpected<Rejection>(Rejection{code, std::move(why)});
}

#define TANDEM_REQUIRE(condition, code, ...) \
    if (!(condition)) return reject(code, fmt::format(__VA_ARGS__))

#define TANDEM_ADMIN_TRY(expression) \
    if (Checked checked = (expression); !checked) return checked

/// Registered anywhere in any role, or retired.
[[nodiscard]] bool is_key_known(const State& state, const PublicKey& key);
[[nodiscard]] bool is_ed25519(const PublicKey& key);
[[nodiscard]] std::optional<std::uint32_t> node_index(const Seat& seat, std::string_view name);

/// One operation on its way through the state of a block. The state is changed only when every
/// check has passed.
class AdminOperation {
  public:
    AdminOperation(BlockProcess& block, const AdminTx& tx) : block_(block), tx_(tx) {}

    [[nodiscard]] Checked authenticate() const;
    void use_up_nonce();
    /// The height from which the operation has effect.
    [[nodiscard]] std::expected<std::int64_t, Rejection> apply();

  private:
    [[nodiscard]] State& state() const { return block_.state_; }
    [[nodiscard]] std::int64_t height() const { return block_.context_.height; }
    [[nodiscard]] Seat& own_seat() const { return *state().find_seat(tx_.seat); }
    [[nodiscard]] bool signed_by(const PublicKey& key, BytesView message, BytesView sig) const {
        return block_.verifier_->verify(key, message, sig);
    }

    // ---- What several operations ask.
    [[nodiscard]] Checked check_guard(std::int64_t moved) const;
    [[nodiscard]] Checked check_room(std::size_t nodes, std::size_t seats) const;
    [[nodiscard]] Checked check_new_node(const NodeRegistration& node, std::string_view seat) const;
    [[nodiscard]] Checked check_new_nodes(const AddSeat& operation) const;
    [[nodiscard]] Checked check_total(std::int64_t added) const;
    [[nodiscard]] Checked check_standby(const std::string& name) const;
    /// `proof` is the key's own signature that it is to be the admin key of `seat`.
    [[nodiscard]] Checked check_admin_key(const PublicKey& key, BytesView proof,
                                          std::string_view seat) const;

    void retire(const PublicKey& key, const Seat& seat, bool is_consensus) const;
    void retire_node(const Seat& seat, std::uint32_t index) const;

    [[nodiscard]] Checked apply(const std::monostate&);
    [[nodiscard]] Checked apply(const Switchover& operation);
    [[nodiscard]] Checked apply(const Pause& operation);
    [[nodiscard]] Checked apply(const Resume& operation);
    [[nodiscard]] Checked apply(const AddStandby& operation);
    [[nodiscard]] Checked apply(const ReplaceStandby& operation);
    [[nodiscard]] Checked apply(const RemoveStandby& operation);
    [[nodiscard]] Checked apply(const ReplaceLivenessKey& operation);
    [[nodiscard]] Checked apply(const RotateAdminKey& operation);
    [[nodiscard]] Checked apply(const AddSeat& operation);
    [[nodiscard]] Checked apply(const RemoveSeat& operation);
    [[nodiscard]] Checked apply(const ChangePower& operation);
    [[nodiscard]] Checked apply(const ChangeParams& operation);
    [[nodiscard]] static Node new_node(const NodeRegistration& node) {
        return {node.name, node.consensus_key, node.liveness_key, false, Liveness::unknown, {}};
    }

    BlockProcess& block_;
    const AdminTx& tx_;
};

}  // namespace tandem::seats
