// tandem log: what consensus was told, as one JSON object a line, and back.
//
// Showing only reads, and needs no lock: of a node that runs, the last lines may be missing. Making
// a log never touches one that is there.
//
// Not here: the lines (log_json.h).
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iostream>

#include "io/folder_lock.h"
#include "tandem/log_json.h"
#include "tandem/node_client.h"
#include "tandem/node_files.h"

namespace tandem::program {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view segment_prefix = "segment-";

struct LogOptions {
    std::string folder;
    std::int64_t height = 0;  // 0: all
    bool is_brief = false;
    std::string from;  // a file of lines, or -; empty: show a log
    std::string to;
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

Outcome print_segment(const SegmentFile& file, bool is_newest, const LogOptions& options) {
    const auto text = read_file(file.path, segment_bytes_max);
    if (!text) return fail(text.error());
    const base::BytesView bytes = base::as_bytes(*text);
    store::SegmentReader reader(bytes);
    for (;;) {
        const store::LogStep step = reader.next();
        const bool is_torn = step.state == store::LogStep::State::torn && is_newest;
        if (is_torn)
            print_error(fmt::format(
                "{}: a torn end at byte {}, as a crash leaves it, or the node is just writing",
                file.path.string(), step.begin));
        if (is_torn || step.state == store::LogStep::State::end) {
            if (options.height == 0)
                print_line(to_text(log_end_line(file.number, step, bytes.size())));
            return {};
        }
        if (step.state != store::LogStep::State::entry)
            return fail(ExitCode::bad_data,
                        fmt::format("{} is damaged at byte {}: {}", file.path.string(), step.begin,
                                    step.why.why));
        json line =
            log_line(file.number, step, bytes.subspan(step.begin, reader.position() - step.begin));
        if (options.height != 0 && number(line, "height") != options.height) continue;
        if (options.is_brief) line.erase("frame");
        print_line(to_text(line));
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

std::expected<std::vector<LogFromJson::Segment>, Failure> read_lines(const LogOptions& options) {
    std::ifstream file;
    if (options.from != "-") {
        file.open(options.from);
        if (!file)
            return fail(ExitCode::no_input, fmt::format("cannot read {}: {}", options.from,
                                                        std::generic_category().message(errno)));
    }
    std::istream& in = options.from == "-" ? std::cin : file;
    const auto refused = [&](const base::Refusal& why) {
        return fail(ExitCode::bad_data,
                    fmt::format("{}: {}; nothing was written",
                                options.from == "-" ? "standard input" : options.from, why.why));
    };
    LogFromJson log;
    for (std::string line; std::getline(in, line);)
        if (const auto taken = log.add(line); !taken) return refused(taken.error());
    if (in.bad())
        return fail(ExitCode::io_error, fmt::format("cannot read {} to its end", options.from));
    auto segments = std::move(log).finish();
    if (!segments) return refused(segments.error());
    return std::move(*segments);
}

/// A folder for a new log: not there yet, or empty.
Outcome check_is_free(const fs::path& folder) {
    if (!is_there(folder)) return {};
    std::error_code error;
    const bool is_empty = fs::is_directory(folder, error) && fs::is_empty(folder, error);
    if (error)
        return fail(ExitCode::io_error, fmt::format("{}: {}", folder.string(), error.message()));
    if (is_empty) return {};
    return fail(ExitCode::failed,
                fmt::format("{} is not an empty folder: name another one, or move what is there "
                            "away",
                            folder.string()));
}

/// All of the log or nothing.
Outcome make_log(const Context& context, const LogOptions& options) {
    fs::path folder = fs::absolute(options.to).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    // The folder of a node's log lies in its data folder, which the node locks.
    std::optional<io::FolderLock> lock;
    if (const fs::path data = folder.parent_path(); is_there(data / io::FolderLock::file_name)) {
        auto taken = io::FolderLock::take(data);
        if (!taken) return fail(taken.error(), ExitCode::busy);
        lock.emplace(std::move(*taken));
    }
    TANDEM_DO(check_is_free(folder));
    auto segments = read_lines(options);
    if (!segments) return fail(std::move(segments).error());
    FileBatch batch(0700);
    std::size_t bytes = 0;
    for (const auto& segment : *segments) {
        batch.create(folder / fmt::format("{}{:020}", segment_prefix, segment.number),
                     segment.bytes, 0600);
        bytes += segment.bytes.size();
    }
    TANDEM_DO(batch.commit());
    if (context.is_json())
        print_line(to_text(
            {{"folder", folder.string()}, {"segments", segments->size()}, {"bytes", bytes}}));
    else
        print_line(
            fmt::format("{}: {} segments, {} bytes", folder.string(), segments->size(), bytes));
    return {};
}

}  // namespace

void add_log(CLI::App& app, Context& context) {
    CLI::App* command = add_command(
        app, "log",
        "What consensus was told, from the log, one JSON object a line, and the log from such "
        "lines\n"
        "Each line shows an entry and carries its bytes as `frame`, in base64. On the way back the "
        "frame counts, and a line that shows anything else is refused.\n"
        "Example: tandem log --home /srv/acme-1 --height 1204 --brief\n"
        "         tandem log --home /srv/acme-1 > log.json\n"
        "         tandem log --from-json log.json --to /srv/copy/data/log");
    const auto options = std::make_shared<LogOptions>();
    CLI::Option* folder = command->add_option(
        "folder", options->folder, "Folder of the log (default: data/log of the home folder)");
    CLI::Option* height =
        command->add_option("--height", options->height, "Only what is of this height");
    CLI::Option* brief = command->add_flag("--brief", options->is_brief,
                                           "Without `frame`: cannot be made a log again");
    CLI::Option* from = command->add_option(
        "--from-json", options->from, "Make a log of these lines, all of them (-: standard input)");
    CLI::Option* to = command->add_option("--to", options->to,
                                          "Folder of the log that is made: empty, or not there");
    from->needs(to)->excludes(folder)->excludes(height)->excludes(brief);
    to->needs(from);
    command->callback([&context, options] {
        context.outcome =
            options->from.empty() ? show_log(context, *options) : make_log(context, *options);
    });
}

}  // namespace tandem::program
