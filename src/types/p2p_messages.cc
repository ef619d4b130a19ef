#include "types/p2p_messages.h"

#include <fmt/format.h>

namespace tandem::types {

Verdict validate_basic(const PexAddress& address) {
    if (!IpAddress::from_text(address.ip)) return refuse("pex.ip", "an address is no IP address");
    if (address.port > 65'535)
        return refuse("pex.port", fmt::format("the port {} is above 65535", address.port));
    return {};
}

Verdict check_decoded(const PexMessage& message) {
    if (std::holds_alternative<std::monostate>(message.sum))
        return refuse("pex.sum", "the message has no member");
    if (const auto* list = std::get_if<PexAddrs>(&message.sum))
        for (const PexAddress& address : list->addrs) TANDEM_TRY(validate_basic(address));
    return {};
}

}  // namespace tandem::types
