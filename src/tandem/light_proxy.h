// `tandem light` to its callers: the methods of a node's RPC, of which those that a header can
// prove are answered after it did.
//
// Each question waits for other nodes, so it runs on one of a few threads; its answer goes back to
// the loop. What is verified and what is the primary's word alone: docs/commands.md.
//
// Not here: verification (light_verifier.h, rpc/light_answers.h); HTTP (io/http_server.h).
#pragma once
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "rpc/routes.h"
#include "tandem/light_events.h"
#include "tandem/light_verifier.h"

namespace tandem::program {

/// Sorted; those of CometBFT's light client and those that its nodes have beside them.
[[nodiscard]] std::span<const std::string_view> light_routes();

class LightProxy final : public rpc::Answerer {
  public:
    /// All of it outlives this.
    LightProxy(boost::asio::io_context& loop, LightVerifier& verifier);
    /// Waits for the questions that are open, for as long as a server may take.
    ~LightProxy() override;

    void answer(const rpc::Route& route, std::vector<rpc::Argument> arguments,
                rpc::Reply<std::string> answer) override;
    [[nodiscard]] base::Verdict subscribe(const std::string& client, const rpc::Query& query,
                                          const std::string& text, Subscriber subscriber) override;
    [[nodiscard]] base::Verdict unsubscribe(const std::string& client,
                                            const rpc::Query& query) override;
    [[nodiscard]] base::Verdict unsubscribe_all(const std::string& client) override;

  private:
    struct Question {
        const rpc::Route* route = nullptr;
        std::vector<rpc::Argument> arguments;
        rpc::Reply<std::string> answer;
    };
    void work();

    boost::asio::io_context& loop_;
    LightVerifier& verifier_;
    /// By client and canonical query. On the loop alone.
    std::map<std::string, std::map<std::string, std::shared_ptr<UpstreamEvents>>> subscriptions_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Question> open_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;  // the last member: they use the others
};

}  // namespace tandem::program
