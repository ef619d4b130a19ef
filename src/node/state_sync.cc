#include "node/state_sync.h"

#include <fmt/format.h>

#include "store/storage.h"

namespace tandem::node {
namespace {

constexpr Time tick_interval = std::chrono::milliseconds(500);
constexpr std::uint32_t chunks_between_reports = 100;

/// Trying again leads nowhere, and trying another snapshot neither.
bool needs_the_operator(std::string_view check) {
    return check == "statesync.trust_hash" || check == "statesync.trust_period" ||
           check == "statesync.servers_disagree" || check == "statesync.link";
}

}  // namespace

StateSync::StateSync(const EngineParts& parts, StateSyncConfig config, std::string software_version,
                     Owner& owner)
    : parts_(parts),
      config_(std::move(config)),
      software_version_(std::move(software_version)),
      owner_(&owner),
      client_(config_.snapshots, parts_.host.now()),
      light_(config_.light, parts_.verifier) {}

void StateSync::report(LogLevel level, std::string_view text) const {
    parts_.reporter.report(level, "statesync", text);
}

void StateSync::call_at(Time at, void (StateSync::*work)()) {
    parts_.host.call_at(at, [work, alive = std::weak_ptr(alive_)] {
        if (const auto self = alive.lock()) ((*self)->*work)();
    });
}

void StateSync::want_again() {
    light_.want(trusting_);
    ask_servers();
}

void StateSync::report_restored() {
    owner_->on_restored(*synced_);
}

void StateSync::begin() {
    report(LogLevel::info,
           fmt::format("looking for snapshots, trusting block {} with hash {}",
                       config_.light.trust_height,
                       base::to_hex(config_.light.trust_hash, base::HexCase::upper)));
    tick();
}

void StateSync::tick() {
    client_.tick(parts_.host.now());
    pump();
    if (client_.has_ended()) return;
    call_at(parts_.host.now() + tick_interval, &StateSync::tick);
}

void StateSync::add_peer(consensus::PeerId peer, const std::string& node_id) {
    client_.add_peer(peer, node_id, parts_.host.now());
    pump();
}

void StateSync::remove_peer(consensus::PeerId peer) {
    client_.remove_peer(peer, parts_.host.now());
    pump();
}

void StateSync::hear(consensus::PeerId from, const types::SnapshotsResponse& said) {
    client_.hear(from, said, parts_.host.now());
    pump();
}

void StateSync::hear(consensus::PeerId from, types::ChunkResponse answer) {
    client_.hear(from, std::move(answer), parts_.host.now());
    pump();
}

void StateSync::pump() {
    while (auto effect = client_.next_effect()) carry_out(*effect);
}

void StateSync::carry_out(sync::SnapshotEffect& effect) {
    if (const auto* snapshots = std::get_if<sync::AskSnapshots>(&effect)) {
        owner_->say_snapshot(snapshots->peer, types::ChannelId::snapshot, encode(*snapshots));
    } else if (const auto* chunk = std::get_if<sync::AskChunk>(&effect)) {
        owner_->say_snapshot(chunk->peer, types::ChannelId::snapshot_chunk, encode(*chunk));
    } else if (const auto* trust = std::get_if<sync::Trust>(&effect)) {
        trusting_ = static_cast<std::int64_t>(trust->height);
        trust_attempts_ = 0;
        report(LogLevel::info, fmt::format("verifying the snapshot of height {}", trusting_));
        light_.want(trusting_);
        ask_servers();
    } else if (const auto* offer = std::get_if<sync::Offer>(&effect)) {
        if (!std::exchange(began_to_restore_, true)) store::begin_restore(parts_.database);
        chunks_ = offer->request.snapshot->chunks;
        const auto answer = parts_.application.offer_snapshot(offer->request).result;
        report(LogLevel::info,
               fmt::format(
                   "the snapshot of height {}, format {}, in {} chunks is offered to the "
                   "application, which {}",
                   trusting_, offer->request.snapshot->format, chunks_,
                   answer == abci::OfferSnapshotResult::accept ? "takes it" : "does not take it"));
        client_.offered(answer, parts_.host.now());
    } else if (const auto* piece = std::get_if<sync::Apply>(&effect)) {
        apply(*piece);
    } else if (const auto* restored = std::get_if<sync::Restored>(&effect)) {
        finish(*restored);
    } else if (const auto* failed = std::get_if<sync::SnapshotsFailed>(&effect)) {
        parts_.host.stop(failed->why);
    }
}

// ---- Trust

void StateSync::ask_servers() {
    if (const auto question = light_.next_question()) return config_.servers->ask(*question);
    if (auto outcome = light_.outcome()) finish_trust(std::move(*outcome));
}

void StateSync::finish_trust(base::Result<sync::SyncedState> outcome) {
    if (outcome) {
        synced_ = std::move(*outcome);
        client_.trusted(synced_->app_hash, parts_.host.now());
        return pump();
    }
    const base::Refusal& why = outcome.error();
    if (needs_the_operator(why.check)) parts_.host.stop(why);
    const bool can_wait = why.check == "statesync.servers" || why.check == "statesync.witness";
    if (can_wait && ++trust_attempts_ < config_.trust_attempts_max) {
        report(LogLevel::debug, fmt::format("height {}: {}", trusting_, why.why));
        return call_at(parts_.host.now() + config_.trust_pause, &StateSync::want_again);
    }
    report(LogLevel::warning,
           fmt::format("the snapshot of height {} is not taken: {}", trusting_, why.why));
    client_.not_trusted(parts_.host.now());
    pump();
}

// ---- The application

void StateSync::apply(const sync::Apply& question) {
    const auto answer = parts_.application.apply_snapshot_chunk(question.request);
    const std::uint32_t number = question.request.index + 1;
    if (answer.result != abci::ApplySnapshotChunkResult::accept)
        report(LogLevel::warning,
               fmt::format("the application does not take chunk {} of {}, which {} sent", number,
                           chunks_, question.request.sender));
    else if (number % chunks_between_reports == 0 || number == chunks_)
        report(LogLevel::info, fmt::format("restored chunk {} of {}", number, chunks_));
    client_.applied(answer, parts_.host.now());
}

void StateSync::finish(const sync::Restored& restored) {
    TANDEM_CHECK(synced_.has_value());
    const chain::State& state = synced_->state;
    const abci::ResponseInfo info = parts_.application.info(
        {software_version_, types::block_protocol, types::p2p_protocol, "2.0.0"});
    const auto wrong = [&](std::string_view what) {
        parts_.host.stop({"statesync.application",
                          fmt::format("the application took the snapshot of height {}, and yet {}: "
                                      "it is of another version than the network's, or does not "
                                      "restore what it was given",
                                      state.last_block_height, what)});
    };
    if (info.last_block_height != state.last_block_height)
        wrong(fmt::format("stands at height {}", info.last_block_height));
    if (!base::equal(info.last_block_app_hash, restored.app_hash))
        wrong(fmt::format("its hash is {} instead of {}", base::to_hex(info.last_block_app_hash),
                          base::to_hex(restored.app_hash)));
    if (info.app_version != state.version.app)
        wrong(fmt::format("its version is {} instead of {}", info.app_version, state.version.app));
    call_at(parts_.host.now(), &StateSync::report_restored);
}

}  // namespace tandem::node
