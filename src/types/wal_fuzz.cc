// Any bytes as a log: never a crash. Whatever records are read can be written, and are then read
// as the same; damage is named as damage.
#include "base/check.h"
#include "types/wal_messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    base::BytesView rest(data, size);
    while (true) {
        const auto record = types::read_wal_record(rest);
        if (!record) {
            TANDEM_CHECK(record.error().check == "wal.damaged");
            return 0;
        }
        if (!record->message) {
            TANDEM_CHECK(rest.empty() && record->bytes == 0);
            return 0;
        }
        TANDEM_CHECK(record->bytes > types::wal_header_bytes && record->bytes <= rest.size());
        const auto written = types::encode_wal_record(*record->message);
        if (written) {  // unknown fields are dropped, so the bytes need not be those that were read
            const auto again = types::read_wal_record(*written);
            TANDEM_CHECK(again.has_value() && again->bytes == written->size());
            TANDEM_CHECK(types::encode_wal_record(*again->message) == written);
        }
        rest = rest.subspan(record->bytes);
    }
}
