// Operations of seats as files and keys make them, without a network: signing, registrations, and
// proposals that go from admin to admin.
#pragma once
#include <nlohmann/json.hpp>

#include "seats/admin.h"
#include "tandem/node_files.h"

namespace tandem::program {

/// What a new node hands to its seat's admin: public keys, and proofs that it has the private ones.
struct RegistrationFile {
    std::string chain_id;
    std::string seat;
    seats::NodeRegistration node;
};
[[nodiscard]] RegistrationFile make_registration(std::string chain_id, std::string seat,
                                                 std::string name,
                                                 const crypto::PrivateKey& consensus,
                                                 const crypto::PrivateKey& liveness);
[[nodiscard]] std::string to_text(const RegistrationFile& file);
/// Refused where it is of another chain or seat, or a proof does not hold.
[[nodiscard]] Result<RegistrationFile> read_registration(const std::filesystem::path& path,
                                                         std::string_view chain_id,
                                                         std::string_view seat);

/// Adds the signature of a seat's admin key, or replaces it.
void sign(seats::AdminTx& tx, const std::string& chain_id, const std::string& seat,
          const crypto::PrivateKey& key);

/// An operation that waits for signatures.
struct Proposal {
    std::string chain_id;
    seats::AdminTx tx;
};
[[nodiscard]] std::string to_text(const Proposal& proposal);
[[nodiscard]] Result<Proposal> read_proposal(const std::filesystem::path& path);

/// What an operation does, in words.
[[nodiscard]] std::string describe(const seats::AdminTx& tx);

}  // namespace tandem::program
