#include "store/storage.h"

#include <fmt/format.h>

namespace tandem::store {

struct LayoutEntry {
    std::uint32_t version = 0;
    std::string chain_id;
};

}  // namespace tandem::store

namespace tandem::wire {

template <>
struct Described<store::LayoutEntry> {
    static constexpr std::string_view name = "Layout";
    static constexpr auto fields = std::tuple{field<1>("version", &store::LayoutEntry::version),
                                              field<2>("chain_id", &store::LayoutEntry::chain_id)};
};

}  // namespace tandem::wire

namespace tandem::store {
namespace {

constexpr std::uint32_t layout_version = 2;  // 2: the index has one entry of a value for a block

Bytes restore_key() {
    return Key(KeySpace::format).add(base::as_bytes("r")).bytes();
}

}  // namespace

base::Verdict claim(KeyValues& database, const std::string& chain_id) {
    const Bytes key = Key(KeySpace::format);
    if (database.get(key)) return check_claim(database, chain_id);
    database.put(key, wire::encode(LayoutEntry{layout_version, chain_id}));
    return {};
}

base::Verdict check_claim(const KeyValues& database, const std::string& chain_id) {
    const auto found = load<LayoutEntry>(database, Key(KeySpace::format).bytes());
    if (!found) return base::refuse("database.empty", "the database is empty");
    if (found->version != layout_version)
        return base::refuse("database.version",
                            fmt::format("its layout has version {}, and this program reads version "
                                        "{}: begin with an empty data folder, and the node fetches "
                                        "the chain from its peers",
                                        found->version, layout_version));
    if (found->chain_id != chain_id)
        return base::refuse(
            "database.chain_id",
            fmt::format("it belongs to chain '{}', and this is '{}'", found->chain_id, chain_id));
    return {};
}

void begin_restore(KeyValues& database) {
    database.put(restore_key(), {});
    database.sync();
}

void end_restore(KeyValues& database) {
    Batch batch;
    batch.remove(restore_key());
    database.write(batch);
    database.sync();
}

bool undo_unfinished_restore(KeyValues& database) {
    if (!database.get(restore_key())) return false;
    const auto format = static_cast<std::uint8_t>(KeySpace::format);
    Batch batch;
    batch.remove_range(Bytes{0}, Bytes{format});
    batch.remove_range(Bytes{static_cast<std::uint8_t>(format + 1)}, Bytes{0xff});
    batch.remove(restore_key());
    database.write(batch);
    database.sync();
    return true;
}

void damaged(BytesView key, const base::Refusal& why) {
    const std::string what = fmt::format("the entry with key {} cannot be read: {}: {}",
                                         base::to_hex(key), why.check, why.why);
    if (damage_hook != nullptr) damage_hook(what);
    base::check_failed(what.c_str(), __FILE__, __LINE__);
}

}  // namespace tandem::store
