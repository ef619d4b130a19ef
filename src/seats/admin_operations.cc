// The whole of one operation: authenticated, its nonce used up, applied, answered.
#include "seats/admin_operation.h"

namespace tandem::seats {

std::expected<std::int64_t, Rejection> AdminOperation::apply() {
    const bool quorum = needs_quorum(tx_.operation);
    if (!quorum && !own_seat().in_set())
        return reject(AdminCode::leaving, fmt::format("{} is being removed", tx_.seat));
    Checked applied =
        std::visit([this](const auto& operation) { return apply(operation); }, tx_.operation);
    if (!applied) return std::unexpected(applied.error());
    std::string touched = tx_.seat;
    if (const auto* add = std::get_if<AddSeat>(&tx_.operation)) touched = add->id;
    if (const auto* remove = std::get_if<RemoveSeat>(&tx_.operation)) touched = remove->id;
    if (const auto* power = std::get_if<ChangePower>(&tx_.operation)) touched = power->id;
    if (!touched.empty()) block_.touched_seats_.push_back(touched);
    const bool changes_set = std::holds_alternative<Switchover>(tx_.operation) ||
                             std::holds_alternative<AddSeat>(tx_.operation) ||
                             std::holds_alternative<RemoveSeat>(tx_.operation) ||
                             std::holds_alternative<ChangePower>(tx_.operation);
    return height() + (changes_set ? 2 : 1);
}

abci::ExecTxResult BlockProcess::admin_step(BytesView bytes) {
    const auto answer = [](AdminCode code, std::string log) {
        abci::ExecTxResult result;
        result.code = static_cast<std::uint32_t>(code);
        result.log = std::move(log);
        result.codespace = "seats";
        return result;
    };
    const auto tx = decode_admin_tx(bytes);
    if (!tx) return answer(AdminCode::malformed, tx.error().check + ": " + tx.error().why);
    AdminOperation operation(*this, *tx);
    if (const Checked authentic = operation.authenticate(); !authentic)
        return answer(authentic.error().code, authentic.error().why);
    operation.use_up_nonce();
    const auto effective = operation.apply();
    const std::string height = std::to_string(context_.height);
    const std::string name(name_of(tx->operation));
    if (!effective) {
        emit("seat_admin",
             {{"seat", tx->seat},
              {"operation", name},
              {"code", std::to_string(static_cast<std::uint32_t>(effective.error().code))},
              {"height", height}});
        return answer(effective.error().code, effective.error().why);
    }
    emit("seat_admin", {{"seat", tx->seat},
                        {"operation", name},
                        {"code", "0"},
                        {"height", height},
                        {"effective_height", std::to_string(*effective)}});
    abci::ExecTxResult result = answer(AdminCode::ok, {});
    const std::string data =
        fmt::format(R"({{"height":"{}","effective_height":"{}"}})", context_.height, *effective);
    result.data = base::to_bytes(base::as_bytes(data));
    return result;
}

}  // namespace tandem::seats
