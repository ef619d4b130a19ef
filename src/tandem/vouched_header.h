// Headers that a command believes because of their signatures, and not because a node sent them.
//
// A header counts when more than two thirds of the power that it names signed it. That the set it
// names is the chain's is known from a height whose hash the user trusts (--trust HEIGHT:HASH):
// from there on, sets vouch for each other as the light client's rules have it. Without it the node
// is believed about who the validators are, and about nothing else.
//
// Not here: witnesses; whoever wants several opinions asks several nodes.
#pragma once
#include "tandem/node_client.h"
#include "types/light_client.h"
#include "types/validator_set.h"

namespace tandem::program {

struct VouchedHeader {
    types::Header header;
    std::int64_t signed_power = 0;
    std::int64_t total_power = 0;
    bool is_anchored = false;  // the light client led from the trusted hash to it
};

/// A height and the hash of its header, as --trust names them.
struct TrustedHash {
    std::int64_t height = 0;
    base::Bytes hash;
};
[[nodiscard]] std::expected<TrustedHash, Failure> trusted_hash(const std::string& text);

class HeaderCheck {
  public:
    explicit HeaderCheck(std::string chain_id, std::optional<TrustedHash> trusted = {})
        : chain_id_(std::move(chain_id)), trusted_(std::move(trusted)) {}

    /// Waits for the height, and asks once for each.
    [[nodiscard]] std::expected<VouchedHeader, Failure> header(NodeClient& client,
                                                               std::int64_t height);

  private:
    struct LightHeight {
        types::SignedHeader signed_header;
        types::ValidatorSet validators;
    };
    [[nodiscard]] std::expected<LightHeight, Failure> fetch(NodeClient& client,
                                                            std::int64_t height) const;
    [[nodiscard]] Outcome anchor(NodeClient& client);
    /// Leads from the newest trusted height to this one, by heights between if need be.
    [[nodiscard]] Outcome follow(NodeClient& client, const LightHeight& target);

    std::string chain_id_;
    std::optional<TrustedHash> trusted_;
    std::optional<LightHeight> newest_trusted_;
    std::map<std::int64_t, VouchedHeader> known_;
};

}  // namespace tandem::program
