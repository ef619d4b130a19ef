#include "seats/record.h"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/ed25519.h"
#include "seats/by_address.h"
#include "seats/formats.h"

namespace tandem::seats {
namespace {

using crypto::address_size;
constexpr std::size_t signature_size = crypto::ed25519_signature_size;
constexpr std::size_t age_bytes = 1;
constexpr std::size_t carried_bytes = age_bytes + signature_size;
constexpr std::size_t head_bytes = preamble_bytes + 8 + address_size + 2;  // up to the bitmap
constexpr std::size_t fixed_bytes = head_bytes + signature_size;

constexpr std::size_t bitmap_bytes(std::size_t nodes) {
    return (nodes + 7) / 8;
}

static_assert(fixed_bytes == 99 && carried_bytes == 65, "docs/formats/record.md says so");
static_assert(fixed_bytes <= 110 && carried_bytes <= 66, "the size that was promised");
static_assert(nodes_max <= 0xffff, "the node count takes two bytes");
static_assert(window_records - 1 <= 0xff, "the age of a fresh heartbeat takes one byte");
static_assert(fixed_bytes + bitmap_bytes(nodes_max) + nodes_max * carried_bytes <=
                  types::part_bytes,
              "the longest record fits one part of a block");

/// All of a record but its signature.
Bytes unsigned_bytes(const Record& record) {
    FixedWriter writer = FixedWriter::special(record_letter, record_bytes_max(record.alive.size()));
    writer.height(record.height).raw(record.proposer_address).number<2>(record.alive.size());
    Bytes bitmap(bitmap_bytes(record.alive.size()));
    for (std::size_t i = 0; i < record.alive.size(); ++i)
        if (record.alive[i]) bitmap[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
    writer.raw(bitmap);
    for (const CarriedHeartbeat& heartbeat : record.heartbeats) {
        TANDEM_CHECK(heartbeat.signature.size() == signature_size);
        writer.number<1>(heartbeat.age).raw(heartbeat.signature);
    }
    return writer.take();
}

bool needs_heartbeat(CommitFacts::Vote vote) {
    return vote == CommitFacts::Vote::not_validator || vote == CommitFacts::Vote::absent;
}

/// Calls visit(index, node) for every registered node, in registry order.
template <typename Visit>
void for_each_node(const State& state, Visit&& visit) {
    std::size_t index = 0;
    for (const Seat& seat : state.seats)
        for (const Node& node : seat.nodes) visit(index++, node);
}

Bytes address_of(const Node& node) {
    return base::to_bytes(node.consensus_key.address());
}

/// REQUIRES: `votes` are VoteInfo or ExtendedVoteInfo.
template <typename Votes>
CommitFacts facts_of(const State& state, const Votes& votes) {
    ByAddress<std::size_t> index_of;
    index_of.reserve(state.node_count());
    for_each_node(state, [&](std::size_t index, const Node& node) {
        index_of.emplace(node.consensus_key.address(), index);
    });
    CommitFacts facts;
    facts.votes.assign(state.node_count(), CommitFacts::Vote::not_validator);
    for (const auto& vote : votes) {
        const auto found = index_of.find(vote.validator.address);
        if (found == index_of.end()) continue;
        CommitFacts::Vote& fact = facts.votes[found->second];
        switch (vote.block_id_flag) {
            case types::BlockIdFlag::commit:
                fact = CommitFacts::Vote::block;
                break;
            case types::BlockIdFlag::nil:
                fact = CommitFacts::Vote::nil;
                break;
            default:
                fact = CommitFacts::Vote::absent;
                break;
        }
    }
    return facts;
}

/// What check_record says of a record whose bytes were read.
class RecordCheck {
  public:
    RecordCheck(const State& state, const RecordContext& context, const Record& record)
        : state_(state), context_(context), record_(record) {}

    [[nodiscard]] Verdict check_binding();
    [[nodiscard]] Verdict check_statuses();
    /// REQUIRES: check_statuses passed.
    [[nodiscard]] Verdict gather_heartbeats(const HeartbeatPool* pool);
    /// REQUIRES: the other checks passed.
    [[nodiscard]] Verdict check_signatures(const crypto::Verifier& verifier) const;
    [[nodiscard]] std::vector<Status> statuses() const;

  private:
    struct Unverified {
        const Node* node;
        Bytes message;
        BytesView signature;
    };

    const State& state_;
    const RecordContext& context_;
    const Record& record_;
    const Node* proposer_ = nullptr;
    std::vector<Unverified> unverified_;  // heartbeats
};

Verdict RecordCheck::check_binding() {
    if (context_.height == state_.initial_height)
        return refuse("record.initial_height", "the block at the initial height has no record");
    if (record_.height != context_.height)
        return refuse("record.height", fmt::format("a record of height {} in block {}",
                                                   record_.height, context_.height));
    if (!base::equal(record_.proposer_address, context_.proposer_address))
        return refuse("record.proposer", "the record is not the proposer's of this block");
    const auto proposer = find_by_consensus_address(state_, record_.proposer_address);
    if (!proposer) return refuse("record.proposer_unknown", "the proposer is no registered node");
    proposer_ = &state_.seats[proposer->seat].nodes[proposer->node];
    return {};
}

Verdict RecordCheck::check_statuses() {
    const auto& votes = context_.commit.votes;
    TANDEM_CHECK(votes.size() == state_.node_count());
    if (record_.alive.size() != votes.size())
        return refuse("record.nodes", fmt::format("{} statuses of {} registered nodes",
                                                  record_.alive.size(), votes.size()));
    std::size_t needed = 0;
    for (std::size_t i = 0; i < votes.size(); ++i) {
        if (needs_heartbeat(votes[i]))
            needed += record_.alive[i] ? 1U : 0U;
        else if (!record_.alive[i])
            return refuse("record.status",
                          fmt::format("node {} is called dead and has signed in the commit", i));
    }
    if (record_.heartbeats.size() < needed)
        return refuse("record.heartbeat_missing",
                      fmt::format("{} heartbeats for {} nodes", record_.heartbeats.size(), needed));
    if (record_.heartbeats.size() > needed)
        return refuse("record.heartbeat_superfluous",
                      fmt::format("{} heartbeats for {} nodes", record_.heartbeats.size(), needed));
    return {};
}

Verdict RecordCheck::gather_heartbeats(const HeartbeatPool* pool) {
    const std::int64_t judged = context_.height - 1;
    Verdict verdict;
    std::size_t next = 0;
    for_each_node(state_, [&](std::size_t index, const Node& node) {
        if (!verdict || !record_.alive[index] || !needs_heartbeat(context_.commit.votes[index]))
            return;
        const CarriedHeartbeat& carried = record_.heartbeats[next++];
        const std::int64_t height = judged - carried.age;
        if (!is_fresh(state_, height, judged)) {
            verdict =
                refuse("record.heartbeat_stale",
                       fmt::format("the heartbeat of {} is for height {}", node.name, height));
            return;
        }
        const BlockFacts& block = *state_.block(height);
        const Heartbeat heartbeat{address_of(node), height, base::to_bytes(block.block_hash),
                                  base::to_bytes(block.app_hash), carried.signature};
        if (pool != nullptr && pool->is_confirmed(heartbeat, node.liveness_key)) return;
        unverified_.push_back({&node, sign_bytes(state_.chain_id, heartbeat), carried.signature});
    });
    return verdict;
}

Verdict RecordCheck::check_signatures(const crypto::Verifier& verifier) const {
    const Bytes message = sign_bytes(state_, record_);
    std::vector<crypto::SignedMessage> all{{&proposer_->liveness_key, message, record_.signature}};
    for (const Unverified& heartbeat : unverified_)
        all.push_back({&heartbeat.node->liveness_key, heartbeat.message, heartbeat.signature});
    if (verifier.verify_all(all)) return {};
    // Which one it was is worth knowing, and this is rare: a proposer lies, or shares no key.
    for (const Unverified& heartbeat : unverified_)
        if (!verifier.verify(heartbeat.node->liveness_key, heartbeat.message, heartbeat.signature))
            return refuse("record.heartbeat_forged",
                          fmt::format("the heartbeat of {} is not its own", heartbeat.node->name));
    return refuse("record.signature", "the signature is not that of the proposer's liveness key");
}

std::vector<Status> RecordCheck::statuses() const {
    std::vector<Status> out;
    out.reserve(record_.alive.size());
    for (std::size_t i = 0; i < record_.alive.size(); ++i) {
        if (context_.commit.votes[i] == CommitFacts::Vote::block)
            out.push_back(Status::has_signed);
        else
            out.push_back(record_.alive[i] ? Status::heard : Status::dead);
    }
    return out;
}

}  // namespace

TxKind classify(BytesView tx) noexcept {
    if (tx.size() < magic_prefix.size() ||
        !std::ranges::equal(tx.first(magic_prefix.size()), magic_prefix))
        return TxKind::application;
    if (tx.size() == magic_prefix.size()) return TxKind::reserved;
    switch (tx[magic_prefix.size()]) {
        case record_letter:
            return TxKind::record;
        case admin_letter:
            return TxKind::admin;
        case heartbeat_letter:
            return TxKind::heartbeat;
        default:
            return TxKind::reserved;
    }
}

CommitFacts CommitFacts::from(const State& state, const abci::CommitInfo& commit) {
    return facts_of(state, commit.votes);
}

CommitFacts CommitFacts::from(const State& state, const abci::ExtendedCommitInfo& commit) {
    return facts_of(state, commit.votes);
}

std::size_t record_bytes_max(std::size_t nodes) noexcept {
    return fixed_bytes + bitmap_bytes(nodes) + nodes * carried_bytes;
}

Bytes encode_record(const Record& record) {
    TANDEM_CHECK(!record.alive.empty() && record.alive.size() <= nodes_max);
    TANDEM_CHECK(record.heartbeats.size() <= record.alive.size());
    TANDEM_CHECK(record.proposer_address.size() == address_size);
    TANDEM_CHECK(record.signature.size() == signature_size);
    Bytes out = unsigned_bytes(record);
    base::append(out, record.signature);
    return out;
}

Result<Record> decode_record(BytesView tx) {
    if (!has_preamble(tx, record_letter))
        return refuse("record.preamble", "it does not begin as a record of version 1");
    const auto wrong_size = [&] {
        return refuse("record.size", fmt::format("{} bytes are no record's size", tx.size()));
    };
    if (tx.size() < fixed_bytes) return wrong_size();
    FixedReader reader(tx.subspan(preamble_bytes));
    Record record;
    record.height = reader.height();
    record.proposer_address = reader.bytes(address_size);
    const std::size_t nodes = reader.number<2>();
    if (nodes == 0 || nodes > nodes_max)
        return refuse("record.nodes", fmt::format("{} statuses", nodes));
    if (reader.left() < bitmap_bytes(nodes) + signature_size) return wrong_size();
    const BytesView bitmap = reader.raw(bitmap_bytes(nodes));
    const std::size_t heartbeats_size = reader.left() - signature_size;
    const std::size_t heartbeats = heartbeats_size / carried_bytes;
    if (heartbeats_size % carried_bytes != 0 || heartbeats > nodes) return wrong_size();
    if (nodes % 8 != 0 && bitmap.back() >> (nodes % 8) != 0)
        return refuse("record.bits", "a bit behind the last node is set");
    record.alive.resize(nodes);
    for (std::size_t i = 0; i < nodes; ++i) record.alive[i] = (bitmap[i / 8] >> (i % 8) & 1) != 0;
    record.heartbeats.resize(heartbeats);
    for (CarriedHeartbeat& heartbeat : record.heartbeats) {
        heartbeat.age = static_cast<std::uint8_t>(reader.number<1>());
        heartbeat.signature = reader.bytes(signature_size);
    }
    record.signature = reader.bytes(signature_size);
    return record;
}

Bytes sign_bytes(const State& state, const Record& record) {
    const BlockFacts* judged = state.block(record.height - 1);
    TANDEM_CHECK(judged != nullptr);
    return FixedWriter::signed_bytes(domain::record, state.chain_id)
        .prefixed(judged->block_hash)
        .prefixed(unsigned_bytes(record))
        .take();
}

Record build_record(const State& state, const RecordContext& context, const HeartbeatPool& pool,
                    const crypto::SigningKey& key) {
    TANDEM_CHECK(state.height == context.height - 1 && context.height > state.initial_height);
    TANDEM_CHECK(context.commit.votes.size() == state.node_count());
    const std::int64_t judged = context.height - 1;
    Record record;
    record.height = context.height;
    record.proposer_address = base::to_bytes(context.proposer_address);
    for_each_node(state, [&](std::size_t index, const Node& node) {
        record.alive.push_back(true);
        if (!needs_heartbeat(context.commit.votes[index])) return;
        const Heartbeat* heartbeat = pool.freshest(state, address_of(node), judged);
        if (heartbeat == nullptr)
            record.alive.back() = false;
        else
            record.heartbeats.push_back(
                {static_cast<std::uint8_t>(judged - heartbeat->height), heartbeat->signature});
    });
    record.signature = base::to_bytes(base::view(key.sign(sign_bytes(state, record))));
    return record;
}

Result<std::vector<Status>> check_record(const State& state, const RecordContext& context,
                                         BytesView tx, const crypto::Verifier& verifier,
                                         const HeartbeatPool* pool) {
    TANDEM_CHECK(state.height == context.height - 1);
    const Result<Record> record = decode_record(tx);
    if (!record) return std::unexpected(record.error());
    RecordCheck check(state, context, *record);
    TANDEM_TRY(check.check_binding());
    TANDEM_TRY(check.check_statuses());
    TANDEM_TRY(check.gather_heartbeats(pool));
    TANDEM_TRY(check.check_signatures(verifier));
    return check.statuses();
}

}  // namespace tandem::seats
