// A plain evidence pool: what was seen or heard, held against the chain, until a block has it.
#pragma once
#include <set>

#include "sim/library.h"
#include "sim/message.h"
#include "types/evidence_verify.h"

namespace tandem::sim {

class EvidencePool final : public types::EvidenceView {
  public:
    using Blocks = std::map<std::int64_t, StoredBlock>;

    EvidencePool(const Blocks& blocks, const Library& library)
        : blocks_(blocks), library_(library) {}

    /// After start: what the stored blocks carry, as far as they were executed. (The newest may be
    /// stored and not yet executed; it will be held against what was committed before it.)
    void recover(std::int64_t executed);
    /// Two votes that this node saw itself. Nothing where they are of a height not yet decided:
    /// they are looked at again after it.
    void report(const Shared<types::Vote>& one, const Shared<types::Vote>& other);
    /// Evidence from votes that were reported and whose height is decided by now.
    [[nodiscard]] std::vector<types::Evidence> take_ripe();
    /// False for what is known, or not true.
    bool add(const types::Evidence& evidence, const types::EvidenceContext& context,
             const crypto::Verifier& verifier);
    void committed(const types::EvidenceList& list);
    [[nodiscard]] std::vector<types::Evidence> pending() const;

    // ---- types::EvidenceView
    [[nodiscard]] std::shared_ptr<const types::Header> header(std::int64_t height) const override;
    [[nodiscard]] std::shared_ptr<const types::Commit> commit(std::int64_t height) const override;
    [[nodiscard]] std::shared_ptr<const types::ValidatorSet> validators(
        std::int64_t height) const override;
    [[nodiscard]] std::int64_t latest_height() const override;
    [[nodiscard]] bool is_pending(const types::Evidence& evidence) const override;
    [[nodiscard]] bool is_committed(const types::Evidence& evidence) const override;

  private:
    static constexpr std::size_t pending_max = 64;

    const Blocks& blocks_;
    const Library& library_;
    std::vector<std::pair<Shared<types::Vote>, Shared<types::Vote>>> reported_;
    std::map<base::Bytes, types::Evidence> pending_;  // by hash
    std::set<base::Bytes> committed_;
};

}  // namespace tandem::sim
