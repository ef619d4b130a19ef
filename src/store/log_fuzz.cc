// Any bytes as a segment, and as a log of one segment: never a crash; inputs that are read can be
// written, and are then read as the same.
#include "base/check.h"
#include "store/log.h"

namespace {

using namespace tandem;

void check_entry(const store::LogEntry& entry) {
    const auto* input = std::get_if<store::LoggedInput>(&entry);
    if (input == nullptr) return;
    const auto bytes = store::encode_input(*input);
    const auto again = store::decode_input(bytes);
    TANDEM_CHECK(again && *again == *input);
    TANDEM_CHECK(store::encode_input(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::BytesView bytes(data, size);
    const store::LogSegment whole{0, bytes};
    const auto contents = store::read_log(std::span(&whole, 1), "bench");
    store::SegmentReader reader(bytes);
    std::size_t position = 0;
    while (true) {
        const store::LogStep step = reader.next();
        TANDEM_CHECK(step.begin == position);
        if (step.state != store::LogStep::State::entry) {
            const store::LogStep again = reader.next();
            TANDEM_CHECK(again.state == step.state && again.begin == step.begin);
            if (contents && contents->newest) {
                TANDEM_CHECK(step.state != store::LogStep::State::damaged);
                TANDEM_CHECK(contents->good_bytes == position);
            }
            return 0;
        }
        TANDEM_CHECK(reader.position() > position && reader.position() <= size);
        check_entry(*step.entry);
        position = reader.position();
    }
}
