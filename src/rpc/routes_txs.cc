// Methods about transactions: finding them, sending them, asking the application.
#include <algorithm>

#include "abci/json.h"
#include "rpc/consensus_json.h"
#include "rpc/routes.h"
#include "types/json.h"

namespace tandem::rpc::routes {

namespace {

using base::refuse;
using wire::JsonWriter;

void write_tx(JsonWriter& writer, const Environment& environment, const abci::TxResult& result,
              bool prove) {
    writer.begin_object();
    writer.name("hash").hex(base::view(types::hash_of_tx(result.tx)));
    writer.name("height").quoted(result.height);
    writer.name("index").number(result.index);
    writer.name("tx_result");
    abci::write_json(writer, result.result);
    writer.name("tx").base64(result.tx);
    if (prove) {
        const auto block = environment.block(result.height);
        if (block && result.index < block->data.txs.size()) {
            writer.name("proof");
            types::write_json(writer, types::prove_tx(block->data.txs.views(), result.index));
        }
    }
    writer.end_object();
}

std::string broadcast_answer(const abci::ResponseCheckTx& checked, const Hash& hash) {
    JsonWriter writer;
    writer.begin_object();
    writer.name("code").number(checked.code);
    writer.name("data").hex(checked.data);
    writer.name("log").string(checked.log);
    writer.name("codespace").string(checked.codespace);
    writer.name("hash").hex(base::view(hash));
    writer.end_object();
    return writer.take();
}

std::string commit_answer(const abci::ResponseCheckTx& checked, const abci::ExecTxResult& result,
                          const Hash& hash, std::int64_t height) {
    JsonWriter writer;
    writer.begin_object().name("check_tx");
    abci::write_json(writer, checked);
    writer.name("tx_result");
    abci::write_json(writer, result);
    writer.name("hash").hex(base::view(hash));
    writer.name("height").quoted(height);
    writer.end_object();
    return writer.take();
}

std::string unconfirmed_answer(const Unconfirmed& unconfirmed, bool with_txs) {
    JsonWriter writer;
    writer.begin_object();
    writer.name("n_txs").quoted(with_txs ? static_cast<std::int64_t>(unconfirmed.txs.size())
                                         : unconfirmed.total);
    writer.name("total").quoted(unconfirmed.total);
    writer.name("total_bytes").quoted(unconfirmed.total_bytes);
    writer.name("txs");
    if (with_txs) {
        writer.begin_array();
        for (const auto& tx : unconfirmed.txs) writer.base64(*tx);
        writer.end_array();
    } else {
        writer.null();
    }
    writer.end_object();
    return writer.take();
}

/// CometBFT's words for why a transaction did not get into the mempool.
std::string mempool_fault(const base::Refusal& refusal) {
    return refusal.check == "mempool.seen" ? "tx already exists in cache" : refusal.why;
}

/// CometBFT's words for what evidence is refused for, where there are words for it.
std::string evidence_fault(const base::Refusal& refusal) {
    constexpr std::string_view instead = " instead of ";
    if (refusal.check.ends_with("validator_power"))
        if (const auto at = refusal.why.find(instead); at != std::string::npos)
            return "validator power from evidence and our validator set does not match (" +
                   refusal.why.substr(0, at) + " != " + refusal.why.substr(at + instead.size()) +
                   ')';
    return refusal.check.empty() ? refusal.why : refusal.check + ": " + refusal.why;
}

/// What was executed at places that the index found: from the stored blocks, else what the index
/// kept of them.
class ExecutedTxs {
  public:
    explicit ExecutedTxs(const RouteContext& context) : context_(context) {}

    /// Nothing: neither has it, as after a rollback.
    [[nodiscard]] Result<std::optional<abci::TxResult>> at(const TxPlace& place) {
        if (place.height != height_) {
            height_ = place.height;
            block_ = context_.environment.block(height_);
            answer_ = block_ ? context_.environment.results(height_) : std::nullopt;
        }
        if (!block_ || !answer_) return context_.indexer.kept_tx(place);
        if (place.index >= block_->data.txs.size() || place.index >= answer_->tx_results.size())
            return std::nullopt;
        return abci::TxResult{place.height, place.index,
                              base::to_bytes(block_->data.txs[place.index]),
                              answer_->tx_results[place.index]};
    }

  private:
    const RouteContext& context_;
    std::int64_t height_ = 0;  // of what follows
    std::shared_ptr<const types::Block> block_;
    std::optional<abci::ResponseFinalizeBlock> answer_;
};

/// A request that waits until its transaction is in a block.
struct CommitWait {
    const RouteContext context;
    Hash hash;
    Answer answer;
    std::optional<EventBus::WaitId> wait;
    std::optional<Environment::TimerId> timer;
    std::optional<abci::ResponseCheckTx> checked;
    std::optional<abci::TxResult> committed;  // before the mempool's answer was seen

    CommitWait(const RouteContext& route_context, const Hash& tx_hash, Answer reply)
        : context(route_context), hash(tx_hash), answer(std::move(reply)) {}

    void finish(Result<std::string> result) {
        if (!answer || context.alive.expired()) return;
        if (wait) context.bus.stop_waiting(*wait);
        if (timer) context.environment.cancel_timer(*timer);
        std::exchange(answer, nullptr)(std::move(result));
    }
    void finish_if_done() {
        if (checked && committed)
            finish(commit_answer(*checked, committed->result, hash, committed->height));
    }
};

Result<std::string> txs_answer(const RouteContext& context, const Arguments& arguments,
                               std::vector<TxPlace> places, bool is_descending) {
    if (is_descending) std::ranges::reverse(places);
    const auto page = page_of(arguments[2], arguments[3], places.size());
    if (!page) return std::unexpected(page.error());
    JsonWriter writer;
    writer.begin_object().name("txs").begin_array();
    ExecutedTxs executed(context);
    for (const TxPlace& place : std::span(places).subspan(page->skip, page->count)) {
        const auto result = executed.at(place);
        if (!result) return std::unexpected(result.error());
        if (*result) write_tx(writer, context.environment, **result, std::get<bool>(arguments[1]));
    }
    writer.end_array();
    writer.name("total_count").quoted(static_cast<std::int64_t>(places.size()));
    writer.end_object();
    return writer.take();
}

}  // namespace

void tx(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const Bytes& hash = std::get<Bytes>(arguments[0]);
    if (hash.empty()) return answer(refuse("rpc.tx", "transaction hash cannot be empty"));
    const auto place = context.indexer.find_tx(hash);
    if (!place) return answer(std::unexpected(place.error()));
    const auto result = *place ? ExecutedTxs(context).at(**place) : std::nullopt;
    if (!result) return answer(std::unexpected(result.error()));
    if (!*result)
        return answer(
            refuse("rpc.tx", "tx (" + base::to_hex(hash, base::HexCase::upper) + ") not found"));
    JsonWriter writer;
    write_tx(writer, context.environment, **result, std::get<bool>(arguments[1]));
    answer(writer.take());
}

void tx_search(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const std::string& text = std::get<std::string>(arguments[0]);
    if (text.size() > query_bytes_max)
        return answer(refuse("rpc.query", "maximum query length exceeded"));
    const auto query = Query::parse(text);
    if (!query) return answer(std::unexpected(query.error()));
    const std::string& order = std::get<std::string>(arguments[4]);
    if (!is_order(order)) return answer(wrong_order());
    search_aside(
        context, [&indexer = context.indexer, query = *query] { return indexer.search_txs(query); },
        [context, arguments, is_descending = order == "desc"](std::vector<TxPlace> places) {
            return txs_answer(context, arguments, std::move(places), is_descending);
        },
        std::move(answer));
}

void check_tx(const RouteContext& context, const Arguments& arguments, Answer answer) {
    context.environment.check_tx(
        std::get<Bytes>(arguments[0]),
        [answer = std::move(answer)](Result<abci::ResponseCheckTx> checked) mutable {
            if (!checked) return answer(std::unexpected(checked.error()));
            JsonWriter writer;
            abci::write_json(writer, *checked);
            answer(writer.take());
        });
}

void unconfirmed_txs(const RouteContext& context, const Arguments& arguments, Answer answer) {
    // One more than was asked for, as CometBFT's mempool hands them out.
    const auto count = static_cast<std::size_t>(per_page_of(arguments[0])) + 1;
    answer(unconfirmed_answer(context.environment.unconfirmed(count), true));
}

void num_unconfirmed_txs(const RouteContext& context, const Arguments&, Answer answer) {
    answer(unconfirmed_answer(context.environment.unconfirmed(0), false));
}

void flush_mempool(const RouteContext& context, const Arguments&, Answer answer) {
    context.environment.flush_mempool();
    answer("{}");
}

void broadcast_tx_async(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const Bytes& tx = std::get<Bytes>(arguments[0]);
    const Hash hash = types::hash_of_tx(tx);
    context.environment.add_tx(
        tx,
        [answer = std::move(answer), hash](Verdict taken) mutable {
            if (!taken) return answer(refuse("rpc.tx", mempool_fault(taken.error())));
            answer(broadcast_answer({}, hash));
        },
        [](const Result<abci::ResponseCheckTx>&) {});
}

void broadcast_tx_sync(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const Bytes& tx = std::get<Bytes>(arguments[0]);
    const Hash hash = types::hash_of_tx(tx);
    const auto shared = std::make_shared<Answer>(std::move(answer));
    context.environment.add_tx(
        tx,
        [shared](const Verdict& taken) {
            if (taken || !*shared) return;
            std::exchange(*shared, nullptr)(refuse("rpc.tx", mempool_fault(taken.error())));
        },
        [shared, hash](const Result<abci::ResponseCheckTx>& checked) {
            if (!*shared) return;
            auto reply = std::exchange(*shared, nullptr);
            if (!checked) return reply(std::unexpected(checked.error()));
            reply(broadcast_answer(*checked, hash));
        });
}

void broadcast_tx_commit(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const Bytes& tx = std::get<Bytes>(arguments[0]);
    if (const auto room = context.bus.has_room(context.client); !room)
        return answer(std::unexpected(room.error()));
    const auto wait =
        std::make_shared<CommitWait>(context, types::hash_of_tx(tx), std::move(answer));
    wait->wait = context.bus.wait_for_tx(context.client, base::view(wait->hash),
                                         [wait](const abci::TxResult& result) {
                                             wait->wait.reset();
                                             wait->committed = result;
                                             wait->finish_if_done();
                                         });
    context.environment.add_tx(
        tx,
        [wait](const Verdict& taken) {
            if (taken) return;
            wait->finish(
                refuse("rpc.tx", "error on broadcastTxCommit: " + mempool_fault(taken.error())));
        },
        [wait](const Result<abci::ResponseCheckTx>& checked) {
            if (!wait->answer || wait->context.alive.expired()) return;
            if (!checked) return wait->finish(std::unexpected(checked.error()));
            wait->checked = *checked;
            if (checked->code != 0) return wait->finish(commit_answer(*checked, {}, wait->hash, 0));
            if (wait->committed) return wait->finish_if_done();
            const RouteContext& kept = wait->context;
            const auto timer = kept.environment.set_timer(kept.config.commit_timeout, [wait] {
                wait->timer.reset();
                wait->finish(
                    refuse("rpc.timeout", "timed out waiting for tx to be included in a block"));
            });
            if (wait->answer) wait->timer = timer;
        });
}

void broadcast_evidence(const RouteContext& context, const Arguments& arguments, Answer answer) {
    const auto* evidence = std::get_if<types::Evidence>(&arguments[0]);
    if (evidence == nullptr) return answer(refuse("rpc.evidence", "no evidence was provided"));
    if (const auto valid = types::validate_basic(*evidence); !valid) {
        const auto* votes = evidence->duplicate_vote();
        const bool lacks_vote = votes != nullptr && (!votes->vote_a || !votes->vote_b);
        const auto text = [](const base::Box<types::Vote>& vote) {
            return vote ? vote_text(*vote) : std::string("nil-Vote");
        };
        return answer(refuse("rpc.evidence",
                             "evidence.ValidateBasic failed: " +
                                 (lacks_vote ? "one or both of the votes are empty " +
                                                   text(votes->vote_a) + ", " + text(votes->vote_b)
                                             : valid.error().check + ": " + valid.error().why)));
    }
    if (const auto added = context.environment.add_evidence(*evidence); !added)
        return answer(refuse("rpc.evidence", "failed to add evidence: Invalid evidence: " +
                                                 evidence_fault(added.error()) +
                                                 ". Evidence: " + evidence_text(*evidence)));
    JsonWriter writer;
    writer.begin_object();
    writer.name("hash").base64(base::view(types::hash_of(*evidence)));
    writer.end_object();
    answer(writer.take());
}

void abci_query(const RouteContext& context, const Arguments& arguments, Answer answer) {
    abci::RequestQuery request{std::get<Bytes>(arguments[1]), std::get<std::string>(arguments[0]),
                               std::get<std::int64_t>(arguments[2]), std::get<bool>(arguments[3])};
    context.environment.query(
        std::move(request), [answer = std::move(answer)](Result<abci::ResponseQuery> got) mutable {
            if (!got) return answer(std::unexpected(got.error()));
            JsonWriter writer;
            writer.begin_object().name("response");
            abci::write_json(writer, *got);
            writer.end_object();
            answer(writer.take());
        });
}

void abci_info(const RouteContext& context, const Arguments&, Answer answer) {
    context.environment.info([answer = std::move(answer)](Result<abci::ResponseInfo> got) mutable {
        if (!got) return answer(std::unexpected(got.error()));
        JsonWriter writer;
        writer.begin_object().name("response");
        abci::write_json(writer, *got);
        writer.end_object();
        answer(writer.take());
    });
}

}  // namespace tandem::rpc::routes
