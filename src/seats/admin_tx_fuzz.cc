// Admin transactions: arbitrary bytes, and operations that are executed.
//
// Input: one byte says what. 0: the rest is a transaction's bytes. Otherwise: eight bytes of a seed
// for a random state, then transactions, each behind a byte of its length and without its first
// five bytes. What can be read of them is given the right nonce, expiry, proofs and signatures, so
// that it reaches its own conditions, and is executed; the state must keep its invariants.
#include "base/check.h"
#include "crypto/fuzz_input.h"
#include "seats/formats.h"
#include "seats/process.h"
#include "seats/random_state.h"

namespace tandem::seats {
namespace {

using test::CheapKey;

Bytes signature_of(const PublicKey& key, BytesView message) {
    return base::to_bytes(base::view(CheapKey(key).sign(message)));
}

void read(BytesView bytes) {
    const auto tx = decode_admin_tx(bytes);
    if (!tx) return;
    TANDEM_CHECK(base::equal(encode_admin_tx(*tx), bytes));
    TANDEM_CHECK(classify(bytes) == TxKind::admin);
    TANDEM_CHECK(!sign_bytes("chain", *tx).empty() && !name_of(tx->operation).empty());
}

/// Makes the proofs of whatever the operation registers good ones.
struct Prove {
    const State& state;
    std::string seat;

    void node(NodeRegistration& node) const {
        const Bytes message = registration_sign_bytes(state.chain_id, seat, node);
        node.consensus_proof = signature_of(node.consensus_key, message);
        node.liveness_proof = signature_of(node.liveness_key, message);
    }
    void operator()(AddStandby& operation) const { node(operation.node); }
    void operator()(ReplaceStandby& operation) const { node(operation.node); }
    void operator()(ReplaceLivenessKey& operation) const {
        const Seat* registered = state.find_seat(seat);
        if (registered == nullptr) return;
        for (const Node& node : registered->nodes)
            if (node.name == operation.name)
                operation.liveness_proof = signature_of(
                    operation.liveness_key,
                    registration_sign_bytes(
                        state.chain_id, seat,
                        {node.name, node.consensus_key, operation.liveness_key, {}, {}}));
    }
    void operator()(RotateAdminKey& operation) const {
        operation.admin_proof = signature_of(
            operation.admin_key, admin_key_sign_bytes(state.chain_id, seat, operation.admin_key));
    }
    void operator()(AddSeat& operation) {
        seat = operation.id;
        operation.admin_proof = signature_of(
            operation.admin_key, admin_key_sign_bytes(state.chain_id, seat, operation.admin_key));
        for (NodeRegistration& added : operation.nodes) node(added);
    }
    void operator()(auto&) const {}
};

/// The right nonce, expiry, proofs and signatures; the rest is left as it came.
void authorise(const State& state, AdminTx& tx) {
    std::visit(Prove{state, tx.seat}, tx.operation);
    tx.expiry_height = state.height + 10;
    tx.signatures.clear();
    const Seat* own = state.find_seat(tx.seat);
    tx.nonce = 1 + (needs_quorum(tx.operation) ? state.quorum_nonce
                    : own != nullptr           ? own->nonce
                                               : 0);
    const Bytes message = sign_bytes(state.chain_id, tx);
    for (const Seat& seat : state.seats)
        if (needs_quorum(tx.operation) || &seat == own)
            tx.signatures.push_back({seat.id, signature_of(seat.admin_key, message)});
}

void execute(crypto::FuzzInput& input) {
    base::SeededRandom dice(static_cast<std::uint64_t>(input.int64()));
    test::RandomChain random(dice);
    State state = random.chain().state();
    const test::CheapVerifier verifier;
    for (int blocks = 0; blocks < 6 && !input.empty(); ++blocks) {
        const BlockFacts facts = random.chain().facts_of(state.height + 1);
        const abci::CommitInfo commit;
        BlockProcess process(state,
                             {state.height + 1, facts.time, facts.block_hash, {}, commit, {}},
                             verifier, nullptr);
        process.record_step(std::nullopt);
        process.evidence_step();
        process.rule_step();
        for (int txs = 0; txs < 3 && !input.empty(); ++txs) {
            Bytes bytes = FixedWriter::special(admin_letter, 0).raw(input.prefixed()).take();
            (void)process.admin_step(bytes);
            if (auto tx = decode_admin_tx(bytes)) {
                authorise(process.state(), *tx);
                (void)process.admin_step(encode_admin_tx(*tx));
            }
        }
        state = std::move(process).finish().state;
        state.recent_blocks.back().app_hash = facts.app_hash;
        check_invariants(state);
        TANDEM_CHECK(decode_state(encode_state(state)).has_value());
    }
}

}  // namespace
}  // namespace tandem::seats

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tandem::crypto::FuzzInput input(data, size);
    if (input.byte() == 0)
        tandem::seats::read(input.all());
    else
        tandem::seats::execute(input);
    return 0;
}
