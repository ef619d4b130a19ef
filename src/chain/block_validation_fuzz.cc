// Any bytes as a block, against a fixed state: never a crash. What is valid is the block that was
// built, with its own encoding; whatever is decoded is refused for a named reason.
#include "chain/test_chain.h"
#include "types/decode.h"

namespace {

/// Height 2 of a chain of three validators, and its block. Signatures are not verified here: they
/// would hide everything behind them from the fuzzer.
struct Fixed {
    struct TrustingVerifier final : tandem::crypto::Verifier {
        bool verify(const tandem::crypto::PublicKey&, tandem::base::BytesView,
                    tandem::base::BytesView) const override {
            return true;
        }
    } verifier;
    tandem::chain::TestChain chain{{10, 20, 30}};
    Fixed() { chain.advance(); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    static const Fixed fixed;
    const auto bytes = std::make_shared<const base::Bytes>(data, data + size);
    const auto block = types::decode_checked<types::Block>(*bytes, bytes);
    if (!block) return 0;
    const chain::State& state = fixed.chain.state;
    const chain::Validation validation{fixed.verifier, chain::accepting_judge, {}, std::nullopt};
    const auto verdict = chain::validate_block(state, *block, validation);
    if (!verdict) {
        TANDEM_CHECK(verdict.error().check.starts_with("block.") && !verdict.error().why.empty());
        return 0;
    }
    // A valid block goes the whole way: it can be shown to the application, executed, and built
    // again from what its proposer could choose.
    const auto whole = chain::with_parts(*block);
    chain::Execution execution(chain::ExecutionMode::decided, state,
                               {whole.id, whole.block, whole.parts, {}});
    TANDEM_CHECK(execution.request().decided_last_commit.votes.size() == 3);
    abci::ResponseFinalizeBlock answer;
    answer.tx_results.resize(block->data.txs.size());
    const auto after = chain::update_state(state, whole.id, block->header, answer);
    TANDEM_CHECK(after && after->last_block_height == 2);
    const auto again = types::decode_checked<types::Block>(wire::encode(*whole.block));
    TANDEM_CHECK(again && *again == *whole.block);
    return 0;
}
