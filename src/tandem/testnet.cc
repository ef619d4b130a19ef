#include "tandem/testnet.h"

#include <fmt/format.h>

#include "io/folder_lock.h"
#include "ledger/share.h"
#include "seats/genesis.h"
#include "types/net_address.h"
#include "wire/json_write.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t nodes_max = 1'000;
constexpr std::int64_t validator_power = 1;  // as in CometBFT's testnet
constexpr std::int64_t seat_power = 10;
// With K = N liars cannot block a switch in networks of this size and the usual N (seats page, 4).
constexpr std::int64_t strict_seats_max = 9;

// Ports of one node on the loopback: p2p, and then
constexpr std::int64_t rpc_offset = 1;
constexpr std::int64_t metrics_offset = 2;
constexpr std::int64_t ports_per_node = 10;

constexpr const char* share_member = "writer";
constexpr const char* share_namespace = "open";

std::string organisation_name(std::int64_t index) {
    return fmt::format("org{}", index + 1);
}

std::string node_name(std::int64_t seat, std::int64_t node) {
    return fmt::format("{}-{}", organisation_name(seat), node + 1);
}

}  // namespace

Outcome Testnet::check_options() const {
    const auto& o = options_;
    const auto wrong = [](std::string what) { return fail(ExitCode::usage, std::move(what)); };
    if (o.seats < 0 || o.standbys < 0 || o.validators < 0 || o.non_validators < 0)
        return wrong("numbers of nodes must not be negative");
    if (o.seats > nodes_max || o.standbys > nodes_max || o.validators > nodes_max ||
        o.non_validators > nodes_max)
        return wrong(fmt::format("at most {} nodes are possible", nodes_max));
    const auto count = static_cast<std::int64_t>(nodes_.size());
    if (count == 0) return wrong("a network of no nodes: give --v, --n or --seats");
    if (count > nodes_max) return wrong(fmt::format("at most {} nodes are possible", nodes_max));
    if (!o.hostnames.empty() && static_cast<std::int64_t>(o.hostnames.size()) != count)
        return wrong(
            fmt::format("testnet needs precisely {} hostnames (number of validators plus "
                        "non-validators) if --hostname parameter is used",
                        count));
    if (o.initial_height < 0) return wrong("--initial-height must not be negative");
    if (o.p2p_port < 1 || o.p2p_port > 65'535) return wrong("--p2p-port must be 1 to 65535");
    if (o.loopback_port != 0 &&
        (o.loopback_port < 1'024 || o.loopback_port + count * ports_per_node > 65'535))
        return wrong(
            fmt::format("--loopback {}: {} ports from there on do not lie between 1024 and "
                        "65535",
                        o.loopback_port, count * ports_per_node));
    if (o.loopback_port != 0 && (!o.starting_ip.empty() || !o.hostnames.empty()))
        return wrong("--loopback excludes --hostname and --starting-ip-address");
    if (!o.starting_ip.empty()) {
        const auto ip = types::IpAddress::from_text(o.starting_ip);
        if (!ip || !ip->is_v4()) return wrong(fmt::format("{}: non ipv4 address", o.starting_ip));
        if (ip->bytes.back() + count - 1 > 255)
            return wrong(
                fmt::format("--starting-ip-address {}: the last number would exceed 255 "
                            "before {} nodes have one",
                            o.starting_ip, count));
    }
    return {};
}

void Testnet::name_nodes() {
    const auto add = [this](std::string name, std::string seat, bool votes) {
        if (options_.folder_prefix_given || name.empty())
            name = fmt::format("{}{}", options_.folder_prefix, nodes_.size());
        TestnetNode node;
        node.home.root = fs::path(options_.output_folder) / name;
        node.name = std::move(name);
        node.seat = std::move(seat);
        node.votes = votes;
        nodes_.push_back(std::move(node));
    };
    for (std::int64_t seat = 0; seat < std::min(options_.seats, nodes_max); ++seat)
        for (std::int64_t i = 0; i <= std::min(options_.standbys, nodes_max); ++i)
            add(node_name(seat, i), organisation_name(seat), i == 0);
    if (options_.seats == 0)
        for (std::int64_t i = 0; i < std::min(options_.validators, nodes_max); ++i)
            add("", "", true);
    for (std::int64_t i = 0; i < std::min(options_.non_validators, nodes_max); ++i)
        add("", "", false);
}

std::string Testnet::host_of(std::size_t index) const {
    if (options_.loopback_port != 0) return "127.0.0.1";
    if (!options_.hostnames.empty()) return options_.hostnames[index];
    if (options_.starting_ip.empty())
        return options_.seats != 0 ? nodes_[index].name + options_.hostname_suffix
                                   : fmt::format("{}{}{}", options_.hostname_prefix, index,
                                                 options_.hostname_suffix);
    types::IpAddress ip = *types::IpAddress::from_text(options_.starting_ip);
    ip.bytes.back() = static_cast<std::uint8_t>(ip.bytes.back() + index);
    return ip.to_text();
}

std::string Testnet::moniker_of(std::size_t index) const {
    const bool has_no_name =
        options_.seats == 0 && !options_.starting_ip.empty() && options_.hostnames.empty();
    if (options_.random_monikers || has_no_name)
        return base::to_hex(random_bytes(8), base::HexCase::upper);
    if (options_.loopback_port != 0) return nodes_[index].name;
    return options_.seats != 0 ? nodes_[index].name : host_of(index);
}

std::int64_t Testnet::port_of(std::size_t index) const {
    return options_.loopback_port == 0
               ? options_.p2p_port
               : options_.loopback_port + static_cast<std::int64_t>(index) * ports_per_node;
}

/// Empty: that of the config.toml the network begins from.
std::string Testnet::application() const {
    if (!options_.proxy_app.empty()) return options_.proxy_app;
    return options_.seats != 0 && options_.config_path.empty() ? "persistent_kvstore" : "";
}

void Testnet::configure(std::size_t index, const std::string& peers) {
    TestnetNode& node = nodes_[index];
    Config& config = node.config;
    config.p2p.addr_book_strict = false;
    config.p2p.allow_duplicate_ip = true;
    if (options_.populate_persistent_peers) config.p2p.persistent_peers = peers;
    config.base.moniker = moniker_of(index);
    if (const std::string name = application(); !name.empty()) config.base.proxy_app = name;
    if (options_.loopback_port == 0) return;
    const std::int64_t port = port_of(index);
    config.p2p.laddr = fmt::format("tcp://127.0.0.1:{}", port);
    config.rpc.laddr = fmt::format("tcp://127.0.0.1:{}", port + rpc_offset);
    config.instrumentation.prometheus_listen_addr =
        fmt::format("127.0.0.1:{}", port + metrics_offset);
}

Outcome Testnet::prepare_node(TestnetNode& node, const Config& usual, FileBatch& batch) {
    node.config = usual;
    const fs::path data = node.home.at(usual.base.db_dir);
    const fs::path state = node.home.at(usual.base.priv_validator_state_file);
    std::error_code error;
    for (fs::directory_iterator entry(data, error), end; !error && entry != end;
         entry.increment(error))
        if (entry->path() != state && entry->path().filename() != io::FolderLock::file_name)
            return fail(ExitCode::failed,
                        fmt::format("{} holds the history of a chain ({}); a new genesis would not "
                                    "fit it. Choose another --o, or remove what the node stored "
                                    "with: tandem unsafe-reset-all --home {}",
                                    data.string(), entry->path().filename().string(),
                                    node.home.root.string()));
    batch.folder(node.home.at("config"));
    batch.folder(data);
    auto keys = prepare_keys(node.home, usual, batch, log_);
    if (!keys) return fail(keys.error());
    node.keys = *keys;
    const fs::path genesis = node.home.at(usual.base.genesis_file);
    log_.push_back({is_there(genesis) ? "Replaced genesis file" : "Generated genesis file",
                    {{"path", genesis.string()}}});
    return {};
}

std::expected<crypto::PublicKey, Failure> Testnet::key_in(const fs::path& path, const char* what,
                                                          FileBatch& batch) {
    const bool found = is_there(path);
    log_.push_back(
        {fmt::format("{} {} key", found ? "Found" : "Generated", what), {{"path", path.string()}}});
    if (found) {
        const auto key = load_node_key(path);
        if (!key) return fail(key.error());
        return key->public_key();
    }
    const crypto::PrivateKey key = fresh_key();
    batch.create(path, types::node_key_text(key).view(), types::secret_file_mode);
    return key.public_key();
}

/// One organisation for each seat or validator, with a member who writes and a namespace that
/// everybody reads.
std::expected<std::string, Failure> Testnet::share_state(FileBatch& batch) {
    const fs::path folder = fs::path(options_.output_folder) / "share";
    wire::JsonWriter writer;
    writer.begin_object().name("organisations").begin_array();
    const std::int64_t count = options_.seats != 0 ? options_.seats : options_.validators;
    for (std::int64_t i = 0; i < count; ++i) {
        const std::string name = organisation_name(i);
        auto admin = key_in(folder / (name + "-admin.json"), "share admin", batch);
        if (!admin) return fail(std::move(admin).error());
        auto member =
            key_in(folder / fmt::format("{}-{}.json", name, share_member), "share member", batch);
        if (!member) return fail(std::move(member).error());
        writer.begin_object().name("name").string(name);
        writer.name("admin_key").base64(base::view(admin->bytes));
        writer.name("members").begin_array().begin_object().name("name").string(share_member);
        writer.name("key").base64(base::view(member->bytes));
        writer.name("role").string("writer").end_object().end_array();
        writer.name("namespaces").begin_array().begin_object();
        writer.name("name").string(share_namespace).end_object().end_array().end_object();
    }
    writer.end_array().end_object();
    std::string state = writer.take();
    TANDEM_DO(ledger::share_genesis(base::as_bytes(state)));
    return state;
}

Outcome Testnet::add_seats(FileBatch& batch, std::string_view application_state) {
    seats::Genesis genesis;
    if (options_.seats <= strict_seats_max)
        genesis.params.alive_records = genesis.params.run_records;
    for (const TestnetNode& node : nodes_) {
        if (node.seat.empty()) continue;
        if (genesis.seats.empty() || genesis.seats.back().id != node.seat) {
            auto key = key_in(fs::path(options_.output_folder) / "admin" / (node.seat + ".json"),
                              "admin", batch);
            if (!key) return fail(std::move(key).error());
            genesis.seats.push_back({node.seat, seat_power, *key, {}});
        }
        genesis.seats.back().nodes.push_back({node.name, node.keys.validator, node.keys.liveness});
    }
    genesis_.app_state = seats::write_genesis(genesis, application_state);
    const types::ConsensusParams& params = genesis_.consensus_params;
    const auto state = seats::initial_state(
        genesis,
        {genesis_.chain_id,
         std::max<std::int64_t>(options_.initial_height, 1),
         {params.block.max_bytes, params.evidence.max_bytes, params.validator.pub_key_types}});
    if (!state) return fail(ExitCode::usage, "these seats are impossible: " + state.error().why);
    return {};
}

Outcome Testnet::make_genesis(FileBatch& batch) {
    genesis_ =
        usual_genesis(options_.chain_id.empty() ? "chain-" + random_letters(6) : options_.chain_id);
    genesis_.initial_height = options_.initial_height;
    for (const TestnetNode& node : nodes_)
        if (node.votes)
            genesis_.validators.push_back(
                {crypto::address(node.keys.validator), node.keys.validator,
                 node.seat.empty() ? validator_power : seat_power, node.name});
    std::string application_state;
    if (application() == "share") {
        auto state = share_state(batch);
        if (!state) return fail(std::move(state).error());
        application_state = std::move(*state);
    }
    if (options_.seats != 0) {
        if (Outcome added = add_seats(batch, application_state); !added) return added;
    } else if (!application_state.empty()) {
        genesis_.app_state = application_state;
    }
    types::GenesisDoc completed = genesis_;
    TANDEM_DO(types::validate_and_complete(completed, genesis_.genesis_time));
    const std::string text = types::genesis_file_text(genesis_);
    for (const TestnetNode& node : nodes_)
        batch.replace(node.home.at(node.config.base.genesis_file), base::as_bytes(text), 0644);
    return {};
}

Outcome Testnet::prepare(FileBatch& batch) {
    name_nodes();
    if (Outcome checked = check_options(); !checked) return checked;
    ConfigReading usual{usual_config(), {}};
    if (!options_.config_path.empty()) {
        const auto text = read_file(options_.config_path, config_file_bytes_max);
        if (!text) return fail(text.error());
        auto reading = config_from_toml(*text, options_.config_path, usual.config);
        if (!reading) return fail(reading.error());
        usual = std::move(*reading);
        TANDEM_DO(validate(usual.config));
    }
    for (TestnetNode& node : nodes_)
        if (Outcome done = prepare_node(node, usual.config, batch); !done) return done;
    if (Outcome made = make_genesis(batch); !made) return made;

    std::string peers;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i].host = host_of(i);
        peers += fmt::format("{}{}@{}:{}", peers.empty() ? "" : ",",
                             types::node_id(nodes_[i].keys.node), nodes_[i].host, port_of(i));
    }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        configure(i, peers);
        TANDEM_DO(validate(nodes_[i].config));
        batch.replace(nodes_[i].home.config(), base::as_bytes(config_file_text(nodes_[i].config)),
                      0644);
    }
    return {};
}

}  // namespace tandem::program
