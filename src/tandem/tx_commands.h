// What the files of `tandem tx` share.
#pragma once
#include "tandem/share_text.h"

namespace tandem::program {

/// One line, or JSON: where the transaction landed. Its failure, if it did not succeed.
[[nodiscard]] Outcome report_landed(const Context& context, const Landed& landed,
                                    std::string_view what, json details = json::object());

void add_share_admin_commands(CLI::App& tx, Context& context);

}  // namespace tandem::program
