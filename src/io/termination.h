// SIGTERM and SIGINT, also while the loop's thread waits for an application that does not answer.
//
// A call to an application has no time of its own anywhere in the protocol, so an operator's wish
// to stop must not depend on its end. A thread of its own takes the signal, asks the loop, and ends
// the process should that not have ended within the patience: as harmless as a kill -9, and said.
#pragma once
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace tandem::io {

class Termination {
  public:
    static constexpr std::chrono::seconds usual_patience{4};

    /// From now on the first signal calls `asked` on the loop. The calling thread, which is the
    /// loop's, is not interrupted by signals meanwhile.
    Termination(boost::asio::io_context& loop, std::function<void(int signal)> asked,
                std::chrono::milliseconds patience = usual_patience);
    /// All has ended in time: nothing more will happen. Signals have their usual effect again.
    ~Termination();
    Termination(const Termination&) = delete;
    Termination& operator=(const Termination&) = delete;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tandem::io
