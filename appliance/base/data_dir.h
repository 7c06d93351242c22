// The data directory: made when it is not there, for its owner alone.
// Thread: one, at start. Owns: nothing. Errors: one line that names the directory and what is wrong
// with it.
#pragma once

#include <string>

#include "engine/base/status.h"

namespace appliance {

engine::Result<engine::Unit> prepare_data_dir(const std::string& dir);

}  // namespace appliance
