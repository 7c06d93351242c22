// The questions that masking asks of one member or text. Thread: any. Owns: nothing.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace engine {

constexpr std::string_view kMasked = "***";

// A member whose texts are all secret, by its name; and by its place in a resource.
bool is_secret_key(std::string_view resource, std::string_view key);
bool is_secret_place(std::string_view resource, std::string_view key);
// A text that is one wherever it stands: a private key, a password's hash, a token.
bool looks_secret(std::string_view text);
void mask_all(Json& value);

}  // namespace engine
