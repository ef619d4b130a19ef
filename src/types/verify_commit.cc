#include "types/verify_commit.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "types/address_index.h"

namespace tandem::types {
namespace {

constexpr std::size_t batch_entries_min = 2;
constexpr std::uint32_t timestamp_number = 5;  // of CanonicalVote
constexpr std::size_t timestamp_field_bytes_max = 19;
constexpr std::size_t length_bytes_max = 10;

using TimestampCodec = wire::FieldCodec<Timestamp>;

/// A commit of either kind without its entries.
struct CommitView {
    std::int64_t height = 0;
    std::int32_t round = 0;
    const BlockId& block_id;
    std::size_t entries = 0;
};

CommitView view_of(const Commit& commit) {
    return {commit.height, commit.round, commit.block_id, commit.signatures.size()};
}

CommitView view_of(const ExtendedCommit& commit) {
    return {commit.height, commit.round, commit.block_id, commit.extended_signatures.size()};
}

/// The sign-bytes of a commit's entries, side by side in one buffer. Entries differ in their time
/// and in whether they name the block, so what stands before the time is encoded twice and what
/// stands behind it once.
class EntrySignBytes {
  public:
    EntrySignBytes(std::string_view chain_id, const CommitView& commit) {
        Vote vote;
        vote.type = SignedMsgType::precommit;
        vote.height = commit.height;
        vote.round = commit.round;
        vote.timestamp = Timestamp{0, 0};  // an empty field: tag and length
        const Bytes for_nil = sign_bytes(chain_id, vote);
        vote.block_id = commit.block_id;
        const Bytes for_block = sign_bytes(chain_id, vote);
        if (!chain_id.empty())
            chain_id_.assign(
                for_nil.end() - static_cast<std::ptrdiff_t>(1 + wire::varint_size(chain_id.size()) +
                                                            chain_id.size()),
                for_nil.end());
        before_time_nil_ = before_time(for_nil);
        before_time_block_ = before_time(for_block);
        slot_bytes_ = length_bytes_max + before_time_block_.size() + timestamp_field_bytes_max +
                      chain_id_.size();
        buffer_.resize(slot_bytes_ * commit.entries);
    }

    /// Valid as long as this. REQUIRES: called at most once per entry.
    [[nodiscard]] BytesView next(BlockIdFlag flag, const Timestamp& time) {
        const Bytes& before = flag == BlockIdFlag::commit ? before_time_block_ : before_time_nil_;
        const std::size_t body =
            before.size() + TimestampCodec::size(timestamp_number, time) + chain_id_.size();
        const std::size_t size = wire::varint_size(body) + body;
        TANDEM_CHECK(size <= slot_bytes_ && used_ + slot_bytes_ <= buffer_.size());
        const std::span<std::uint8_t> slot(buffer_.data() + used_, size);
        wire::BackwardWriter writer(slot);
        writer.write_raw(chain_id_);
        TimestampCodec::write(writer, timestamp_number, time);
        writer.write_raw(before);
        writer.write_varint(body);
        TANDEM_CHECK(writer.full());
        used_ += slot_bytes_;
        return slot;
    }

  private:
    /// Without the length in front, and without the empty time and the chain id behind.
    [[nodiscard]] Bytes before_time(const Bytes& text) const {
        const auto end_of_length = std::ranges::find_if(text, [](auto b) { return b < 0x80; });
        TANDEM_CHECK(end_of_length != text.end());
        return {end_of_length + 1, text.end() - static_cast<std::ptrdiff_t>(2 + chain_id_.size())};
    }

    Bytes before_time_block_;
    Bytes before_time_nil_;
    Bytes chain_id_;  // the field
    std::size_t slot_bytes_ = 0;
    std::size_t used_ = 0;
    Bytes buffer_;
};

/// The entries that count or are to be checked, as they are met.
class Tally {
  public:
    Tally(const ValidatorSet& set, std::string_view chain_id, const CommitView& commit,
          const crypto::Verifier& verifier)
        : sign_bytes_(chain_id, commit),
          verifier_(verifier),
          in_batch_(commit.entries >= batch_entries_min &&
                    crypto::supports_batch(set.proposer().pub_key.type) &&
                    set.all_keys_have_same_type()) {
        messages_.reserve(commit.entries);
        places_.reserve(commit.entries);
    }

    /// `entry` is of `validator` and stands at `place`.
    template <typename Entry>
    [[nodiscard]] Verdict take(const Validator& validator, const Entry& entry, std::size_t place) {
        const crypto::SignedMessage message{&validator.pub_key,
                                            sign_bytes_.next(entry.block_id_flag, entry.timestamp),
                                            base::view(entry.signature)};
        if (in_batch_) {
            if (message.signature.size() != crypto::signature_size(validator.pub_key.type))
                return wrong(place);
            messages_.push_back(message);
            places_.push_back(place);
        } else if (!verifier_.verify(*message.key, message.message, message.signature)) {
            return wrong(place);
        }
        if (entry.block_id_flag == BlockIdFlag::commit) power_ += validator.voting_power;
        return {};
    }

    [[nodiscard]] std::int64_t power() const noexcept { return power_; }

    [[nodiscard]] Verdict finish(std::int64_t needed) const {
        if (power_ <= needed)
            return refuse(
                check_power,
                fmt::format("{} voted for the block, more than {} are needed", power_, needed));
        if (verifier_.verify_all(messages_)) return {};
        for (std::size_t i = 0; i < messages_.size(); ++i)
            if (!verifier_.verify(*messages_[i].key, messages_[i].message, messages_[i].signature))
                return wrong(places_[i]);
        TANDEM_CHECK(false);  // all together fail, each alone holds: the batch is broken
        return {};
    }

  private:
    [[nodiscard]] static Verdict wrong(std::size_t place) {
        return refuse("signature", fmt::format("that of entry {} does not hold", place));
    }

    EntrySignBytes sign_bytes_;
    const crypto::Verifier& verifier_;
    const bool in_batch_;
    std::vector<crypto::SignedMessage> messages_;
    std::vector<std::size_t> places_;  // of the messages, in the commit
    std::int64_t power_ = 0;
};

Verdict check_place(const ValidatorSet& set, const BlockId& id, std::int64_t height,
                    const CommitView& commit) {
    if (set.empty()) return refuse("validators", "there are none");
    if (commit.entries != set.size())
        return refuse("signatures",
                      fmt::format("{} entries for {} validators", commit.entries, set.size()));
    if (commit.height != height)
        return refuse("height", fmt::format("{} instead of {}", commit.height, height));
    if (commit.block_id != id) return refuse("block_id", "is another block's");
    return {};
}

template <typename Entry>
Verdict verify_by_place(const ValidatorSet& set, std::string_view chain_id,
                        const CommitView& commit, std::span<const Entry> entries,
                        const crypto::Verifier& verifier, CommitCheck check) {
    const std::int64_t needed = set.total_voting_power() * 2 / 3;
    Tally tally(set, chain_id, commit, verifier);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const Entry& entry = entries[i];
        if (check == CommitCheck::full ? entry.block_id_flag == BlockIdFlag::absent
                                       : entry.block_id_flag != BlockIdFlag::commit)
            continue;
        if (entry.block_id_flag != BlockIdFlag::commit && entry.block_id_flag != BlockIdFlag::nil)
            return refuse("signatures.block_id_flag", fmt::format("entry {} has no known one", i));
        const Validator& validator = set.validators()[i];
        if (entry.validator_address != validator.address)
            return refuse("signatures.validator_address",
                          fmt::format("entry {} names another validator", i));
        TANDEM_TRY(tally.take(validator, entry, i));
        if (check == CommitCheck::light && tally.power() > needed) break;
    }
    return tally.finish(needed);
}

/// total * numerator / denominator, refused where a product of 64 bits would run over.
Result<std::int64_t> power_needed(std::int64_t total, TrustLevel level) {
    if (level.denominator <= 0 || level.numerator < 0)
        return refuse("trust_level", "is no fraction of two positive numbers");
    std::int64_t product = 0;
    if (__builtin_mul_overflow(total, level.numerator, &product))
        return refuse("trust_level", "the share of the power does not fit 64 bits");
    return product / level.denominator;
}

}  // namespace

Verdict verify_commit(const ValidatorSet& set, std::string_view chain_id, const BlockId& id,
                      std::int64_t height, const Commit& commit, const crypto::Verifier& verifier,
                      CommitCheck check) {
    TANDEM_TRY(check_place(set, id, height, view_of(commit)));
    return verify_by_place(set, chain_id, view_of(commit), std::span(commit.signatures), verifier,
                           check);
}

Verdict verify_commit_extended(const ValidatorSet& set, std::string_view chain_id,
                               const BlockId& id, std::int64_t height, const ExtendedCommit& commit,
                               const crypto::Verifier& verifier) {
    TANDEM_TRY(ensure_extensions(commit, true));
    TANDEM_TRY(check_place(set, id, height, view_of(commit)));
    TANDEM_TRY(verify_by_place(set, chain_id, view_of(commit),
                               std::span(commit.extended_signatures), verifier, CommitCheck::full));
    std::vector<Bytes> texts(set.size());
    std::vector<crypto::SignedMessage> messages;
    messages.reserve(set.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
        const ExtendedCommitSig& entry = commit.extended_signatures[i];
        if (entry.block_id_flag != BlockIdFlag::commit) continue;
        texts[i] = extension_sign_bytes(chain_id, vote_of(commit, i));
        messages.push_back(
            {&set.validators()[i].pub_key, texts[i], base::view(entry.extension_signature)});
    }
    if (verifier.verify_all(messages)) return {};
    return refuse("extension_signature", "that of an entry does not hold");
}

Verdict verify_commit_trusting(const ValidatorSet& trusted, std::string_view chain_id,
                               const Commit& commit, TrustLevel level, bool all_signatures,
                               const crypto::Verifier& verifier) {
    if (trusted.empty()) return refuse("validators", "there are none");
    const auto needed = power_needed(trusted.total_voting_power(), level);
    if (!needed) return std::unexpected(needed.error());
    const AddressIndex index(trusted);
    Tally tally(trusted, chain_id, view_of(commit), verifier);
    std::vector<bool> seen(trusted.size());
    for (std::size_t i = 0; i < commit.signatures.size(); ++i) {
        const CommitSig& entry = commit.signatures[i];
        if (entry.block_id_flag != BlockIdFlag::commit) continue;
        const auto place = index.find(entry.validator_address);
        if (!place) continue;
        if (seen[*place])
            return refuse("signatures", fmt::format("entry {} is a second vote of a validator", i));
        seen[*place] = true;
        TANDEM_TRY(tally.take(trusted.validators()[*place], entry, i));
        if (!all_signatures && tally.power() > *needed) break;
    }
    return tally.finish(*needed);
}

}  // namespace tandem::types
