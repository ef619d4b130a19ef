#include "types/basic.h"

#include <fmt/format.h>

namespace tandem::types {

Bytes key_of(const BlockId& id) {
    const std::size_t header = wire::encoded_size(id.part_set_header);
    Bytes key(id.hash.size() + header);
    wire::BackwardWriter writer(key);
    wire::write_message(writer, id.part_set_header);
    writer.write_raw(id.hash);
    return key;
}

Verdict validate_hash(std::string_view check, BytesView hash) {
    if (hash.empty() || hash.size() == hash_bytes) return {};
    return refuse(check,
                  fmt::format("a hash has {} bytes or none, not {}", hash_bytes, hash.size()));
}

Verdict validate_basic(const PartSetHeader& header) {
    return validate_hash("hash", header.hash);
}

Verdict validate_basic(const BlockId& id) {
    TANDEM_TRY(validate_hash("hash", id.hash));
    return within("part_set_header", validate_basic(id.part_set_header));
}

Verdict validate_signature_length(std::string_view check, BytesView signature) {
    if (signature.empty()) return refuse(check, "the signature is missing");
    if (signature.size() > signature_bytes_max)
        return refuse(check, fmt::format("the signature has {} bytes, more than {}",
                                         signature.size(), signature_bytes_max));
    return {};
}

}  // namespace tandem::types
