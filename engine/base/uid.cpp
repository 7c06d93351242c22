#include "engine/base/uid.h"

#include <array>

namespace engine {

namespace {
bool dash_at(size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}
}  // namespace

std::string new_uid(storage::Env& env) {
  std::array<std::byte, 16> bytes;
  env.random_secret(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string out;
  out.reserve(36);
  for (std::byte b : bytes) {
    if (dash_at(out.size())) out += '-';
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

bool is_uid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash_at(i) ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace engine
