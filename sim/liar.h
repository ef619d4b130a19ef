// What a dishonest organisation does to its own nodes. It has the real program and the real keys
// of its seat, and lies where the program would have told the truth: in the blocks that it
// proposes, in what it hands on, in the heartbeats that it signs. (Twins, two nodes with one key,
// and amnesia, a log thrown away, need no lies here: they are honest programs put to a bad use.)
//
// Lies in blocks are of two kinds. Some leave a block valid: what was left out might never have
// come. The rest make a block that every honest node must refuse.
#pragma once
#include <array>

#include "chain/block_building.h"
#include "seats/seats_application.h"
#include "sim/keys.h"
#include "sim/world.h"

namespace tandem::sim {

enum class Lie : std::uint8_t {
    none,
    // ---- Blocks that stay valid.
    leave_out_heartbeats,
    leave_out_signatures,  // of the last commit, beyond two thirds
    mark_living_dead,      // both, of one node
    // ---- Blocks that must be refused.
    forged_heartbeat,
    stale_heartbeat,
    foreign_heartbeat,
    superfluous_heartbeat,
    signed_marked_dead,
    dead_marked_alive,
    non_canonical_record,
    wrong_height,
    wrong_proposer,
    wrong_signature,
    record_missing,
    record_not_first,
    record_twice,
    heartbeat_as_transaction,
    false_commit_signature,
    // ---- Beside blocks.
    withheld_parts,
    heartbeat_spam,        // forged, stale and foreign ones, to everybody
    heartbeats_of_others,  // signs what others executed, and executes nothing
    equivocation,          // by twins, or after amnesia: votes that conflict
    amnesia,
};
inline constexpr std::size_t lie_count = static_cast<std::size_t>(Lie::amnesia) + 1;
inline constexpr std::size_t block_lies = static_cast<std::size_t>(Lie::false_commit_signature) + 1;
using LieCounts = std::array<std::uint64_t, lie_count>;

[[nodiscard]] std::string_view to_text(Lie lie) noexcept;
[[nodiscard]] constexpr bool must_be_refused(Lie lie) noexcept {
    return lie >= Lie::forged_heartbeat && lie <= Lie::false_commit_signature;
}

class Liar {
  public:
    /// `lie_chance`: of a hundred blocks, how many it lies in. `executes_nothing`: it only signs
    /// heartbeats for what others executed.
    struct Character {
        std::uint64_t lie_chance = 50;
        bool withholds_parts = false;
        bool spams = false;
        bool executes_nothing = false;
    };
    Liar(World& world, Character character, LieCounts& counts)
        : world_(world), character_(character), counts_(counts) {}

    // ---- Proposing. Called in this order.
    /// Chooses what to lie about in this block.
    [[nodiscard]] Lie choose();
    [[nodiscard]] consensus::CommitRecord thin_out(const consensus::CommitRecord& commit,
                                                   const types::ValidatorSet& validators, Lie lie);
    /// `txs` as the honest program chose them. The lie that it became: none where there was no
    /// occasion.
    struct Proposal {
        const seats::State& state;
        const chain::BlockDraft& draft;
        const crypto::SigningKey& liveness_key;
        const SignatureRegistry& registry;
    };
    [[nodiscard]] Lie spoil(std::vector<base::Bytes>& txs, const Proposal& proposal, Lie lie);
    /// Whether this peer is not to get the parts of the block that is being proposed.
    [[nodiscard]] bool withholds_part();
    void count(Lie lie) { ++counts_[static_cast<std::size_t>(lie)]; }

    // ---- Heartbeats.
    void heard(const seats::Heartbeat& heartbeat);
    /// What to send after hearing one or executing a block: nonsense in our name.
    [[nodiscard]] std::optional<seats::Heartbeat> nonsense(const base::Bytes& own_address);
    /// One well signed with our own key, about a block that does not exist yet: the same one each
    /// time for the same height.
    [[nodiscard]] std::optional<seats::Heartbeat> empty_promise(const seats::Heartbeat& own,
                                                                std::string_view chain_id,
                                                                const crypto::SigningKey& key);
    /// The statement of `other` as our own; nothing if we have made it already.
    [[nodiscard]] std::optional<seats::Heartbeat> repeat(const seats::Heartbeat& other,
                                                         const base::Bytes& own_address,
                                                         std::string_view chain_id,
                                                         const crypto::SigningKey& key);
    [[nodiscard]] const Character& character() const noexcept { return character_; }

  private:
    struct Spoiling;
    static constexpr std::int64_t heights_remembered = 70;

    World& world_;
    Character character_;
    LieCounts& counts_;
    std::map<std::int64_t, std::vector<seats::Heartbeat>> heard_;
    std::int64_t repeated_ = 0;  // newest height that we signed without executing
    std::int64_t victim_ = -1;   // of mark_living_dead: index in the set of the last commit
    types::Address victim_address_;
    bool falsified_ = false;  // a signature of the last commit, in the present proposal
};

}  // namespace tandem::sim
