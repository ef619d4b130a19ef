#include "p2p/connection.h"

#include <algorithm>

#include "base/check.h"

namespace tandem::p2p {
namespace {

constexpr Time fading_interval = std::chrono::seconds(2);  // what was sent lately counts 0.8 then
constexpr std::int64_t nanos_per_second = 1'000'000'000;
constexpr Time elapsed_max = std::chrono::hours(1);  // longer pauses earn no more

std::vector<types::PacketAssembler::OpenChannel> open_channels(std::span<const Channel> channels) {
    std::vector<types::PacketAssembler::OpenChannel> open;
    open.reserve(channels.size());
    for (const Channel& channel : channels) open.push_back({channel.id, channel.message_bytes_max});
    return open;
}

}  // namespace

// ---- Rates

RateLimit::RateLimit(std::uint64_t bytes_per_second, Time now)
    : rate_(static_cast<std::int64_t>(bytes_per_second)), balance_(rate_), since_(now) {
    TANDEM_CHECK(bytes_per_second > 0 && bytes_per_second <= std::uint64_t{1} << 32);
}

std::size_t RateLimit::allowance(Time now) {
    const std::int64_t elapsed = std::clamp<Time>(now - since_, Time(0), elapsed_max).count();
    const std::int64_t gained =
        elapsed / nanos_per_second * rate_ + elapsed % nanos_per_second * rate_ / nanos_per_second;
    if (gained > 0) {  // else time goes on to count from where it did
        since_ = now;
        balance_ = std::min(rate_, balance_ + gained);
    }
    return static_cast<std::size_t>(std::max<std::int64_t>(balance_, 0));
}

Time RateLimit::next(Time now) {
    if (allowance(now) > 0) return now;
    const std::int64_t missing = 1 - balance_;
    return now + std::chrono::seconds(missing / rate_) +
           Time(missing % rate_ * nanos_per_second / rate_ + 1);
}

// ---- Connection

Connection::Connection(std::span<const Channel> channels, const ConnectionConfig& config, Time now)
    : config_(config),
      assembler_(open_channels(channels), config.payload_bytes),
      send_rate_(config.send_bytes_per_second, now),
      receive_rate_(config.receive_bytes_per_second, now),
      faded_at_(now),
      next_ping_(now + config.ping_interval) {
    queues_.reserve(channels.size());
    for (const Channel& channel : channels) {
        TANDEM_CHECK(channel.priority > 0);
        queues_.push_back({channel, {}, {}, 0, 0});
    }
}

bool Connection::can_send(std::uint8_t channel) const {
    const auto queue = std::ranges::find(queues_, channel, &Queue::id);
    return queue != queues_.end() && queue->messages.size() < queue->channel.queue_messages_max;
}

ChannelLoad Connection::load(std::uint8_t channel) const {
    const auto queue = std::ranges::find(queues_, channel, &Queue::id);
    if (queue == queues_.end()) return {};
    return {queue->messages.size(), queue->bytes, queue->recently_sent};
}

bool Connection::send(std::uint8_t channel, Message message) {
    const auto queue = std::ranges::find(queues_, channel, &Queue::id);
    TANDEM_CHECK(queue != queues_.end());
    TANDEM_CHECK(message->size() <= queue->channel.message_bytes_max);
    if (queue->messages.size() >= queue->channel.queue_messages_max) return false;
    queue->bytes += message->size();
    queue->messages.push_back(std::move(message));
    return true;
}

bool Connection::has_output() const noexcept {
    return owes_ping_ || owes_pong_ ||
           std::ranges::any_of(queues_, [](const Queue& queue) { return !queue.messages.empty(); });
}

Connection::Queue* Connection::next_queue() {
    Queue* best = nullptr;
    for (Queue& queue : queues_) {
        if (queue.messages.empty()) continue;
        // recently_sent / priority, compared without dividing.
        if (best == nullptr || queue.recently_sent * best->channel.priority <
                                   best->recently_sent * queue.channel.priority)
            best = &queue;
    }
    return best;
}

void Connection::fade(Time now) {
    for (; faded_at_ + fading_interval <= now; faded_at_ += fading_interval) {
        bool all_faded = true;
        for (Queue& queue : queues_) {
            queue.recently_sent = queue.recently_sent / 5 * 4;
            all_faded = all_faded && queue.recently_sent == 0;
        }
        if (all_faded) faded_at_ = std::max(faded_at_, now - fading_interval);
    }
}

void Connection::produce(Time now, std::size_t bytes, base::Bytes& out) {
    fade(now);
    const std::size_t begin = out.size();
    if (std::exchange(owes_ping_, false)) {
        base::append(out, wire::encode_delimited(types::Packet{types::PacketPing{}}));
        pong_due_ = now + config_.pong_timeout;
    }
    if (std::exchange(owes_pong_, false))
        base::append(out, wire::encode_delimited(types::Packet{types::PacketPong{}}));
    while (out.size() - begin < bytes && send_rate_.allowance(now) > 0) {
        Queue* queue = next_queue();
        if (queue == nullptr) return;
        if (!queue->cutter)
            queue->cutter.emplace(queue->channel.id, *queue->messages.front(),
                                  config_.payload_bytes);
        const std::size_t before = out.size();
        queue->cutter->append_next(out);
        queue->recently_sent += out.size() - before;
        send_rate_.spend(out.size() - before);
        if (!queue->cutter->done()) continue;
        queue->cutter.reset();
        queue->bytes -= queue->messages.front()->size();
        queue->messages.pop_front();
    }
}

base::Result<std::size_t> Connection::receive(base::BytesView input, Time now,
                                              std::vector<types::ChannelMessage>& messages) {
    static_cast<void>(receive_rate_.allowance(now));  // what the time until now has earned
    std::size_t taken = 0;
    while (true) {
        auto step = assembler_.take(input.subspan(taken));
        if (!step) return std::unexpected(std::move(step).error());
        if (step->consumed == 0) break;
        taken += step->consumed;
        if (!step->event) continue;
        if (auto* message = std::get_if<types::ChannelMessage>(&*step->event))
            messages.push_back(std::move(*message));
        else if (std::holds_alternative<types::PacketPing>(*step->event))
            owes_pong_ = true;  // one answer for any number
        else
            pong_due_.reset();
    }
    receive_rate_.spend(taken);
    return taken;
}

base::Verdict Connection::tick(Time now) {
    if (pong_due_ && now >= *pong_due_)
        return base::refuse("connection.pong", "the peer did not answer a ping in time");
    if (now >= next_ping_) {
        owes_ping_ = true;
        next_ping_ = now + config_.ping_interval;
    }
    return {};
}

Time Connection::next_wake(Time now) {
    Time wake = next_ping_;
    if (pong_due_) wake = std::min(wake, *pong_due_);
    if (has_output()) wake = std::min(wake, send_rate_.next(now));
    if (receive_rate_.allowance(now) == 0) wake = std::min(wake, receive_rate_.next(now));
    return wake;
}

}  // namespace tandem::p2p
