// A refusal: somebody else's fault, as a value. It names the check that failed and says why.
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tandem::base {

/// `check` is a stable name ("commit.round"), for tests and counters; `why` is for a person.
struct Refusal {
    std::string check;
    std::string why;

    bool operator==(const Refusal&) const = default;
};

using Verdict = std::expected<void, Refusal>;

template <typename T>
using Result = std::expected<T, Refusal>;

[[nodiscard]] inline std::unexpected<Refusal> refuse(std::string_view check, std::string why) {
    return std::unexpected<Refusal>(Refusal{std::string(check), std::move(why)});
}

/// The same verdict with its check prefixed by where it was met: "commit" and "round" make
/// "commit.round".
[[nodiscard]] inline Verdict within(std::string_view where, Verdict verdict) {
    if (!verdict) {
        std::string& check = verdict.error().check;
        check = std::string(where).append(1, '.').append(check);
    }
    return verdict;
}

}  // namespace tandem::base

/// Returns the refusal of `expression` (a Verdict or Result) from the enclosing function, if any.
#define TANDEM_TRY(expression)                                            \
    do {                                                                  \
        if (auto tandem_try_result = (expression); !tandem_try_result)    \
            return std::unexpected(std::move(tandem_try_result).error()); \
    } while (false)
