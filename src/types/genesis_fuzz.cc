// Any bytes as a genesis: never a crash; what is accepted is stored, and the stored text is
// accepted as the same document without a warning; a state is made of it or refused.
#include "base/check.h"
#include "types/genesis.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    constexpr types::Timestamp now{1'700'000'000, 7};
    const auto genesis = types::genesis_from_json({reinterpret_cast<const char*>(data), size}, now);
    if (!genesis) {
        TANDEM_CHECK(genesis.error().check.starts_with("genesis."));
        TANDEM_CHECK(!genesis.error().why.empty());
        return 0;
    }
    const std::string saved = types::to_json(genesis->doc);
    const auto again = types::genesis_from_json(saved, {});
    TANDEM_CHECK(again.has_value());
    TANDEM_CHECK(types::to_json(again->doc) == saved);
    types::GenesisDoc expected = genesis->doc;
    expected.app_state = again->doc.app_state;  // stored without blanks
    TANDEM_CHECK(again->doc == expected);
    for (const auto& warning : again->warnings)
        TANDEM_CHECK(warning.member == "consensus_params.validator.pub_key_types");
    static_cast<void>(types::check_usable(genesis->doc));
    if (const auto state = types::genesis_state(genesis->doc)) {
        TANDEM_CHECK(state->validators.size() == genesis->doc.validators.size());
        static_cast<void>(state->validators.hash());
    }
    return 0;
}
