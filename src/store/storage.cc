#include "store/storage.h"

#include <fmt/format.h>

namespace tandem::store {

void damaged(BytesView key, const base::Refusal& why) {
    const std::string what = fmt::format("the entry with key {} cannot be read: {}: {}",
                                         base::to_hex(key), why.check, why.why);
    if (damage_hook != nullptr) damage_hook(what);
    base::check_failed(what.c_str(), __FILE__, __LINE__);
}

}  // namespace tandem::store
