#include "io/failure.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>

#include "io/exit_codes.h"
#include "store/storage.h"

namespace tandem::io {
namespace {

// Where the hook of the stores, which is a plain function, finds it.
std::string& damaged_folder() {
    static std::string folder;
    return folder;
}

}  // namespace

void end_process(int code, const std::string& message) {
    const std::string line = "tandem: " + message + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
    std::_Exit(code);
}

void disk_failed(std::string_view what, const std::filesystem::path& where, int error) {
    std::string_view advice =
        "The node has stopped so that it does not go on with what the disk may not hold. Look at "
        "the disk (dmesg, smartctl), then start the node again: it recovers from what is there.";
    if (error == ENOSPC || error == EDQUOT)
        advice = "The disk is full. Make room and start the node again: it goes on where it was.";
    else if (error == EROFS)
        advice = "The file system is read-only. Mount it writable and start the node again.";
    end_process(exit_code::io_error, fmt::format("cannot {} {}: {}. {}", what, where.string(),
                                                 std::strerror(error), advice));
}

void report_damage_of(const std::filesystem::path& folder) {
    damaged_folder() = folder.string();
    store::damage_hook = [](const std::string& what) {
        end_process(exit_code::bad_data,
                    fmt::format("the database in {} is damaged: {}. Restore the data folder from a "
                                "backup together with its log, or begin with an empty one and let "
                                "the node fetch the chain from its peers.",
                                damaged_folder(), what));
    };
}

}  // namespace tandem::io
