#include "sim/consensus_harness.h"

namespace tandem::sim {
namespace {

std::string_view name_of(consensus::Notice notice) {
    using consensus::Notice;
    switch (notice) {
        case Notice::lock:
            return "locks";
        case Notice::relock:
            return "locks again";
        case Notice::unlock:
            return "unlocks";
        case Notice::timeout_propose:
            return "has waited for a proposal";
        case Notice::timeout_wait:
            return "has waited for votes";
        case Notice::new_round:
        case Notice::complete_proposal:
        case Notice::polka:
        case Notice::valid_block:
            break;  // told by what follows
    }
    return "";
}

}  // namespace

// ---- The core and its surroundings

void ConsensusHarness::feed(Event event) {
    step(std::move(event));
    while (!answers_.empty()) {
        Event next = std::move(answers_.front());
        answers_.pop_front();
        step(std::move(next));
    }
}

void ConsensusHarness::step(Event event) {
    const auto ready = bench::checked_step(core_, {now_, std::move(event)});
    if (!ready) {
        const auto blame = consensus::blame(ready.error());
        say(fmt::format("refused: {}{}", consensus::to_text(ready.error()),
                        blame == consensus::Blame::peer_disconnect ? ", the peer is dropped" : ""));
        return;
    }
    for (const consensus::Inward& effect : ready->now)
        std::visit([this](const auto& e) { on(e); }, effect);
    for (const consensus::Outward& effect : ready->once_durable)
        std::visit([this](const auto& e) { on(e); }, effect);
}

std::string ConsensusHarness::name(const BlockId& id) const {
    if (id.is_zero()) return "nil";
    for (const auto& [known, block] : blocks_)
        if (block.id == id) return known;
    return "a block without a name";
}

void ConsensusHarness::on(const consensus::SetTimer& e) {
    timers_.push_back(e.timer);
    say(fmt::format("timer {} of round {} in {} ms", name_of(e.timer.step), e.timer.round,
                    e.after.nanos / 1'000'000));
}

void ConsensusHarness::on(const consensus::BuildBlock& e) {
    say("asks for a block");
    const auto* commit = std::get_if<Shared<types::Commit>>(&e.last_commit);
    const std::string own = fmt::format("own-{}", e.round);
    blocks_[own] = bench::make_block(e.height, own, commit != nullptr ? **commit : types::Commit{});
    const HeldBlock& block = blocks_[own];
    answer("blocks", consensus::BlockBuilt{e.height, e.round, block.id, block.block, block.parts});
}

void ConsensusHarness::on(const consensus::JudgeBlock& e) {
    const auto known = judgements_.find(name(e.id));
    const Judgement judgement = known == judgements_.end() ? Judgement::accepted : known->second;
    say(fmt::format("asks about {}", name(e.id)));
    answer("judgements", consensus::BlockJudged{e.height, e.id, judgement});
}

void ConsensusHarness::on(const consensus::ExtendVote& e) {
    say(fmt::format("asks for an extension of its precommit for {}", name(e.id)));
    answer("extensions", consensus::VoteExtended{e.height, e.round, e.id,
                                                 base::to_bytes(base::as_bytes("ours"))});
}

void ConsensusHarness::on(const consensus::JudgeExtension& e) {
    const bool good = !base::equal(e.vote->extension, base::as_bytes("bad"));
    say(fmt::format("asks about the extension of {}", e.vote->validator_index));
    answer("extension-judgements", consensus::ExtensionJudged{e.height, e.question, good});
}

void ConsensusHarness::on(const consensus::ReportConflict& e) {
    say(fmt::format("reports {}: {} for {} and for {} in round {}", e.first->validator_index,
                    name_of(e.first->type), name(e.first->block_id), name(e.second->block_id),
                    e.first->round));
}

void ConsensusHarness::on(const consensus::NewValidBlock& e) {
    std::string which = "a block without a name";
    for (const auto& [known, block] : blocks_)
        if (block.id.part_set_header == e.part_set_header) which = known;
    say(fmt::format("tells that it {} {}{}", e.parts.is_full() ? "has" : "wants", which,
                    e.is_commit ? ", decided" : ""));
}

void ConsensusHarness::on(const consensus::Notify& e) {
    const std::string_view words = name_of(e.notice);
    if (words.empty()) return;
    const auto& locked = core_.state().locked;
    const bool names_lock =
        e.notice == consensus::Notice::lock || e.notice == consensus::Notice::relock;
    say(fmt::format("{}{}", words, names_lock && locked ? " " + name(locked->id) : std::string()));
}

void ConsensusHarness::on(const consensus::CastProposal& e) {
    const types::Proposal& proposal = e.unsigned_proposal;
    say(proposal.pol_round < 0 ? fmt::format("proposes {}", name(proposal.block_id))
                               : fmt::format("proposes {}, polka of round {}",
                                             name(proposal.block_id), proposal.pol_round));
    answer("signatures",
           consensus::ProposalSigned{bench::signed_proposal(proposal, validator(*own_).pub_key)});
}

void ConsensusHarness::on(const consensus::CastVote& e) {
    say(fmt::format("{}s {}", name_of(e.unsigned_vote.type), name(e.unsigned_vote.block_id)));
    answer("signatures", consensus::VoteSigned{bench::signed_vote(
                             e.unsigned_vote, validator(*own_).pub_key, extensions())});
}

void ConsensusHarness::on(const consensus::Decide& e) {
    decided_ = e;
    std::size_t signers = 0, nil = 0;
    if (const auto* commit = std::get_if<Shared<types::Commit>>(&e.commit))
        for (const types::CommitSig& entry : (*commit)->signatures) {
            if (entry.block_id_flag == types::BlockIdFlag::commit) ++signers;
            if (entry.block_id_flag == types::BlockIdFlag::nil) ++nil;
        }
    if (const auto* commit = std::get_if<Shared<types::ExtendedCommit>>(&e.commit))
        for (const types::ExtendedCommitSig& entry : (*commit)->extended_signatures) {
            if (entry.block_id_flag == types::BlockIdFlag::commit) ++signers;
            if (entry.block_id_flag == types::BlockIdFlag::nil) ++nil;
        }
    say(fmt::format("DECIDES {} by precommits of round {}: {} for it, {} nil", name(e.id), e.round,
                    signers, nil));
}

}  // namespace tandem::sim
