#include "crypto/session_keys.h"

#include <algorithm>

#include "crypto/hkdf.h"
#include "crypto/transcript.h"

namespace tandem::crypto {

std::optional<SessionKeys> derive_session_keys(std::span<const std::uint8_t, 32> own_secret,
                                               const X25519PublicKey& own_public,
                                               const X25519PublicKey& peer_public) noexcept {
    const std::optional<SecretArray<32>> shared = x25519(own_secret, peer_public);
    if (!shared) return std::nullopt;
    const bool own_is_lower = own_public < peer_public;

    Transcript transcript("TENDERMINT_SECRET_CONNECTION_TRANSCRIPT_HASH");
    transcript.append("EPHEMERAL_LOWER_PUBLIC_KEY", own_is_lower ? own_public : peer_public);
    transcript.append("EPHEMERAL_UPPER_PUBLIC_KEY", own_is_lower ? peer_public : own_public);
    transcript.append("DH_SECRET", shared->span());

    SecretArray<64> keys;
    hkdf_sha256(shared->span(), {},
                base::as_bytes("TENDERMINT_SECRET_CONNECTION_KEY_AND_CHALLENGE_GEN"), keys.span());
    const auto first = std::as_const(keys).span().first<32>();
    const auto second = std::as_const(keys).span().last<32>();
    std::optional<SessionKeys> out(std::in_place,
                                   SessionKeys{SecretArray<32>(own_is_lower ? first : second),
                                               SecretArray<32>(own_is_lower ? second : first),
                                               {}});
    transcript.challenge("SECRET_CONNECTION_MAC", out->challenge);
    return out;
}

}  // namespace tandem::crypto
