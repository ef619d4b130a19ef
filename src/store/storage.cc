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

constexpr std::uint32_t layout_version = 1;

}  // namespace

base::Verdict claim(KeyValues& database, const std::string& chain_id) {
    const Bytes key = Key(KeySpace::format);
    const auto found = load<LayoutEntry>(database, key);
    if (!found) {
        database.put(key, wire::encode(LayoutEntry{layout_version, chain_id}));
        return {};
    }
    if (found->version != layout_version)
        return base::refuse("database.version",
                            fmt::format("its layout has version {}, and this program reads version "
                                        "{}",
                                        found->version, layout_version));
    if (found->chain_id != chain_id)
        return base::refuse(
            "database.chain_id",
            fmt::format("it belongs to chain '{}', and this is '{}'", found->chain_id, chain_id));
    return {};
}

void damaged(BytesView key, const base::Refusal& why) {
    const std::string what = fmt::format("the entry with key {} cannot be read: {}: {}",
                                         base::to_hex(key), why.check, why.why);
    if (damage_hook != nullptr) damage_hook(what);
    base::check_failed(what.c_str(), __FILE__, __LINE__);
}

}  // namespace tandem::store
