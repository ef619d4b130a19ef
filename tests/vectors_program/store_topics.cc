// stores: keys and values of the databases of a CometBFT node, each read, written again, and named
// by the key that its content asks for.
#include <set>

#include "abci/store_messages.h"
#include "tests/vectors_program/convert.h"
#include "types/block.h"
#include "types/genesis.h"
#include "types/part_set.h"
#include "types/state.h"
#include "types/store_messages.h"

namespace tandem::vectors {
namespace {

namespace keys = types::store_keys;

struct Entry {
    std::string key;
    base::Bytes value;
};

std::string text_of(base::BytesView bytes) {
    return std::string(base::as_text(bytes));
}

std::vector<Entry> entries_of(Case& c) {
    std::vector<Entry> entries;
    const Json& list = c.out().at("entries");
    if (list.is_null()) return entries;
    for (const Json& json : list) {
        const std::string key = text_of(bytes_from(json.at("key")));
        if (json.contains("key_text") && json.at("key_text") != key)
            c.unknown("a key of two texts");
        entries.push_back({key, bytes_from(json.at("value"))});
    }
    return entries;
}

/// Reads the value and writes it again; nothing where it cannot be read.
template <wire::Message M>
std::optional<M> check_value(Case& c, const Entry& entry) {
    auto message = wire::decode<M>(entry.value);
    if (!message) {
        c.fail(entry.key, "a record", message.error().to_refusal().why);
        return std::nullopt;
    }
    const base::Bytes written = wire::encode(*message);
    if (written != entry.value) c.fail(entry.key, hex(entry.value), hex(written));
    return std::move(*message);
}

void check_key(Case& c, const Entry& entry, const std::string& wanted) {
    if (entry.key != wanted) c.fail("key", wanted, entry.key);
}

/// The number behind the last colon of a key.
std::int64_t number_in(const std::string& key) {
    return int64_from(Json(key.substr(key.rfind(':') + 1)));
}

void check_blockstore_entry(Case& c, const Entry& entry, std::set<std::string>& block_hashes) {
    const std::string& key = entry.key;
    if (key == keys::block_store_state) {
        check_value<types::BlockStoreState>(c, entry);
    } else if (key.starts_with("H:")) {
        const auto meta = check_value<types::BlockMeta>(c, entry);
        if (!meta) return;
        check_key(c, entry, keys::block_meta(meta->header.height));
        block_hashes.insert(keys::height_of_block(meta->block_id.hash) + " " +
                            std::to_string(meta->header.height));
    } else if (key.starts_with("P:")) {
        const auto part = check_value<types::Part>(c, entry);
        const auto height = int64_from(Json(key.substr(2, key.rfind(':') - 2)));
        if (part) check_key(c, entry, keys::block_part(height, part->index));
    } else if (key.starts_with("C:")) {
        if (const auto commit = check_value<types::Commit>(c, entry))
            check_key(c, entry, keys::commit(commit->height));
    } else if (key.starts_with("SC:")) {
        if (const auto commit = check_value<types::Commit>(c, entry))
            check_key(c, entry, keys::seen_commit(commit->height));
    } else if (key.starts_with("EC:")) {
        if (const auto commit = check_value<types::ExtendedCommit>(c, entry))
            check_key(c, entry, keys::extended_commit(commit->height));
    } else if (!key.starts_with("BH:")) {
        c.unknown("key " + key);
    }
}

void check_blockstore(Case& c, const std::vector<Entry>& entries) {
    std::set<std::string> block_hashes;
    for (const Entry& entry : entries) check_blockstore_entry(c, entry, block_hashes);
    std::set<std::string> stored;
    for (const Entry& entry : entries)
        if (entry.key.starts_with("BH:")) stored.insert(entry.key + " " + text_of(entry.value));
    if (stored != block_hashes) c.fail("BH: keys", "one for each block", "others");
}

void check_state_entry(Case& c, const Entry& entry) {
    const std::string& key = entry.key;
    if (key == keys::state) {
        const auto message = check_value<types::StateMessage>(c, entry);
        if (!message) return;
        const auto state = types::from_message(*message);
        if (!state) return c.fail(key, "a state", state.error().why);
        const base::Bytes written =
            wire::encode(types::to_message(*state, message->version.software));
        if (written != entry.value) c.fail(key, hex(entry.value), hex(written));
    } else if (key == keys::genesis) {
        const auto genesis = types::genesis_from_json(text_of(entry.value), types::Timestamp{});
        if (!genesis) return c.fail(key, "a genesis", genesis.error().why);
        const std::string written = types::to_json(genesis->doc);
        if (written != text_of(entry.value)) c.fail(key, text_of(entry.value), written);
    } else if (key == keys::last_abci_response) {
        check_value<abci::AbciResponsesInfo>(c, entry);
    } else if (key == keys::offline_statesync_height) {
        if (entry.value != base::Bytes{0}) c.fail(key, "height 0", hex(entry.value));
    } else if (key.starts_with("validatorsKey:")) {
        check_value<types::ValidatorsInfo>(c, entry);
        check_key(c, entry, keys::validators(number_in(key)));
    } else if (key.starts_with("consensusParamsKey:")) {
        check_value<types::ConsensusParamsInfo>(c, entry);
        check_key(c, entry, keys::consensus_params(number_in(key)));
    } else if (key.starts_with("abciResponsesKey:")) {
        check_value<abci::ResponseFinalizeBlock>(c, entry);
        check_key(c, entry, keys::abci_responses(number_in(key)));
    } else {
        c.unknown("key " + key);
    }
}

/// The keys under which a transaction is found: by its height, and by each indexed attribute of
/// each of its events, whose number stands at the end (wire page, queries).
void add_index_keys(const abci::TxResult& result, std::set<std::string>& wanted) {
    const std::string place =
        "/" + std::to_string(result.height) + "/" + std::to_string(result.index) + "$es$";
    wanted.insert("tx.height/" + std::to_string(result.height) + place + "0");
    for (const abci::Event& event : result.result.events)
        for (const abci::EventAttribute& attribute : event.attributes)
            if (attribute.index)
                wanted.insert(event.type + "." + attribute.key + "/" + attribute.value + place);
}

/// Height in the ordered encoding of github.com/google/orderedcode: as many one bits in front as
/// further bytes follow, then a zero bit and the number.
std::string ordered(std::int64_t height) {
    if (height < 64) return {static_cast<char>(0x80 | height)};
    if (height >= 1 << 13) throw BadVector("a height of a longer encoding");
    return {static_cast<char>(0xC0 | (height >> 8)), static_cast<char>(height & 0xFF)};
}

/// Block heights stand in the same database: as a zigzag varint, under themselves.
void check_block_index(Case& c, const Entry& entry) {
    wire::DecodeContext context{entry.value, nullptr, {}};
    wire::Reader reader(context, entry.value);
    std::uint64_t zigzag = 0;
    if (!reader.read_varint(zigzag) || !reader.at_end() || (zigzag & 1) != 0)
        return c.fail(entry.key, "a height", hex(entry.value));
    using namespace std::string_literals;
    check_key(c, entry,
              "block_eventsblock.height\0\1"s + ordered(static_cast<std::int64_t>(zigzag >> 1)));
}

void check_tx_index(Case& c, const std::vector<Entry>& entries) {
    std::set<std::string> wanted;
    std::set<std::string> hashes;
    for (const Entry& entry : entries) {
        if (entry.key.size() != types::hash_bytes) continue;
        const auto result = check_value<abci::TxResult>(c, entry);
        if (!result) continue;
        check_key(c, entry, text_of(base::view(types::hash_of_tx(result->tx))));
        add_index_keys(*result, wanted);
        hashes.insert(entry.key);
    }
    for (const Entry& entry : entries) {
        if (entry.key.size() == types::hash_bytes) continue;
        if (entry.key.starts_with("block_events")) {
            check_block_index(c, entry);
            continue;
        }
        const std::string without_number = entry.key.substr(0, entry.key.rfind('$') + 1);
        if (!wanted.contains(entry.key) && !wanted.contains(without_number))
            c.fail("index key", "one of an indexed attribute", entry.key);
        if (!hashes.contains(text_of(entry.value)))
            c.fail(entry.key, "the hash of a transaction", hex(entry.value));
    }
}

void run_stores(Case& c) {
    c.know_members({"entries"});
    const std::string database = c.in().at("database").get<std::string>();
    const std::vector<Entry> entries = entries_of(c);
    if (database == "blockstore") {
        check_blockstore(c, entries);
    } else if (database == "state") {
        for (const Entry& entry : entries) check_state_entry(c, entry);
    } else if (database == "tx_index") {
        check_tx_index(c, entries);
    } else if (database != "evidence" || !entries.empty()) {
        c.unknown("database " + database);
    }
}

const RegisterTopic stores_topic("stores", run_stores);

}  // namespace
}  // namespace tandem::vectors
