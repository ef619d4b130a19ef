#include "rpc/service.h"

#include "rpc/dashboard.h"
#include "rpc/health.h"
#include "rpc/json_rpc.h"
#include "rpc/routes.h"
#include "rpc/uri.h"

namespace tandem::rpc {

namespace {

constexpr RequestId no_id = std::int64_t{-1};  // of the URI form, and where a request broke down
constexpr std::string_view too_few_arguments = "reflect: Call with too few input arguments";
constexpr int status_ok = 200, status_redirect = 307, status_bad_request = 400;
constexpr int status_not_found = 404, status_headers_too_large = 431, status_error = 500;

HttpResponse plain(int status, std::string text) {
    return {status,
            {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
            std::move(text)};
}

HttpResponse not_http(int status, std::string text) {
    HttpResponse response{status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
    response.tells_time = false;
    response.closes_connection = true;
    return response;
}

HttpResponse json(int status, std::string body, bool cacheable = false) {
    HttpResponse response{status, {{"Content-Type", "application/json"}}, std::move(body)};
    if (cacheable) response.headers.emplace_back("Cache-Control", "public, max-age=86400");
    return response;
}

HttpResponse json_error(int status, const RequestId& id, ErrorCode code, std::string_view data) {
    return json(status, error_response(id, code, data));
}

/// A body that is refused as a whole, before any method is looked at.
HttpResponse refused_body(int status, std::string_view why) {
    HttpResponse response = json_error(status, {}, ErrorCode::invalid_request, why);
    response.tells_time = false;
    return response;
}

HttpResponse list_of_methods(std::string_view host, const ServiceConfig& config) {
    std::string body =
        "<html><body><br>Available endpoints:<br><br>Endpoints that require arguments:<br>";
    for (const Route& route : all_routes()) {
        if (!is_served(route, config)) continue;
        std::string link = "//";
        link.append(host).append("/").append(route.name).append("?");
        for (const Param& param : route.params) {
            if (!link.ends_with('?')) link += '&';
            link.append(param.name).append("=_");
        }
        body.append("<a href=\"").append(link).append("\">").append(link).append("</a></br>");
    }
    return {status_ok, {{"Content-Type", "text/html"}}, body + "</body></html>"};
}

HttpResponse redirect(std::string_view verb, const std::string& path, const std::string& query) {
    const std::string location = query.empty() ? path : path + '?' + query;
    HttpResponse response{status_redirect, {{"Location", location}}, {}};
    if (verb == "GET" || verb == "HEAD")
        response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
    if (verb == "GET") response.body = "<a href=\"" + location + "\">Temporary Redirect</a>.\n\n";
    return response;
}

HttpResponse no_upgrade() {
    HttpResponse response = plain(status_bad_request, "Bad Request\n");
    response.headers.emplace_back("Sec-Websocket-Version", "13");
    return response;
}

/// The URI's fields, and behind them those of a form in the body.
std::string_view field_of(const Form& uri, const Form& body, std::string_view name) {
    const std::string_view value = uri.get(name);
    return value.empty() ? body.get(name) : value;
}

bool has_form(const HttpRequest& request) {
    const bool may = request.verb == "POST" || request.verb == "PUT" || request.verb == "PATCH";
    return may && request.content_type.starts_with("application/x-www-form-urlencoded");
}

Result<Arguments> uri_arguments(const Route& route, const Form& uri, const Form& body) {
    Arguments arguments;
    for (const Param& param : route.params) {
        const std::string_view text = field_of(uri, body, param.name);
        auto argument = text.empty() ? Result<Argument>(zero_argument(param.type))
                                     : argument_from_text(param.type, text);
        if (!argument) return std::unexpected(argument.error());
        arguments.push_back(std::move(*argument));
    }
    return arguments;
}

using HttpReply = std::function<void(HttpResponse)>;

/// The requests of one body, answered one after the other.
class Batch : public std::enable_shared_from_this<Batch> {
  public:
    Batch(RouteContext context, std::vector<Call> calls, HttpReply reply)
        : context_(std::move(context)), calls_(std::move(calls)), reply_(std::move(reply)) {}

    /// Goes on until a request has to wait.
    void run() {
        while (next_ < calls_.size())
            if (!step(calls_[next_++])) return;
        if (responses_.empty()) return reply_(HttpResponse{});
        reply_(json(status_ok, joined(responses_), cacheable_));
    }

  private:
    void refuse_call(const Call& call, ErrorCode code, std::string_view data = {}) {
        responses_.push_back(error_response(call.id, code, data));
        cacheable_ = false;
    }
    /// False: the rest comes later, or never.
    bool step(const Call& call) {
        if (std::holds_alternative<std::monostate>(call.id)) return true;
        const Route* route = find_route(call.method, context_.config);
        if (route == nullptr || route->handler == nullptr) {
            refuse_call(call, ErrorCode::method_not_found);
            return true;
        }
        Arguments arguments;
        if (call.params) {
            auto read = arguments_from_json(route->params, *call.params);
            if (!read) {
                refuse_call(call, ErrorCode::invalid_params,
                            "error converting json params to arguments: " + read.error().why);
                return true;
            }
            arguments = std::move(*read);
        } else if (!route->params.empty()) {
            // CometBFT breaks down over this, and with it every request of the batch.
            reply_(json_error(status_error, no_id, ErrorCode::internal_error, too_few_arguments));
            return false;
        }
        cacheable_ = cacheable_ && is_cacheable(*route, arguments);
        return invoke(*route, arguments, call.id);
    }
    bool invoke(const Route& route, const Arguments& arguments, const RequestId& id) {
        in_call_ = true;
        answered_ = false;
        rpc::invoke(route, context_, arguments,
                    [self = weak_from_this().lock(), id](Result<std::string> result) {
                        self->take(id, std::move(result));
                    });
        in_call_ = false;
        return answered_;
    }
    void take(const RequestId& id, Result<std::string> result) {
        if (context_.alive.expired()) return;
        responses_.push_back(
            result ? result_response(id, *result)
                   : error_response(id, ErrorCode::internal_error, result.error().why));
        answered_ = true;
        if (!in_call_) run();
    }

    RouteContext context_;
    std::vector<Call> calls_;
    HttpReply reply_;
    std::size_t next_ = 0;
    std::vector<std::string> responses_;
    bool cacheable_ = true;
    bool in_call_ = false;
    bool answered_ = false;
};

void answer_uri(const RouteContext& context, const Route& route, const HttpRequest& request,
                const Target& target, HttpReply reply) {
    if (route.handler == nullptr)
        return reply(json_error(status_not_found, no_id, ErrorCode::method_not_found, {}));
    const Form body = has_form(request) ? parse_form(request.body) : Form{};
    const auto arguments = uri_arguments(route, parse_form(target.query), body);
    if (!arguments)
        return reply(
            json_error(status_error, no_id, ErrorCode::invalid_params,
                       "error converting http params to arguments: " + arguments.error().why));
    invoke(
        route, context, *arguments,
        [alive = context.alive, reply = std::move(reply),
         cacheable = is_cacheable(route, *arguments)](Result<std::string> result) {
            if (alive.expired()) return;
            if (result) return reply(json(status_ok, result_response(no_id, *result), cacheable));
            reply(json_error(status_error, no_id, ErrorCode::internal_error, result.error().why));
        });
}

}  // namespace

HttpResponse malformed_request() {
    return not_http(status_bad_request, "400 Bad Request");
}

HttpResponse headers_too_large() {
    return not_http(status_headers_too_large, "431 Request Header Fields Too Large");
}

struct Service::Impl {
    Environment& environment;
    EventBus& bus;
    const Indexer& indexer;
    ServiceConfig config;
    std::shared_ptr<const bool> alive = std::make_shared<const bool>(true);

    void answer_calls(const RouteContext& context, const HttpRequest& request, HttpReply reply) {
        if (request.body_too_large || request.body.size() > config.body_bytes_max)
            return reply(refused_body(status_bad_request,
                                      "error reading request body: http: request body too large"));
        if (request.body.empty()) return reply(list_of_methods(request.host.value_or(""), config));
        auto calls = read_calls(request.body);
        if (!calls)
            return reply(json_error(status_error, {}, ErrorCode::parse_error, calls.error().why));
        if (config.batch_requests_max > 0 && calls->size() > config.batch_requests_max)
            return reply(refused_body(status_ok, "batch request exceeds maximum (" +
                                                     std::to_string(config.batch_requests_max) +
                                                     ") allowed number of requests"));
        std::make_shared<Batch>(context, std::move(*calls), std::move(reply))->run();
    }
};

Service::Service(Environment& environment, EventBus& bus, const Indexer& indexer,
                 ServiceConfig config)
    : impl_(new Impl{environment, bus, indexer, config}) {}

Service::~Service() = default;

const ServiceConfig& Service::config() const noexcept {
    return impl_->config;
}

EventBus& Service::bus() noexcept {
    return impl_->bus;
}

RouteContext Service::context(std::string client) const {
    return {impl_->environment, impl_->bus,   impl_->indexer,
            impl_->config,      impl_->alive, std::move(client)};
}

void Service::handle(HttpRequest request, std::function<void(HttpResponse)> reply) {
    if (!request.host && !request.is_http_1_0)
        return reply(not_http(status_bad_request, "400 Bad Request: missing required Host header"));
    const auto target = parse_target(request.target);
    if (!target) return reply(malformed_request());
    if (const std::string clean = clean_path(target->path); clean != target->path)
        return reply(redirect(request.verb, clean, target->query));
    if (target->path == "/")
        return impl_->answer_calls(context(request.client), request, std::move(reply));
    if (target->path == "/websocket") return reply(no_upgrade());
    if (target->path == dashboard_path) return reply(dashboard_response());
    if (is_health_endpoint(target->path))
        return reply(health_response(target->path, target->query, impl_->environment.readiness(),
                                     impl_->environment.latest_height()));
    const Route* route = find_route(std::string_view(target->path).substr(1), impl_->config);
    if (route == nullptr) return reply(plain(status_not_found, "404 page not found\n"));
    answer_uri(context(request.client), *route, request, *target, std::move(reply));
}

}  // namespace tandem::rpc
