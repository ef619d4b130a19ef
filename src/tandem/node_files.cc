#include "tandem/node_files.h"

#include <cerrno>
#include <ctime>
#include <fmt/format.h>
#include <sys/random.h>

#include "base/check.h"
#include "crypto/ed25519.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

/// "PATH: what is wrong with it".
std::unexpected<Refusal> in_file(const fs::path& path, const Refusal& refusal) {
    return refuse(refusal.check, fmt::format("{}: {}", path.string(), refusal.why));
}

Result<crypto::PrivateKey> load_key(const fs::path& path,
                                    Result<types::KeyReading> (*read)(std::string_view)) {
    const auto text = read_secret_file(path, key_file_bytes_max);
    if (!text) return std::unexpected(text.error());
    const auto reading = read(base::as_text(text->view()));
    if (!reading) return in_file(path, reading.error());
    auto key = types::signing_key("key", reading->key);
    if (!key) return in_file(path, key.error());
    return key;
}

Result<crypto::PublicKey> prepare_validator(const Home& home, const BaseConfig& config,
                                            FileBatch& batch, std::vector<LogLine>& log) {
    const fs::path key_path = home.at(config.priv_validator_key_file);
    const fs::path state_path = home.at(config.priv_validator_state_file);
    const std::vector<LogField> fields{{"keyFile", key_path.string()},
                                       {"stateFile", state_path.string()}};
    if (is_there(key_path)) {
        const auto key = load_validator_key(key_path);
        if (!key) return std::unexpected(key.error());
        const auto text = read_file(state_path, key_file_bytes_max);
        if (!text)
            return refuse(text.error().check,
                          fmt::format("{}, but {} is there: without knowing what the key signed "
                                      "last it must not sign. Bring the state file back; only for "
                                      "a key that never signed, unsafe-reset-priv-validator makes "
                                      "a new one",
                                      text.error().why, key_path.string()));
        if (const auto state = types::last_signed_from_json(*text); !state)
            return in_file(state_path, state.error());
        log.push_back({"Found private validator", fields});
        return key->public_key();
    }
    if (is_there(state_path))
        return refuse("file.exists",
                      fmt::format("{} is there, but its key {} is not; bring the key back, or move "
                                  "the state away if that key is gone for good",
                                  state_path.string(), key_path.string()));
    const crypto::PrivateKey key = fresh_key();
    batch.create(key_path, types::validator_key_text(key).view(), types::secret_file_mode);
    batch.create(state_path, base::as_bytes(types::last_signed_text({})), types::secret_file_mode);
    log.push_back({"Generated private validator", fields});
    return key.public_key();
}

Result<crypto::PublicKey> prepare_node_key(const fs::path& path, std::string_view name,
                                           FileBatch& batch, std::vector<LogLine>& log) {
    if (is_there(path)) {
        const auto key = load_node_key(path);
        if (!key) return std::unexpected(key.error());
        log.push_back({fmt::format("Found {}", name), {{"path", path.string()}}});
        return key->public_key();
    }
    const crypto::PrivateKey key = fresh_key();
    batch.create(path, types::node_key_text(key).view(), types::secret_file_mode);
    log.push_back({fmt::format("Generated {}", name), {{"path", path.string()}}});
    return key.public_key();
}

}  // namespace

base::Bytes random_bytes(std::size_t count) {
    base::Bytes bytes(count);
    std::size_t done = 0;
    while (done < count) {
        const ssize_t got = ::getrandom(bytes.data() + done, count - done, 0);
        if (got < 0 && errno == EINTR) continue;
        TANDEM_CHECK(got > 0);  // Linux does not fail here once it has booted
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

crypto::PrivateKey fresh_key() {
    const crypto::SecretBytes seed(random_bytes(crypto::ed25519_seed_size));
    const auto pair = crypto::Ed25519PrivateKey::from_seed(seed.view());
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    return std::move(*key);
}

std::string random_letters(std::size_t count) {
    constexpr std::string_view letters =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string text;
    while (text.size() < count)
        for (const std::uint8_t byte : random_bytes(count))
            if (byte < 4 * letters.size() && text.size() < count)  // all letters alike
                text.push_back(letters[byte % letters.size()]);
    return text;
}

types::Timestamp wall_clock() {
    std::timespec now{};
    std::timespec_get(&now, TIME_UTC);
    return {now.tv_sec, static_cast<std::int32_t>(now.tv_nsec)};
}

Result<crypto::PrivateKey> load_node_key(const fs::path& path) {
    return load_key(path, types::node_key_from_json);
}

Result<crypto::PrivateKey> load_validator_key(const fs::path& path) {
    return load_key(path, types::validator_key_from_json);
}

Result<types::LastSigned> load_last_signed(const fs::path& path) {
    if (!is_there(path)) return types::LastSigned{};
    const auto text = read_file(path, key_file_bytes_max);
    if (!text) return std::unexpected(text.error());
    auto reading = types::last_signed_from_json(*text);
    if (!reading) return in_file(path, reading.error());
    return std::move(reading->last);
}

Result<PublicKeys> prepare_keys(const Home& home, const Config& config, FileBatch& batch,
                                std::vector<LogLine>& log) {
    const auto validator = prepare_validator(home, config.base, batch, log);
    if (!validator) return std::unexpected(validator.error());
    const auto node = prepare_node_key(home.at(config.base.node_key_file), "node key", batch, log);
    if (!node) return std::unexpected(node.error());
    const auto liveness =
        prepare_node_key(home.at(config.seats.liveness_key_file), "liveness key", batch, log);
    if (!liveness) return std::unexpected(liveness.error());
    return PublicKeys{*node, *validator, *liveness};
}

Result<types::GenesisReading> load_genesis(const std::filesystem::path& path) {
    const auto text = read_file(path, genesis_file_bytes_max);
    if (!text) return std::unexpected(text.error());
    return types::genesis_from_json(*text, wall_clock());
}

types::GenesisDoc usual_genesis(std::string chain_id) {
    types::GenesisDoc genesis;
    genesis.genesis_time = wall_clock();
    genesis.chain_id = std::move(chain_id);
    genesis.consensus_params = types::ConsensusParams::defaults();
    return genesis;
}

}  // namespace tandem::program
