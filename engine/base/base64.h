// Base64 (RFC 4648): the standard alphabet, as Secrets carry their data, and the URL alphabet
// without padding, as tokens do. Thread: any. Owns: nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace engine {

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes);  // no padding
// Line breaks are skipped, as Go's decoder does; none for another character, wrong padding, or bits
// left over.
std::optional<std::string> base64_decode(std::string_view text);
// With or without padding.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace engine
