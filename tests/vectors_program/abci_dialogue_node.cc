// The node's part of abci-dialogues: a whole node of ours, under a virtual clock, with the recorded
// genesis but keys of its own, is put into the recorded situations; what it asks its application is
// compared, connection by connection, with what the recorded node asked. Keys, times and hashes are
// left out, for they are others; everything else in a request counts.
//
// Left out are also the questions of RPC clients, and the flush of the mempool's connection before
// a block takes effect: a node of ours that asks its application has no unanswered questions then.
#include <set>

#include "tests/node/heard_application.h"
#include "tests/vectors_program/abci_dialogue.h"
#include "types/genesis.h"

namespace tandem::vectors {
namespace {

using testing::VirtualNetwork;

constexpr std::size_t mempool_connection = 2, consensus_connection = 3;

/// Extends votes as its member of the recorded network does.
class Member final : public testing::HeardApplication {
  public:
    Member(abci::Application& inner, std::vector<abci::Request>& heard, std::string name)
        : HeardApplication(inner, heard), name_(std::move(name)) {}
    abci::ResponseExtendVote extend_vote(const abci::RequestExtendVote& request) override {
        if (name_.empty()) return HeardApplication::extend_vote(request);
        (void)HeardApplication::extend_vote(request);
        return extension_of(request.height, name_);
    }
    abci::ResponseVerifyVoteExtension verify_vote_extension(
        const abci::RequestVerifyVoteExtension& request) override {
        (void)HeardApplication::verify_vote_extension(request);
        return {abci::ExtensionStatus::accept};
    }

  private:
    std::string name_;
};

// ---- What of a request does not depend on keys and times

template <typename Votes>
void neutralise_votes(Votes& votes) {
    for (auto& vote : votes) {
        vote.validator.address = {};
        if constexpr (requires { vote.extension_signature; })
            vote.extension_signature.assign(vote.extension_signature.size(), 0);
    }
    if constexpr (requires { votes[0].vote_extension; })
        std::ranges::sort(votes, {}, [](const auto& vote) { return vote.vote_extension; });
}

template <typename Block>
void neutralise_block(Block& block) {
    block.time = {};
    block.next_validators_hash = {};
    block.proposer_address = {};
    if constexpr (requires { block.hash; }) block.hash = {};
}

std::string neutral(abci::Request request) {
    if (auto* begin = std::get_if<abci::RequestInitChain>(&request.value)) {
        for (abci::ValidatorUpdate& validator : begin->validators) validator.pub_key.bytes.clear();
    } else if (auto* prepare = std::get_if<abci::RequestPrepareProposal>(&request.value)) {
        neutralise_block(*prepare);
        neutralise_votes(prepare->local_last_commit.votes);
    } else if (auto* process = std::get_if<abci::RequestProcessProposal>(&request.value)) {
        neutralise_block(*process);
        neutralise_votes(process->proposed_last_commit.votes);
    } else if (auto* extend = std::get_if<abci::RequestExtendVote>(&request.value)) {
        neutralise_block(*extend);
        neutralise_votes(extend->proposed_last_commit.votes);
    } else if (auto* verify = std::get_if<abci::RequestVerifyVoteExtension>(&request.value)) {
        verify->hash = {};
        verify->validator_address = {};
    } else if (auto* finalize = std::get_if<abci::RequestFinalizeBlock>(&request.value)) {
        neutralise_block(*finalize);
        neutralise_votes(finalize->decided_last_commit.votes);
    }
    return hex(wire::encode(request));
}

bool is_new_tx(const abci::Request& request) {
    const auto* check = std::get_if<abci::RequestCheckTx>(&request.value);
    return check != nullptr && check->type == abci::CheckTxType::new_tx;
}

/// Which connection a question belongs to.
std::size_t connection_of(const abci::Request& request) {
    if (std::holds_alternative<abci::RequestCheckTx>(request.value)) return mempool_connection;
    if (std::holds_alternative<abci::RequestInfo>(request.value) ||
        std::holds_alternative<abci::RequestQuery>(request.value))
        return 0;
    return consensus_connection;
}

using Talk = std::map<std::size_t, std::vector<std::string>>;  // by connection

// ---- The recorded situation

struct Submission {
    std::int64_t height;  // the last block then
    base::Bytes tx;
};

struct Situation {
    bool application_is_new = false;
    std::int64_t last_height = 0;  // with its commit
    bool proposes_first = false;   // the recorded node
    std::vector<Submission> submissions;
    Talk talk;
};

/// Transactions that came into a block, or were offered for one.
std::set<base::Bytes> offered_txs(const AbciDialogue& dialogue) {
    std::set<base::Bytes> offered;
    const auto add = [&offered](const wire::Txs& txs) {
        for (const auto tx : txs) offered.insert(base::to_bytes(tx));
    };
    for (const AbciMessage& message : dialogue) {
        if (const auto* prepare = std::get_if<abci::RequestPrepareProposal>(&message.request.value))
            add(prepare->txs);
        if (const auto* final = std::get_if<abci::RequestFinalizeBlock>(&message.request.value))
            add(final->txs);
    }
    return offered;
}

Situation situation_of(const AbciDialogue& dialogue) {
    Situation found;
    const auto offered = offered_txs(dialogue);
    std::set<base::Bytes> submitted;
    bool info_was_asked = false;
    for (const AbciMessage& message : dialogue) {
        if (!message.by_node || message.is_flush()) continue;
        const abci::Request& request = message.request;
        if (std::holds_alternative<abci::RequestQuery>(request.value)) continue;
        // The second one is a client's.
        if (std::holds_alternative<abci::RequestInfo>(request.value) &&
            std::exchange(info_was_asked, true))
            continue;
        if (is_new_tx(request)) {
            const base::Bytes& tx = std::get<abci::RequestCheckTx>(request.value).tx;
            // A client's that only asks, too.
            if (!offered.contains(tx) || !submitted.insert(tx).second) continue;
            found.submissions.push_back({found.last_height, tx});
        }
        if (std::holds_alternative<abci::RequestInitChain>(request.value))
            found.application_is_new = true;
        if (const auto* final = std::get_if<abci::RequestFinalizeBlock>(&request.value))
            found.last_height = final->height;
        if (const auto* prepare = std::get_if<abci::RequestPrepareProposal>(&request.value))
            found.proposes_first = found.proposes_first || prepare->height == 1;
        found.talk[message.connection].push_back(neutral(request));
    }
    return found;
}

}  // namespace

struct DialogueNodes::World {
    World(const Json& genesis, const Situation& situation, const std::string& member)
        : network(size_of(genesis), size_of(genesis)) {
        auto reading = types::genesis_from_json(genesis.dump(), {});
        if (!reading) throw BadVector("genesis: " + reading.error().why);
        types::GenesisDoc doc = std::move(reading->doc);
        for (std::size_t i = 0; i < doc.validators.size(); ++i) {
            doc.validators[i].pub_key = network[i].key();
            doc.validators[i].address = crypto::address(network[i].key());
        }
        network.genesis = std::move(doc);
        network.epoch_seconds = network.genesis.genesis_time.seconds + 60;
        heard.resize(network.size());
        // Of equals, the lowest address proposes first.
        for (std::size_t i = 1; i < network.size(); ++i)
            if ((address(i) < address(recorded)) == situation.proposes_first) recorded = i;
        network.around_application = [this, member](std::size_t node, abci::Application& inner) {
            const std::string name =
                member.empty() || node == recorded ? member : std::to_string(1 - std::stoi(member));
            return std::make_unique<Member>(inner, heard[node], name);
        };
    }
    static std::size_t size_of(const Json& genesis) { return genesis.at("validators").size(); }
    [[nodiscard]] types::Address address(std::size_t node) {
        return types::Address(crypto::address(network[node].key()));
    }

    void restart(bool application_is_new) {
        for (std::size_t i = 0; i < network.size(); ++i) {
            if (network[i].running()) network[i].crash();
            if (application_is_new) network[i].lose_application();
            heard[i].clear();
        }
        network.start_all();
    }
    bool run(const Situation& situation) {
        testing::VirtualNode& node = network[recorded];
        for (const Submission& submission : situation.submissions) {
            if (!network.run_to_height(submission.height)) return false;
            (void)node.submit(base::as_text(submission.tx));
        }
        return network.run_to_height(situation.last_height);
    }

    VirtualNetwork network;
    std::vector<std::vector<abci::Request>> heard;
    std::size_t recorded = 0;  // the node whose talk is compared
};

DialogueNodes::DialogueNodes() = default;
DialogueNodes::~DialogueNodes() = default;

void DialogueNodes::play(Case& c, const AbciDialogue& dialogue) {
    Situation situation = situation_of(dialogue);
    if (c.in().contains("genesis"))
        world_ = std::make_unique<World>(c.in().at("genesis"), situation, member_of(dialogue));
    if (!world_) throw BadVector("the first case has no genesis");
    world_->restart(situation.application_is_new);
    if (!world_->run(situation))
        return c.fail("our node", "height " + std::to_string(situation.last_height),
                      "height " + std::to_string(world_->network[world_->recorded].height()));
    Talk talk;
    for (const abci::Request& request : world_->heard[world_->recorded])
        talk[connection_of(request)].push_back(neutral(request));
    for (std::size_t connection = 0; connection <= consensus_connection; ++connection) {
        const auto& wanted = situation.talk[connection];
        const auto& got = talk[connection];
        const std::string what = "our node's questions on connection " + std::to_string(connection);
        if (got.size() != wanted.size())
            c.fail(what, std::to_string(wanted.size()), std::to_string(got.size()));
        for (std::size_t i = 0; i < std::min(got.size(), wanted.size()); ++i)
            if (got[i] != wanted[i]) {
                c.fail(what + ", number " + std::to_string(i), wanted[i], got[i]);
                break;
            }
    }
}

}  // namespace tandem::vectors
