// What a later part of the project brings, and why it is not judged yet. A topic that has a runner
// is run, whatever stands here.
#include "tests/vectors_program/registry.h"
#include "tests/vectors_program/verify_support.h"

namespace tandem::vectors {
namespace {

const RegisterPendingCases ml_dsa({"commit_verify", "light_client", "other_keys"}, no_ml_dsa);

}  // namespace
}  // namespace tandem::vectors
