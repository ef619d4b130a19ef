#include "tandem/share_text.h"

#include <fmt/format.h>

#include "wire/utf8.h"

namespace tandem::program {

std::expected<base::Bytes, Failure> argument_bytes(const std::string& text, bool hex) {
    if (!hex) return base::to_bytes(base::as_bytes(text));
    if (auto bytes = base::from_hex(text)) return std::move(*bytes);
    return fail(ExitCode::usage, fmt::format("\"{}\" is not hexadecimal", text));
}

std::string shown_bytes(base::BytesView bytes) {
    constexpr unsigned char delete_character = 0x7f;
    const std::string_view text = base::as_text(bytes);
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = wire::utf8_length(rest);
        const auto first = static_cast<unsigned char>(rest.front());
        const bool is_control =
            (first < ' ' && first != '\n' && first != '\t') || first == delete_character;
        if (length == 0 || is_control) return "0x" + base::to_hex(bytes);
        rest.remove_prefix(length);
    }
    return std::string(text);
}

std::string shown_key(const crypto::PublicKey& key) {
    return base::to_base64(base::view(key.bytes));
}

const char* shown_role(share::Role role) {
    switch (role) {
        case share::Role::none:
            return "removed";
        case share::Role::reader:
            return "reader";
        case share::Role::writer:
            return "writer";
    }
    return "unknown";
}

json proof_json(const VouchedHeader& header) {
    return {{"header_height", header.header.height},
            {"app_hash", base::to_hex(header.header.app_hash, base::HexCase::upper)},
            {"signed_power", header.signed_power},
            {"total_power", header.total_power},
            {"from_trusted_hash", header.is_anchored}};
}

std::string proof_line(const VouchedHeader& header) {
    return fmt::format(
        "proof verified against the application hash {}... in header {}, signed by {} of {} power "
        "({})",
        base::to_hex(header.header.app_hash, base::HexCase::upper).substr(0, 16),
        header.header.height, header.signed_power, header.total_power,
        header.is_anchored ? "of validators that follow from the trusted hash"
                           : "of the validators that the node names; --trust to know them");
}

}  // namespace tandem::program
