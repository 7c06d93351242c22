#include "engine/base/utf8.h"

namespace engine {

size_t utf8_next(std::string_view text, size_t at, uint32_t& code) {
  unsigned char lead = static_cast<unsigned char>(text[at]);
  code = lead;
  if (lead < 0x80) return 1;
  size_t n = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (n == 0 || at + n > text.size()) return 0;
  code = lead & (0x7Fu >> n);
  for (size_t k = 1; k < n; k++) {
    unsigned char next = static_cast<unsigned char>(text[at + k]);
    if ((next & 0xC0) != 0x80) return 0;
    code = code << 6 | (next & 0x3Fu);
  }
  bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
  bool surrogate = code >= 0xD800 && code < 0xE000;
  return overlong || surrogate || code > 0x10FFFF ? 0 : n;
}

bool is_utf8(std::string_view text) {
  uint32_t code = 0;
  for (size_t i = 0; i < text.size();) {
    size_t n = utf8_next(text, i, code);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

size_t utf8_length(std::string_view text) {
  size_t count = 0;
  uint32_t code = 0;
  for (size_t i = 0; i < text.size(); count++) {
    size_t n = utf8_next(text, i, code);
    i += n == 0 ? 1 : n;
  }
  return count;
}

}  // namespace engine
