// Where two JSON values differ, one line each: ".resourceFields.name.required: true, not null".
// Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"

namespace tests {

inline void differences(const std::string& at, const engine::Json& wanted,
                        const engine::Json& given, std::vector<std::string>& out) {
  if (wanted.is_object() && given.is_object()) {
    for (const auto& [name, value] : wanted.as_object()) {
      const engine::Json* there = given.find(name);
      differences(at + "." + name, value, there ? *there : engine::Json("(nothing)"), out);
    }
    for (const auto& [name, value] : given.as_object())
      if (!wanted.find(name)) out.push_back(at + "." + name + ": not there, but " + dump(value));
  } else if (wanted.is_array() && given.is_array() && wanted.size() == given.size()) {
    for (size_t i = 0; i < wanted.size(); i++)
      differences(at + "[" + std::to_string(i) + "]", wanted.as_array()[i], given.as_array()[i],
                  out);
  } else if (!(wanted == given)) {
    out.push_back(at + ": " + dump(wanted) + ", not " + dump(given));
  }
}

}  // namespace tests
