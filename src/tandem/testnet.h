// The files of a whole network, in memory, before anything is written.
#pragma once
#include "tandem/node_files.h"

namespace tandem::program {

struct TestnetOptions {
    std::int64_t validators = 4;
    std::int64_t non_validators = 0;
    std::int64_t seats = 0;     // above 0: instead of validators
    std::int64_t standbys = 1;  // of each seat
    std::string config_path;    // empty: the usual one
    std::string output_folder = "./mytestnet";
    std::string folder_prefix = "node";
    bool folder_prefix_given = false;
    std::int64_t initial_height = 0;
    std::string chain_id;
    std::string proxy_app;
    bool populate_persistent_peers = true;
    std::string hostname_prefix = "node";
    std::string hostname_suffix;
    std::string starting_ip;
    Texts hostnames;
    std::int64_t p2p_port = 26'656;
    bool random_monikers = false;
    std::int64_t loopback_port = 0;  // above 0: all on this machine, from this port on
};

struct TestnetNode {
    std::string name;    // of its folder
    std::string seat;    // empty: none
    bool votes = false;  // from the first block on
    Home home;
    Config config;
    PublicKeys keys;
    std::string host;
};

/// A network of options, and what is to be written for it.
class Testnet {
  public:
    explicit Testnet(TestnetOptions options) : options_(std::move(options)) {}

    /// Checks the options, and gathers everything in `batch`.
    [[nodiscard]] Outcome prepare(FileBatch& batch);

    [[nodiscard]] const std::vector<TestnetNode>& nodes() const noexcept { return nodes_; }
    [[nodiscard]] const std::vector<LogLine>& log() const noexcept { return log_; }
    [[nodiscard]] const types::GenesisDoc& genesis() const noexcept { return genesis_; }

  private:
    [[nodiscard]] Outcome check_options() const;
    void name_nodes();
    [[nodiscard]] Outcome prepare_node(TestnetNode& node, const Config& usual, FileBatch& batch);
    [[nodiscard]] Outcome make_genesis(FileBatch& batch);
    [[nodiscard]] Outcome add_seats(FileBatch& batch, std::string_view application_state);
    /// Reads or makes a key in the network's folder.
    [[nodiscard]] std::expected<crypto::PublicKey, Failure> key_in(
        const std::filesystem::path& path, const char* what, FileBatch& batch);
    /// The organisations of share as its genesis has them, with keys that are read or made.
    [[nodiscard]] std::expected<std::string, Failure> share_state(FileBatch& batch);
    [[nodiscard]] std::string application() const;
    void configure(std::size_t index, const std::string& peers);
    [[nodiscard]] std::string host_of(std::size_t index) const;
    [[nodiscard]] std::string moniker_of(std::size_t index) const;
    [[nodiscard]] std::int64_t port_of(std::size_t index) const;

    TestnetOptions options_;
    std::vector<TestnetNode> nodes_;
    std::vector<LogLine> log_;
    types::GenesisDoc genesis_;
};

}  // namespace tandem::program
