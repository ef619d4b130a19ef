// Scenarios about consensus: one real core among validators whose messages the scenario writes.
//
// ---- Commands
//   core [powers=10,10,10,10] [own=3|proposer|none] [extensions=on] [skip-timeout-commit=on]
//        [empty-blocks=off]                      the core waits for height 1 to begin
//   ring [step=new-height|...]                   the timer that was set last, of that step
//   block name= [invalid=on|rejected=on]         a block of this height, named for what follows
//   propose block= [pol-round=] [round=] [by=] [parts=off]     the proposal, then its parts
//   part block= [bad=on]                         the parts of a block, without a proposal
//   prevote by= [block=] [round=] [peer=], precommit likewise  no block: nil; by=0,1,2: several
//   claim peer= round= type=prevote|precommit block=           a peer claims two thirds
//   hold what=signatures|judgements|extensions|extension-judgements|blocks
//                                                answers to these wait until they are released
//   release what=
//   transactions                                 there are some in the mempool
//   next-height                                  the decision was carried out
//   late-precommit by=                           for the height before
//   state                                        one line about where the core stands
//
// ---- Transcript: what the core does, in its order; `refused` for an input that changes nothing.
#pragma once
#include "sim/scenario.h"

namespace tandem::sim {

[[nodiscard]] std::unique_ptr<Harness> make_consensus_harness();

}  // namespace tandem::sim
