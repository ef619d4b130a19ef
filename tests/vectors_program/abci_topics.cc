// abci-messages: every request and response as framed on a socket.
#include "abci/messages.h"
#include "tests/vectors_program/convert.h"
#include "wire/framing.h"

namespace tandem::vectors {
namespace {

/// The bytes behind their length, and nothing else.
std::optional<base::BytesView> body_of(base::BytesView framed) {
    const wire::Frame frame = wire::next_frame(framed, framed.size());
    if (frame.state != wire::FrameState::complete || frame.consumed != framed.size()) return {};
    return frame.body;
}

/// The message is written as `framed`, and `framed` is read as the message.
template <wire::Message M>
void expect_framed(Case& c, const std::string& what, const M& message, const std::string& framed) {
    const std::string written = hex(wire::encode_delimited(message));
    if (written != framed) c.fail(what, framed, written);
    const base::Bytes bytes = bytes_from(Json(framed));
    const auto body = body_of(bytes);
    if (!body) return c.fail(what + " as a frame", "one whole frame", framed);
    const auto read = wire::decode<M>(*body);
    if (!read) return c.fail(what + " read", "a message", read.error().to_refusal().why);
    if (*read != message) c.fail(what + " read", framed, hex(wire::encode_delimited(*read)));
}

void run_abci_messages(Case& c) {
    const std::string& name = c.name();
    if (name.starts_with("Request ")) {
        expect_framed(c, "framed", message_from<abci::Request>(c.in()), c.out().at("framed"));
    } else if (name.starts_with("Response ")) {
        expect_framed(c, "framed", message_from<abci::Response>(c.in()), c.out().at("framed"));
    } else if (name.starts_with("TxResult ")) {
        const auto result = message_from<abci::TxResult>(c.in());
        const base::Bytes encoded = wire::encode(result);
        c.expect("encoded", hex(encoded));
        if (wire::decode<abci::TxResult>(encoded) != result)
            c.fail("read", "the result", "another");
    } else {
        c.unknown(name);
    }
    c.know_members({"framed", "encoded"});
}

const RegisterTopic abci_messages_topic("abci-messages", run_abci_messages);

}  // namespace
}  // namespace tandem::vectors
