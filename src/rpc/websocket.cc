#include "rpc/websocket.h"

#include "rpc/json_rpc.h"
#include "rpc/routes.h"
#include "wire/json_write.h"

namespace tandem::rpc {

namespace {

constexpr RequestId broken_down = std::int64_t{-1};
constexpr std::string_view too_few_arguments =
    "WSJSONRPC: reflect: Call with too few input arguments";

std::string event_frame(const RequestId& id, std::string_view query, const PublishedEvent& event) {
    wire::JsonWriter writer(event.data->size() + event.events->size() + 256);
    writer.begin_object().name("query").string(query);
    writer.name("data").raw(*event.data);
    writer.name("events").raw(*event.events);
    writer.end_object();
    return result_response(id, writer.take());
}

Result<Query> parsed_query(const std::string& text) {
    auto query = Query::parse(text);
    if (!query)
        return base::refuse("subscriptions.query", "failed to parse query: " + query.error().why);
    return query;
}

}  // namespace

struct WebSocketSession::State : std::enable_shared_from_this<State> {
    State(Service& owner, std::string client_name, std::function<void()> wake_up)
        : service(owner),
          context(owner.context(std::move(client_name))),
          wake(std::move(wake_up)) {}

    [[nodiscard]] std::size_t frames_max() const {
        return context.config.subscription_events_max + context.config.websocket_frames_max;
    }
    void push(std::string frame) {
        out.push_back(std::move(frame));
        changed();
    }
    void changed() {
        if (!in_call && !closed) wake();
    }
    void run();
    void execute(const Call& call);
    void call_route(const Route& route, const Arguments& arguments, const RequestId& id);
    [[nodiscard]] Verdict change_subscriptions(std::string_view method, const Arguments& arguments,
                                               const RequestId& id);
    [[nodiscard]] Verdict subscribe(const std::string& text, const RequestId& id);

    Service& service;
    RouteContext context;
    std::function<void()> wake;
    std::deque<std::string> in, out;
    bool waits = false;    // for an answer
    bool in_call = false;  // from the server: it looks at frames() by itself
    bool closed = false;
    bool too_slow = false;
};

/// Answers what came, one after the other, until one has to wait.
void WebSocketSession::State::run() {
    while (!waits && !in.empty()) {
        const std::string message = std::move(in.front());
        in.pop_front();
        const auto call = read_call(message);
        if (call)
            execute(*call);
        else
            push(error_response({}, ErrorCode::parse_error, call.error().why));
    }
}

void WebSocketSession::State::execute(const Call& call) {
    if (std::holds_alternative<std::monostate>(call.id)) return;
    const Route* route = find_route(call.method, context.config);
    if (route == nullptr) return push(error_response(call.id, ErrorCode::method_not_found));
    Arguments arguments;
    if (call.params) {
        auto read = arguments_from_json(route->params, *call.params);
        if (!read)
            return push(
                error_response(call.id, ErrorCode::internal_error,
                               "error converting json params to arguments: " + read.error().why));
        arguments = std::move(*read);
    } else if (!route->params.empty()) {
        return push(error_response(broken_down, ErrorCode::internal_error, too_few_arguments));
    }
    if (route->handler != nullptr) return call_route(*route, arguments, call.id);
    const auto verdict = change_subscriptions(route->name, arguments, call.id);
    push(verdict ? result_response(call.id, "{}")
                 : error_response(call.id, ErrorCode::internal_error, verdict.error().why));
}

void WebSocketSession::State::call_route(const Route& route, const Arguments& arguments,
                                         const RequestId& id) {
    waits = true;
    const auto returned = std::make_shared<bool>(false);
    invoke(route, context, arguments,
           [self = weak_from_this(), id, returned](Result<std::string> result) {
               const auto state = self.lock();
               if (!state || state->closed) return;
               state->waits = false;
               state->push(result
                               ? result_response(id, *result)
                               : error_response(id, ErrorCode::internal_error, result.error().why));
               if (*returned) state->run();
           });
    *returned = true;
}

Verdict WebSocketSession::State::change_subscriptions(std::string_view method,
                                                      const Arguments& arguments,
                                                      const RequestId& id) {
    Answerer* const other = context.config.answerer;
    if (method == "unsubscribe_all")
        return other != nullptr ? other->unsubscribe_all(context.client)
                                : context.bus.unsubscribe_all(context.client);
    const std::string& text = std::get<std::string>(arguments[0]);
    if (method == "subscribe") return subscribe(text, id);
    const auto query = parsed_query(text);
    if (!query) return std::unexpected(query.error());
    return other != nullptr ? other->unsubscribe(context.client, *query)
                            : context.bus.unsubscribe(context.client, *query);
}

Verdict WebSocketSession::State::subscribe(const std::string& text, const RequestId& id) {
    TANDEM_TRY(context.bus.has_room(context.client));
    if (text.size() > query_bytes_max)
        return base::refuse("subscriptions.query", "maximum query length exceeded");
    const auto query = parsed_query(text);
    if (!query) return std::unexpected(query.error());
    const auto deliver = [self = weak_from_this()](const auto& frame) {
        const auto state = self.lock();
        if (!state || state->out.size() >= state->frames_max()) return false;
        state->push(frame());
        return true;
    };
    const auto ended = [self = weak_from_this(), id](std::string_view reason) {
        const auto state = self.lock();
        if (!state || state->closed) return;
        state->too_slow = state->too_slow || state->context.config.close_slow_clients;
        state->push(
            error_response(id, ErrorCode::server_error,
                           "subscription was canceled (reason: " + std::string(reason) + ')'));
    };
    if (Answerer* const other = context.config.answerer; other != nullptr) {
        const auto pass_on = [deliver, id](std::string_view result) {
            return deliver([&] { return result_response(id, result); });
        };
        return other->subscribe(context.client, *query, text, {pass_on, ended});
    }
    const auto show = [deliver, id, text](const PublishedEvent& event) {
        return deliver([&] { return event_frame(id, text, event); });
    };
    return context.bus.subscribe(context.client, *query, {show, ended});
}

WebSocketSession::WebSocketSession(Service& service, std::string client, std::function<void()> wake)
    : state_(std::make_shared<State>(service, std::move(client), std::move(wake))) {}

WebSocketSession::~WebSocketSession() {
    state_->closed = true;
    const RouteContext& context = state_->context;
    if (context.alive.expired()) return;
    if (context.config.answerer != nullptr)
        (void)context.config.answerer->unsubscribe_all(context.client);
    else
        (void)context.bus.unsubscribe_all(context.client);
}

void WebSocketSession::receive(std::string_view message) {
    state_->in_call = true;
    state_->in.emplace_back(message);
    state_->run();
    state_->in_call = false;
}

bool WebSocketSession::is_busy() const noexcept {
    return state_->waits || state_->out.size() >= state_->context.config.websocket_frames_max;
}

bool WebSocketSession::should_close() const noexcept {
    return state_->too_slow;
}

const std::string* WebSocketSession::next() const noexcept {
    return state_->out.empty() ? nullptr : &state_->out.front();
}

void WebSocketSession::sent() {
    state_->out.pop_front();
}

}  // namespace tandem::rpc
