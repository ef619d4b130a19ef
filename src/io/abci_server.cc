#include "io/abci_server.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "abci/messages.h"
#include "io/abci_place.h"
#include "io/frame_buffer.h"

namespace tandem::io {
namespace {

namespace asio = boost::asio;
using base::Bytes;
using base::refuse;
using ErrorCode = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Acceptor = AbciPlace::Acceptor;

/// The application's answer to one request.
struct Answer {
    abci::Application& application;

    abci::Response operator()(std::monostate) const {
        return {abci::ResponseException{"a request of a kind that is not known"}};
    }
    abci::Response operator()(const abci::RequestEcho& request) const {
        return {abci::ResponseEcho{request.message}};
    }
    abci::Response operator()(const abci::RequestFlush&) const { return {abci::ResponseFlush{}}; }
    abci::Response operator()(const abci::RequestInfo& r) const { return {application.info(r)}; }
    abci::Response operator()(const abci::RequestInitChain& r) const {
        return {application.init_chain(r)};
    }
    abci::Response operator()(const abci::RequestQuery& r) const { return {application.query(r)}; }
    abci::Response operator()(const abci::RequestCheckTx& r) const {
        return {application.check_tx(r)};
    }
    abci::Response operator()(const abci::RequestCommit& r) const {
        return {application.commit(r)};
    }
    abci::Response operator()(const abci::RequestListSnapshots& r) const {
        return {application.list_snapshots(r)};
    }
    abci::Response operator()(const abci::RequestOfferSnapshot& r) const {
        return {application.offer_snapshot(r)};
    }
    abci::Response operator()(const abci::RequestLoadSnapshotChunk& r) const {
        return {application.load_snapshot_chunk(r)};
    }
    abci::Response operator()(const abci::RequestApplySnapshotChunk& r) const {
        return {application.apply_snapshot_chunk(r)};
    }
    abci::Response operator()(const abci::RequestPrepareProposal& r) const {
        return {application.prepare_proposal(r)};
    }
    abci::Response operator()(const abci::RequestProcessProposal& r) const {
        return {application.process_proposal(r)};
    }
    abci::Response operator()(const abci::RequestExtendVote& r) const {
        return {application.extend_vote(r)};
    }
    abci::Response operator()(const abci::RequestVerifyVoteExtension& r) const {
        return {application.verify_vote_extension(r)};
    }
    abci::Response operator()(const abci::RequestFinalizeBlock& r) const {
        return {application.finalize_block(r)};
    }
};

class ServedConnection : public std::enable_shared_from_this<ServedConnection> {
  public:
    ServedConnection(Socket socket, abci::Application& application)
        : socket_(std::move(socket)), application_(application) {}

    void read() {
        socket_.async_read_some(input_.room(),
                                [self = shared_from_this()](ErrorCode error, std::size_t count) {
                                    self->input_.came(count);
                                    if (!error) self->go_on();
                                });
    }
    void close() {
        ErrorCode ignored;
        socket_.close(ignored);
    }

  private:
    /// Takes requests until one asks to flush, or no whole one is left.
    void go_on() {
        for (;;) {
            const wire::Frame frame = input_.next(AbciServer::request_bytes_max);
            if (frame.state == wire::FrameState::incomplete) return read();
            if (frame.state != wire::FrameState::complete)
                return refuse_and_close("a frame is malformed or too long");
            const auto request = wire::decode<abci::Request>(frame.body);
            if (!request) return refuse_and_close("a request cannot be read");
            put(std::visit(Answer{application_}, request->value));
            if (std::holds_alternative<std::monostate>(request->value)) return flush(false);
            if (std::holds_alternative<abci::RequestFlush>(request->value)) return flush(true);
        }
    }
    void put(const abci::Response& response) {
        base::append(output_, wire::encode_delimited(response));
    }
    void refuse_and_close(std::string why) {
        put({abci::ResponseException{std::move(why)}});
        flush(false);
    }
    void flush(bool goes_on) {
        asio::async_write(socket_, asio::buffer(output_),
                          [self = shared_from_this(), goes_on](ErrorCode error, std::size_t) {
                              self->output_.clear();
                              if (error || !goes_on) return self->close();
                              self->go_on();
                          });
    }

    Socket socket_;
    abci::Application& application_;
    FrameBuffer input_;
    Bytes output_;
};

}  // namespace

struct AbciServer::Core : std::enable_shared_from_this<Core> {
    Core(asio::io_context& loop, abci::Application& served) : application(served), acceptor(loop) {}

    void accept() {
        acceptor.async_accept([self = shared_from_this()](ErrorCode error, Socket socket) {
            if (error) return;
            std::erase_if(self->open, [](const auto& each) { return each.expired(); });
            if (self->open.size() < connections_max) {
                const auto connection =
                    std::make_shared<ServedConnection>(std::move(socket), self->application);
                self->open.push_back(connection);
                connection->read();
            }
            self->accept();
        });
    }

    abci::Application& application;
    Acceptor acceptor;
    std::string address;
    std::string path;  // to remove at the end
    std::vector<std::weak_ptr<ServedConnection>> open;
};

base::Result<std::unique_ptr<AbciServer>> AbciServer::start(asio::io_context& loop,
                                                            abci::Application& application,
                                                            const std::string& address) {
    const auto place = abci_place(address);
    if (!place) return std::unexpected(place.error());
    auto core = std::make_shared<Core>(loop, application);
    const auto listening = place->listen(loop, core->acceptor);
    if (!listening)
        return refuse("abci.address",
                      fmt::format("cannot listen on {}: {}", address, listening.error().message()));
    core->address = *listening;
    core->path = place->path;
    core->accept();
    return std::unique_ptr<AbciServer>(new AbciServer(std::move(core)));
}

AbciServer::~AbciServer() {
    ErrorCode ignored;
    core_->acceptor.close(ignored);
    for (const auto& each : core_->open)
        if (const auto connection = each.lock()) connection->close();
    if (!core_->path.empty()) std::remove(core_->path.c_str());
}

std::string AbciServer::address() const {
    return core_->address;
}

}  // namespace tandem::io
