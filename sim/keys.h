// Keys of simulated nodes, and the registry of everything that was ever signed with them.
//
// A signature of the simulator is the number under which the registry remembers key and message,
// spread over 64 bytes. It verifies only if it was truly made here, for this key and message, so
// nobody can forge; and since every signature passes through, the registry sees when one key says
// two things for one height, round and type, over its whole life, crashes and restored disks
// included. Real signatures are a hundred times slower and prove no more; a share of the seeds
// uses them all the same.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <unordered_map>

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

    /// A new key each time, the same ones in the same order in every run.
    [[nodiscard]] std::shared_ptr<const crypto::SigningKey> make_key();
    /// The key behind a public one that was made here; null for others.
    [[nodiscard]] std::shared_ptr<const crypto::SigningKey> find_key(const PublicKey& key) const;

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
        std::int64_t height = 0;
    };
    [[nodiscard]] std::vector<SignedHeight> take_signed_heights() {
        return std::exchange(signed_heights_, {});
    }
    [[nodiscard]] std::uint64_t signatures() const { return count_; }

  private:
    friend class SimulatedKey;
    struct Said {  // by one key
        std::uint32_t signer = 0;
        Bytes message;
    };
    struct VoteLikeOf {
        std::uint32_t signer = 0;
        SignedVoteLike what;
        auto operator<=>(const VoteLikeOf&) const = default;
    };
    /// The number of the message, the same one each time.
    std::uint64_t remember(std::uint32_t signer, BytesView message);
    void look_for_double_sign(std::uint32_t signer, std::uint64_t number);

    bool real_;
    std::vector<std::shared_ptr<const crypto::SigningKey>> keys_;  // by signer
    std::vector<PublicKey> public_keys_;                           // likewise
    std::deque<Said> said_;                                        // by number
    std::unordered_map<std::uint64_t, std::uint64_t> numbers_;     // by hash of signer and message
    std::map<VoteLikeOf, std::uint64_t> votes_;                    // the first message of each
    std::vector<DoubleSign> double_signs_;
    std::vector<SignedHeight> signed_heights_;
    std::uint64_t count_ = 0;
};

}  // namespace tandem::sim
