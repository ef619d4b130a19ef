// One WebSocket connection: JSON-RPC texts in, answers and events out.
//
// Requests are answered in the order in which they came; while one waits for its answer, or too
// many answers wait to be read, is_busy() says that nothing more need be read from the socket.
// Frames to be sent stand in a row whose length is bounded: a subscriber that does not read loses
// its subscriptions.
//
// Not here: pings, deadlines and the bytes of frames (io/http_server).
#pragma once
#include <deque>

#include "rpc/service.h"

namespace tandem::rpc {

class WebSocketSession {
  public:
    /// `wake` is called when there is something new in frames(), is_busy() changed or
    /// should_close() became true; never from within receive() or sent().
    WebSocketSession(Service& service, std::string client, std::function<void()> wake);
    WebSocketSession(const WebSocketSession&) = delete;
    WebSocketSession& operator=(const WebSocketSession&) = delete;
    ~WebSocketSession();

    /// A whole text or binary message.
    void receive(std::string_view message);
    [[nodiscard]] bool is_busy() const noexcept;
    /// It lost a subscription by not reading, and the configuration says that it is closed then.
    [[nodiscard]] bool should_close() const noexcept;

    /// The next message to send, or null.
    [[nodiscard]] const std::string* next() const noexcept;
    /// It was sent.
    void sent();

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace tandem::rpc
