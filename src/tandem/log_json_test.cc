// The log as JSON and back: the same bytes, and a refusal with the line for whatever was changed.
#include "tandem/log_json.h"

#include <functional>
#include <gtest/gtest.h>

#include "base/random.h"

namespace tandem::program {
namespace {

using base::Bytes;
using nlohmann::json;
using State = store::LogStep::State;
using Segments = std::vector<LogFromJson::Segment>;

/// What `tandem log` prints.
std::vector<json> lines_of(const Segments& segments) {
    std::vector<json> lines;
    for (const auto& [number, bytes] : segments) {
        store::SegmentReader reader(bytes);
        store::LogStep step = reader.next();
        for (; step.state == State::entry; step = reader.next())
            lines.push_back(log_line(
                number, step,
                base::BytesView(bytes).subspan(step.begin, reader.position() - step.begin)));
        lines.push_back(log_end_line(number, step, bytes.size()));
    }
    return lines;
}

base::Result<Segments> back(const std::vector<json>& lines) {
    LogFromJson log;
    for (const json& line : lines) TANDEM_TRY(log.add(to_text(line)));
    return std::move(log).finish();
}

/// Two segments, the first with zeros behind it.
Segments some_log(std::string chain_id = "a-chain", std::size_t zeros = 100) {
    store::LogWriter writer(std::move(chain_id));
    Segments segments{{0, writer.begin_segment()}, {}};
    Bytes& first = segments[0].bytes;
    writer.end_of_height(first, 0);
    writer.input(first, {{1000, 5}, consensus::TimerRang{{1, 0, consensus::Step::propose}}});
    writer.synced();
    writer.watermark(first, Bytes{0xaa, 0});
    writer.end_of_height(first, 1);
    writer.synced();
    segments[1] = {1, writer.begin_segment()};
    first.resize(first.size() + zeros);
    writer.input(segments[1].bytes, {{1001, 0}, consensus::TransactionsAvailable{2}});
    return segments;
}

void expect_same(const Segments& wanted) {
    const auto made = back(lines_of(wanted));
    ASSERT_TRUE(made) << made.error().why;
    ASSERT_EQ(made->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_EQ((*made)[i].number, wanted[i].number);
        EXPECT_EQ((*made)[i].bytes, wanted[i].bytes);
    }
}

TEST(LogJson, ComesBackToTheByte) {
    expect_same(some_log());
    expect_same(some_log("a-chain", 0));
    expect_same(some_log("no \xff UTF-8"));
    Segments unfinished = some_log();
    unfinished[1].bytes.assign(40, 0);
    expect_same(unfinished);
}

TEST(LogJson, ComesBackToTheByteWhateverStandsInIt) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        base::SeededRandom random(seed);
        store::LogWriter writer("c");
        Segments segments{{0, writer.begin_segment()}};
        const std::uint64_t frames = random.below(40);
        for (std::uint64_t i = 0; i < frames; ++i) {
            Bytes& out = segments.back().bytes;
            const auto height = static_cast<std::int64_t>(random.below(1000));
            switch (random.below(4)) {
                case 0:
                    writer.watermark(
                        out, Bytes(random.below(60), static_cast<std::uint8_t>(random.below(256))));
                    break;
                case 1:
                    writer.end_of_height(out, height);
                    if (random.below(2) == 0) break;
                    writer.synced();
                    out.resize(out.size() + random.below(50));
                    segments.push_back({writer.segment() + 1, writer.begin_segment()});
                    break;
                case 2:
                    writer.input(out, {{height, 1}, consensus::ExtensionJudged{height, 7, true}});
                    break;
                default:
                    writer.synced();
            }
        }
        expect_same(segments);
    }
}

TEST(LogJson, CutsATornEnd) {
    Segments torn = some_log();
    const Bytes whole = torn[1].bytes;
    torn[1].bytes.resize(whole.size() + 7, 0xd7);
    EXPECT_EQ(lines_of(torn).back()["torn_bytes"], 7U);
    const auto made = back(lines_of(torn));
    ASSERT_TRUE(made) << made.error().why;
    EXPECT_EQ((*made)[1].bytes, whole);
}

TEST(LogJson, NeedsNothingButFramesAndTheirSegments) {
    auto lines = lines_of(some_log());
    for (json& line : lines)
        if (line["event"] != "segment_end")
            line = {{"segment", line["segment"]}, {"frame", line["frame"]}};
    const auto made = back(lines);
    ASSERT_TRUE(made) << made.error().why;
    EXPECT_EQ((*made)[0].bytes, some_log()[0].bytes);
}

TEST(LogJson, SaysWhatIsWrongInWhichLine) {
    using Lines = std::vector<json>;
    const std::vector<std::pair<std::function<void(Lines&)>, std::string>> cases{
        {[](Lines& l) { l.clear(); }, "there is no line"},
        {[](Lines& l) { l[2] = json::array(); }, "line 3: no object"},
        {[](Lines& l) { l[2].erase("segment"); }, "line 3: it does not say its segment"},
        {[](Lines& l) { l[2]["segment"] = -1; }, "line 3: it does not say its segment"},
        {[](Lines& l) { l[2].erase("frame"); }, "line 3: it has no frame"},
        {[](Lines& l) { l[2]["frame"] = "?"; }, "line 3: its frame is not in base64"},
        {[](Lines& l) { l[2]["frame"] = ""; }, "line 3: its frame is empty"},
        {[](Lines& l) { l[2]["frame"] = "AAAA"; }, "line 3: its frame is empty"},
        {[](Lines& l) { l[2]["frame"] = "1wEAAA=="; }, "line 3: its frame is damaged"},
        {[](Lines& l) { l[2]["step"] = 5; }, "line 3: 'step' is 5"},
        {[](Lines& l) { l[2]["more"] = 5; }, "line 3: 'more' has no place"},
        {[](Lines& l) { l[3]["after_barrier"] = false; }, "line 4: 'after_barrier'"},
        {[](Lines& l) { l[2]["after_barrier"] = true; }, "line 3: 'after_barrier'"},
        {[](Lines& l) { l.erase(l.begin() + 2); }, "line 3: 'position'"},
        {[](Lines& l) { std::swap(l[2], l[3]); }, "line 3: 'position'"},
        {[](Lines& l) { l.erase(l.begin()); }, "line 1: 'position'"},
        {[](Lines& l) {
             l.erase(l.begin());
             l[0].erase("position");
         },
         "line 1: a segment begins"},
        {[](Lines& l) { l[0]["segment"] = 4; }, "line 1: the head is that of segment 0"},
        {[](Lines& l) {
             l[1] = l[0];
             l[1].erase("position");
         },
         "line 2: a second head"},
        {[](Lines& l) { l.erase(l.begin() + 5); }, "line 6: segment 0 has not ended"},
        {[](Lines& l) { l.pop_back(); }, "line 8 is the last, and segment 1 has not ended"},
        {[](Lines& l) { l.insert(l.begin() + 6, l[5]); }, "line 7: segment 0 has ended before"},
        {[](Lines& l) { l[6]["segment"] = 2; }, "line 7: segment 2 does not follow segment 0"},
        {[](Lines& l) { l[5]["zeros"] = -1; }, "line 6: -1 zeros"},
        {[](Lines& l) { l[5]["zeros"] = std::uint64_t{1} << 62; }, "line 6: 4611686018427387904"},
        {[](Lines& l) { l[5].erase("zeros"); }, "line 6: it says neither"},
        {[](Lines& l) { l[5]["position"] = 1; }, "line 6: 'position'"},
        // Whole lines that are no log together.
        {[](Lines& l) {
             l.erase(l.begin() + 3);
             for (json& x : l) x.erase("position");
         },
         "does not repeat"},
    };
    for (std::size_t i = 0; i < cases.size(); ++i) {
        auto lines = lines_of(some_log());
        ASSERT_EQ(lines.size(), 9U);
        cases[i].first(lines);
        const auto made = back(lines);
        ASSERT_FALSE(made) << i;
        EXPECT_NE(made.error().why.find(cases[i].second), std::string::npos)
            << i << ": " << made.error().why;
    }
}

TEST(LogJson, RefusesTwoFramesInALine) {
    const auto lines = lines_of(some_log());
    const auto frame = [&](std::size_t i) {
        return *base::from_base64(lines[i]["frame"].get<std::string>());
    };
    Bytes two = frame(0);
    base::append(two, frame(1));
    LogFromJson log;
    const auto taken = log.add(to_text({{"segment", 0U}, {"frame", base::to_base64(two)}}));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().why, "line 1: more than one frame stands in it");
    EXPECT_FALSE(LogFromJson().add("{"));
}

}  // namespace
}  // namespace tandem::program
