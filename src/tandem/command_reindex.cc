// tandem reindex-event: the index of transactions and blocks made again, from stored blocks and
// what the application answered to them. For a node that ran with `indexer = "null"`, or whose
// index is not to be trusted.
//
// Beside no running node. What is in the index stays; a block that is in it already changes
// nothing.
//
// Not here: which heights (reindex_range.h), what stands in the index (rpc/indexer.h).
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <fmt/format.h>

#include "io/failure.h"
#include "io/folder_lock.h"
#include "io/rocks_database.h"
#include "io/shared_database.h"
#include "store/block_store.h"
#include "store/state_store.h"
#include "store/storage.h"
#include "tandem/node_files.h"
#include "tandem/node_settings.h"
#include "tandem/offline_commands.h"
#include "tandem/reindex_range.h"

namespace tandem::program {
namespace {

constexpr std::int64_t blocks_per_report = 1000;

struct ReindexOptions {
    std::int64_t first = 0;  // 0: the lowest that is there
    std::int64_t last = 0;   // 0: the newest
};

std::unexpected<Failure> failed(std::string_view why) {
    return fail(ExitCode::failed, fmt::format("event re-index failed: {}", why));
}

/// SIGTERM and SIGINT, looked at between two blocks.
class Interruption {
  public:
    Interruption() : signals_(loop_, SIGTERM, SIGINT) {
        signals_.async_wait(
            [this](const boost::system::error_code& error, int) { came_ = came_ || !error; });
    }
    [[nodiscard]] bool came() {
        loop_.poll();
        return came_;
    }

  private:
    boost::asio::io_context loop_{1};
    boost::asio::signal_set signals_;
    bool came_ = false;
};

Outcome reindex(const ReindexRange& range, const store::BlockStore& blocks,
                const store::StateStore& states, rpc::Indexer& indexer) {
    Interruption interruption;
    for (std::int64_t height = range.first; height <= range.last; ++height) {
        if (interruption.came())
            return failed(
                fmt::format("ended by a signal before height {}: go on with "
                            "--start-height {}",
                            height, height));
        const auto block = blocks.block(height);
        if (!block)
            return failed(
                fmt::format("not able to load block at height {} from the blockstore", height));
        const auto answer = states.answer(height);
        if (!answer)
            return failed(
                fmt::format("not able to load ABCI Response at height {} from the "
                            "statestore: discarded (storage.discard_abci_responses)",
                            height));
        indexer.add(height, block->data.txs, *answer);
        if (height % blocks_per_report == 0) print_error(fmt::format("{}/{}", height, range.last));
    }
    return {};
}

Outcome run_reindex(const Context& context, const ReindexOptions& options) {
    const auto home = context.home();
    if (!home) return fail(home.error());
    auto config = context.config(*home);
    if (!config) return fail(std::move(config).error());
    if (config->tx_index.indexer != "kv")
        return fail(ExitCode::configuration,
                    "event re-index failed: found null event sink, please check the tx-index "
                    "section in the config.toml");
    const auto genesis = load_genesis(home->at(config->base.genesis_file));
    if (!genesis) return fail(genesis.error());

    const auto data = home->at(config->base.db_dir);
    if (!is_there(data / database_folder))
        return fail(ExitCode::no_input, fmt::format("event re-index failed: no blockstore found "
                                                    "in {}",
                                                    data.string()));
    const auto lock = io::FolderLock::take(data);
    if (!lock) return fail(lock.error(), ExitCode::busy);
    auto database = io::RocksDatabase::open(data / database_folder, {.create_if_missing = false});
    if (!database) return fail(database.error(), ExitCode::bad_data);
    io::report_damage_of(data);
    if (const auto own = store::check_claim(**database, genesis->doc.chain_id); !own)
        return fail(own.error(), ExitCode::bad_data);
    const store::BlockStore blocks(**database, 0);
    const store::StateStore states(**database);
    const auto state = states.load();
    if (blocks.height() == 0 || !state || state->last_block_height < blocks.base())
        return failed("there is no block that was executed");
    const auto range = reindex_range(options.first, options.last, blocks.base(),
                                     std::min(blocks.height(), state->last_block_height));
    if (!range) return failed(range.error().why);
    for (const std::string& note : range->notes) print_error(note);

    io::SharedIndexStorage storage(**database);
    rpc::KeyValueIndexer indexer(storage, stored_answers(config->storage));
    Outcome done = reindex(*range, blocks, states, indexer);
    (*database)->sync();
    if (!done) return done;
    if (context.is_json())
        print_line(fmt::format(R"({{"first":"{}","last":"{}"}})", range->first, range->last));
    else
        print_line(
            fmt::format("event re-index finished: heights {} to {}", range->first, range->last));
    return {};
}

}  // namespace

void add_reindex(CLI::App& app, Context& context) {
    CLI::App* command = add_command(
        app, "reindex-event",
        "Index stored blocks and their transactions again; the node must not run\n"
        "Results of the application must be stored: not with storage.discard_abci_responses.\n"
        "Example: tandem reindex-event --home /srv/acme-1 --start-height 2 --end-height 10",
        {"reindex_event"});
    const auto options = std::make_shared<ReindexOptions>();
    command->add_option("--start-height", options->first,
                        "First height (default: the lowest that is stored)");
    command->add_option("--end-height", options->last, "Last height (default: the newest)");
    command->callback([&context, options] { context.outcome = run_reindex(context, *options); });
}

}  // namespace tandem::program
