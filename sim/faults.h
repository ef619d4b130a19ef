// Kinds of faults, and what a run of the simulator is told about them.
//
// Each seed draws some of the kinds that are allowed (a swarm): faults that always come together
// hide each other.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tandem::sim {

struct FaultKinds {
    bool loss = true;          // loss, delay, duplication, reordering
    bool partition = true;     // one-way and both ways
    bool crash = true;         // at any event, and in the middle of writes
    bool freeze = true;        // long pauses
    bool clock = true;         // jumps
    bool heartbeat = true;     // heartbeats alone are lost
    bool operations = true;    // by admins: switchovers, pauses, seats and nodes that come and go
    bool beyond_third = true;  // more than a third down, and back
    bool channels = true;      // a node loses one channel, one way, for long
    bool wedge = true;         // a node is heard and does not vote
    bool outages = true;       // a validator is away until its seat has moved
    bool disks = true;         // old images, logs and applications that are gone
    bool liars = true;         // seats with less than a third of the power lie
    bool views = true;         // every node sees other votes of a round (views.h)
    bool splits = true;        // one node decides, nobody else learns of it (split_lock.h)

    [[nodiscard]] static FaultKinds none();
    /// "all", "none" or names separated by commas; nothing for an unknown name.
    [[nodiscard]] static std::optional<FaultKinds> from_text(std::string_view text);
    [[nodiscard]] bool any() const;
};

struct FaultName {
    std::string_view name;
    bool FaultKinds::* kind;
};
inline constexpr std::array<FaultName, 15> fault_names{{{"loss", &FaultKinds::loss},
                                                        {"partition", &FaultKinds::partition},
                                                        {"crash", &FaultKinds::crash},
                                                        {"freeze", &FaultKinds::freeze},
                                                        {"clock", &FaultKinds::clock},
                                                        {"heartbeat", &FaultKinds::heartbeat},
                                                        {"operations", &FaultKinds::operations},
                                                        {"beyond_third", &FaultKinds::beyond_third},
                                                        {"channels", &FaultKinds::channels},
                                                        {"wedge", &FaultKinds::wedge},
                                                        {"outages", &FaultKinds::outages},
                                                        {"disks", &FaultKinds::disks},
                                                        {"liars", &FaultKinds::liars},
                                                        {"views", &FaultKinds::views},
                                                        {"splits", &FaultKinds::splits}}};

/// What fault_names has, separated by commas.
[[nodiscard]] std::string fault_list();

}  // namespace tandem::sim
