#include "store/log.h"

#include <gtest/gtest.h>

#include "consensus/core_testing.h"

namespace tandem::store {
namespace {

using consensus::Input;
using State = LogStep::State;

constexpr std::string_view chain_id = consensus::testing::chain_id;

types::Vote a_vote(types::SignedMsgType type) {
    types::Vote vote;
    vote.type = type;
    vote.height = 5;
    vote.round = 1;
    vote.block_id = consensus::testing::make_block(5, "x").id;
    vote.timestamp = {1000, 7};
    vote.validator_address = types::Address(crypto::address(consensus::testing::fake_key(0)));
    return vote;
}

consensus::Verified<types::Vote> signed_vote(types::SignedMsgType type) {
    return consensus::testing::signed_vote(a_vote(type), consensus::testing::fake_key(0),
                                           consensus::Extensions::enabled);
}

consensus::Verified<types::Proposal> signed_proposal() {
    types::Proposal proposal;
    proposal.type = types::SignedMsgType::proposal;
    proposal.height = 5;
    proposal.round = 1;
    proposal.pol_round = -1;
    proposal.block_id = consensus::testing::make_block(5, "x").id;
    proposal.timestamp = {1000, 7};
    return consensus::testing::signed_proposal(proposal, consensus::testing::fake_key(0));
}

/// One input of each kind, and what is to come back.
std::vector<std::pair<consensus::Event, LoggedEvent>> all_events() {
    const auto block = consensus::testing::make_block(5, "some transaction");
    const consensus::PeerId peer{12};
    const auto prevote = signed_vote(types::SignedMsgType::prevote);
    const auto precommit = signed_vote(types::SignedMsgType::precommit);
    const auto proposal = signed_proposal();
    consensus::StartHeight start;
    start.height = 5;
    const consensus::PartReceived part{peer, 5, 1,
                                       Shared<types::Part>::make(*block.parts->part(0))};
    const consensus::PeerClaimsMajority claim{peer, 5, 1, types::SignedMsgType::prevote, block.id};
    const consensus::TimerRang timer{{5, 1, consensus::Step::precommit_wait}};
    const consensus::BlockBuilt built{5, 1, block.id, block.block, block.parts};
    const consensus::BlockJudged judged{5, block.id, consensus::Judgement::rejected};
    const consensus::VoteExtended extended{5, 1, block.id, Bytes{1, 2, 3}};
    const consensus::ExtensionJudged extension{5, 99, true};
    const consensus::TransactionsAvailable available{5};
    return {
        {start, HeightBegan{5}},
        {consensus::ProposalReceived{peer, proposal},
         UnverifiedProposal{peer, proposal.shared(), false}},
        {part, part},
        {consensus::VoteReceived{peer, prevote}, UnverifiedVote{peer, prevote.shared(), false}},
        {consensus::VoteReceived{peer, precommit}, UnverifiedVote{peer, precommit.shared(), false}},
        {claim, claim},
        {timer, timer},
        {built, built},
        {judged, judged},
        {extended, extended},
        {extension, extension},
        {available, available},
        {consensus::ProposalSigned{proposal}, UnverifiedProposal{{}, proposal.shared(), true}},
        {consensus::VoteSigned{precommit}, UnverifiedVote{{}, precommit.shared(), true}},
    };
}

Input timer_input(std::int64_t height) {
    return {{1000 + height, 0}, consensus::TimerRang{{height, 0, consensus::Step::propose}}};
}

LogEntry timer_entry(std::int64_t height) {
    return LoggedInput{{1000 + height, 0},
                       consensus::TimerRang{{height, 0, consensus::Step::propose}}};
}

base::Result<LogContents> read_one(BytesView segment) {
    const LogSegment only{0, segment};
    return read_log(std::span(&only, 1), chain_id);
}

/// Head, a timer of height 1, a barrier, marker 1, a watermark.
struct SmallLog {
    LogWriter writer{std::string(chain_id)};
    Bytes bytes = writer.begin_segment();
    std::vector<std::size_t> ends{bytes.size()};  // of each frame

    SmallLog() {
        writer.input(bytes, timer_input(1));
        ends.push_back(bytes.size());
        writer.synced();
        writer.end_of_height(bytes, 1);
        ends.push_back(bytes.size());
        writer.watermark(bytes, Bytes{4, 5});
        ends.push_back(bytes.size());
    }
};

TEST(LogInput, ComesBackAsItWent) {
    for (const auto& [event, expected] : all_events()) {
        SCOPED_TRACE(event.index());
        const Bytes bytes = encode_input({{1234, 567}, event});
        const auto read = decode_input(bytes);
        ASSERT_TRUE(read) << read.error().check << ": " << read.error().why;
        EXPECT_EQ(read->now, (types::Timestamp{1234, 567}));
        EXPECT_EQ(read->event, expected);
        EXPECT_EQ(encode_input(*read), bytes);
    }
}

TEST(LogInput, RefusesWhatIsNone) {
    const auto refused = [](BytesView bytes) {
        const auto read = decode_input(bytes);
        return read ? "" : read.error().check;
    };
    EXPECT_EQ(refused({}), "input.event");
    EXPECT_EQ(refused(*base::from_hex("0a0042021800")), "input.step");  // timer without a step
    EXPECT_EQ(refused(*base::from_hex("0a0042021809")), "input.step");
    EXPECT_EQ(refused(*base::from_hex("0a004a00")), "input.block");  // built, but nothing
    EXPECT_EQ(refused(*base::from_hex("0a0052021803")), "input.judgement");
    EXPECT_NE(refused(*base::from_hex("ff")), "");
}

TEST(Log, ComesBackAsItWent) {
    const SmallLog log;
    const auto contents = read_one(log.bytes);
    ASSERT_TRUE(contents) << contents.error().why;
    EXPECT_EQ(contents->entries,
              (std::vector<LogEntry>{timer_entry(1), EndOfHeight{1}, LoggedWatermark{{4, 5}}}));
    EXPECT_FALSE(contents->torn);
    EXPECT_EQ(contents->good_bytes, log.bytes.size());
    ASSERT_TRUE(contents->newest);
    EXPECT_EQ(contents->newest->marker, 1);
    EXPECT_TRUE(contents->newest->has_marker);
    EXPECT_EQ(contents->newest->watermark, (Bytes{4, 5}));
}

TEST(Log, IsMissingWhereThereIsNoSegment) {
    const auto contents = read_log({}, chain_id);
    ASSERT_TRUE(contents);
    EXPECT_FALSE(contents->newest);
    EXPECT_TRUE(contents->entries.empty());
}

TEST(Log, MayEndInZeros) {
    SmallLog log;
    const std::size_t bytes = log.bytes.size();
    log.bytes.resize(bytes + 5000);
    const auto contents = read_one(log.bytes);
    ASSERT_TRUE(contents);
    EXPECT_FALSE(contents->torn);
    EXPECT_EQ(contents->good_bytes, bytes);
}

TEST(Log, MayBeTornAnywhereBehindTheLastBarrier) {
    const SmallLog log;
    // Cut at every length: with zeros behind it and without.
    for (std::size_t cut = log.ends[0]; cut < log.bytes.size(); ++cut) {
        Bytes bytes(log.bytes.begin(), log.bytes.begin() + static_cast<std::ptrdiff_t>(cut));
        const std::size_t whole =
            static_cast<std::size_t>(std::ranges::upper_bound(log.ends, cut) - log.ends.begin());
        for (const std::size_t zeros : {0U, 1U, 1000U}) {
            bytes.resize(cut + zeros);
            const auto contents = read_one(bytes);
            ASSERT_TRUE(contents) << cut;
            EXPECT_EQ(contents->entries.size(), whole - 1) << cut;
            EXPECT_EQ(contents->good_bytes, log.ends[whole - 1]) << cut;
            EXPECT_EQ(contents->torn, cut != log.ends[whole - 1]) << cut;
        }
    }
}

TEST(Log, CutsAHoleBehindTheLastBarrier) {
    // A later page reached the disk, an earlier one did not: no flagged frame behind the hole.
    SmallLog log;
    log.writer.synced();
    const std::size_t durable = log.bytes.size();
    log.writer.input(log.bytes, timer_input(2));
    const std::size_t hole_end = log.bytes.size();
    log.writer.input(log.bytes, timer_input(3));
    std::fill(log.bytes.begin() + static_cast<std::ptrdiff_t>(durable),
              log.bytes.begin() + static_cast<std::ptrdiff_t>(hole_end), std::uint8_t{0});
    const auto contents = read_one(log.bytes);
    ASSERT_TRUE(contents);
    EXPECT_TRUE(contents->torn);
    EXPECT_EQ(contents->good_bytes, durable);
}

TEST(Log, RefusesDamageOfWhatWasDurable) {
    const SmallLog log;
    // The marker behind the barrier is flagged, so the timer before it must be whole.
    for (std::size_t at = log.ends[0]; at < log.ends[1]; ++at) {
        for (const std::uint8_t flip : {std::uint8_t{0x01}, std::uint8_t{0x80}}) {
            Bytes bytes = log.bytes;
            bytes[at] ^= flip;
            const auto contents = read_one(bytes);
            ASSERT_FALSE(contents) << at;
            EXPECT_EQ(contents.error().check, "log.damaged");
            EXPECT_NE(contents.error().why.find("segment 0 of the log, byte " +
                                                std::to_string(log.ends[0])),
                      std::string::npos)
                << contents.error().why;
        }
    }
}

TEST(Log, RefusesOtherChainsAndFormats) {
    const SmallLog log;
    const LogSegment only{0, log.bytes};
    const auto other = read_log(std::span(&only, 1), "other");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().check, "log.chain_id");
    const LogSegment renamed{3, log.bytes};
    const auto numbered = read_log(std::span(&renamed, 1), chain_id);
    ASSERT_FALSE(numbered);
    EXPECT_EQ(numbered.error().check, "log.number");
    const auto headless = read_one(BytesView(log.bytes).subspan(log.ends[0]));
    ASSERT_FALSE(headless);
    EXPECT_EQ(headless.error().check, "log.head");
}

TEST(Log, KeepsWhatFollowsTheMarkerBeforeTheNewest) {
    LogWriter writer{std::string(chain_id)};
    Bytes bytes = writer.begin_segment();
    for (std::int64_t height = 1; height <= 5; ++height) {
        writer.input(bytes, timer_input(height));
        writer.end_of_height(bytes, height);
    }
    writer.input(bytes, timer_input(6));
    const auto contents = read_one(bytes);
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->entries, (std::vector<LogEntry>{EndOfHeight{4}, timer_entry(5),
                                                        EndOfHeight{5}, timer_entry(6)}));
}

TEST(Log, GoesOnInSegments) {
    LogWriter writer{std::string(chain_id)};
    std::vector<Bytes> segments{writer.begin_segment()};
    for (std::int64_t height = 1; height <= 7; ++height) {
        if (height == 1) {
            EXPECT_FALSE(writer.wants_segment(1)) << "no marker yet";
        }
        if (height == 3 || height == 6) {
            EXPECT_TRUE(writer.wants_segment(1));
            EXPECT_FALSE(writer.wants_segment());
            writer.synced();
            segments.push_back(writer.begin_segment());
        }
        writer.input(segments.back(), timer_input(height));
        EXPECT_FALSE(writer.wants_segment(1));
        writer.watermark(segments.back(), Bytes{static_cast<std::uint8_t>(height)});
        writer.end_of_height(segments.back(), height);
    }
    EXPECT_EQ(writer.segment(), 2U);
    const auto read = [&](std::size_t first, std::size_t end) {
        std::vector<LogSegment> list;
        for (std::size_t i = first; i < end; ++i) list.push_back({i, segments[i]});
        return read_log(list, chain_id);
    };
    const auto all = read(0, 3);
    ASSERT_TRUE(all) << all.error().why;
    EXPECT_EQ(all->entries, (std::vector<LogEntry>{EndOfHeight{6}, timer_entry(7),
                                                   LoggedWatermark{{7}}, EndOfHeight{7}}));
    // The newest two segments have all that is needed.
    const auto newest_two = read(1, 3);
    ASSERT_TRUE(newest_two);
    EXPECT_EQ(newest_two->entries, all->entries);
    const auto head_only = SegmentReader(segments[2]).next();
    ASSERT_EQ(head_only.state, State::entry);
    const auto& head = std::get<SegmentHead>(*head_only.entry);
    EXPECT_EQ(head.number, 2U);
    EXPECT_EQ(head.marker, 5);
    EXPECT_EQ(head.watermark, Bytes{5});
    // Its predecessor gone, the newest segment alone still knows what was signed.
    const auto newest = read(2, 3);
    ASSERT_TRUE(newest);
    EXPECT_EQ(newest->newest->watermark, Bytes{7});
    // A gap.
    const std::vector<LogSegment> gap{{0, segments[0]}, {2, segments[2]}};
    const auto refused = read_log(gap, chain_id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().check, "log.gap");
}

TEST(Log, FindsTheMarkerOfTheHeadAlone) {
    LogWriter writer{std::string(chain_id)};
    Bytes first = writer.begin_segment();
    writer.input(first, timer_input(1));
    writer.end_of_height(first, 1);
    writer.synced();
    const Bytes second = writer.begin_segment();
    const std::vector<LogSegment> both{{0, first}, {1, second}};
    const auto contents = read_log(both, chain_id);
    ASSERT_TRUE(contents) << contents.error().why;
    EXPECT_TRUE(contents->newest->has_marker);
    EXPECT_EQ(contents->newest->marker, 1);
    EXPECT_EQ(contents->entries, (std::vector<LogEntry>{timer_entry(1), EndOfHeight{1}}));
    EXPECT_EQ(contents->good_bytes, second.size());
}

TEST(Log, SurvivesACrashWhileASegmentIsMade) {
    LogWriter writer{std::string(chain_id)};
    Bytes first = writer.begin_segment();
    writer.end_of_height(first, 1);
    writer.synced();
    const Bytes second = writer.begin_segment();
    for (std::size_t cut = 0; cut < second.size(); ++cut) {
        const std::vector<LogSegment> both{{0, first}, {1, BytesView(second).first(cut)}};
        const auto contents = read_log(both, chain_id);
        ASSERT_TRUE(contents) << cut;
        EXPECT_EQ(contents->empty_segments, 1U);
        EXPECT_EQ(contents->newest->number, 0U);
        EXPECT_EQ(contents->newest->marker, 1);
        EXPECT_EQ(contents->good_bytes, first.size());
    }
    // The first segment ever.
    const LogSegment empty{0, {}};
    const auto nothing = read_log(std::span(&empty, 1), chain_id);
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(nothing->newest);
    EXPECT_EQ(nothing->empty_segments, 1U);
}

TEST(Log, RefusesATornEndBeforeASegmentThatWasBegun) {
    LogWriter writer{std::string(chain_id)};
    Bytes first = writer.begin_segment();
    writer.end_of_height(first, 1);
    writer.synced();
    const Bytes second = writer.begin_segment();
    first.pop_back();
    const std::vector<LogSegment> both{{0, first}, {1, second}};
    const auto contents = read_log(both, chain_id);
    ASSERT_FALSE(contents);
    EXPECT_EQ(contents.error().check, "log.damaged");
}

TEST(Log, IsGoneOnWithBehindWhatWasRead) {
    SmallLog log;
    const auto contents = read_one(log.bytes);
    ASSERT_TRUE(contents);
    LogWriter writer(*contents->newest, contents->good_bytes);
    writer.input(log.bytes, timer_input(2));
    writer.end_of_height(log.bytes, 2);
    const auto again = read_one(log.bytes);
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(again->entries.back(), LogEntry(EndOfHeight{2}));
    writer.synced();
    Bytes next = writer.begin_segment();
    const auto head = SegmentReader(next).next();
    ASSERT_EQ(head.state, State::entry);
    EXPECT_EQ(std::get<SegmentHead>(*head.entry).number, 1U);
    EXPECT_EQ(std::get<SegmentHead>(*head.entry).watermark, (Bytes{4, 5}));
}

TEST(Log, KnowsTheHighestPeer) {
    LogWriter writer{std::string(chain_id)};
    Bytes bytes = writer.begin_segment();
    for (const auto& [event, expected] : all_events()) writer.input(bytes, {{}, event});
    EXPECT_EQ(read_one(bytes)->peer_max, 12U);
}

/// The example of docs/formats/log.md.
TEST(Log, IsWrittenAsItsPageSays) {
    LogWriter writer("tandem-example");
    Bytes bytes = writer.begin_segment();
    writer.end_of_height(bytes, 0);
    writer.input(bytes,
                 {{1'700'000'001, 0}, consensus::TimerRang{{1, 0, consensus::Step::propose}}});
    writer.synced();
    writer.watermark(bytes, Bytes{0xaa});
    EXPECT_EQ(base::to_hex(bytes),
              // head
              "d781"
              "00000012"
              "5d01ed52"
              "0801"
              "1a0e74616e64656d2d6578616d706c65"
              // marker before the first block
              "d703"
              "00000000"
              "0d41c6c1"
              // timer of height 1
              "d702"
              "0000000e"
              "724db05e"
              "0a060881e2cfaa06"
              "420408011803"
              // watermark, the first frame after a barrier
              "d784"
              "00000001"
              "23dcf9c2"
              "aa");
}

}  // namespace
}  // namespace tandem::store
