// Any text as an address book: what was read is written, and read again the same.
#include "base/check.h"
#include "p2p/address_book.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto book = tandem::p2p::AddressBook::from_text({}, text);
    if (!book) return 0;
    const std::string written = book->to_text();
    const auto again = tandem::p2p::AddressBook::from_text({}, written);
    TANDEM_CHECK(again.has_value());
    TANDEM_CHECK(*again == *book && again->to_text() == written);
    return 0;
}
