// IpAddress: an address in its bytes, read from text and written in the one form that RFC 5952 has
// for it. Thread: a value. Owns: its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  bool v4 = false;  // in the first four bytes

  static std::optional<IpAddress> parse(std::string_view text);
  std::string text() const;
  bool unspecified() const;
  bool loopback() const;
  bool link_local() const;  // of one machine or of several
};

}  // namespace engine
