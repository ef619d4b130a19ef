// The proposal of a round, and the block behind it: built, collected, read, judged.
#include "consensus/turn.h"
#include "types/decode.h"

namespace tandem::consensus {

Turn::Verdict Turn::on(const BlockBuilt& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    if (event.round != s_.round) return std::unexpected(Refusal::other_round);
    if (!s_.building || s_.step != Step::propose || s_.proposal) {
        pass(Mark::block_late);
        return std::unexpected(Refusal::nobody_waits);
    }
    TANDEM_CHECK(event.parts && event.parts->is_complete() && event.id.is_complete());
    TANDEM_CHECK(event.parts->has_header(event.id.part_set_header));
    TANDEM_CHECK(event.block && event.block->header.height == s_.height);
    s_.building = false;
    HeldBlock block{event.id, event.block, event.parts, Opinion::unasked};
    form_opinion(block);  // the application judges while the disk turns
    cast_proposal(block, -1);
    return {};
}

void Turn::cast_proposal(const HeldBlock& block, std::int32_t pol_round) {
    pass(Mark::l19_broadcast_proposal);
    s_.own_block = block;
    types::Proposal proposal;
    proposal.type = types::SignedMsgType::proposal;
    proposal.height = s_.height;
    proposal.round = s_.round;
    proposal.pol_round = pol_round;
    proposal.block_id = block.id;
    proposal.timestamp = now_;
    emit_once_durable(CastProposal{std::move(proposal), block.block, block.parts});
}

Turn::Verdict Turn::on(const ProposalSigned& event) {
    if (auto fit = check_proposal(event.proposal); !fit) return fit;
    if (!s_.own_block || s_.own_block->id != event.proposal->block_id)
        return std::unexpected(Refusal::nobody_waits);
    HeldBlock block = std::move(*s_.own_block);
    s_.own_block.reset();
    accept_proposal(event.proposal, ourselves);
    // Not so when two thirds have meanwhile made us collect another block.
    if (s_.parts && s_.parts->has_header(block.id.part_set_header)) {
        s_.parts.reset();
        s_.complete_parts = block.parts;
        hold_proposal_block(std::move(block));
    }
    return {};
}

Turn::Verdict Turn::on(const ProposalReceived& event) {
    if (auto fit = check_proposal(event.proposal); !fit) return fit;
    accept_proposal(event.proposal, event.peer);
    return {};
}

Turn::Verdict Turn::check_proposal(const Verified<types::Proposal>& proposal) const {
    if (proposal->height != s_.height) return std::unexpected(Refusal::other_height);
    if (proposal->round != s_.round) return std::unexpected(Refusal::other_round);
    if (s_.proposal) return std::unexpected(Refusal::seen_before);
    if (proposal->pol_round < -1 || proposal->pol_round >= proposal->round)
        return std::unexpected(Refusal::proposal_pol_round);
    if (proposal.signer() != s_.validators->proposer().address)
        return std::unexpected(Refusal::proposal_not_by_proposer);
    if (!types::validate_block_size(*proposal, s_.start->block_bytes_max))
        return std::unexpected(Refusal::proposal_too_large);
    return {};
}

void Turn::accept_proposal(const Verified<types::Proposal>& proposal, PeerId from) {
    s_.proposal = proposal.shared();
    if (s_.proposal_parts() == nullptr) collect(proposal->block_id.part_set_header);
    emit(ProposalAccepted{proposal.shared(), from});
}

void Turn::collect(const types::PartSetHeader& header) {
    s_.complete_parts = {};
    s_.parts = types::PartSet::expecting(header);
}

bool Turn::collects(const types::PartSetHeader& header) const {
    const types::PartSet* parts = s_.proposal_parts();
    return parts != nullptr && parts->has_header(header);
}

/// Whoever waited for its judgement waits no longer.
void Turn::drop_proposal_block() {
    s_.proposal_block.reset();
    s_.prevote_waits = false;
    if (s_.precommit_waits == PrecommitWaits::for_judgement)
        s_.precommit_waits = PrecommitWaits::no;
}

Turn::Verdict Turn::on(const PartReceived& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    const types::PartSet* held = s_.proposal_parts();
    if (held == nullptr) return std::unexpected(Refusal::part_unexpected);
    TANDEM_CHECK(event.part.has_value());
    if (event.part->index >= held->total()) return std::unexpected(Refusal::part_bad_proof);
    if (held->part(event.part->index) != nullptr) return std::unexpected(Refusal::seen_before);
    const std::int64_t limit =
        s_.start->block_bytes_max == -1 ? types::block_bytes_max : s_.start->block_bytes_max;
    const auto more = static_cast<std::int64_t>(event.part->bytes.size());
    if (held->byte_size() + more > limit) return std::unexpected(Refusal::part_too_many_bytes);
    if (!s_.parts->add(*event.part)) return std::unexpected(Refusal::part_bad_proof);
    emit(PartAdded{s_.height, s_.round, event.part->index, event.peer});
    if (s_.parts->is_complete()) {
        s_.complete_parts = Shared<types::PartSet>::make(std::move(*s_.parts));
        s_.parts.reset();
        read_block();
    }
    return {};
}

/// The parts are complete: they are a block of this height, or will never be one.
void Turn::read_block() {
    const types::PartSetHeader& header = s_.complete_parts->header();
    const auto bytes = s_.complete_parts->assemble();
    auto block = types::decode_checked<types::Block>(*bytes, bytes);
    if (block && block->header.height != s_.height)
        block = types::refuse("block.height", "is not the height being decided");
    if (!block) {
        pass(Mark::block_unreadable);
        emit(BlockUnreadable{s_.height, s_.round, header, block.error()});
        return;
    }
    const BlockId id{types::hash_of(*block), header};
    hold_proposal_block(
        {id, Shared<types::Block>::make(std::move(*block)), s_.complete_parts, Opinion::unasked});
}

void Turn::hold_proposal_block(HeldBlock block) {
    notify(Notice::complete_proposal, block.id);
    form_opinion(block);
    s_.proposal_block = std::move(block);
    block_completed();
}

/// Takes over what is known of the same block, or asks. A block that completes after the decision
/// is judged by whoever carries that out.
void Turn::form_opinion(HeldBlock& block) {
    for (const auto* held : {&s_.locked, &s_.valid, &s_.own_block})
        if (block.opinion == Opinion::unasked && *held && (*held)->id == block.id)
            block.opinion = (*held)->opinion;
    if (block.opinion != Opinion::unasked || s_.step == Step::commit) return;
    block.opinion = Opinion::awaited;
    emit(JudgeBlock{s_.height, block.id, block.block});
}

void Turn::block_completed() {
    const BlockId* polka = s_.votes.polka(s_.round);
    if (polka != nullptr && s_.valid_round < s_.round && *polka == s_.proposal_block->id) {
        pass(Mark::valid_block_completed_late);
        s_.valid_round = s_.round;
        s_.valid = s_.proposal_block;
    }
    if (s_.step <= Step::propose && s_.is_proposal_complete()) {
        enter_prevote(s_.round);
        if (polka != nullptr) enter_precommit(s_.round);
    } else if (s_.step == Step::commit) {
        try_finalize();
    }
}

Turn::Verdict Turn::on(const BlockJudged& event) {
    if (event.height != s_.height) return std::unexpected(Refusal::other_height);
    bool awaited = false;
    for (auto* held : {&s_.proposal_block, &s_.own_block, &s_.valid}) {
        if (!*held || (*held)->id != event.id || (*held)->opinion != Opinion::awaited) continue;
        awaited = true;
        switch (event.judgement) {
            case Judgement::invalid:
                (*held)->opinion = Opinion::invalid;
                break;
            case Judgement::rejected:
                (*held)->opinion = Opinion::rejected;
                break;
            case Judgement::accepted:
                (*held)->opinion = Opinion::accepted;
                break;
        }
    }
    if (!awaited) return std::unexpected(Refusal::nobody_waits);
    if (!s_.proposal_block || s_.proposal_block->id != event.id) return {};
    if (s_.prevote_waits) prevote_on_proposal_block();
    if (s_.precommit_waits == PrecommitWaits::for_judgement) {
        s_.precommit_waits = PrecommitWaits::no;
        lock_proposal_block();
    }
    return {};
}

}  // namespace tandem::consensus
