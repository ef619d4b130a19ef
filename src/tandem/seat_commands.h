// What the files of the seat commands share.
#pragma once
#include "tandem/seat_client.h"

namespace tandem::program {

struct AdminOptions {
    std::string key_path;
    std::int64_t expiry_blocks = 100;
};
void add_admin_options(CLI::App& command, AdminOptions& options);
[[nodiscard]] std::expected<crypto::PrivateKey, Failure> admin_key_of(const AdminOptions& options);

/// Sends a signed operation and says at which height it was decided and takes effect.
[[nodiscard]] Outcome submit_and_report(const Context& context, SeatClient& client,
                                        const seats::AdminTx& tx, bool wait);

void add_seat_views(CLI::App& seat, Context& context);
void add_quorum_commands(CLI::App& seat, Context& context);

}  // namespace tandem::program
