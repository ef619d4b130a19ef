// What a later part of the project brings, and why it is not judged yet. A topic that has a runner
// is run, whatever stands here.
#include "tests/vectors_program/registry.h"

namespace tandem::vectors {
namespace {

const RegisterPending evidence("evidence_verify", "verification of evidence is not written yet");
const RegisterPending light("light_client", "light-client verification is not written yet");
const RegisterPending abci_messages("abci-messages", "the runner of this topic is not written yet");
const RegisterPending abci_dialogues("abci-dialogues", "needs an ABCI socket server and a node");
const RegisterPending mconnection("mconnection", "needs the peer-to-peer layer");
const RegisterPending node_info("node-info", "the runner of this topic is not written yet");
const RegisterPending p2p("p2p-dialogues", "needs a running node");
const RegisterPending reactor("reactor-messages", "the reactor messages are not described yet");
const RegisterPending signer("remote-signer", "needs the remote signer");
const RegisterPending rpc("rpc", "needs a running node");
const RegisterPending rpc_websocket("rpc-websocket", "needs a running node");
const RegisterPending secret("secret-connection", "needs the peer-to-peer layer");
const RegisterPending stores("stores", "needs the stores of a node");
const RegisterPending wal("wal", "records of the log are not described yet");

}  // namespace
}  // namespace tandem::vectors
