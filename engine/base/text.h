// Text: what many places do with letters. Thread: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engine {

// A to Z in small letters; all other bytes stay, whatever the locale says.
std::string lower(std::string_view text);

// "text", the text as it is. (Not "quoted": for arguments of std::string that may find
// std::quoted.)
std::string quote(std::string_view text);

// Each byte but letters, digits and those in `also` as %XX, in capitals.
std::string percent_escaped(std::string_view text, std::string_view also = "-_.~");

// Appends \" \\ \n \r \t, the escapes that Go, JSON and YAML write alike; false for any other
// character, and nothing is appended.
bool append_short_escape(std::string& out, uint32_t code);

}  // namespace engine
