#include "tests/node/virtual_signer.h"

#include "base/check.h"
#include "crypto/ed25519.h"
#include "tests/node/virtual_network.h"
#include "wire/framing.h"

namespace tandem::testing {

VirtualSigner::VirtualSigner(VirtualClock& clock, std::string chain_id, base::Bytes seed)
    : clock_(clock), chain_id_(std::move(chain_id)), seed_(std::move(seed)) {
    start_service();
}

void VirtualSigner::start_service() {
    const auto pair = crypto::Ed25519PrivateKey::from_seed(seed_);
    auto key = crypto::PrivateKey::from_bytes(crypto::KeyType::ed25519, pair.bytes());
    TANDEM_CHECK(key.has_value());
    service_.emplace(chain_id_, types::GuardedKey(std::move(*key), kept_),
                     [this](const types::LastSigned& last) { kept_ = last; });
    reader_.emplace(*service_);
}

signer::RemoteClient& VirtualSigner::begin(
    std::function<void(const std::function<void()>&)> in_turn) {
    ++life_;
    in_turn_ = std::move(in_turn);
    client_.emplace(chain_id_);
    reader_.emplace(*service_);
    client_->connected(clock_.now());
    TANDEM_CHECK(client_->pass(clock_.now()).has_value());
    const base::Bytes asked = client_->take_output();
    write_down(true, asked);
    hear(*reader_->receive(asked));
    client_->on_work = [this] { clock_.after(Time(0), [this, life = life_] { work(life); }); };
    client_->on_work();
    return *client_;
}

void VirtualSigner::end() {
    ++life_;
    client_.reset();
}

void VirtualSigner::go() {
    ++life_;
    service_.reset();
    reader_.reset();
    if (client_) client_->disconnected(clock_.now());
}

void VirtualSigner::come() {
    ++life_;
    start_service();
    if (client_) client_->connected(clock_.now());
}

void VirtualSigner::write_down(bool by_node, base::BytesView frames) {
    while (!frames.empty()) {
        const auto frame = wire::next_frame(frames, types::signer_message_bytes_max);
        TANDEM_CHECK(frame.state == wire::FrameState::complete);
        said.push_back({by_node, *wire::decode<types::PrivvalMessage>(frame.body)});
        frames = frames.subspan(frame.consumed);
    }
}

void VirtualSigner::hear(base::BytesView bytes) {
    write_down(false, bytes);
    TANDEM_CHECK(client_->receive(bytes, clock_.now()).has_value());
}

void VirtualSigner::work(std::uint64_t life) {
    if (life != life_ || !client_) return;
    in_turn_([this] { TANDEM_CHECK(client_->pass(clock_.now()).has_value()); });
    if (life != life_ || !client_) return;  // the turn has ended it
    if (base::Bytes asked = client_->take_output(); !asked.empty()) {
        write_down(true, asked);
        clock_.after(answer_time, [this, life, asked = std::move(asked)] {
            if (life != life_ || !reader_) return;
            hear(*reader_->receive(asked));
            work(life);
        });
    }
    if (const auto next = client_->next())
        clock_.at(*next, [this, life] {
            if (life == life_ && client_ && client_->next() && *client_->next() <= clock_.now())
                work(life);
        });
}

}  // namespace tandem::testing
