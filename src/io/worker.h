// A thread that works through what it is given, in order.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace tandem::io {

class Worker {
  public:
    explicit Worker(std::size_t waiting_max);
    /// Works through what waits, and ends.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Waits while `waiting_max` wait.
    void give(std::function<void()> work);
    /// Nothing is begun any more, and what waits is dropped.
    void drop();

  private:
    void run();

    std::size_t waiting_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool ending_ = false;
    std::thread thread_;  // last: it begins when everything else is there
};

}  // namespace tandem::io
