// What a lying proposer can do with commit, record and places of transactions.
#include "sim/small_chain.h"

namespace tandem::sim {
namespace {

bool concerns(const BenchLie& lie, const std::string& name) {
    return lie.of.empty() || std::ranges::find(lie.of, name) != lie.of.end();
}

bool is_told(const BenchLie& lie, std::int64_t height) {
    return lie.from <= height && height <= lie.to;
}

/// Registered nodes in registry order, with whether they voted in the commit.
struct Listed {
    const seats::Node* node;
    bool voted;
};
std::vector<Listed> listed(const seats::State& state, const types::Commit& commit) {
    std::vector<Listed> nodes;
    for (const seats::Seat& seat : state.seats)
        for (const seats::Node& node : seat.nodes) {
            const auto address = crypto::address(node.consensus_key);
            const bool voted = std::ranges::any_of(commit.signatures, [&](const auto& entry) {
                return entry.block_id_flag != types::BlockIdFlag::absent &&
                       entry.validator_address == types::Address(address);
            });
            nodes.push_back({&node, voted});
        }
    return nodes;
}

/// A record in the hands of a liar who holds the key that signs it.
class RecordForger {
  public:
    RecordForger(const Machine& liar, SmallChain& chain, BytesView tx, const types::Commit& commit)
        : liar_(liar),
          chain_(chain),
          state_(liar.seats->state()),
          record_(*seats::decode_record(tx)),
          nodes_(listed(state_, commit)) {}

    void tell(const BenchLie& lie) {
        std::size_t heartbeat = 0;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const bool carried = record_.alive[i] && !nodes_[i].voted;
            if (concerns(lie, nodes_[i].node->name)) tell_of(lie, i, heartbeat);
            if (carried && record_.alive[i]) ++heartbeat;
        }
        if (lie.kind == "wrong-height") ++record_.height;
        if (lie.kind == "wrong-proposer") record_.proposer_address.front() ^= 1;
        if (lie.kind == "superfluous-heartbeat" && !record_.heartbeats.empty())
            record_.heartbeats.push_back(record_.heartbeats.back());
    }
    [[nodiscard]] Bytes take(bool spoil_signature) {
        seats::Record signable = record_;
        signable.height = state_.height + 1;  // only of such are the bytes to sign known
        const auto signature = liar_.liveness_key->sign(seats::sign_bytes(state_, signable));
        record_.signature = base::to_bytes(base::view(signature));
        if (spoil_signature) record_.signature.back() ^= 1;
        return seats::encode_record(record_);
    }

  private:
    void tell_of(const BenchLie& lie, std::size_t node, std::size_t heartbeat) {
        const bool voted = nodes_[node].voted;
        const auto place = record_.heartbeats.begin() + static_cast<std::ptrdiff_t>(heartbeat);
        if ((lie.kind == "omit-heartbeats" || lie.kind == "call-dead") && record_.alive[node] &&
            !voted) {
            record_.alive[node] = false;
            record_.heartbeats.erase(place);
        } else if (lie.kind == "deny-vote" && voted) {
            record_.alive[node] = false;
        } else if (lie.kind == "claim-alive" && !record_.alive[node]) {
            record_.alive[node] = true;
        } else if (lie.kind == "forged-heartbeat" && !record_.alive[node]) {
            record_.alive[node] = true;
            record_.heartbeats.insert(place, {1, Bytes(64, 7)});
        } else if (lie.kind == "stale-heartbeat" && !record_.alive[node]) {
            // The newest that there ever was of the node.
            const Machine* machine = chain_.find(nodes_[node].node->name);
            if (machine == nullptr || machine->old_heartbeats.empty()) return;
            const seats::Heartbeat& old = machine->old_heartbeats.back();
            record_.alive[node] = true;
            record_.heartbeats.insert(
                place, {static_cast<std::uint8_t>(state_.height - old.height), old.signature});
        } else if (lie.kind == "foreign-heartbeat" && !record_.alive[node] &&
                   !record_.heartbeats.empty()) {
            record_.alive[node] = true;
            const seats::CarriedHeartbeat other = record_.heartbeats.front();
            record_.heartbeats.insert(
                record_.heartbeats.begin() + static_cast<std::ptrdiff_t>(heartbeat), other);
        }
    }

    const Machine& liar_;
    SmallChain& chain_;
    const seats::State& state_;
    seats::Record record_;
    std::vector<Listed> nodes_;
};

Bytes bytes_of(std::string_view text) {
    return base::to_bytes(base::as_bytes(text));
}

}  // namespace

const std::vector<std::string>& lie_kinds() {
    static const std::vector<std::string> kinds{
        // Honest nodes cannot tell them from the truth.
        "omit-heartbeats", "omit-signatures", "call-dead",
        // Honest nodes refuse these.
        "no-record", "record-behind", "two-records", "wrong-height", "wrong-proposer",
        "bad-signature", "deny-vote", "claim-alive", "forged-heartbeat", "stale-heartbeat",
        "foreign-heartbeat", "superfluous-heartbeat", "longer-record", "heartbeat-transaction",
        "operation-behind"};
    return kinds;
}

void lie_in_commit(const Machine& liar, const SmallChain& chain, std::int64_t height,
                   types::Commit& commit, const std::function<std::string(std::size_t)>& name_of) {
    const auto validators = chain.state().last_validators->validators();
    for (const BenchLie& lie : liar.lies) {
        if (!is_told(lie, height) || (lie.kind != "omit-signatures" && lie.kind != "call-dead"))
            continue;
        for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
            if (!concerns(lie, name_of(i)) || name_of(i) == liar.name) continue;
            std::int64_t power = 0;
            for (std::size_t j = 0; j < commit.signatures.size(); ++j)
                if (j != i && commit.signatures[j].block_id_flag == types::BlockIdFlag::commit)
                    power += validators[j].voting_power;
            // More than two thirds must stay, or the block is invalid.
            if (3 * power > 2 * chain.state().last_validators->total_voting_power())
                commit.signatures[i] = types::CommitSig::absent();
        }
    }
}

std::vector<Bytes> lie_in_transactions(const Machine& liar, SmallChain& chain, std::int64_t height,
                                       std::vector<Bytes> txs, const types::Commit& commit) {
    for (const BenchLie& lie : liar.lies) {
        if (!is_told(lie, height) || txs.empty() ||
            seats::classify(txs.front()) != seats::TxKind::record)
            continue;
        if (lie.kind == "no-record") {
            txs.erase(txs.begin());
            continue;
        }
        if (lie.kind == "record-behind") {
            txs.insert(txs.begin(), bytes_of("in front"));
            continue;
        }
        if (lie.kind == "two-records") {
            txs.insert(txs.begin(), txs.front());
        } else if (lie.kind == "longer-record") {
            txs.front().push_back(0);
        } else if (lie.kind == "heartbeat-transaction") {
            txs.push_back(seats::encode_heartbeat(liar.old_heartbeats.back()));
        } else if (lie.kind == "operation-behind") {
            txs.push_back(bytes_of("in front"));
            txs.push_back({0, 'T', 'D', 'A', 1});
        } else {
            RecordForger forger(liar, chain, txs.front(), commit);
            forger.tell(lie);
            txs.front() = forger.take(lie.kind == "bad-signature");
        }
    }
    return txs;
}

}  // namespace tandem::sim
