// What a plain YAML scalar means (YAML 1.1 as go-yaml v2 reads it), for the reader and for the
// writer that must quote what would be misread. Thread: any. Owns: nothing.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace engine {

// null, boolean, number, or the text itself as a string. Dates stay strings.
Json resolve_yaml_scalar(std::string_view text);
// .inf, -.INF, .nan ...: numbers that JSON does not have.
bool is_yaml_nonfinite(std::string_view text);
// A string that some YAML 1.1 reader would take for another type when it stands plain: true, 1e3,
// 2020-01-01, 12:30, <<.
bool is_yaml_ambiguous(std::string_view text);

}  // namespace engine
