// A network of whole nodes in one thread, under a virtual clock: the real node with the real wire
// between them, and memory instead of disks. What a test waits for is an observed condition.
#pragma once
#include <functional>
#include <map>
#include <memory>

#include "crypto/ed25519.h"
#include "io/shared_database.h"
#include "ledger/kvstore.h"
#include "ledger/share.h"
#include "node/node.h"
#include "p2p/secret_connection.h"
#include "store/memory_key_values.h"
#include "tests/node/virtual_signer.h"
#include "types/key_files.h"
#include "types/packets.h"

namespace tandem::testing {

using node::LinkId;
using node::Time;

/// Work by time; work of one time in the order in which it was added.
class VirtualClock {
  public:
    void at(Time when, std::function<void()> work) {
        queue_.emplace(std::max(when, now_), std::move(work));
    }
    void after(Time delay, std::function<void()> work) { at(now_ + delay, std::move(work)); }
    [[nodiscard]] Time now() const noexcept { return now_; }
    /// False: nothing is left to do.
    bool run_one();

  private:
    std::multimap<Time, std::function<void()>> queue_;
    Time now_{0};
};

/// A log on a disk that keeps, in a crash, what was durable.
class VirtualLog final : public node::Log {
  public:
    VirtualLog(VirtualClock& clock, std::string chain_id)
        : clock_(clock), chain_id_(std::move(chain_id)) {}

    signer::LogPosition append(const consensus::Input& input) override;
    signer::LogPosition append_marker(std::int64_t height) override;
    signer::LogPosition append_watermark(base::BytesView record) override;
    [[nodiscard]] signer::LogPosition durable() const override { return {durable_}; }
    void ask_barrier() override;
    void sync() override;

    /// The process ends, and with it what was not durable.
    void crash();
    /// Reads what is left, and goes on behind it.
    [[nodiscard]] store::LogContents reopen();
    std::function<void()> on_durable;
    [[nodiscard]] std::size_t barriers() const noexcept { return barriers_; }

  private:
    signer::LogPosition added();
    VirtualClock& clock_;
    std::string chain_id_;
    base::Bytes bytes_;
    std::optional<store::LogWriter> writer_;
    std::uint64_t durable_ = 0;
    std::size_t barriers_ = 0;
    bool barrier_runs_ = false;
    std::uint64_t life_ = 0;
};

class VirtualNode;
class Stranger;

class VirtualNetwork {
  public:
    /// `validators` of `nodes` have power; all know each other.
    VirtualNetwork(std::size_t nodes, std::size_t validators);
    /// `seats` seats of `nodes_per_seat` nodes each: of seat i the nodes i * nodes_per_seat on, the
    /// first of which is its validator.
    struct Seats {
        std::size_t seats = 4;
        std::size_t nodes_per_seat = 2;
        std::uint32_t run_records = 5;
        /// Snapshots of `share`, which is the application then; 0: it is `kvstore`.
        std::int64_t share_snapshot_interval = 0;
    };
    explicit VirtualNetwork(const Seats& seats);
    ~VirtualNetwork();

    /// Runs until the condition holds; false if it never came within `limit` of virtual time.
    bool run_until(const std::function<bool()>& condition, Time limit = std::chrono::minutes(10));
    /// All that run.
    bool run_to_height(std::int64_t height);
    [[nodiscard]] VirtualNode& operator[](std::size_t index) { return *nodes_[index]; }
    [[nodiscard]] std::size_t size() const noexcept { return nodes_.size(); }

    void start_all();
    VirtualClock clock;
    types::GenesisDoc genesis;
    consensus::Config timeouts;
    /// Of every node (node::NodeConfig). Set before the start.
    std::size_t unfinished_bytes_max = std::size_t{512} << 20U;
    /// The keys of all validators are with remote signers. Set before the first start.
    bool has_remote_signers = false;
    /// Blocks that `kvstore` asks to keep; 0: all. Set before the start.
    std::int64_t retain_blocks = 0;
    /// Puts an application around that of a node, whenever its process begins. None: there is none.
    std::function<std::unique_ptr<abci::Application>(std::size_t node, abci::Application& inner)>
        around_application;
    /// How long bytes are on their way between two nodes; a millisecond where it is not set.
    std::function<Time(std::size_t from, std::size_t to)> flight_between;
    /// Of everybody's wall clock at the beginning.
    std::int64_t epoch_seconds = 1'700'000'000;

  private:
    friend class VirtualNode;
    friend class Stranger;
    /// A connection: bytes arrive a millisecond later, in order.
    struct Cable {
        VirtualNode* ends[2];  // null: a stranger
        std::uint64_t lives[2];
        LinkId numbers[2];
        bool open = true;
        std::function<void(base::BytesView)> stranger;  // takes what its end is sent
    };
    void make(std::size_t nodes);

    std::vector<std::unique_ptr<VirtualNode>> nodes_;
    std::uint64_t next_link_ = 1;
    bool has_seats_ = false;
    std::int64_t share_snapshot_interval_ = 0;
};

class VirtualNode final : public node::Host, public node::Reporter, public node::LightServers {
  public:
    VirtualNode(VirtualNetwork& network, std::size_t index);
    ~VirtualNode() override;

    void start();
    /// The power goes: what was not durable is gone.
    void crash() { end(0); }
    /// kill -9: what the database was given is there, and what the log had gathered is not.
    void kill() { end(database_.waiting()); }
    /// The application forgets everything. REQUIRES: not running.
    void lose_application() { application_storage_ = {}; }
    [[nodiscard]] bool running() const noexcept { return process_ != nullptr; }
    /// No connections while it is so; those that it has are cut.
    void cut_off(bool is_cut_off);
    [[nodiscard]] node::Node& node();
    /// Null where the chain has none.
    [[nodiscard]] const seats::SeatsApplication* seats() const;
    [[nodiscard]] std::int64_t height();
    [[nodiscard]] store::BlockStore& blocks();
    /// What its engine stands on, for whoever stands on that, too. REQUIRES: running.
    [[nodiscard]] node::EngineParts parts();
    [[nodiscard]] const p2p::LocalNode& local() const;
    [[nodiscard]] consensus::Shared<types::ValidatorSet> validators(std::int64_t height);
    [[nodiscard]] const crypto::PublicKey& key() const { return public_key_; }
    /// REQUIRES: the network has them, and this node was started.
    [[nodiscard]] VirtualSigner& signer() { return *signer_; }
    /// Its key is in the validator set of the next height.
    [[nodiscard]] bool is_validator() { return node().engine().is_validator(); }
    [[nodiscard]] types::PeerAddress address() const;
    [[nodiscard]] base::Result<abci::ResponseCheckTx> submit(std::string_view tx);
    [[nodiscard]] const std::string& refusal() const { return refusal_; }
    [[nodiscard]] const VirtualLog& log() const { return log_; }
    [[nodiscard]] const store::MemoryKeyValues& database() const { return database_; }
    std::vector<std::string> reports;
    /// Where there is no state, the next start() begins with a snapshot; the light client asks
    /// `servers`, and trusts this height of the first of them.
    void begin_with_snapshot(std::vector<std::size_t> servers, std::int64_t trust_height);
    /// Trusts another hash than the chain has.
    void distrust() { state_sync_->light.trust_hash[0] ^= 1; }
    [[nodiscard]] bool reported(std::string_view text) const;

    // ---- node::Host
    [[nodiscard]] Time now() const override;
    [[nodiscard]] types::Timestamp wall_clock() const override;
    void call_at(Time at, std::function<void()> work) override;
    void do_aside(node::Aside kind, std::function<void()> work,
                  std::function<void()> done) override;
    [[nodiscard]] crypto::SecretArray<32> fresh_secret() override;
    void write(LinkId link, base::Bytes bytes) override;
    [[nodiscard]] std::size_t unsent_bytes(LinkId) const override { return 0; }
    void close(LinkId link) override;
    void dial(const types::PeerAddress& address) override;
    void save_address_book(std::string) override {}
    [[noreturn]] void stop(const base::Refusal& why) override;
    // ---- node::Reporter
    [[nodiscard]] bool wants(node::LogLevel, std::string_view) const override { return true; }
    void report(node::LogLevel level, std::string_view module, std::string_view text) override;

    // ---- node::LightServers
    void ask(const sync::LightQuestion& question) override;
    /// What a server says; a test may have it lie.
    std::function<void(std::size_t server, types::LightBlock& block)> lie;

  private:
    friend class VirtualNetwork;
    friend class Stranger;
    struct Process;
    void end(std::size_t surviving_batches);
    [[nodiscard]] std::optional<node::StateSyncConfig> state_sync();
    [[nodiscard]] base::Result<types::LightBlock> light_block(std::int64_t height);
    [[nodiscard]] std::unique_ptr<seats::SeatsApplication> wrap(abci::Application& application,
                                                                seats::StateStore& store) const;
    [[nodiscard]] std::unique_ptr<abci::Application> make_application(ledger::Storage& in_database);
    [[nodiscard]] p2p::PeersConfig rules() const;
    [[nodiscard]] signer::RemoteKey* remote_key();
    /// In the present life of the process, and then the turn ends.
    void turn(std::uint64_t life, const std::function<void(node::Node&)>& event);
    void deliver(const std::shared_ptr<VirtualNetwork::Cable>& cable, int end, base::Bytes bytes);
    void cut(std::shared_ptr<VirtualNetwork::Cable> cable);

    VirtualNetwork& network_;
    std::size_t index_;
    std::shared_ptr<const crypto::SigningKey> key_;
    std::shared_ptr<const crypto::SigningKey> node_key_;
    std::shared_ptr<const crypto::SigningKey> liveness_key_;
    crypto::PublicKey public_key_;
    store::MemoryKeyValues database_;
    ledger::MemoryStorage application_storage_;
    std::optional<node::StateSyncConfig> state_sync_;
    std::vector<std::size_t> light_servers_;
    VirtualLog log_;
    std::optional<VirtualSigner> signer_;
    std::unique_ptr<Process> process_;
    std::uint64_t life_ = 0;
    std::uint8_t secrets_ = 0;
    bool is_cut_off_ = false;
    std::string refusal_;
    std::map<LinkId, std::pair<std::shared_ptr<VirtualNetwork::Cable>, int>> cables_;
};

/// A bare peer that dialled a node: it speaks the wire, and says what the test has it say.
class Stranger {
  public:
    Stranger(VirtualNetwork& network, VirtualNode& node,
             std::shared_ptr<const crypto::SigningKey> key, types::NodeInfo info);
    ~Stranger();

    /// A NodeInfo that the node of `network` finds nothing wrong with.
    [[nodiscard]] static types::NodeInfo good_info(const VirtualNetwork& network,
                                                   const crypto::SigningKey& key);
    void say(std::uint8_t channel, base::BytesView message);
    void say_packet(const types::Packet& packet);
    [[nodiscard]] bool closed() const { return !cable_->open; }
    /// The node introduced itself.
    [[nodiscard]] bool introduced() const { return peer_info_.has_value(); }
    [[nodiscard]] const types::NodeInfo& peer_info() const { return *peer_info_; }
    std::vector<types::ChannelMessage> heard;
    std::size_t pongs = 0;

  private:
    void take(base::BytesView bytes);
    void take_packets();
    void send();

    VirtualNetwork& network_;
    VirtualNode& node_;
    std::shared_ptr<const crypto::SigningKey> key_;
    types::NodeInfo info_;
    p2p::SecretConnection secret_;
    std::shared_ptr<VirtualNetwork::Cable> cable_;
    bool has_said_info_ = false;
    std::optional<types::NodeInfo> peer_info_;
    types::PacketAssembler assembler_;
};

}  // namespace tandem::testing
