#include "wire/txs.h"

#include "base/check.h"

namespace tandem::wire {
namespace {

template <typename Transaction>
Txs copy_all(std::span<const Transaction> transactions) {
    std::size_t total = 0;
    for (const auto& transaction : transactions) total += transaction.size();
    base::Bytes buffer;
    buffer.reserve(total);
    for (const auto& transaction : transactions) base::append(buffer, transaction);
    const auto owner = std::make_shared<const base::Bytes>(std::move(buffer));
    Txs txs;
    std::size_t offset = 0;
    for (const auto& transaction : transactions) {
        txs.push_view(base::BytesView(*owner).subspan(offset, transaction.size()), owner);
        offset += transaction.size();
    }
    return txs;
}

}  // namespace

Txs Txs::copy_of(std::span<const base::BytesView> transactions) {
    return copy_all(transactions);
}
Txs Txs::copy_of(std::span<const base::Bytes> transactions) {
    return copy_all(transactions);
}

void Txs::push_view(base::BytesView transaction, const std::shared_ptr<const base::Bytes>& owner) {
    TANDEM_CHECK(owner_ == nullptr || owner_ == owner);
    if (owner_ == nullptr) owner_ = owner;
    views_.push_back(transaction);
}

}  // namespace tandem::wire
