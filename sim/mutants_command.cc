#include <filesystem>
#include <iostream>
#include <unistd.h>

#include "sim/mutants.h"

namespace tandem::sim {

int become_mutants_program(char** argv) {
    std::error_code error;
    const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string program = (own.parent_path() / "tandem-sim-mutants").string();
    execv(program.c_str(), argv);
    std::cerr << "tandem-sim: " << program
              << " does not start; build it first: ninja tandem-sim-mutants\n";
    return 2;
}

}  // namespace tandem::sim
