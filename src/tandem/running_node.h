// One node with everything that it stands on, from its home folder: built bottom up, so that what
// is wrong with a file is said before anything is changed, and torn down the other way.
#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>

#include "io/folder_lock.h"
#include "io/log_file.h"
#include "io/network_host.h"
#include "io/rocks_database.h"
#include "node/rpc_environment.h"
#include "tandem/cli.h"
#include "tandem/reporter.h"

namespace tandem::program {

class RunningNode {
  public:
    /// Reads files, opens log and database, recovers; nothing of the network yet.
    [[nodiscard]] static std::expected<std::unique_ptr<RunningNode>, Failure> open(
        const Home& home, const Config& config);
    /// As open(), of a node that has stored something, and with what was found before recovery.
    [[nodiscard]] static std::expected<std::unique_ptr<RunningNode>, Failure> open_to_look(
        const Home& home, const Config& config);
    ~RunningNode();

    /// Listens, dials, and runs until SIGTERM or SIGINT.
    [[nodiscard]] Outcome run();

    // ---- In place of run(), after open_to_look().
    struct Replayed {
        chain::RecoveryFacts found;         // before recovery
        std::int64_t height = 0;            // of the newest block that was executed, after it
        const consensus::State* consensus;  // as the log leaves it
    };
    /// Steps the logged inputs of the height in progress. What consensus would do next, it does
    /// not.
    [[nodiscard]] Replayed replay();

  private:
    struct Parts;
    [[nodiscard]] static std::expected<std::unique_ptr<RunningNode>, Failure> open(
        std::unique_ptr<Parts> parts);
    explicit RunningNode(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace tandem::program
