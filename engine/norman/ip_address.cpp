#include "engine/norman/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <vector>

namespace engine {
namespace {

bool parse_v4(std::string_view text, uint8_t* out) {
  for (int i = 0; i < 4; i++) {
    const size_t dot = text.find('.');
    if ((dot == text.npos) != (i == 3)) return false;
    std::string_view part = text.substr(0, dot);
    if (part.empty() || part.size() > 3 || (part.size() > 1 && part[0] == '0')) return false;
    unsigned value = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value > 255) return false;
    out[i] = static_cast<uint8_t>(value);
    text.remove_prefix(dot == text.npos ? text.size() : dot + 1);
  }
  return true;
}

// The groups between colons; the last may be an address of four bytes.
bool parse_groups(std::string_view text, std::vector<uint8_t>& out) {
  while (!text.empty()) {
    const size_t colon = text.find(':');
    std::string_view part = text.substr(0, colon);
    if (colon == text.npos && part.find('.') != part.npos) {
      uint8_t four[4];
      if (!parse_v4(part, four)) return false;
      out.insert(out.end(), four, four + 4);
      return true;
    }
    unsigned value = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (part.empty() || part.size() > 4 || error != std::errc() || end != part.data() + part.size())
      return false;
    out.push_back(static_cast<uint8_t>(value >> 8));
    out.push_back(static_cast<uint8_t>(value & 255));
    if (colon == text.npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress out;
  if (text.find(':') == text.npos) {
    out.v4 = true;
    return parse_v4(text, out.bytes.data()) ? std::optional(out) : std::nullopt;
  }
  std::vector<uint8_t> before, after;
  const size_t gap = text.find("::");
  if (!parse_groups(text.substr(0, gap), before)) return std::nullopt;
  if (gap != text.npos && !parse_groups(text.substr(gap + 2), after)) return std::nullopt;
  const size_t size = before.size() + after.size();
  if (gap == text.npos ? size != 16 : size > 14) return std::nullopt;
  std::copy(before.begin(), before.end(), out.bytes.begin());
  std::copy(after.begin(), after.end(), out.bytes.end() - static_cast<ptrdiff_t>(after.size()));
  return out;
}

std::string IpAddress::text() const {
  char part[8];
  std::string out;
  if (v4) {
    for (int i = 0; i < 4; i++)
      out += (i > 0 ? "." : "") + std::to_string(bytes[static_cast<size_t>(i)]);
    return out;
  }
  auto group = [&](size_t i) { return bytes[2 * i] << 8 | bytes[2 * i + 1]; };
  size_t longest = 0, from = 8;
  for (size_t i = 0; i < 8; i++) {
    size_t length = 0;
    while (i + length < 8 && group(i + length) == 0) length++;
    if (length > longest && length > 1) longest = length, from = i;
  }
  for (size_t i = 0; i < 8;) {
    if (i == from) {
      out += "::";
      i += longest;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    std::snprintf(part, sizeof part, "%x", static_cast<unsigned>(group(i++)));
    out += part;
  }
  return out;
}

bool IpAddress::unspecified() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

bool IpAddress::loopback() const {
  if (v4) return bytes[0] == 127;
  return bytes[15] == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; });
}

bool IpAddress::link_local() const {
  if (v4)
    return (bytes[0] == 169 && bytes[1] == 254) ||
           (bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0);
  return (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80) || (bytes[0] == 0xff && bytes[1] == 0x02);
}

}  // namespace engine
