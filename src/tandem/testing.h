// What the tests of the program share: a folder that goes away with them, and a way to run a
// program in it.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tandem::program::testing {

namespace fs = std::filesystem;

struct TempFolder {
    fs::path path;

    TempFolder() {
        std::string name = (fs::temp_directory_path() / "tandem-test-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        if (!path.empty()) fs::remove_all(path, ignored);
    }

    /// All files below, relative, sorted.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(path))
            if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), path).string());
        std::ranges::sort(names);
        return names;
    }
};

[[nodiscard]] inline std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

[[nodiscard]] inline unsigned mode_of(const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

/// What a program left behind.
struct Ran {
    int code = -1;
    std::string out;
    std::string err;
};

/// Runs a program to its end, in `folder`, with these variables and none but PATH beside them.
[[nodiscard]] inline Ran run(const fs::path& folder, std::vector<std::string> arguments,
                             const std::vector<std::string>& variables = {}) {
    const TempFolder outputs;
    const std::string out = outputs.path / "out";
    const std::string err = outputs.path / "err";
    std::vector<std::string> environment = variables;
    if (const char* search = std::getenv("PATH"); search != nullptr)
        environment.push_back(std::string("PATH=") + search);
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> out_pointers;
        for (std::string& text : texts) out_pointers.push_back(text.data());
        out_pointers.push_back(nullptr);
        return out_pointers;
    };
    std::vector<char*> argv = pointers(arguments);
    std::vector<char*> envp = pointers(environment);
    const pid_t child = ::fork();
    if (child == 0) {
        const int to_out = ::open(out.c_str(), O_WRONLY | O_CREAT, 0600);
        const int to_err = ::open(err.c_str(), O_WRONLY | O_CREAT, 0600);
        if (::chdir(folder.c_str()) != 0 || ::dup2(to_out, 1) < 0 || ::dup2(to_err, 2) < 0)
            ::_exit(126);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child) return {};
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, text_of(out), text_of(err)};
}

}  // namespace tandem::program::testing
