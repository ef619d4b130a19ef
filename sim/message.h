// What simulated nodes say to each other.
//
// Messages are shared, not copied. The check of a signature is a function of message and key alone,
// so its result is kept with the message and serves all who hear it: what a hundred nodes would
// compute each for itself is computed once.
#pragma once
#include <variant>

#include "consensus/inputs.h"
#include "sim/disk.h"
#include "sim/world.h"
#include "types/evidence.h"

namespace tandem::sim {

using consensus::Shared;

struct Message {
    struct Proposal {
        Shared<types::Proposal> proposal;
        mutable std::optional<consensus::Verified<types::Proposal>> verified;
    };
    struct Part {
        std::int64_t height = 0;
        std::int32_t round = 0;
        Shared<types::Part> part;
    };
    struct Vote {
        Shared<types::Vote> vote;
        mutable std::optional<consensus::Verified<types::Vote>> verified;
    };
    /// Two thirds voted for this block.
    struct Claim {
        std::int64_t height = 0;
        std::int32_t round = 0;
        types::SignedMsgType type{};
        types::BlockId id;
    };
    struct Heartbeat {
        seats::Heartbeat heartbeat;
    };
    struct Evidence {
        Shared<types::Evidence> evidence;
    };
    struct Block {
        StoredBlock stored;
    };
    /// "I have waited long. This is where I am and what I have; send what I lack."
    struct Status {
        struct Votes {
            std::int32_t round = 0;
            types::SignedMsgType type{};
            types::BitArray have;
            bool has_majority = false;
        };
        std::int64_t height = 0;
        std::int32_t round = 0;
        bool has_proposal = false;
        std::optional<types::PartSetHeader> collects;
        types::BitArray parts;
        std::vector<Votes> votes;
    };
    std::variant<Proposal, Part, Vote, Claim, Heartbeat, Evidence, Block, Status> content;
};

template <typename Content>
[[nodiscard]] MessagePtr make_message(Content content) {
    return std::make_shared<const Message>(Message{std::move(content)});
}

}  // namespace tandem::sim
