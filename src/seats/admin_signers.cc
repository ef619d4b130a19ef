// Who signed an operation, and whether it is its turn.
#include "seats/admin_operation.h"

namespace tandem::seats {
namespace {

/// In the mempool, above the last one used: a few may wait for each other.
constexpr std::uint64_t nonces_ahead_max = 16;

Checked check_quorum(const State& state, const AdminTx& tx, BytesView message,
                     const crypto::Verifier& verifier) {
    std::int64_t power = 0;
    std::vector<std::string_view> signers;
    for (const AdminSignature& signature : tx.signatures) {
        const Seat* seat = state.find_seat(signature.seat);
        TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"",
                       signature.seat);
        TANDEM_REQUIRE(std::ranges::find(signers, signature.seat) == signers.end(),
                       AdminCode::malformed, "{} signed twice", signature.seat);
        TANDEM_REQUIRE(verifier.verify(seat->admin_key, message, signature.signature),
                       AdminCode::bad_signature, "the signature of {}'s admin key does not hold",
                       signature.seat);
        signers.push_back(signature.seat);
        power += state.present_power(signature.seat);
    }
    const std::int64_t total = state.total_power();
    TANDEM_REQUIRE(3 * power > 2 * total, AdminCode::no_quorum,
                   "seats with {} of {} power signed; more than two thirds are needed", power,
                   total);
    return {};
}

/// The signatures hold and come from those who may sign the operation.
Checked check_signers(const State& state, const AdminTx& tx, const crypto::Verifier& verifier) {
    const bool quorum = needs_quorum(tx.operation);
    TANDEM_REQUIRE(!std::holds_alternative<std::monostate>(tx.operation), AdminCode::malformed,
                   "the transaction has no operation");
    TANDEM_REQUIRE(quorum == tx.seat.empty(), AdminCode::malformed,
                   "a seat's own operation names the seat, a quorum operation names none");
    const Bytes message = sign_bytes(state.chain_id, tx);
    if (quorum) return check_quorum(state, tx, message, verifier);
    const Seat* seat = state.find_seat(tx.seat);
    TANDEM_REQUIRE(seat != nullptr, AdminCode::unknown_seat, "there is no seat \"{}\"", tx.seat);
    TANDEM_REQUIRE(tx.signatures.size() == 1 && tx.signatures[0].seat == tx.seat,
                   AdminCode::malformed, "the seat's admin key signs, and nobody else");
    TANDEM_REQUIRE(verifier.verify(seat->admin_key, message, tx.signatures[0].signature),
                   AdminCode::bad_signature, "the signature of {}'s admin key does not hold",
                   tx.seat);
    return {};
}

/// The nonce used last. REQUIRES: the seat of a seat's own operation is there.
std::uint64_t last_nonce(const State& state, const AdminTx& tx) {
    return needs_quorum(tx.operation) ? state.quorum_nonce : state.find_seat(tx.seat)->nonce;
}

Checked check_expiry(const AdminTx& tx, std::int64_t height) {
    TANDEM_REQUIRE(tx.expiry_height >= height, AdminCode::expired,
                   "expired at height {}, this is {}", tx.expiry_height, height);
    return {};
}

}  // namespace

Checked AdminOperation::authenticate() const {
    TANDEM_ADMIN_TRY(check_signers(state(), tx_, *block_.verifier_));
    const std::uint64_t last = last_nonce(state(), tx_);
    TANDEM_REQUIRE(tx_.nonce == last + 1, AdminCode::wrong_nonce,
                   "the nonce is {}; the next one is {}", tx_.nonce, last + 1);
    return check_expiry(tx_, height());
}

void AdminOperation::use_up_nonce() {
    if (needs_quorum(tx_.operation))
        state().quorum_nonce = tx_.nonce;
    else
        own_seat().nonce = tx_.nonce;
}

AdminCheck check_admin_tx(const State& state, BytesView bytes, const crypto::Verifier& verifier) {
    const auto tx = decode_admin_tx(bytes);
    if (!tx) return {AdminCode::malformed, tx.error().check + ": " + tx.error().why};
    Checked checked = check_signers(state, *tx, verifier);
    if (checked) checked = check_expiry(*tx, state.height + 1);
    if (!checked) return {checked.error().code, checked.error().why};
    const std::uint64_t last = last_nonce(state, *tx);
    if (tx->nonce <= last || tx->nonce > last + nonces_ahead_max)
        return {AdminCode::wrong_nonce,
                fmt::format("the nonce is {}; the next one is {}", tx->nonce, last + 1)};
    return {};
}

}  // namespace tandem::seats
