// What the tests of the program share: a folder that goes away with them, and a way to run it.
#pragma once
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace tandem::program::testing {

struct TempFolder {
    std::filesystem::path path;

    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "tandem-test-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }

    /// All files below, relative, sorted.
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
            if (!entry.is_directory())
                names.push_back(std::filesystem::relative(entry.path(), path).string());
        std::ranges::sort(names);
        return names;
    }
};

}  // namespace tandem::program::testing
