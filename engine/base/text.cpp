#include "engine/base/text.h"

namespace engine {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

bool append_short_escape(std::string& out, uint32_t code) {
  switch (code) {
    case '"':
    case '\\':
      out += '\\';
      out += static_cast<char>(code);
      return true;
    case '\n':
      out += "\\n";
      return true;
    case '\r':
      out += "\\r";
      return true;
    case '\t':
      out += "\\t";
      return true;
    default:
      return false;
  }
}

}  // namespace engine
