// Chains of proof operators and key paths, as an application or a client may send them.
//
// Input: one byte, the length of a key path; the path; one byte, the length of a value; the value;
// one byte that shapes trees; then a ProofOps message. Keys that were read from a path must be read
// again from the path that spells them in hexadecimal; a chain that was made for value and path
// must hold, and for no other value, root or path.
#include "base/check.h"
#include "types/part_set.h"
#include "types/proof_ops.h"

namespace tandem::types {
namespace {

BytesView take_prefixed(BytesView& input) {
    if (input.empty()) return {};
    const std::size_t count = std::min<std::size_t>(input[0], input.size() - 1);
    const BytesView out = input.subspan(1, count);
    input = input.subspan(1 + count);
    return out;
}

void judge_path(std::string_view path) {
    const Result<std::vector<Bytes>> keys = parse_key_path(path);
    if (!keys) return;
    TANDEM_CHECK(!keys->empty() && keys->size() <= path.size());
    std::string respelled;
    for (const Bytes& key : *keys) respelled += "/x:" + base::to_hex(key);
    TANDEM_CHECK(parse_key_path(respelled) == keys);
}

void append_delimited(Bytes& out, BytesView bytes) {
    TANDEM_CHECK(bytes.size() < 0x80);  // keys here are cut to that
    out.push_back(static_cast<std::uint8_t>(bytes.size()));
    base::append(out, bytes);
}

/// An operator under which `value` is one leaf of several, and the root that it computes.
std::pair<ProofOp, Bytes> made_operator(const Bytes& key, BytesView value, std::uint8_t shape) {
    std::vector<Bytes> leaves(1U + shape % 16);
    const std::size_t index = shape / 16U % leaves.size();
    append_delimited(leaves[index], key);
    append_delimited(leaves[index], crypto::sha256(value));
    const std::vector<BytesView> views(leaves.begin(), leaves.end());
    const crypto::MerkleProofs made = crypto::merkle_proofs(views);
    Bytes data = {0x12};  // member 2 of the operator's data, the proof
    base::append(data, wire::encode_delimited(made.proofs[index]));
    return {{"simple:v", key, data}, base::to_bytes(made.root)};
}

void judge_made_chain(std::string_view path, BytesView value, std::uint8_t shape) {
    const Result<std::vector<Bytes>> keys = parse_key_path(path);
    if (!keys) return;
    ProofOps proof;
    Bytes argument = base::to_bytes(value);
    bool uses_all = true;
    for (std::size_t i = keys->size(); i-- > 0;) {
        const Bytes& key = (*keys)[i];
        if (key.size() >= 0x80) return;
        uses_all = uses_all && !key.empty();  // an operator without a key leaves it unused
        auto [op, root] = made_operator(key, argument, shape);
        proof.ops.push_back(std::move(op));
        argument = std::move(root);
    }
    TANDEM_CHECK(verify_value(proof, argument, path, value).has_value() == uses_all);
    Bytes other = base::to_bytes(value);
    other.push_back(0);
    TANDEM_CHECK(!verify_value(proof, argument, path, other));
    TANDEM_CHECK(!verify_value(proof, {}, path, value));
    TANDEM_CHECK(!verify_value(proof, argument, "/more" + std::string(path), value));
}

}  // namespace
}  // namespace tandem::types

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    base::BytesView input(data, size);
    const std::string_view path = base::as_text(types::take_prefixed(input));
    const base::BytesView value = types::take_prefixed(input);
    const std::uint8_t shape = input.empty() ? std::uint8_t{0} : input[0];
    input = input.subspan(input.empty() ? 0 : 1);
    types::judge_path(path);
    types::judge_made_chain(path, value, shape);
    const auto proof = wire::decode<types::ProofOps>(input);
    if (!proof) return 0;
    const base::Bytes encoded = wire::encode(*proof);
    TANDEM_CHECK(wire::decode<types::ProofOps>(encoded).value() == *proof);
    TANDEM_CHECK(!types::verify_value(*proof, {}, path, value));  // no chain leads to no root
    return 0;
}
