#include "node/stored_environment.h"

#include "types/json.h"

namespace tandem::node {
namespace {

std::unexpected<base::Refusal> nobody_runs() {
    return base::refuse("inspect", "the node does not run; only its stores are shown");
}

template <typename T>
std::optional<T> copy_of(const consensus::Shared<T>& found) {
    if (!found) return std::nullopt;
    return *found;
}

}  // namespace

StoredEnvironment::StoredEnvironment(const store::BlockStore& blocks,
                                     const store::StateStore& states,
                                     const types::GenesisDoc& genesis)
    : blocks_(blocks), states_(states), genesis_text_(types::to_json(genesis)) {}

std::optional<types::BlockMeta> StoredEnvironment::meta(std::int64_t height) const {
    return blocks_.meta(height);
}

std::optional<std::int64_t> StoredEnvironment::height_of(base::BytesView hash) const {
    return blocks_.height_of(hash);
}

std::shared_ptr<const types::Block> StoredEnvironment::block(std::int64_t height) const {
    return blocks_.block(height).pointer();
}

std::optional<types::Commit> StoredEnvironment::commit(std::int64_t height) const {
    return copy_of(blocks_.canonical_commit(height));
}

std::optional<types::Commit> StoredEnvironment::seen_commit(std::int64_t height) const {
    return copy_of(blocks_.seen_commit(height));
}

std::shared_ptr<const types::ValidatorSet> StoredEnvironment::validators(
    std::int64_t height) const {
    return states_.validators(height).pointer();
}

std::optional<types::ConsensusParams> StoredEnvironment::params(std::int64_t height) const {
    return states_.params(height);
}

std::optional<abci::ResponseFinalizeBlock> StoredEnvironment::results(std::int64_t height) const {
    return states_.answer(height);
}

void StoredEnvironment::add_tx(base::Bytes, std::move_only_function<void(base::Verdict)> taken,
                               rpc::Reply<abci::ResponseCheckTx>) {
    taken(nobody_runs());
}

void StoredEnvironment::check_tx(base::Bytes, rpc::Reply<abci::ResponseCheckTx> reply) {
    reply(nobody_runs());
}

void StoredEnvironment::query(abci::RequestQuery, rpc::Reply<abci::ResponseQuery> reply) {
    reply(nobody_runs());
}

void StoredEnvironment::info(rpc::Reply<abci::ResponseInfo> reply) {
    reply(nobody_runs());
}

base::Verdict StoredEnvironment::add_evidence(const types::Evidence&) {
    return nobody_runs();
}

base::Verdict StoredEnvironment::dial_seeds(std::span<const std::string>) {
    return nobody_runs();
}

base::Verdict StoredEnvironment::dial_peers(const rpc::PeersToDial&) {
    return nobody_runs();
}

}  // namespace tandem::node
