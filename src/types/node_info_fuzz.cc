// Any bytes as a NodeInfo, and any text as an address: never a crash; an address that is read can
// be written, and that is read as the same.
#include "base/check.h"
#include "types/node_info.h"
#include "wire/fuzz_support.h"

namespace {

using namespace tandem;

void try_address(std::string_view text) {
    const auto address = types::peer_address_from_text(text);
    if (!address) return;
    TANDEM_CHECK(types::validate_node_id(address->id).has_value());
    if (!address->ip) return;
    const auto again = types::peer_address_from_text(address->to_text());
    TANDEM_CHECK(again.has_value() && again->ip == address->ip && again->port == address->port);
    TANDEM_CHECK(again->id == address->id);
}

void try_ip(std::string_view text) {
    const auto ip = types::IpAddress::from_text(text);
    if (!ip) return;
    TANDEM_CHECK(types::IpAddress::from_text(ip->to_text()) == ip);
    TANDEM_CHECK(!ip->is_routable() || ip->is_valid());
}

void try_node_info(base::BytesView bytes) {
    const auto info = wire::fuzz::decode_stable<types::NodeInfo>(bytes);
    if (!info) return;
    static_cast<void>(types::validate(*info));
    TANDEM_CHECK(types::to_json(*info).starts_with("{\"protocol_version\""));
    const bool own = types::compatible(*info, *info).has_value();
    TANDEM_CHECK(own);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const base::BytesView rest = base::BytesView(data, size).subspan(1);
    switch (data[0] % 3) {
        case 0:
            try_node_info(rest);
            break;
        case 1:
            try_address(base::as_text(rest));
            break;
        default:
            try_ip(base::as_text(rest));
            break;
    }
    return 0;
}
