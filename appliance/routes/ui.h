// The dashboard's pages and files, and the way from / to them.
// Thread: any. Owns: nothing.
#pragma once

#include "appliance/assets/dashboard.h"
#include "engine/base/http.h"

namespace appliance {

engine::Response serve_dashboard(const Dashboard& dashboard, const engine::Request& request);

}  // namespace appliance
