// Keys of the database. The first byte says what an entry is; heights follow as eight bytes, most
// significant first, so that entries stand in the order of their heights.
//
// CometBFT's own keys ("H:12", types/store_messages.h) have heights in decimal, and 10 stands
// before 9 there: no range of heights is a range of keys, and pruning must name each key. Since
// its folders are read by its own code only, nothing is lost by better ones. What the entries hold
// are CometBFT's messages wherever it has one.
#pragma once
#include <limits>

#include "store/key_values.h"

namespace tandem::store {

/// One line an owner, so that no two take the same byte.
enum class KeySpace : std::uint8_t {
    format = 'F',           // "F" -> version of this layout and the chain's id
    block_store = 'B',      // "B" -> BlockStoreState
    block_meta = 'm',       // height -> BlockMeta
    block_part = 'p',       // height, index -> Part
    commit = 'c',           // height -> Commit, as the next block carries it
    seen_commit = 's',      // height -> Commit, as this node saw it; of the newest block only
    extended_commit = 'e',  // height -> ExtendedCommit
    block_hash = 'h',       // hash -> height
    state = 'S',            // "S" -> State
    validators = 'v',       // height -> ValidatorSet; only where it changed, and now and then
    params = 'q',           // height -> ConsensusParams; likewise
    answer = 'a',           // height -> ResponseFinalizeBlock
    seats = 'Z',            // seats_store.h
    evidence = 'E',         // evidence pool
    index = 'I',            // transactions and blocks by what they say (node)
    application = 'K',      // built-in applications
};

class Key {
  public:
    explicit Key(KeySpace space) : bytes_{static_cast<std::uint8_t>(space)} {}
    Key(KeySpace space, std::int64_t height) : Key(space) { add_u64(height); }

    Key& add_u64(std::int64_t value) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes_.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> shift));
        return *this;
    }
    Key& add_u32(std::uint32_t value) {
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
        return *this;
    }
    Key& add(BytesView more) {
        base::append(bytes_, more);
        return *this;
    }

    [[nodiscard]] const Bytes& bytes() const noexcept { return bytes_; }
    operator Bytes() && { return std::move(bytes_); }  // NOLINT(google-explicit-constructor)
    operator BytesView() const& { return bytes_; }     // NOLINT(google-explicit-constructor)

  private:
    Bytes bytes_;
};

/// The eight bytes behind `offset`, as add_u64 wrote them; nothing where the key is too short.
[[nodiscard]] inline std::optional<std::int64_t> height_in(BytesView key, std::size_t offset = 1) {
    if (key.size() < offset + 8) return std::nullopt;
    std::uint64_t value = 0;
    for (const std::uint8_t byte : key.subspan(offset, 8)) value = value << 8 | byte;
    return static_cast<std::int64_t>(value);
}

}  // namespace tandem::store
