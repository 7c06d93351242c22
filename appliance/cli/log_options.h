// What every command that runs until it is stopped shares: the options of its log, the sink that
// they describe, and how it complains. Thread: one. Owns: nothing.
#pragma once

#include <vector>

#include "appliance/base/log_sink.h"
#include "appliance/cli/options.h"

namespace appliance {

// `own`, and --log-level and --log-format after them.
std::vector<Option> with_log_options(std::vector<Option> own);
LogOptions log_options(const Arguments& arguments);

// One line on stderr; gives the exit code.
int complain(const engine::Status& status);

}  // namespace appliance
