// Replays kept inputs through a fuzz target, as an ordinary test: no fuzzer is needed for it.
//
//     fuzz_x PATH...      PATH is a file or a folder of files (searched to any depth)
//
// Every input runs in the order of its path, so a run can be had again. A path that is not there
// or a folder without files is an error: a test that replays nothing proves nothing. When an
// input brings the program down, its path is the last thing printed.
//
// Not here: making new inputs, which is the work of the fuzz preset (docs/house.md).
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

// Names that the fuzzer's and the sanitizers' runtimes prescribe.
// NOLINTBEGIN(*-identifier-naming,bugprone-reserved-identifier)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
// NOLINTEND(*-identifier-naming,bugprone-reserved-identifier)

namespace {

namespace fs = std::filesystem;

std::string current_input;  // the line to print when the program goes down

/// Only write(2) is safe here: the heap may be what is broken.
void name_current_input() {
    if (write(STDERR_FILENO, current_input.data(), current_input.size()) < 0) _exit(2);
}

void on_signal(int signal) {
    name_current_input();
    static_cast<void>(std::signal(signal, SIG_DFL));
    static_cast<void>(std::raise(signal));
}

void watch_for_the_end() {
    // A sanitizer reports first and calls back then; elsewhere the signal is all that there is.
    if (__sanitizer_set_death_callback != nullptr) {
        __sanitizer_set_death_callback(name_current_input);
        static_cast<void>(std::signal(SIGABRT, on_signal));
        return;
    }
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        static_cast<void>(std::signal(signal, on_signal));
    }
}

/// The files at `path`, sorted; none when there is nothing to replay.
std::vector<fs::path> files_at(const fs::path& path) {
    if (fs::is_regular_file(path)) return {path};
    std::vector<fs::path> files;
    if (!fs::is_directory(path)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

bool replay(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.good() && !stream.eof()) {
        std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
        return false;
    }
    current_input = "while replaying " + path.string() + "\n";
    // A copy of exactly this size, so that a read past its end is one past an allocation.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    return true;
}

int replay_all(const std::vector<fs::path>& paths) {
    std::size_t count = 0;
    for (const auto& path : paths) {
        const auto files = files_at(path);
        if (files.empty()) {
            std::fprintf(stderr, "%s: no file and no folder with files\n", path.c_str());
            return 1;
        }
        for (const auto& file : files) {
            if (!replay(file)) return 1;
        }
        count += files.size();
    }
    std::printf("%zu inputs replayed\n", count);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s PATH...\n", argv[0]);
        return 2;
    }
    try {
        watch_for_the_end();
        if (LLVMFuzzerInitialize != nullptr) LLVMFuzzerInitialize(&argc, &argv);
        return replay_all({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s%s\n", current_input.c_str(), error.what());
        return 1;
    }
}
