#include "tandem/light_servers.h"

#include <boost/asio/post.hpp>

#include "tandem/node_client.h"
#include "types/json.h"
#include "types/validator_set.h"

namespace tandem::program {
namespace {

// One that hangs must not keep a process from ending within its time.
constexpr std::chrono::milliseconds answer_timeout{4'000};
constexpr std::size_t validators_max = 10'000;

base::Result<std::string> object_in(const json& answer, const char* name) {
    const json& found = member(answer, name);
    if (!found.is_object())
        return base::refuse("rpc.answer", std::string("the answer of a server has no ") + name);
    return found.dump();
}

base::Result<types::ValidatorSet> validators_from(io::RpcClient& server, std::int64_t height) {
    std::vector<types::Validator> list;
    for (int page = 1; list.size() < validators_max; ++page) {
        const auto answer = server.call("validators", {{"height", std::to_string(height)},
                                                       {"page", std::to_string(page)},
                                                       {"per_page", "100"}});
        if (!answer) return std::unexpected(answer.error());
        const json& rows = member(*answer, "validators");
        if (!rows.is_array() || rows.empty()) break;
        for (const json& row : rows) {
            auto validator = types::from_json<types::Validator>(row.dump());
            if (!validator) return std::unexpected(validator.error());
            list.push_back(std::move(*validator));
        }
        if (number(*answer, "total") == static_cast<std::int64_t>(list.size())) break;
    }
    return types::ValidatorSet::from_existing(std::move(list));
}

}  // namespace

base::Result<types::LightBlock> light_block_from(io::RpcClient& server, std::int64_t height) {
    const auto answer = server.call("commit", {{"height", std::to_string(height)}});
    if (!answer) return std::unexpected(answer.error());
    const auto text = object_in(*answer, "signed_header");
    if (!text) return std::unexpected(text.error());
    auto header = types::from_json<types::SignedHeader>(*text);
    if (!header) return std::unexpected(header.error());
    const auto validators = validators_from(server, height);
    if (!validators) return std::unexpected(validators.error());
    types::LightBlock block;
    block.signed_header = base::Box<types::SignedHeader>(std::move(*header));
    block.validator_set = base::Box<types::ValidatorSetMessage>(validators->to_message());
    return block;
}

base::Result<types::ConsensusParams> params_from(io::RpcClient& server, std::int64_t height) {
    const auto answer = server.call("consensus_params", {{"height", std::to_string(height)}});
    if (!answer) return std::unexpected(answer.error());
    const auto text = object_in(*answer, "consensus_params");
    if (!text) return std::unexpected(text.error());
    return types::from_json<types::ConsensusParams>(*text);
}

RpcLightServers::RpcLightServers(boost::asio::io_context& loop,
                                 std::vector<io::RpcAddress> addresses)
    : loop_(loop) {
    clients_.reserve(addresses.size());
    for (io::RpcAddress& address : addresses)
        clients_.emplace_back(std::move(address), answer_timeout);
    thread_ = std::thread([this] { run(); });
}

RpcLightServers::~RpcLightServers() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void RpcLightServers::ask(const sync::LightQuestion& question) {
    {
        const std::lock_guard lock(mutex_);
        open_ = question;
    }
    changed_.notify_one();
}

void RpcLightServers::run() {
    while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || open_; });
        if (stopping_) return;
        const sync::LightQuestion question = *std::exchange(open_, std::nullopt);
        lock.unlock();
        answer(question);
    }
}

void RpcLightServers::answer(const sync::LightQuestion& question) {
    io::RpcClient& server = clients_.at(question.server);
    const auto tell = [this](auto result) {
        boost::asio::post(loop_, [node = node_, result = std::move(result)]() mutable {
            node->light_answered(std::move(result));
        });
    };
    if (question.kind == sync::LightQuestion::Kind::params)
        tell(params_from(server, question.height));
    else
        tell(light_block_from(server, question.height));
}

}  // namespace tandem::program
