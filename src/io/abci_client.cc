#include "io/abci_client.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <thread>
#include <utility>

#include "abci/messages.h"
#include "io/abci_place.h"
#include "io/exit_codes.h"
#include "io/failure.h"
#include "io/frame_buffer.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using base::Bytes;
using ErrorCode = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::chrono::seconds try_again_after{3};
constexpr std::size_t answer_bytes_max = 0x7fffffff;  // wire page, section A1

/// One connection: requests out, answers in, in order.
class Connection {
  public:
    Connection(asio::io_context& loop, const std::string& address, std::string_view name)
        : address_(address), name_(name), socket_(loop) {}

    ErrorCode open(asio::io_context& loop, const AbciPlace& place) {
        ErrorCode error;
        const auto endpoint = place.endpoint(loop, error);
        if (error) return error;
        socket_.close(error);  // of an attempt before
        socket_.connect(endpoint, error);
        if (!error && place.path.empty()) socket_.set_option(asio::ip::tcp::no_delay(true), error);
        return error;
    }

    template <typename Answer, typename Question>
    Answer ask(const Question& question) {
        const std::string_view name = wire::Described<Question>::name;
        Bytes out = wire::encode_delimited(abci::Request{question});
        const Bytes flush = wire::encode_delimited(abci::Request{abci::RequestFlush{}});
        base::append(out, flush);
        ErrorCode error;
        asio::write(socket_, asio::buffer(out), error);
        if (error) lost(name, error.message());
        Answer answer = expect<Answer>(name);
        static_cast<void>(expect<abci::ResponseFlush>(name));
        return answer;
    }

    /// Of `questions` of one kind: one after another, and one flush.
    template <typename Answer, typename Question>
    std::vector<Answer> ask_all(asio::io_context& loop, std::span<const Question> questions) {
        const std::string_view name = wire::Described<Question>::name;
        Bytes out;
        for (const Question& question : questions)
            base::append(out, wire::encode_delimited(abci::Request{question}));
        base::append(out, wire::encode_delimited(abci::Request{abci::RequestFlush{}}));
        bool written = false;
        asio::async_write(socket_, asio::buffer(out), [&](const ErrorCode& error, std::size_t) {
            if (error) lost(name, error.message());
            written = true;
        });
        const auto run_until = [&loop](const auto& done) {
            loop.restart();  // it has stopped where nothing was left to do
            while (!done()) loop.run_one();
        };
        const auto read = [&] {
            std::optional<std::size_t> came;
            socket_.async_read_some(input_.room(), [&](const ErrorCode& error, std::size_t count) {
                if (error) lost(name, error.message());
                came = count;
            });
            run_until([&] { return came.has_value(); });
            return *came;
        };
        std::vector<Answer> answers;
        answers.reserve(questions.size());
        while (answers.size() < questions.size()) answers.push_back(expect<Answer>(name, read));
        static_cast<void>(expect<abci::ResponseFlush>(name, read));
        run_until([&] { return written; });
        return answers;
    }

  private:
    [[noreturn]] void lost(std::string_view question, std::string_view why) const {
        end_process(exit_code::broken,
                    fmt::format("the application at {} did not answer {} on its {} connection: {}. "
                                "See its own log, start it again, and then this node",
                                address_, question, name_, why));
    }

    template <typename Answer>
    Answer expect(std::string_view question) {
        return expect<Answer>(question, [&] {
            ErrorCode error;
            const std::size_t came = socket_.read_some(input_.room(), error);
            if (error == asio::error::eof) lost(question, "it closed the connection");
            if (error) lost(question, error.message());
            return came;
        });
    }

    /// `read` fills room of the input, and says how much.
    template <typename Answer, typename Read>
    Answer expect(std::string_view question, const Read& read) {
        abci::Response response = receive(question, read);
        if (auto* answer = std::get_if<Answer>(&response.value)) return std::move(*answer);
        if (const auto* failed = std::get_if<abci::ResponseException>(&response.value))
            lost(question, "exception: " + failed->error);
        lost(question, "it answered something else");
    }

    template <typename Read>
    abci::Response receive(std::string_view question, const Read& read) {
        for (;;) {
            const wire::Frame frame = input_.next(answer_bytes_max);
            if (frame.state == wire::FrameState::complete) {
                auto response = wire::decode<abci::Response>(frame.body);
                if (!response) lost(question, "its answer cannot be read");
                return std::move(*response);
            }
            if (frame.state != wire::FrameState::incomplete) lost(question, "it sent no frame");
            input_.came(read());
        }
    }

    std::string address_;
    std::string name_;
    Socket socket_;
    FrameBuffer input_;
};

}  // namespace

struct AbciClient::Impl {
    explicit Impl(const std::string& address)
        : query(loop, address, "query"),
          snapshot(loop, address, "snapshot"),
          mempool(loop, address, "mempool"),
          consensus(loop, address, "consensus") {}

    asio::io_context loop;
    Connection query, snapshot, mempool, consensus;
};

AbciClient::AbciClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AbciClient::~AbciClient() = default;

base::Result<std::unique_ptr<AbciClient>> AbciClient::connect(
    const std::string& address, const std::function<void(const std::string&)>& waiting) {
    const auto place = abci_place(address);
    if (!place) return std::unexpected(place.error());
    auto impl = std::make_unique<Impl>(address);
    bool has_said = false;
    for (Connection* connection :
         {&impl->query, &impl->snapshot, &impl->mempool, &impl->consensus}) {
        while (const ErrorCode error = connection->open(impl->loop, *place)) {
            if (!std::exchange(has_said, true))
                waiting(
                    fmt::format("the application at {} cannot be reached yet: {}; trying again "
                                "until it can",
                                address, error.message()));
            std::this_thread::sleep_for(try_again_after);
        }
    }
    return std::unique_ptr<AbciClient>(new AbciClient(std::move(impl)));
}

std::string AbciClient::echo(const std::string& text) {
    return impl_->query.ask<abci::ResponseEcho>(abci::RequestEcho{text}).message;
}

abci::ResponseInfo AbciClient::info(const abci::RequestInfo& request) {
    return impl_->query.ask<abci::ResponseInfo>(request);
}
abci::ResponseQuery AbciClient::query(const abci::RequestQuery& request) {
    return impl_->query.ask<abci::ResponseQuery>(request);
}
abci::ResponseCheckTx AbciClient::check_tx(const abci::RequestCheckTx& request) {
    return impl_->mempool.ask<abci::ResponseCheckTx>(request);
}
std::vector<abci::ResponseCheckTx> AbciClient::check_txs(
    std::span<const abci::RequestCheckTx> requests) {
    if (requests.empty()) return {};
    return impl_->mempool.ask_all<abci::ResponseCheckTx>(impl_->loop, requests);
}
abci::ResponseInitChain AbciClient::init_chain(const abci::RequestInitChain& request) {
    return impl_->consensus.ask<abci::ResponseInitChain>(request);
}
abci::ResponsePrepareProposal AbciClient::prepare_proposal(
    const abci::RequestPrepareProposal& request) {
    return impl_->consensus.ask<abci::ResponsePrepareProposal>(request);
}
abci::ResponseProcessProposal AbciClient::process_proposal(
    const abci::RequestProcessProposal& request) {
    return impl_->consensus.ask<abci::ResponseProcessProposal>(request);
}
abci::ResponseExtendVote AbciClient::extend_vote(const abci::RequestExtendVote& request) {
    return impl_->consensus.ask<abci::ResponseExtendVote>(request);
}
abci::ResponseVerifyVoteExtension AbciClient::verify_vote_extension(
    const abci::RequestVerifyVoteExtension& request) {
    return impl_->consensus.ask<abci::ResponseVerifyVoteExtension>(request);
}
abci::ResponseFinalizeBlock AbciClient::finalize_block(const abci::RequestFinalizeBlock& request) {
    return impl_->consensus.ask<abci::ResponseFinalizeBlock>(request);
}
abci::ResponseCommit AbciClient::commit(const abci::RequestCommit& request) {
    return impl_->consensus.ask<abci::ResponseCommit>(request);
}
abci::ResponseListSnapshots AbciClient::list_snapshots(const abci::RequestListSnapshots& request) {
    return impl_->snapshot.ask<abci::ResponseListSnapshots>(request);
}
abci::ResponseOfferSnapshot AbciClient::offer_snapshot(const abci::RequestOfferSnapshot& request) {
    return impl_->snapshot.ask<abci::ResponseOfferSnapshot>(request);
}
abci::ResponseLoadSnapshotChunk AbciClient::load_snapshot_chunk(
    const abci::RequestLoadSnapshotChunk& request) {
    return impl_->snapshot.ask<abci::ResponseLoadSnapshotChunk>(request);
}
abci::ResponseApplySnapshotChunk AbciClient::apply_snapshot_chunk(
    const abci::RequestApplySnapshotChunk& request) {
    return impl_->snapshot.ask<abci::ResponseApplySnapshotChunk>(request);
}

}  // namespace tandem::io
