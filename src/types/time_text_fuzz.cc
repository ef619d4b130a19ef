// Any bytes as a time: never a crash; what is read can be written, and that is read as the same.
#include "base/check.h"
#include "types/time_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tandem;
    const auto time = types::time_from_text({reinterpret_cast<const char*>(data), size});
    if (!time) return 0;
    TANDEM_CHECK(types::has_text(*time));
    TANDEM_CHECK(types::time_from_text(types::to_text(*time)) == *time);
    return 0;
}
