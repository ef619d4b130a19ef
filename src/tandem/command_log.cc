// tandem log: what consensus was told, as one JSON object a line.
//
// Only reads, and needs no lock: of a node that runs, the last lines may be missing.
//
// Not here: making a log of JSON.
#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "signer/watermark.h"
#include "store/log.h"
#include "tandem/node_client.h"
#include "tandem/node_files.h"
#include "types/json.h"
#include "types/time_text.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view segment_prefix = "segment-";
constexpr std::size_t segment_bytes_max =
    store::log_segment_bytes + 2 * std::size_t{store::log_body_bytes_max};

struct LogOptions {
    std::string folder;
    std::int64_t height = 0;  // 0: all
};

struct SegmentFile {
    std::uint64_t number = 0;
    fs::path path;
};

std::expected<std::vector<SegmentFile>, Failure> segments_in(const fs::path& folder) {
    std::vector<SegmentFile> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(segment_prefix)) continue;
        SegmentFile file{0, entry->path()};
        const char* const last = name.data() + name.size();
        const auto read = std::from_chars(name.data() + segment_prefix.size(), last, file.number);
        if (read.ec == std::errc() && read.ptr == last) files.push_back(std::move(file));
    }
    if (error)
        return fail(ExitCode::no_input, fmt::format("{}: {}", folder.string(), error.message()));
    if (files.empty())
        return fail(ExitCode::no_input,
                    fmt::format("{} has no segments of a log", folder.string()));
    std::ranges::sort(files, {}, &SegmentFile::number);
    return files;
}

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

Outcome print_segment(const SegmentFile& file, bool is_newest, const LogOptions& options) {
    const auto text = read_file(file.path, segment_bytes_max);
    if (!text) return fail(text.error());
    store::SegmentReader reader(base::as_bytes(*text));
    for (;;) {
        const store::LogStep step = reader.next();
        if (step.state == store::LogStep::State::end) return {};
        if (step.state == store::LogStep::State::torn && is_newest) {
            print_error(fmt::format(
                "{}: a torn end at byte {}, as a crash leaves it, or the node is just writing",
                file.path.string(), step.begin));
            return {};
        }
        if (step.state != store::LogStep::State::entry)
            return fail(ExitCode::bad_data,
                        fmt::format("{} is damaged at byte {}: {}", file.path.string(), step.begin,
                                    step.why.why));
        json line = std::visit(Describe{}, *step.entry);
        if (options.height != 0 && number(line, "height") != options.height) continue;
        line["segment"] = file.number;
        line["position"] = step.begin;
        if (step.after_barrier) line["after_barrier"] = true;
        print_line(line.dump());
    }
}

Outcome show_log(const Context& context, const LogOptions& options) {
    fs::path folder = options.folder;
    if (folder.empty()) {
        const auto home = context.home();
        if (!home) return fail(home.error());
        auto config = context.config(*home);
        if (!config) return fail(std::move(config).error());
        folder = home->at(config->base.db_dir) / log_folder;
    }
    auto files = segments_in(folder);
    if (!files) return fail(std::move(files).error());
    for (std::size_t i = 0; i < files->size(); ++i)
        if (Outcome printed = print_segment((*files)[i], i + 1 == files->size(), options); !printed)
            return printed;
    return {};
}

}  // namespace

void add_log(CLI::App& app, Context& context) {
    CLI::App* command =
        add_command(app, "log",
                    "What consensus was told, from the log, one JSON object a line\n"
                    "Example: tandem log --home /srv/acme-1 --height 1204");
    const auto options = std::make_shared<LogOptions>();
    command->add_option("folder", options->folder,
                        "Folder of the log (default: data/log of the home folder)");
    command->add_option("--height", options->height, "Only what is of this height");
    command->callback([&context, options] { context.outcome = show_log(context, *options); });
}

}  // namespace tandem::program
