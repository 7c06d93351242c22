// Import of YAML: every document of a text is applied to a cluster as the caller (server-side
// apply), one after the other, and the answer tells of each what became of it. One that is broken
// or refused does not keep the others from being applied. Thread: any. Owns: an import under way,
// until its answer. Errors: 400 with all that is told when a document failed; 422 for inputs that
// fit nothing.
#pragma once

#include <string>

#include "engine/norman/remote.h"

namespace engine {

// Of one request.
inline constexpr size_t kImportDocumentsMax = 2000;

struct ImportInput {
  std::string yaml;
  // Where all namespaced objects go; one that says another namespace is refused.
  std::string ns;
  // Where those go that say none; default by default.
  std::string default_ns;
  std::string project;  // C:P that namespaces of the text are put into
};

Answer import_yaml(storage::Env& env, Remote::Ways ways, ImportInput input, std::string base);

}  // namespace engine
