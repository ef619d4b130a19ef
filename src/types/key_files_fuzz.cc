// Any bytes as each of the three files: never a crash; a key that can sign and a memory of the
// guard are read back from what is written of them.
#include "base/check.h"
#include "types/key_files.h"

namespace {

using namespace tandem;

std::string_view text_of(const crypto::SecretBytes& secret) {
    return base::as_text(secret.view());
}

template <typename Read, typename Write>
void check_key(std::string_view text, Read read, Write write) {
    const auto file = read(text);
    if (!file) return;
    const auto key = types::signing_key("key", file->key);
    if (!key) return;
    TANDEM_CHECK(key->public_key() == file->key.public_key);
    const auto again = read(text_of(write(*key)));
    TANDEM_CHECK(again.has_value() && again->warnings.empty());
    TANDEM_CHECK(base::equal(again->key.bytes.view(), key->bytes()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_key(text, types::node_key_from_json, types::node_key_text);
    check_key(text, types::validator_key_from_json, types::validator_key_text);
    if (const auto state = types::last_signed_from_json(text)) {
        const auto again = types::last_signed_from_json(types::last_signed_text(state->last));
        TANDEM_CHECK(again.has_value() && again->last == state->last && again->warnings.empty());
        types::Vote vote;
        vote.type = types::SignedMsgType::prevote;
        vote.height = state->last.height;
        vote.round = state->last.round;
        const auto decision = types::decide_signing(state->last, "c", vote);
        // At the watermark nothing is signed anew, unless the step lies below.
        TANDEM_CHECK(!decision || std::holds_alternative<types::SignAgain>(*decision) ||
                     state->last.step < types::SignStep::prevote);
    }
    return 0;
}
