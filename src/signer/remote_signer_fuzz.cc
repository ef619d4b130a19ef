// Any bytes as requests, and as answers: never a crash, never a signature that was not kept, and
// never an answer to a question that was not asked.
#include "base/check.h"
#include "crypto/ed25519.h"
#include "signer/remote_client.h"
#include "signer/remote_service.h"

namespace {

using namespace tandem;

crypto::PrivateKey fixed_key() {
    const base::Bytes seed(crypto::ed25519_seed_size, 1);
    const auto pair = crypto::Ed25519PrivateKey::from_seed(seed);
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    return std::move(*key);
}

void as_requests(base::BytesView bytes) {
    std::size_t kept = 0;
    types::LastSigned last;
    signer::RemoteService service("tandem-signer", types::GuardedKey(fixed_key(), {}),
                                  [&](const types::LastSigned& now) {
                                      TANDEM_CHECK(now != last);
                                      last = now;
                                      ++kept;
                                  });
    signer::RequestReader reader(service);
    const std::size_t half = bytes.size() / 2;
    if (reader.receive(bytes.first(half))) (void)reader.receive(bytes.subspan(half));
    TANDEM_CHECK(service.last_signed() == last && kept <= service.counts().signed_messages);
}

void as_answers(base::BytesView bytes) {
    signer::RemoteClient client("tandem-signer");
    signer::RemoteClient::Time now{1};
    int answers = 0;
    client.connected(now);
    types::Vote vote;
    vote.type = types::SignedMsgType::prevote;
    vote.height = 5;
    client.sign(vote, [&answers](const base::Result<types::Vote>&) { ++answers; });
    bool is_open = client.pass(now).has_value();
    while (is_open && !bytes.empty()) {
        // The first byte of a piece: how long it is, and whether time passes after it.
        const std::size_t piece = std::min<std::size_t>(bytes[0] & 0x7f, bytes.size() - 1);
        const bool waits = bytes[0] > 0x7f;
        is_open = client.receive(bytes.subspan(1, piece), now).has_value();
        if (waits) now += std::chrono::seconds(1);
        is_open = is_open && client.pass(now).has_value();
        bytes = bytes.subspan(1 + piece);
    }
    client.disconnected(now);
    (void)client.pass(now);
    TANDEM_CHECK(answers <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    as_requests({data, size});
    as_answers({data, size});
    return 0;
}
