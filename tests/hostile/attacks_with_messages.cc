// Attacks of a peer that was let in.
#include <limits>
#include <vector>

#include "crypto/merkle.h"
#include "p2p/neighbours.h"
#include "tests/hostile/attacks.h"
#include "types/blocksync_messages.h"
#include "types/evidence.h"
#include "types/mempool_messages.h"
#include "types/statesync_messages.h"

namespace tandem::hostile {
namespace {

using types::SignedMsgType;

constexpr std::uint8_t pex = 0x00, state = 0x20, data = 0x21, votes = 0x22, vote_bits = 0x23,
                       mempool = 0x30, evidence = 0x38, blocksync = 0x40, snapshots = 0x60,
                       chunks = 0x61, heartbeats = 0x54, neighbours = 0x55, nobodys = 0x62;
constexpr std::int64_t absurd_height = std::int64_t{1} << 61;
constexpr std::uint32_t absurd_parts = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t piece_bytes = 1'000;
constexpr std::size_t many = 20'000;

types::ConsensusMessage say(auto message) {
    return types::ConsensusMessage{std::move(message)};
}

types::Hash noise_hash(HostilePeer& peer) {
    return types::Hash(base::BytesView(peer.random.bytes(types::hash_bytes)));
}

types::BlockId noise_block(HostilePeer& peer, std::uint32_t parts) {
    return {noise_hash(peer), {parts, noise_hash(peer)}};
}

types::Vote vote(HostilePeer& peer, std::int64_t height, std::int32_t round) {
    types::Vote vote;
    vote.type = SignedMsgType::prevote;
    vote.height = height;
    vote.round = round;
    vote.block_id = noise_block(peer, 1);
    vote.timestamp = {1'700'000'000, 0};
    vote.validator_address = types::Address(base::BytesView(peer.random.bytes(20)));
    vote.signature = types::Signature(base::BytesView(peer.random.bytes(64)));
    return vote;
}

/// What a node believes of a peer's height decides what it notes of what that peer has.
void stand_with_the_node(HostilePeer& peer) {
    const std::int64_t height = peer.height();
    peer.say(state, say(types::NewRoundStep{height, 0, 3, 0, height == 1 ? -1 : 0}));
}

types::Proposal proposal(HostilePeer& peer, std::uint32_t parts) {
    stand_with_the_node(peer);
    types::Proposal proposal;
    proposal.type = SignedMsgType::proposal;
    proposal.height = peer.height();
    proposal.pol_round = -1;
    proposal.block_id = noise_block(peer, parts);
    proposal.timestamp = {1'700'000'000, 0};
    proposal.signature = types::Signature(base::BytesView(peer.random.bytes(64)));
    return proposal;
}

types::Part part(HostilePeer& peer, std::uint32_t index, std::int64_t proof_index) {
    types::Part part;
    part.index = index;
    part.bytes = peer.random.bytes(types::part_bytes);
    part.proof.total = 2;
    part.proof.index = proof_index;
    part.proof.leaf_hash = types::Hash(base::view(crypto::leaf_hash(part.bytes)));
    part.proof.aunts.push_back(noise_hash(peer));
    return part;
}

types::BitArrayMessage bits(std::int64_t count, std::size_t words) {
    return {count, std::vector<std::uint64_t>(words, ~std::uint64_t{0})};
}

template <typename M>
base::Bytes blocksync_message(M message) {
    return wire::encode(types::BlocksyncMessage{std::move(message)});
}

/// The same message again and again, several to a packet where they are short.
void repeat(HostilePeer& peer, std::uint8_t channel, base::BytesView message, std::size_t times) {
    constexpr std::size_t at_once = 100;
    for (std::size_t done = 0; done < times && !peer.closed(); done += at_once) {
        base::Bytes packets;
        for (std::size_t i = 0; i < at_once; ++i) {
            types::MessageCutter cutter(channel, message, types::packet_payload_bytes_default);
            while (!cutter.done()) cutter.append_next(packets);
        }
        if (!peer.write_plain(packets)) return;
    }
}

// ---- Packets

void never_end(HostilePeer& peer, std::uint8_t channel, std::size_t bytes) {
    const base::Bytes piece(piece_bytes, 0x0a);
    for (std::size_t sent = 0; sent < bytes; sent += piece_bytes)
        if (!peer.say_piece(channel, piece, false)) return;
}

void flood_pings(HostilePeer& peer) {
    base::Bytes pings;
    for (std::size_t i = 0; i < many; ++i)
        base::append(pings, wire::encode_delimited(types::Packet{types::PacketPing{}}));
    peer.write_plain(pings);
}

// ---- Consensus

void vote_for_far_rounds(HostilePeer& peer) {
    const std::int64_t height = peer.height();
    for (std::int32_t round = 1; round < 3'000; ++round)
        if (!peer.say(votes, say(types::VoteMessage{{vote(peer, height, round * 1'000)}}))) return;
}

void send_unwanted_parts(HostilePeer& peer) {
    for (std::uint32_t i = 0; i < 40; ++i) {
        const std::uint32_t index = i % 2;
        if (!peer.say(data, say(types::BlockPart{peer.height(), 0, part(peer, index, index)})))
            return;
    }
}

void claim_majorities(HostilePeer& peer, bool in_one_round) {
    const std::int64_t height = peer.height();
    for (std::int32_t i = 0; i < 2'000 && !peer.closed(); ++i)
        peer.say(state, say(types::VoteSetMaj23{height, in_one_round ? 0 : i,
                                                SignedMsgType::prevote, noise_block(peer, 1)}));
}

// ---- Reactors

base::Bytes transactions(std::size_t count, const std::function<base::Bytes(std::size_t)>& make) {
    std::vector<base::Bytes> owned;
    for (std::size_t i = 0; i < count; ++i) owned.push_back(make(i));
    std::vector<base::BytesView> views(owned.begin(), owned.end());
    types::MempoolMessage message;
    message.sum = types::MempoolTxs{wire::Txs::copy_of(views)};
    return wire::encode(message);
}

/// None of them is a pair of key and value, and so the application is asked about each for nothing.
void flood_small_transactions(HostilePeer& peer) {
    constexpr std::size_t per_message = 150'000;  // of 4 bytes each: fits one message
    peer.say(mempool, transactions(per_message, [&](std::size_t) {
                 base::Bytes tx = peer.random.bytes(4);
                 for (std::uint8_t& byte : tx) byte |= 0x40U;  // neither '=' nor ':'
                 return tx;
             }));
}

/// Asks for as much as the node lets through, and takes none of it.
void ask_and_not_read(HostilePeer& peer, std::uint8_t channel, base::BytesView request) {
    peer.stop_reading();
    repeat(peer, channel, request, 200'000);
}

types::PexAddress address(HostilePeer& peer) {
    return {types::node_id(peer.key->public_key()),
            std::to_string(1 + peer.random.below(200)) + ".2.3.4", 26'656};
}

void volunteer_addresses(HostilePeer& peer) {
    types::PexAddrs list;
    for (int i = 0; i < 250; ++i) list.addrs.push_back(address(peer));
    types::PexMessage message;
    message.sum = std::move(list);
    peer.say(pex, wire::encode(message));
}

void accuse(HostilePeer& peer) {
    types::DuplicateVoteEvidence claim;
    claim.vote_a = {vote(peer, 1, 0)};
    claim.vote_b = {vote(peer, 1, 0)};
    claim.vote_b->validator_address = claim.vote_a->validator_address;
    claim.total_voting_power = 40;
    claim.validator_power = 10;
    if (types::key_of(claim.vote_b->block_id) < types::key_of(claim.vote_a->block_id))
        std::swap(claim.vote_a, claim.vote_b);
    types::EvidenceList list;
    list.evidence.emplace_back().sum = base::Box<types::DuplicateVoteEvidence>(std::move(claim));
    peer.say(evidence, wire::encode(list));
}

types::Block block(HostilePeer& peer, std::int64_t height) {
    types::Block block;
    block.header.version = {types::block_protocol, 0};
    block.header.chain_id = "another";
    block.header.height = height;
    block.header.time = {1'700'000'000, 0};
    block.header.validators_hash = noise_hash(peer);
    block.header.next_validators_hash = noise_hash(peer);
    block.header.consensus_hash = noise_hash(peer);
    block.header.proposer_address = types::Address(base::BytesView(peer.random.bytes(20)));
    block.last_commit = {types::Commit{}};
    types::fill_header(block);
    return block;
}

void flood_heartbeats(HostilePeer& peer) {
    constexpr std::size_t heartbeat_bytes = 160;
    repeat(peer, heartbeats, peer.random.bytes(heartbeat_bytes), 100);
}

/// Of no neighbours and of as many as are allowed, in turn: who loses some is offered what waits.
void change_neighbours(HostilePeer& peer) {
    std::set<std::string> all;
    for (std::size_t i = 0; i < p2p::neighbours_max; ++i)
        all.insert(base::to_hex(peer.random.bytes(types::node_id_bytes)));
    const base::Bytes full = p2p::encode_neighbours(all);
    for (int times = 0; times < 200 && !peer.closed(); ++times) {
        peer.say(neighbours, full);
        peer.say(neighbours, base::BytesView{});
    }
}

constexpr auto open = on_open_connection;
constexpr auto closes = Reaction::closes;
constexpr auto stays = Reaction::stays;

void add_packets(std::vector<Attack>& list) {
    list.insert(
        list.end(),
        {{"unknown-channel", "a message on a channel that nobody opened",
          open(closes, [](auto& p) { p.say(nobodys, base::Bytes{1}); })},
         {"packet-too-long", "a packet of more than 1034 bytes",
          open(closes, [](auto& p) { p.say_piece(state, base::Bytes(2'000, 1), true); })},
         {"packet-length-lies", "a packet that says it has an exbibyte",
          open(closes,
               [](auto& p) {
                   p.write_plain(base::Bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10});
               })},
         {"packet-garbage", "noise instead of packets",
          open(closes, [](auto& p) { p.write_plain(p.random.bytes(4'096)); })},
         {"message-too-long", "a message of more than its channel's mebibyte",
          open(closes, [](auto& p) { never_end(p, state, 1'060'000); })},
         {"pex-too-long", "a list of addresses of more than 64000 bytes",
          open(closes, [](auto& p) { never_end(p, pex, 70'000); })},
         {"message-never-ends", "8 MB of a block that does not end",
          open(stays, [](auto& p) { never_end(p, blocksync, 8'000'000); })},
         {"ping-flood", "twenty thousand pings", open(stays, flood_pings)}});
}

void add_consensus(std::vector<Attack>& list) {
    list.insert(
        list.end(),
        {{"bits-without-words", "a bit array of 10000 bits and one word",
          open(closes,
               [](auto& p) {
                   p.say(vote_bits, say(types::VoteSetBits{p.height(), 0, SignedMsgType::prevote,
                                                           noise_block(p, 1), bits(10'000, 1)}));
               })},
         {"bits-absurd", "a bit array of 2^61 bits",
          open(closes,
               [](auto& p) {
                   p.say(data, say(types::ProposalPol{p.height(), 0, bits(absurd_height, 1)}));
               })},
         {"valid-block-absurd", "a valid block of 2^32 - 1 parts",
          open(closes,
               [](auto& p) {
                   types::NewValidBlock claim;
                   claim.height = p.height();
                   claim.block_part_set_header = {absurd_parts, noise_hash(p)};
                   claim.block_parts = bits(absurd_parts, 1);
                   claim.is_commit = true;
                   p.say(state, say(std::move(claim)));
               })},
         {"proposal-absurd", "a proposal of 2^32 - 1 parts",
          open(closes,
               [](auto& p) {
                   p.say(data, say(types::ProposalMessage{proposal(p, absurd_parts)}));
               })},
         {"proposal-too-large", "a proposal of one part more than a block may have",
          open(closes,
               [](auto& p) {
                   p.say(data,
                         say(types::ProposalMessage{proposal(p, types::block_parts_max + 1)}));
               })},
         {"proposal-forged", "a proposal that nobody signed",
          open(stays, [](auto& p) { p.say(data, say(types::ProposalMessage{proposal(p, 1)})); })},
         {"part-index-lies", "a part whose proof is of another index",
          open(closes,
               [](auto& p) { p.say(data, say(types::BlockPart{p.height(), 0, part(p, 0, 1)})); })},
         {"parts-unasked", "parts of a block that does not exist",
          open(stays, send_unwanted_parts)},
         {"votes-far-rounds", "three thousand votes for rounds up to three million",
          open(stays, vote_for_far_rounds)},
         {"vote-index-absurd", "a vote of the validator 2^31 - 1",
          open(stays,
               [](auto& p) {
                   types::Vote cast = vote(p, p.height(), 0);
                   cast.validator_index = std::numeric_limits<std::int32_t>::max();
                   p.say(votes, say(types::VoteMessage{{std::move(cast)}}));
               })},
         {"has-vote-absurd", "a note of the vote of validator 2^31 - 1",
          open(stays,
               [](auto& p) {
                   p.say(state, say(types::HasVote{p.height(), 0, SignedMsgType::prevote,
                                                   std::numeric_limits<std::int32_t>::max()}));
               })},
         {"majorities-conflict", "two majorities in one round",
          open(closes, [](auto& p) { claim_majorities(p, true); })},
         {"majorities-flood", "majorities for two thousand rounds",
          open(stays, [](auto& p) { claim_majorities(p, false); })},
         {"round-step-absurd", "a peer that says it is at height 2^61", open(stays, [](auto& p) {
              p.say(state, say(types::NewRoundStep{absurd_height, 0, 1, 0, 0}));
          })}});
}

void add_reactors(std::vector<Attack>& list) {
    list.insert(
        list.end(),
        {{"block-unsolicited", "a block that nobody asked for",
          open(closes,
               [](auto& p) {
                   p.say(blocksync,
                         blocksync_message(types::BlockResponse{{block(p, absurd_height)}, {}}));
               })},
         {"block-garbage", "a block of noise",
          open(closes,
               [](auto& p) {
                   base::Bytes message{0x1a, 0x40};
                   base::append(message, p.random.bytes(0x40));
                   p.say(blocksync, message);
               })},
         {"status-absurd", "heights of 2^61, and then of 1",
          open(stays,
               [](auto& p) {
                   p.say(blocksync, blocksync_message(types::StatusResponse{absurd_height, 1}));
                   p.say(blocksync, blocksync_message(types::StatusResponse{1, 1}));
               })},
         {"block-requests-unread", "two hundred thousand requests whose answers are not read",
          open(Reaction::either,
               [](auto& p) {
                   ask_and_not_read(p, blocksync, blocksync_message(types::BlockRequest{1}));
               })},
         {"snapshot-requests-unread", "two hundred thousand requests for snapshots",
          open(Reaction::either,
               [](auto& p) {
                   types::StatesyncMessage ask;
                   ask.sum = types::SnapshotsRequest{};
                   ask_and_not_read(p, snapshots, wire::encode(ask));
               })},
         {"chunk-requests-unread", "two hundred thousand requests for chunks",
          open(Reaction::either,
               [](auto& p) {
                   types::StatesyncMessage ask;
                   ask.sum = types::ChunkRequest{1, 1, 0};
                   ask_and_not_read(p, chunks, wire::encode(ask));
               })},
         {"chunk-unasked", "a chunk of a snapshot that nobody restores",
          open(stays,
               [](auto& p) {
                   types::StatesyncMessage chunk;
                   chunk.sum = types::ChunkResponse{
                       1, 1, 0, types::ChunkBytes(p.random.bytes(1'000'000)), false};
                   p.say(chunks, wire::encode(chunk));
               })},
         {"addresses-unasked", "addresses that nobody asked for",
          open(closes, volunteer_addresses)},
         {"address-request-flood", "a hundred questions for addresses",
          open(closes, [](auto& p) { repeat(p, pex, base::Bytes{0x0a, 0x00}, 100); })},
         {"transactions-none", "a message without transactions",
          open(closes, [](auto& p) { p.say(mempool, base::Bytes{0x0a, 0x00}); })},
         {"transactions-empty", "half a million transactions of no bytes",
          open(closes,
               [](auto& p) {
                   p.say(mempool, transactions(500'000, [](std::size_t) { return base::Bytes(); }));
               })},
         {"transactions-small", "150 000 bad transactions of four bytes",
          open(stays, flood_small_transactions)},
         {"evidence-false", "an accusation of another time than its block has",
          open(stays, accuse)},
         {"heartbeat-garbage", "noise instead of heartbeats", open(closes, flood_heartbeats)},
         {"neighbours-garbage", "a neighbour whose ID has one byte",
          open(closes, [](auto& p) { p.say(neighbours, base::Bytes{0x0a, 0x01, 0x00}); })},
         {"neighbours-come-and-go", "two hundred times a thousand neighbours, and none",
          open(stays, change_neighbours)}});
}

}  // namespace

std::span<const Attack> attacks_with_messages() {
    static const std::vector<Attack> attacks = [] {
        std::vector<Attack> list;
        add_packets(list);
        add_consensus(list);
        add_reactors(list);
        return list;
    }();
    return attacks;
}

}  // namespace tandem::hostile
