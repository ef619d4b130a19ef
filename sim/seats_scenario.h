// Scenarios about seats: commands move a small chain, the transcript says what was recorded,
// decided and refused. The second opinion (naive.h) runs beside every one of them.
//
// ---- Commands. `at-height=H`: between the votes for H and its execution; without it: now.
//   network seats= standbys= (one number, or one a seat) powers= N= K= M= C= T= lag= lag-time=
//           guard=on|off block-time= round-time=          times in milliseconds
//   crash, restart, freeze, wake, wedge (executes, never votes or proposes), nil-votes, diverge,
//   mute (its heartbeats get lost), deaf (hears nothing), cut (both ways), blind (votes for
//   whatever is proposed), steal-liveness-key (somebody else sends its heartbeats), heal: node=
//   behind node= blocks=          flap node= down= up= [from-height=]
//   lie node= kind= [of=] [from-height=] [to-height=]       in the blocks that it proposes
//   operate op= seat= ... [at-height=]                      stands in that block; see the shapes
//   evidence node= kind=double-vote|light-client [at-height=]
//   block-time ms=       wait ms=        run to-height=
//   why seat=            what the rule makes of a seat now
//
// ---- Transcript. A record line stands where a node of the seat dies, comes back, or begins or
// ceases to sign, and where the seat moves. Behind a validator that is DEAD stands its run, behind
// a standby that is DEAD how often it was so among the last N counted records, behind all others
// how often they were ALIVE, of N each time; nothing, where the record does not count for the seat.
#pragma once
#include "sim/scenario.h"

namespace tandem::sim {

[[nodiscard]] std::unique_ptr<Harness> make_seats_harness();

}  // namespace tandem::sim
