#include "io/fresh_secret.h"

#include <sys/random.h>

#include "io/exit_codes.h"
#include "io/failure.h"

namespace tandem::io {

crypto::SecretArray<32> fresh_secret() {
    crypto::SecretArray<32> secret;
    const auto bytes = secret.span();
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        end_process(exit_code::broken, "the system gives no random numbers");
    return secret;
}

}  // namespace tandem::io
