// UTF-8: one character at a time, refusing overlong forms, surrogates and what lies past U+10FFFF.
// Thread: any. Owns: nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engine {

// How many bytes the character at `at` has, its code in `code`; 0 when the bytes there are not
// UTF-8.
size_t utf8_next(std::string_view text, size_t at, uint32_t& code);
bool is_utf8(std::string_view text);
size_t utf8_length(std::string_view text);  // characters; a byte that is not UTF-8 counts as one

}  // namespace engine
