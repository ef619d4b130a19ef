#include "tandem/light_store.h"

#include <algorithm>
#include <string>
#include <vector>

#include "types/decode.h"

namespace tandem::program {
namespace {

constexpr std::uint8_t block_prefix = 'l';
const base::Bytes servers_key = {'s'};

base::Bytes key_of(std::int64_t height) {
    base::Bytes key = {block_prefix};
    for (int shift = 56; shift >= 0; shift -= 8)
        key.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(height) >> shift));
    return key;
}

std::int64_t height_of(base::BytesView key) {
    std::uint64_t height = 0;
    for (const std::uint8_t byte : key.subspan(1)) height = height << 8 | byte;
    return static_cast<std::int64_t>(height);
}

void visit_blocks(const store::KeyValues& database, const store::KeyValues::Visitor& visitor) {
    const base::Bytes first = {block_prefix}, end = {block_prefix + 1};
    database.visit(first, end, store::Direction::ascending, visitor);
}

}  // namespace

base::Result<std::map<std::int64_t, types::LightBlock>> LightStore::blocks() const {
    base::Result<std::map<std::int64_t, types::LightBlock>> found;
    visit_blocks(database_, [&](base::BytesView key, base::BytesView value) {
        auto block = wire::decode<types::LightBlock>(value);
        if (!block) {
            found = std::unexpected(block.error().to_refusal());
            return false;
        }
        found->emplace(height_of(key), std::move(*block));
        return true;
    });
    return found;
}

std::vector<std::int64_t> LightStore::heights() const {
    std::vector<std::int64_t> found;
    visit_blocks(database_, [&](base::BytesView key, base::BytesView) {
        found.push_back(height_of(key));
        return true;
    });
    return found;
}

void LightStore::save(const std::map<std::int64_t, types::LightBlock>& blocks) {
    const std::vector<std::int64_t> stored = heights();
    store::Batch batch;
    for (const std::int64_t height : stored)
        if (!blocks.contains(height)) batch.remove(key_of(height));
    for (const auto& [height, block] : blocks)
        if (!std::ranges::binary_search(stored, height))
            batch.put(key_of(height), wire::encode(block));
    if (batch.empty()) return;
    database_.write(batch);
    database_.sync();
}

std::vector<std::string> LightStore::servers() const {
    std::vector<std::string> found;
    const auto stored = database_.get(servers_key);
    if (!stored) return found;
    std::string_view text = base::as_text(*stored);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        found.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return found;
}

void LightStore::save_servers(const std::vector<std::string>& addresses) {
    std::string text;
    for (const std::string& address : addresses) text.append(address).append(1, '\n');
    database_.put(servers_key, base::to_bytes(base::as_bytes(text)));
    database_.sync();
}

}  // namespace tandem::program
