#include "tandem/log_json.h"

#include <array>
#include <fmt/format.h>

#include "signer/watermark.h"
#include "types/json.h"
#include "types/time_text.h"

namespace tandem::program {
namespace {

using base::refuse;
using base::Verdict;
using nlohmann::json;
using State = store::LogStep::State;

constexpr const char* end_event = "segment_end";

template <typename T>
json typed(const T& value) {
    return json::parse(types::to_json(value));
}

/// What a key was about to sign. Bytes that are no watermark are shown as they are.
json watermark(base::BytesView record) {
    json out{{"record", base::to_hex(record)}};
    const auto read = wire::decode<signer::WatermarkRecord>(record);
    if (!read) return out;
    out["address"] = base::to_hex(read->address);
    out["height"] = read->height;
    out["round"] = read->round;
    out["step"] = read->step;
    const auto content = types::content_of(read->sign_bytes);
    if (!content) return out;
    out["type"] = content->type;
    out["block_id"] = typed(content->block_id);
    if (content->type == types::SignedMsgType::proposal) out["pol_round"] = content->pol_round;
    return out;
}

/// A logged event; each names its height.
struct Describe {
    json operator()(const store::HeightBegan& e) const {
        return {{"event", "height_began"}, {"height", e.height}};
    }
    json operator()(const store::UnverifiedProposal& e) const {
        return {{"event", e.signed_here ? "proposal_signed" : "proposal_received"},
                {"peer", e.peer.value},
                {"height", e.proposal->height},
                {"proposal", typed(*e.proposal)}};
    }
    json operator()(const store::UnverifiedVote& e) const {
        return {{"event", e.signed_here ? "vote_signed" : "vote_received"},
                {"peer", e.peer.value},
                {"height", e.vote->height},
                {"vote", typed(*e.vote)}};
    }
    json operator()(const consensus::PartReceived& e) const {
        return {{"event", "part_received"}, {"peer", e.peer.value},
                {"height", e.height},       {"round", e.round},
                {"index", e.part->index},   {"bytes", e.part->bytes.size()}};
    }
    json operator()(const consensus::PeerClaimsMajority& e) const {
        return {{"event", "majority_claimed"},
                {"peer", e.peer.value},
                {"height", e.height},
                {"round", e.round},
                {"type", e.type},
                {"block_id", typed(e.block_id)}};
    }
    json operator()(const consensus::TimerRang& e) const {
        return {{"event", "timer_rang"},
                {"height", e.timer.height},
                {"round", e.timer.round},
                {"step", e.timer.step}};
    }
    json operator()(const consensus::BlockBuilt& e) const {
        return {{"event", "block_built"},
                {"height", e.height},
                {"round", e.round},
                {"block_id", typed(e.id)}};
    }
    json operator()(const consensus::BlockJudged& e) const {
        constexpr std::array names{"invalid", "rejected", "accepted"};
        return {{"event", "block_judged"},
                {"height", e.height},
                {"block_id", typed(e.id)},
                {"judgement", names.at(static_cast<std::size_t>(e.judgement))}};
    }
    json operator()(const consensus::VoteExtended& e) const {
        return {{"event", "vote_extended"},
                {"height", e.height},
                {"round", e.round},
                {"block_id", typed(e.id)},
                {"extension", base::to_base64(e.extension)}};
    }
    json operator()(const consensus::ExtensionJudged& e) const {
        return {{"event", "extension_judged"},
                {"height", e.height},
                {"question", e.question},
                {"accepted", e.accepted}};
    }
    json operator()(const consensus::TransactionsAvailable& e) const {
        return {{"event", "transactions_available"}, {"height", e.height}};
    }

    json operator()(const store::SegmentHead& e) const {
        json out{{"event", "segment"}, {"format", e.format}, {"chain_id", e.chain_id}};
        if (e.has_marker) out["marker"] = e.marker;
        if (!e.watermark.empty()) out["watermark"] = watermark(e.watermark);
        return out;
    }
    json operator()(const store::LoggedInput& e) const {
        json out = std::visit(*this, e.event);
        out["now"] = types::to_text(e.now);
        return out;
    }
    json operator()(const store::EndOfHeight& e) const {
        return {{"event", "end_of_height"}, {"height", e.height}};
    }
    json operator()(const store::LoggedWatermark& e) const {
        json out = watermark(e.record);
        out["event"] = "watermark";
        return out;
    }
};

/// Nothing may stand in `line` that is not in `truth`.
Verdict check_shown(const json& line, const json& truth) {
    const json as_read = json::parse(to_text(truth));
    for (const auto& [name, value] : line.items()) {
        const auto found = as_read.find(name);
        if (found == as_read.end())
            return refuse("log.shown", fmt::format("'{}' has no place here", name));
        if (*found != value)
            return refuse("log.shown",
                          fmt::format("'{}' is {}, and by the frame and the lines before it is {}; "
                                      "what is shown cannot be changed, for the frame counts",
                                      name, value.dump(), found->dump()));
    }
    return {};
}

}  // namespace

json log_line(std::uint64_t segment, const store::LogStep& step, base::BytesView frame) {
    json line = std::visit(Describe{}, *step.entry);
    line["segment"] = segment;
    line["position"] = step.begin;
    if (step.after_barrier) line["after_barrier"] = true;
    line["frame"] = base::to_base64(frame);
    return line;
}

json log_end_line(std::uint64_t segment, const store::LogStep& step, std::size_t bytes) {
    const bool is_torn = step.state == State::torn;
    return {{"event", end_event},
            {"segment", segment},
            {"position", step.begin},
            {is_torn ? "torn_bytes" : "zeros", bytes - step.begin}};
}

std::string to_text(const json& line) {
    return line.dump(-1, ' ', false, json::error_handler_t::replace);
}

// ---- Back

Verdict LogFromJson::add(std::string_view line) {
    ++line_;
    const json object = json::parse(line, nullptr, false);
    Verdict verdict = object.is_object() ? add_object(object)
                                         : refuse("log.json", "no object of JSON stands here");
    if (!verdict) verdict.error().why = fmt::format("line {}: {}", line_, verdict.error().why);
    return verdict;
}

Verdict LogFromJson::add_object(const json& line) {
    const auto segment = line.find("segment");
    if (segment == line.end() || !segment->is_number_unsigned())
        return refuse("log.segment", "it does not say its segment");
    TANDEM_TRY(take_segment(segment->get<std::uint64_t>()));
    const auto event = line.find("event");
    return event != line.end() && *event == end_event ? add_end(line) : add_frame(line);
}

/// What comes belongs to this segment.
Verdict LogFromJson::take_segment(std::uint64_t number) {
    if (!segments_.empty() && segments_.back().number == number) {
        if (!has_ended_) return {};
        return refuse("log.segment", fmt::format("segment {} has ended before it", number));
    }
    if (!has_ended_)
        return refuse("log.segment", fmt::format("segment {} has not ended: lines are missing",
                                                 segments_.back().number));
    if (!segments_.empty() && number != segments_.back().number + 1)
        return refuse("log.segment", fmt::format("segment {} does not follow segment {}", number,
                                                 segments_.back().number));
    segments_.push_back({number, {}});
    has_ended_ = false;
    return {};
}

Verdict LogFromJson::add_end(const json& line) {
    Segment& segment = segments_.back();
    store::LogStep step;
    step.begin = segment.bytes.size();
    std::size_t zeros = 0;
    if (const auto said = line.find("zeros"); said != line.end()) {
        if (!said->is_number_unsigned() || *said > segment_bytes_max)
            return refuse("log.zeros",
                          fmt::format("{} zeros are not what a segment ends with", said->dump()));
        zeros = said->get<std::size_t>();
        TANDEM_TRY(check_shown(line, log_end_line(segment.number, step, step.begin + zeros)));
    } else {
        const auto torn = line.find("torn_bytes");
        if (torn == line.end() || !torn->is_number_unsigned())
            return refuse("log.zeros", "it says neither zeros nor torn_bytes");
        step.state = State::torn;
        json truth = log_end_line(segment.number, step, step.begin);
        truth["torn_bytes"] = *torn;
        TANDEM_TRY(check_shown(line, truth));
    }
    segment.bytes.resize(segment.bytes.size() + zeros);
    has_ended_ = true;
    return {};
}

Verdict LogFromJson::add_frame(const json& line) {
    const auto text = line.find("frame");
    if (text == line.end() || !text->is_string())
        return refuse("log.frame", "it has no frame (was it written with --brief?)");
    const auto frame = base::from_base64(text->get_ref<const std::string&>());
    if (!frame) return refuse("log.frame", "its frame is not in base64");
    store::SegmentReader reader(*frame);
    store::LogStep step = reader.next();
    if (step.state == State::end) return refuse("log.frame", "its frame is empty");
    if (step.state != State::entry)
        return refuse("log.frame", fmt::format("its frame is damaged: {}", step.why.why));
    if (reader.position() != frame->size())
        return refuse("log.frame", "more than one frame stands in it");

    Segment& segment = segments_.back();
    step.begin = segment.bytes.size();
    TANDEM_TRY(check_shown(line, log_line(segment.number, step, *frame)));
    const auto* head = std::get_if<store::SegmentHead>(&*step.entry);
    if ((head != nullptr) != segment.bytes.empty())
        return refuse("log.head", head != nullptr ? "a second head stands in the segment"
                                                  : "a segment begins with its head");
    if (head != nullptr && head->number != segment.number)
        return refuse("log.head", fmt::format("the head is that of segment {}", head->number));
    if (head != nullptr && segments_.size() == 1) chain_id_ = head->chain_id;
    if (frame->size() > segment_bytes_max - segment.bytes.size())
        return refuse("log.size",
                      fmt::format("the segment is longer than {} bytes", segment_bytes_max));
    base::append(segment.bytes, *frame);
    return {};
}

base::Result<std::vector<LogFromJson::Segment>> LogFromJson::finish() && {
    if (segments_.empty()) return refuse("log.empty", "there is no line of a log");
    if (!has_ended_)
        return refuse("log.segment",
                      fmt::format("line {} is the last, and segment {} has not ended: lines are "
                                  "missing",
                                  line_, segments_.back().number));
    std::vector<store::LogSegment> views;
    views.reserve(segments_.size());
    for (const Segment& segment : segments_) views.push_back({segment.number, segment.bytes});
    if (auto read = store::read_log(views, chain_id_); !read)
        return std::unexpected(std::move(read).error());
    return std::move(segments_);
}

}  // namespace tandem::program
