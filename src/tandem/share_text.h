// Keys and values of records between what people type and bytes: text as it is, or hexadecimal.
#pragma once
#include "tandem/share_access.h"

namespace tandem::program {

/// The bytes of an argument; with `hex` its hexadecimal digits are read.
[[nodiscard]] std::expected<base::Bytes, Failure> argument_bytes(const std::string& text, bool hex);
/// As it stands, where it is printable text; else "0x" and hexadecimal digits.
[[nodiscard]] std::string shown_bytes(base::BytesView bytes);

[[nodiscard]] std::string shown_key(const crypto::PublicKey& key);
[[nodiscard]] const char* shown_role(share::Role role);

/// What vouches for an answer, as JSON and as a line.
[[nodiscard]] json proof_json(const VouchedHeader& header);
[[nodiscard]] std::string proof_line(const VouchedHeader& header);

}  // namespace tandem::program
