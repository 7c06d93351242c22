// The string formats that schemas name. A format that is not known is no constraint, as in the API
// server. Thread: any. Owns: nothing. Source: k8s.io/apiextensions-apiserver
// pkg/apiserver/validation/formats.go (of its list isbn*, creditcard, ssn, bsonobjectid and
// rgbcolor are not checked here).
#pragma once

#include <string_view>

namespace engine {

bool fits_format(std::string_view text, std::string_view format);

}  // namespace engine
