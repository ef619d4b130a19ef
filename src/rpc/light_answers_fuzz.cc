// Any JSON as a node's answer to a light client: never a crash, and nothing is believed of a block
// that the client does not trust.
//
// Input: the text of the answer. The trusted block is empty but for its header, so that no honest
// answer belongs to it.
#include "base/check.h"
#include "rpc/light_answers.h"

namespace {

using namespace tandem;

types::LightBlock trusted_block() {
    types::LightBlock block;
    block.signed_header.emplace().header.emplace().height = 5;
    block.signed_header->header->chain_id = "fuzz";
    block.signed_header->header->validators_hash.assign(types::hash_bytes, 1);
    block.signed_header->header->data_hash.assign(types::hash_bytes, 2);
    block.signed_header->header->last_results_hash.assign(types::hash_bytes, 3);
    block.signed_header->header->consensus_hash.assign(types::hash_bytes, 4);
    block.signed_header->header->app_hash.assign(types::hash_bytes, 5);
    block.signed_header->commit.emplace();
    return block;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const types::LightBlock trusted = trusted_block();
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto answer = wire::parse_json(text);
    if (!answer) return 0;
    TANDEM_CHECK(!rpc::light::check_block(*answer, trusted));
    TANDEM_CHECK(!rpc::light::check_meta(*answer, trusted));
    TANDEM_CHECK(!rpc::light::check_results(*answer, trusted));
    TANDEM_CHECK(!rpc::light::check_params(*answer, trusted));
    TANDEM_CHECK(!rpc::light::check_tx(*answer, {}, trusted));
    (void)rpc::light::integer_at(*answer, {"response", "height"});
    if (const auto query = rpc::light::read_query(*answer)) {
        TANDEM_CHECK(query->height > 0 && !query->proof.ops.empty());
        TANDEM_CHECK(!rpc::light::check_query(*query, "", trusted));
    }
    if (answer->kind() == wire::JsonKind::object) {
        const std::string less = rpc::light::without_proof(*answer);
        const auto again = wire::parse_json(less);
        TANDEM_CHECK(again.has_value() && !rpc::light::member(*again, "proof"));
    }
    return 0;
}
