// What a later part of the project brings, and why it is not judged yet. A topic that has a runner
// is run, whatever stands here.
#include "tests/vectors_program/registry.h"

namespace tandem::vectors {
namespace {

const RegisterPending abci_dialogues("abci-dialogues", "needs an ABCI socket server and a node");
const RegisterPending p2p("p2p-dialogues", "needs a running node");
const RegisterPending rpc("rpc", "needs a running node");
const RegisterPending rpc_websocket("rpc-websocket", "needs a running node");

}  // namespace
}  // namespace tandem::vectors
