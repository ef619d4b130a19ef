// State sync in a node: a snapshot of peers, verified by servers that are not believed, restored by
// the application (sync/snapshot_client.h and sync/light_sync.h have the rules).
//
//     peers <--messages--> SnapshotClient --Trust--> LightSync <--question, answer--> LightServers
//                               |                        |
//                     Offer, Apply: application     state and commit of the height
//
// The servers take their time, so they answer in a turn of their own. One that cannot be reached,
// or that has not yet got the two blocks which follow the snapshot, is asked again for a while. Two
// that show different chains, or a trusted height that they do not have, end the process: only the
// operator knows whom to believe.
//
// From the first offer on, what the data folder holds is good for nothing until the state is
// adopted (Engine::adopt); a start after a crash in between undoes it and begins anew
// (store::undo_unfinished_restore).
//
// Not here: HTTP (tandem), what follows (block sync, node.h).
#pragma once
#include "node/engine.h"
#include "sync/light_sync.h"
#include "sync/snapshot_client.h"

namespace tandem::node {

/// RPC servers, by their numbers in LightSyncConfig.
class LightServers {
  public:
    virtual ~LightServers() = default;
    /// Node::light_answered follows, in a turn of its own.
    virtual void ask(const sync::LightQuestion& question) = 0;
};

struct StateSyncConfig {
    sync::SnapshotClientConfig snapshots;
    sync::LightSyncConfig light;
    LightServers* servers = nullptr;  // borrowed
    /// How often a height is tried that the servers cannot show, and how long to wait between.
    int trust_attempts_max = 10;
    Time trust_pause = std::chrono::seconds(1);
};

class StateSync {
  public:
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void say_snapshot(consensus::PeerId to, types::ChannelId channel,
                                  base::Bytes message) = 0;
        /// In a turn of its own: the application stands at this state.
        virtual void on_restored(const sync::SyncedState& synced) = 0;
    };

    StateSync(const EngineParts& parts, StateSyncConfig config, std::string software_version,
              Owner& owner);

    /// Looks for snapshots, until on_restored().
    void begin();
    void add_peer(consensus::PeerId peer, const std::string& node_id);
    void remove_peer(consensus::PeerId peer);
    void hear(consensus::PeerId from, const types::SnapshotsResponse& said);
    void hear(consensus::PeerId from, types::ChunkResponse answer);
    template <typename Answer>
    void light_answered(base::Result<Answer> answer) {
        light_.answer(std::move(answer), parts_.host.wall_clock());
        ask_servers();
    }

  private:
    void pump();
    void tick();
    void carry_out(sync::SnapshotEffect& effect);
    void ask_servers();
    void finish_trust(base::Result<sync::SyncedState> outcome);
    void apply(const sync::Apply& question);
    void finish(const sync::Restored& restored);
    /// Not if this is gone by then.
    void call_at(Time at, void (StateSync::*work)());
    void want_again();
    void report_restored();
    void report(LogLevel level, std::string_view text) const;

    EngineParts parts_;
    StateSyncConfig config_;
    std::string software_version_;
    Owner* owner_;
    sync::SnapshotClient client_;
    sync::LightSync light_;
    std::int64_t trusting_ = 0;  // the height that is asked about
    int trust_attempts_ = 0;
    bool began_to_restore_ = false;
    std::uint32_t chunks_ = 0;  // of the snapshot that is offered
    std::optional<sync::SyncedState> synced_;
    std::shared_ptr<StateSync*> alive_ = std::make_shared<StateSync*>(this);
};

}  // namespace tandem::node
