// Keys of simulated nodes, and the registry of everything that was ever signed with them.
//
// A signature of the simulator is the hash of key and message. It verifies only if it was truly
// signed here, so nobody can forge; and since every signature passes through, the registry sees
// when one key says two things for one height, round and type, over its whole life, crashes and
// restored disks included. Real signatures are a hundred times slower and prove no more; a share
// of the seeds uses them all the same.
#pragma once
#include <map>
#include <memory>
#include <unordered_set>

#include "crypto/ed25519.h"
#include "crypto/verifier.h"

namespace tandem::sim {

using base::Bytes;
using base::BytesView;
using crypto::PublicKey;

/// What a consensus key signed for one height, round and type.
struct SignedVoteLike {
    std::int64_t height = 0;
    std::int64_t round = 0;
    std::int32_t type = 0;

    auto operator<=>(const SignedVoteLike&) const = default;
};

/// Height, round and type of canonical sign-bytes; nothing for other messages.
[[nodiscard]] std::optional<SignedVoteLike> read_sign_bytes(BytesView message);

class SignatureRegistry final : public crypto::Verifier {
  public:
    explicit SignatureRegistry(bool real_signatures) : real_(real_signatures) {}

    [[nodiscard]] std::shared_ptr<const crypto::SigningKey> make_key(std::uint64_t seed);

    [[nodiscard]] bool verify(const PublicKey& key, BytesView message,
                              BytesView signature) const override;

    struct DoubleSign {
        PublicKey key;
        SignedVoteLike what;
    };
    /// Two different messages of one key for one height, round and type.
    [[nodiscard]] const std::vector<DoubleSign>& double_signs() const { return double_signs_; }
    /// Everything that a key signed as a validator, by height.
    struct SignedHeight {
        PublicKey key;
        std::int64_t height;
    };
    [[nodiscard]] std::vector<SignedHeight> take_signed_heights() {
        return std::exchange(signed_heights_, {});
    }
    [[nodiscard]] std::uint64_t signatures() const { return count_; }

  private:
    friend class SimulatedKey;
    void record(const PublicKey& key, BytesView message, BytesView signature);

    bool real_;
    std::unordered_set<std::string> signed_;  // fake signatures that were made
    std::map<std::pair<Bytes, SignedVoteLike>, Bytes> said_;
    std::vector<DoubleSign> double_signs_;
    std::vector<SignedHeight> signed_heights_;
    std::uint64_t count_ = 0;
};

}  // namespace tandem::sim
