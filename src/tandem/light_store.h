// What `tandem light` keeps in its folder: the blocks that it trusts, and whom it asks.
//
//     'l' height, 8 bytes big-endian      LightBlock, as on the wire
//     's'                                 addresses of primary and witnesses, a line each
//
// The blocks were verified when they were written; who can write here can make the client believe
// anything. The database is claimed for its chain (store/storage.h).
#pragma once
#include <map>

#include "store/key_values.h"
#include "types/light_block.h"

namespace tandem::program {

class LightStore {
  public:
    /// The database outlives this.
    explicit LightStore(store::KeyValues& database) : database_(database) {}

    /// Refused where a block does not decode.
    [[nodiscard]] base::Result<std::map<std::int64_t, types::LightBlock>> blocks() const;
    /// Writes what is new and takes away what is no longer there; durable when it returns.
    void save(const std::map<std::int64_t, types::LightBlock>& blocks);

    /// The primary first; empty where none were stored.
    [[nodiscard]] std::vector<std::string> servers() const;
    void save_servers(const std::vector<std::string>& addresses);

  private:
    [[nodiscard]] std::vector<std::int64_t> heights() const;

    store::KeyValues& database_;
};

}  // namespace tandem::program
