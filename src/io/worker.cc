#include "io/worker.h"

#include "base/check.h"

namespace tandem::io {

Worker::Worker(std::size_t waiting_max) : waiting_max_(waiting_max), thread_([this] { run(); }) {
    TANDEM_CHECK(waiting_max > 0);
}

Worker::~Worker() {
    {
        const std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Worker::give(std::function<void()> work) {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return waiting_.size() < waiting_max_ || ending_; });
        waiting_.push_back(std::move(work));
    }
    changed_.notify_all();
}

void Worker::drop() {
    {
        const std::scoped_lock lock(mutex_);
        waiting_.clear();
    }
    changed_.notify_all();
}

void Worker::run() {
    while (true) {
        std::function<void()> work;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
            if (waiting_.empty()) return;
            work = std::move(waiting_.front());
            waiting_.pop_front();
        }
        changed_.notify_all();
        work();
    }
}

}  // namespace tandem::io
