#include "engine/base/base64.h"

#include <array>
#include <cstdint>

namespace engine {

namespace {

constexpr char kStandard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char kUrl[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kOther = 255;

constexpr std::array<uint8_t, 256> values_of(const char* alphabet) {
  std::array<uint8_t, 256> out = {};
  for (uint8_t& value : out) value = kOther;
  for (uint8_t i = 0; i < 64; i++) out[static_cast<unsigned char>(alphabet[i])] = i;
  return out;
}

constexpr auto kStandardValues = values_of(kStandard);
constexpr auto kUrlValues = values_of(kUrl);

std::string encode(std::string_view bytes, const char* alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  uint32_t held = 0;
  int bits = 0;
  for (char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      out += alphabet[held >> bits & 63];
    }
  }
  if (bits > 0) out += alphabet[held << (6 - bits) & 63];
  return out;
}

std::optional<std::string> decode(std::string_view text, const std::array<uint8_t, 256>& values) {
  std::string out;
  out.reserve(text.size() / 4 * 3 + 3);
  uint32_t held = 0;
  int bits = 0;
  for (char c : text) {
    uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == kOther) return std::nullopt;
    held = held << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(held >> bits & 255);
    }
  }
  // One letter alone carries no whole byte.
  if (bits == 6) return std::nullopt;
  return out;
}

// Takes the padding off; false when it is not what the length asks for.
bool strip_padding(std::string& text) {
  size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.pop_back();
    padding++;
  }
  return padding == 0 || (text.size() + padding) % 4 == 0;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out = encode(bytes, kStandard);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, kUrl);
}

std::optional<std::string> base64_decode(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (char c : text) {
    if (c != '\n' && c != '\r') clean += c;
  }
  if (clean.size() % 4 != 0 || !strip_padding(clean)) return std::nullopt;
  return decode(clean, kStandardValues);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string clean(text);
  if (!strip_padding(clean)) return std::nullopt;
  return decode(clean, kUrlValues);
}

}  // namespace engine
