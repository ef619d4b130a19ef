// The dashboard: one page, web/dashboard.html, which CMake puts into the program.
//
//     GET /dashboard      the page; any verb will do
//
// The page is the same for every chain and node. What it shows it asks of the node that served it,
// by the routes and the WebSocket that every client has, so that nothing has to be kept for it here
// and a chain without seats has it too.
//
// Its policy lets the browser run the page's own script and style, known by their hashes, and speak
// with this node; nothing else is loaded, and nobody can put the page into a frame. So a name on
// the chain that is made to look like a script stays a name, even if the page forgot to treat it
// as one.
//
// Not here: files beside the program (nothing has to be installed), a page for the shim (it serves
// no RPC that the page could ask; CometBFT, which does, serves no page).
#pragma once
#include <string_view>

#include "rpc/service.h"

namespace tandem::rpc {

inline constexpr std::string_view dashboard_path = "/dashboard";

/// The page as it stands in web/dashboard.html.
extern const std::string_view dashboard_html;

[[nodiscard]] HttpResponse dashboard_response();

}  // namespace tandem::rpc
