// reactor-messages: what travels on each channel, and what is refused on receipt. wal: records of
// CometBFT's log.
#include <regex>

#include "crypto/sha256.h"
#include "tests/vectors_program/convert.h"
#include "types/blocksync_messages.h"
#include "types/consensus_messages.h"
#include "types/decode.h"
#include "types/evidence.h"
#include "types/mempool_messages.h"
#include "types/p2p_messages.h"
#include "types/part_set.h"
#include "types/statesync_messages.h"
#include "types/wal_messages.h"

namespace tandem::vectors {
namespace {

using types::ChannelId;

/// How far a received message came, and why it was refused.
struct Receipt {
    std::string stage;  // of the refusal: filter, decode, unwrap, validate; or "" when taken
    std::string why;
};

template <wire::Message M>
bool has_member(const M& message) {
    if constexpr (requires { message.sum.index(); }) {
        return message.sum.index() != 0;
    } else {
        return true;
    }
}

template <wire::Message M>
Receipt receive(base::BytesView bytes, const types::Verdict& before_decoding = {}) {
    if (!before_decoding) return {"filter", before_decoding.error().why};
    auto message = wire::decode<M>(bytes);
    if (!message) return {"decode", message.error().to_refusal().why};
    const types::Verdict verdict = check_decoded(*message);
    if (verdict) return {};
    return {has_member(*message) ? "validate" : "unwrap",
            verdict.error().check + ": " + verdict.error().why};
}

Receipt receive_on(ChannelId channel, base::BytesView bytes) {
    switch (channel) {
        case ChannelId::pex:
            return receive<types::PexMessage>(bytes);
        case ChannelId::consensus_state:
        case ChannelId::consensus_data:
        case ChannelId::consensus_vote:
        case ChannelId::consensus_vote_set_bits:
            return receive<types::ConsensusMessage>(bytes);
        case ChannelId::mempool:
            return receive<types::MempoolMessage>(
                bytes, types::check_before_decoding_mempool(bytes, types::MempoolLimits{}));
        case ChannelId::evidence:
            return receive<types::EvidenceList>(bytes);
        case ChannelId::blocksync:
            return receive<types::BlocksyncMessage>(bytes,
                                                    types::check_before_decoding_blocksync(bytes));
        case ChannelId::snapshot:
        case ChannelId::snapshot_chunk:
            return receive<types::StatesyncMessage>(bytes);
    }
    return {"decode", "no such channel"};
}

base::Bytes encode_on(ChannelId channel, const Json& message) {
    switch (channel) {
        case ChannelId::pex:
            return wire::encode(message_from<types::PexMessage>(message));
        case ChannelId::consensus_state:
        case ChannelId::consensus_data:
        case ChannelId::consensus_vote:
        case ChannelId::consensus_vote_set_bits:
            return wire::encode(message_from<types::ConsensusMessage>(message));
        case ChannelId::mempool:
            return wire::encode(message_from<types::MempoolMessage>(message));
        case ChannelId::evidence:
            return wire::encode(message_from<types::EvidenceList>(message));
        case ChannelId::blocksync:
            return wire::encode(message_from<types::BlocksyncMessage>(message));
        case ChannelId::snapshot:
        case ChannelId::snapshot_chunk:
            return wire::encode(message_from<types::StatesyncMessage>(message));
    }
    return {};
}

void expect_receipt(Case& c, ChannelId channel, base::BytesView bytes) {
    const Receipt receipt = receive_on(channel, bytes);
    c.expect("ok", receipt.stage.empty());
    if (c.out().contains("stage") && c.out().at("stage") != receipt.stage)
        c.fail("stage (" + receipt.why + ")", c.out().at("stage").dump(), receipt.stage);
}

// ---- Messages too long for a vector file: the note says what is in them.

/// "Txs: two of 524289 zero bytes, ..."
std::optional<base::Bytes> transactions_of_zeros(const std::string& note) {
    std::smatch match;
    static const std::regex pattern("Txs: (one|two) of (\\d+) zero bytes.*");
    if (!std::regex_match(note, match, pattern)) return std::nullopt;
    const base::Bytes tx(std::stoul(match[2]));
    const std::vector<base::Bytes> txs(match[1] == "one" ? 1 : 2, tx);
    return wire::encode(types::MempoolMessage{types::MempoolTxs{wire::Txs::copy_of(txs)}});
}

/// A part of `size` bytes, the first of four. The vector has random ones, of which it gives the
/// first few only.
base::Bytes long_part(const Json& out, std::size_t size) {
    const base::Bytes proof_source(4);
    auto proofs = types::PartSet::split(proof_source, 1);
    types::BlockPart message{7, 1, *proofs.part(0)};
    message.part.bytes.assign(size, 0);
    base::Bytes bytes = wire::encode(types::ConsensusMessage{message});
    const base::Bytes head = bytes_from(out.at("encoded"));
    if (bytes.size() > head.size()) std::ranges::copy(head, bytes.begin());
    return bytes;
}

void run_long_message(Case& c, ChannelId channel, const std::string& note) {
    std::smatch match;
    static const std::regex part("BlockPart: .*?(\\d+) bytes");
    if (const auto txs = transactions_of_zeros(note)) {
        const base::BytesView head = base::BytesView(*txs).first(64);
        c.expect("encoded", hex(head));
        c.expect("encoded_length", txs->size());
        c.expect("encoded_sha256", hex(crypto::sha256(*txs)));
        return expect_receipt(c, channel, *txs);
    }
    if (!std::regex_match(note, match, part)) return c.unknown("note " + note);
    const base::Bytes bytes = long_part(c.out(), std::stoul(match[1]));
    c.expect("encoded_length", bytes.size());
    expect_receipt(c, channel, bytes);
}

void run_reactor_messages(Case& c) {
    c.know_members({"ok", "error", "stage", "encoded", "encoded_is_head_only", "encoded_length",
                    "encoded_sha256"});
    if (c.in().contains("initial_height")) {
        types::NewRoundStep step;
        step.height = int64_from(c.in().at("height"));
        step.last_commit_round = c.in().at("last_commit_round").get<std::int32_t>();
        const auto verdict = types::validate_height(step, int64_from(c.in().at("initial_height")));
        return c.expect("ok", verdict.has_value());
    }
    if (c.in().contains("max_bytes")) {
        types::Proposal proposal;
        proposal.block_id.part_set_header.total = c.in().at("total").get<std::uint32_t>();
        const auto verdict =
            types::validate_block_size(proposal, int64_from(c.in().at("max_bytes")));
        return c.expect("ok", verdict.has_value());
    }
    const base::Bytes id = bytes_from(c.in().at("channel"));
    const types::Channel* channel = id.size() == 1 ? types::find_channel(id[0]) : nullptr;
    if (channel == nullptr) return c.unknown("channel " + c.in().at("channel").dump());
    const Json& message = c.in().at("message");
    if (message.contains("note")) return run_long_message(c, channel->id, message.at("note"));
    const base::Bytes bytes =
        message.contains("raw") ? bytes_from(message.at("raw")) : encode_on(channel->id, message);
    c.expect("encoded", hex(bytes));
    expect_receipt(c, channel->id, bytes);
}

// ---- wal

void read_file(Case& c, const base::Bytes& file, Json* records) {
    base::BytesView rest = file;
    std::uint32_t count = 0;
    std::optional<types::Refusal> damage;
    while (!damage) {
        auto record = types::read_wal_record(rest);
        if (!record) {
            damage = record.error();
            break;
        }
        if (!record->message) break;
        if (records != nullptr) {
            const Json& expected = records->at(count);
            const std::string where = "record " + std::to_string(count) + " ";
            c.expect_at(expected, "offset", file.size() - rest.size(), where);
            c.expect_at(expected, "length", record->bytes - types::wal_header_bytes, where);
            expect_message(c, expected, "msg", *record->message->msg, where);
            c.expect_at(expected, "time", to_json(record->message->time), where);
            const auto written = types::encode_wal_record(*record->message);
            if (!written || !base::equal(*written, rest.first(record->bytes)))
                c.fail(where + "written", hex(rest.first(record->bytes)), "other bytes");
        }
        rest = rest.subspan(record->bytes);
        ++count;
    }
    if (records != nullptr) {
        if (count != records->size())
            c.fail("records", std::to_string(records->size()), std::to_string(count));
        return;
    }
    c.expect("records_read", count);
    const bool corrupted = c.out().value("data_corruption", false);
    if (corrupted != damage.has_value())
        c.fail("data_corruption", corrupted ? "true" : "false",
               damage ? damage->why : "the file ends cleanly");
    if ((c.out().at("ends") == "cleanly") == damage.has_value())
        c.fail("ends", c.out().at("ends").dump(), damage ? damage->why : "cleanly");
}

void run_wal(Case& c) {
    c.know_members({"record", "records_read", "ends", "data_corruption", "records"});
    if (c.in().contains("msg")) {
        const auto message = message_from<types::TimedWalMessage>(c.in());
        const auto record = types::encode_wal_record(message);
        c.expect("record", record ? hex(*record) : record.error().why);
        if (!record) return;
        const auto read = types::read_wal_record(*record);
        if (!read || !read->message || *read->message != message)
            c.fail("read again", "the message", read ? "another" : read.error().why);
    } else if (c.in().contains("file")) {
        read_file(c, bytes_from(c.in().at("file")), nullptr);
    } else if (c.in().contains("base64")) {
        const auto file = base::from_base64(c.in().at("base64").get<std::string>());
        if (!file) return c.unknown("base64 that cannot be read");
        Json records = c.out().at("records");
        read_file(c, *file, &records);
    } else {
        c.unknown(c.in().dump().substr(0, 100));
    }
}

const RegisterTopic reactor_topic("reactor-messages", run_reactor_messages);
const RegisterTopic wal_topic("wal", run_wal);

}  // namespace
}  // namespace tandem::vectors
