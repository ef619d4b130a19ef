#include "tandem/light_verifier.h"

#include <chrono>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "tandem/light_servers.h"
#include "tandem/node_client.h"
#include "tandem/node_files.h"
#include "types/json.h"

namespace tandem::program {
namespace {

constexpr std::chrono::milliseconds answer_timeout{4'000};
constexpr std::chrono::milliseconds look_again{250};
constexpr int looks_max = 40;  // for a block that is coming

/// An answer that is none is the fault of what stands between; one that does not hold is a lie.
base::Refusal as_asked(const base::Refusal& why) {
    if (why.check == "rpc.unreachable" || why.check == "rpc.answer")
        return {std::string(sync::light_no_answer), why.why};
    if (why.check == "rpc.error") return {std::string(sync::light_not_there), why.why};
    return why;
}

}  // namespace

LightVerifier::LightVerifier(sync::LightClientConfig config, std::vector<io::RpcAddress> addresses,
                             std::map<std::int64_t, types::LightBlock> trusted, LightStore& store,
                             node::Reporter& reporter, std::function<void(std::string)> attacked)
    : client_(std::move(config), std::move(trusted), crypto::real_verifier()),
      addresses_(std::move(addresses)),
      store_(store),
      reporter_(reporter),
      attacked_(std::move(attacked)) {
    for (const io::RpcAddress& address : addresses_) servers_.emplace_back(address, answer_timeout);
}

base::Result<types::LightBlock> LightVerifier::anchor(std::int64_t height, types::Hash hash) {
    const std::lock_guard lock(mutex_);
    client_.anchor(height, std::move(hash));
    return run();
}

base::Result<types::LightBlock> LightVerifier::block(std::int64_t height) {
    const std::lock_guard lock(mutex_);
    client_.want(height);
    return run();
}

base::Result<types::LightBlock> LightVerifier::coming_block(std::int64_t height) {
    for (int look = 0;; ++look) {
        auto found = block(height);
        if (found || found.error().check != sync::light_not_there || look == looks_max || stopping_)
            return found;
        std::this_thread::sleep_for(look_again);
    }
}

io::RpcAddress LightVerifier::primary() {
    const std::lock_guard lock(mutex_);
    return addresses_.at(client_.primary());
}

void LightVerifier::stop() {
    stopping_ = true;
}

base::Result<types::LightBlock> LightVerifier::run() {
    auto outcome = client_.outcome();
    while (!outcome) {
        const auto question = client_.next_question();
        TANDEM_CHECK(question.has_value());
        if (question->again) std::this_thread::sleep_for(look_again);
        client_.answer(
            stopping_ ? base::refuse(sync::light_no_answer, "stopping") : fetch(*question),
            wall_clock());
        outcome = client_.outcome();
    }
    for (const std::string& note : client_.take_notes())
        reporter_.report(node::LogLevel::error, "light", note);
    if (*outcome) store_.save(client_.trusted());
    if (client_.attack() && !std::exchange(is_told_, true)) {
        tell_attack(*client_.attack());
        attacked_(outcome->error().why);
    }
    return std::move(*outcome);
}

base::Result<types::LightBlock> LightVerifier::fetch(const sync::BlockQuestion& question) {
    io::RpcClient& server = servers_.at(question.server);
    std::int64_t height = question.height;
    if (height == 0) {
        const auto status = server.call("status");
        if (!status) return std::unexpected(as_asked(status.error()));
        height = number(member(*status, "sync_info"), "latest_block_height");
        if (height <= 0) return base::refuse(sync::light_not_there, "the primary has no block yet");
    }
    auto block = light_block_from(server, height);
    if (!block) return std::unexpected(as_asked(block.error()));
    return block;
}

void LightVerifier::tell_attack(const sync::LightAttack& attack) {
    if (attack.for_witness) report_evidence(attack.witness, *attack.for_witness);
    if (attack.for_primary) report_evidence(attack.primary, *attack.for_primary);
}

void LightVerifier::report_evidence(std::size_t server,
                                    const types::LightClientAttackEvidence& evidence) {
    types::Evidence wrapped;
    wrapped.sum = base::Box<types::LightClientAttackEvidence>(evidence);
    const auto told = servers_.at(server).call(
        "broadcast_evidence", {{"evidence", json::parse(types::to_json(wrapped))}});
    reporter_.report(node::LogLevel::error, "light",
                     fmt::format("evidence against {} validators for {}: {}",
                                 evidence.byzantine_validators.size(), client_.name_of(server),
                                 told ? "taken" : told.error().why));
}

}  // namespace tandem::program
