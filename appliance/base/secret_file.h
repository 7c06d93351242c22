// Secret files: keys that the server makes once and keeps beside its store, readable by its owner
// alone. Written to a new file and renamed, so that there is never half a key. Thread: one, at
// start. Owns: nothing. Errors: InternalError naming the file and what the system said.
#pragma once

#include <functional>
#include <string>

#include "engine/base/status.h"

namespace appliance {

// The file's content; made by `make` when the file is not there. A file that others can read is
// refused.
engine::Result<std::string> secret_file(const std::string& path,
                                        const std::function<engine::Result<std::string>()>& make);
// Replaces or makes a file with mode 0600.
engine::Result<engine::Unit> write_secret_file(const std::string& path, const std::string& content);

}  // namespace appliance
