#include "sim/faults.h"

#include <algorithm>

namespace tandem::sim {

FaultKinds FaultKinds::none() {
    FaultKinds kinds;
    for (const FaultName& entry : fault_names) kinds.*entry.kind = false;
    return kinds;
}

bool FaultKinds::any() const {
    return std::ranges::any_of(fault_names,
                               [this](const FaultName& entry) { return this->*entry.kind; });
}

std::optional<FaultKinds> FaultKinds::from_text(std::string_view text) {
    if (text == "all") return FaultKinds{};
    FaultKinds kinds = none();
    if (text == "none") return kinds;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        const std::string_view name = text.substr(0, comma);
        const auto found = std::ranges::find(fault_names, name, &FaultName::name);
        if (found == fault_names.end()) return std::nullopt;
        kinds.*found->kind = true;
        text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    }
    return kinds;
}

std::string fault_list() {
    std::string list;
    for (const FaultName& entry : fault_names)
        list += (list.empty() ? "" : ", ") + std::string(entry.name);
    return list;
}

}  // namespace tandem::sim
