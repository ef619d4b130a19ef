// Snapshots: the state of seats travels as chunk 0, in front of the application's chunks. It
// carries the application's own hash, and is held against the trusted application hash before the
// application is offered anything.
#include "crypto/sha256.h"
#include "seats/app_hash.h"
#include "seats/application_impl.h"

namespace tandem::seats {

/// Chunk 0 of a snapshot.
struct SnapshotPart {
    Bytes state;  // encode_state
    Bytes application_hash;
};

/// Metadata of a snapshot: what the application itself offered.
struct SnapshotMetadata {
    Bytes inner_hash;
    Bytes inner_metadata;
};

}  // namespace tandem::seats

namespace tandem::wire {

template <>
struct Described<seats::SnapshotPart> {
    static constexpr std::string_view name = "SeatsSnapshotPart";
    static constexpr auto fields =
        std::tuple{field<1>("state", &seats::SnapshotPart::state),
                   field<2>("application_hash", &seats::SnapshotPart::application_hash)};
};

template <>
struct Described<seats::SnapshotMetadata> {
    static constexpr std::string_view name = "SeatsSnapshotMetadata";
    static constexpr auto fields =
        std::tuple{field<1>("inner_hash", &seats::SnapshotMetadata::inner_hash),
                   field<2>("inner_metadata", &seats::SnapshotMetadata::inner_metadata)};
};

}  // namespace tandem::wire

namespace tandem::seats {
namespace {

Bytes part_bytes(const StateStore::Kept& kept) {
    return wire::encode(SnapshotPart{encode_state(kept.state), kept.application_hash});
}

/// Covers both parts, so that equal hashes mean equal snapshots.
Bytes snapshot_hash(BytesView part, BytesView inner_hash) {
    crypto::Sha256 hasher;
    const crypto::Digest digest = hasher.update(crypto::sha256(part)).update(inner_hash).finish();
    return {digest.begin(), digest.end()};
}

abci::ResponseApplySnapshotChunk chunk_result(abci::ApplySnapshotChunkResult result) {
    abci::ResponseApplySnapshotChunk response;
    response.result = result;
    return response;
}

/// What the application's verdict on the whole snapshot means for the chunk at hand.
abci::ApplySnapshotChunkResult to_chunk_result(abci::OfferSnapshotResult result) {
    switch (result) {
        case abci::OfferSnapshotResult::accept:
            return abci::ApplySnapshotChunkResult::accept;
        case abci::OfferSnapshotResult::abort:
            return abci::ApplySnapshotChunkResult::abort;
        case abci::OfferSnapshotResult::reject:
        case abci::OfferSnapshotResult::reject_format:
        case abci::OfferSnapshotResult::reject_sender:
            return abci::ApplySnapshotChunkResult::reject_snapshot;
        case abci::OfferSnapshotResult::unknown:
            break;
    }
    return abci::ApplySnapshotChunkResult::unknown;
}

}  // namespace

void SeatsApplication::Impl::keep_snapshots() {
    const auto offered = inner.list_snapshots({}).snapshots;
    const auto is_offered = [&](std::int64_t height) {
        return std::ranges::any_of(offered, [&](const abci::Snapshot& snapshot) {
            return snapshot.height == static_cast<std::uint64_t>(height);
        });
    };
    const auto kept = store.kept_for_snapshots();
    for (const std::int64_t height : kept)
        if (!is_offered(height)) store.drop_for_snapshots(height);
    const std::int64_t height = committed.state.height;
    if (is_offered(height) && std::ranges::find(kept, height) == kept.end())
        store.keep_for_snapshots(height, committed.state, committed.application_hash);
}

abci::ResponseListSnapshots SeatsApplication::list_snapshots(
    const abci::RequestListSnapshots& request) {
    abci::ResponseListSnapshots response;
    for (abci::Snapshot& snapshot : impl_->inner.list_snapshots(request).snapshots) {
        const auto kept =
            impl_->store.load_for_snapshots(static_cast<std::int64_t>(snapshot.height));
        if (snapshot.hash.empty()) continue;  // it is being made: its state is kept, no more
        if (!kept || snapshot.chunks == std::numeric_limits<std::uint32_t>::max()) continue;
        abci::Snapshot ours = snapshot;
        ours.chunks += 1;
        ours.hash = snapshot_hash(part_bytes(*kept), snapshot.hash);
        ours.metadata = wire::encode(SnapshotMetadata{snapshot.hash, snapshot.metadata});
        response.snapshots.push_back(std::move(ours));
    }
    return response;
}

abci::ResponseLoadSnapshotChunk SeatsApplication::load_snapshot_chunk(
    const abci::RequestLoadSnapshotChunk& request) {
    if (request.chunk > 0) {
        abci::RequestLoadSnapshotChunk inner_request = request;
        inner_request.chunk -= 1;
        return impl_->inner.load_snapshot_chunk(inner_request);
    }
    const auto kept = impl_->store.load_for_snapshots(static_cast<std::int64_t>(request.height));
    return {kept ? part_bytes(*kept) : Bytes{}};
}

abci::ResponseOfferSnapshot SeatsApplication::offer_snapshot(
    const abci::RequestOfferSnapshot& request) {
    impl_->restore.reset();
    if (!request.snapshot || request.snapshot->chunks < 1)
        return {abci::OfferSnapshotResult::reject};
    const auto metadata = wire::decode<SnapshotMetadata>(request.snapshot->metadata);
    if (!metadata) return {abci::OfferSnapshotResult::reject};
    Impl::Restore restore;
    restore.snapshot_hash = request.snapshot->hash;
    restore.trusted_app_hash = request.app_hash;
    restore.inner_snapshot = *request.snapshot;
    restore.inner_snapshot.chunks -= 1;
    restore.inner_snapshot.hash = metadata->inner_hash;
    restore.inner_snapshot.metadata = metadata->inner_metadata;
    impl_->restore = std::move(restore);
    return {
        abci::OfferSnapshotResult::accept};  // the application is asked once chunk 0 was checked
}

abci::ResponseApplySnapshotChunk SeatsApplication::Impl::apply_part(
    const abci::RequestApplySnapshotChunk& request) {
    using Result = abci::ApplySnapshotChunkResult;
    const auto part = wire::decode<SnapshotPart>(request.chunk);
    std::optional<State> state;
    if (part)
        if (auto decoded = decode_state(part->state)) state = std::move(*decoded);
    const bool genuine =
        part && state &&
        snapshot_hash(request.chunk, restore->inner_snapshot.hash) == restore->snapshot_hash &&
        static_cast<std::uint64_t>(state->height) == restore->inner_snapshot.height &&
        base::equal(engine_app_hash(part->application_hash, state_hash(*state)),
                    restore->trusted_app_hash);
    if (!genuine) {
        // Whoever sent it lied about this chunk; somebody else may have the real one.
        abci::ResponseApplySnapshotChunk response = chunk_result(Result::retry);
        response.refetch_chunks.push_back(request.index);
        if (!request.sender.empty()) response.reject_senders.push_back(request.sender);
        return response;
    }
    abci::RequestOfferSnapshot offer;
    offer.snapshot = restore->inner_snapshot;
    offer.app_hash = part->application_hash;
    const auto offered = inner.offer_snapshot(offer).result;
    if (offered == abci::OfferSnapshotResult::accept) {
        restore->state = *state;
        restore->application_hash = part->application_hash;
        restore->verified = true;
        if (restore->inner_snapshot.chunks == 0) finish_restore();
    }
    return chunk_result(to_chunk_result(offered));
}

void SeatsApplication::Impl::finish_restore() {
    adopt(std::move(restore->state), std::move(restore->application_hash));
    // There is no state before this one; the application holds this height from now on.
    store.save({committed.state,
                committed.state,
                committed.application_hash,
                committed.application_hash,
                {}});
    restore.reset();
}

abci::ResponseApplySnapshotChunk SeatsApplication::apply_snapshot_chunk(
    const abci::RequestApplySnapshotChunk& request) {
    using Result = abci::ApplySnapshotChunkResult;
    auto& restore = impl_->restore;
    if (!restore) return chunk_result(Result::abort);
    if (request.index == 0) return impl_->apply_part(request);
    if (!restore->verified) return chunk_result(Result::retry_snapshot);
    abci::RequestApplySnapshotChunk inner_request = request;
    inner_request.index -= 1;
    abci::ResponseApplySnapshotChunk response = impl_->inner.apply_snapshot_chunk(inner_request);
    for (std::uint32_t& chunk : response.refetch_chunks) chunk += 1;
    if (response.result == Result::accept && request.index == restore->inner_snapshot.chunks)
        impl_->finish_restore();
    return response;
}

}  // namespace tandem::seats
