// What a running node says, on standard output: as text or as JSON, one line an event, with a level
// for each module ("consensus:debug,*:error").
#pragma once
#include <map>
#include <memory>

#include "base/refusal.h"
#include "node/host.h"

namespace tandem::program {

class ProcessReporter final : public node::Reporter {
  public:
    /// `level`: CometBFT's log_level. Refused where it names a level that there is not. `json`:
    /// log_format.
    [[nodiscard]] static base::Result<std::unique_ptr<ProcessReporter>> make(std::string_view level,
                                                                             bool json);
    ~ProcessReporter() override;

    [[nodiscard]] bool wants(node::LogLevel level, std::string_view module) const override;
    void report(node::LogLevel level, std::string_view module, std::string_view text) override;

  private:
    struct Sink;
    ProcessReporter();

    std::unique_ptr<Sink> sink_;
    std::map<std::string, int, std::less<>> levels_;  // by module; 4: none
    int usual_level_ = 1;
};

}  // namespace tandem::program
