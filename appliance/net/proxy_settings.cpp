// Which proxy a destination goes through: HTTPS_PROXY, HTTP_PROXY, NO_PROXY as curl and Go
// understand them.
#include <arpa/inet.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "appliance/edge/http_text.h"
#include "appliance/net/dialer.h"

namespace appliance {
namespace {

std::string from_either_case(const char* upper, const char* lower) {
  const char* value = std::getenv(lower);
  if (!value || !*value) value = std::getenv(upper);
  return value ? value : "";
}

struct Address {
  unsigned char bytes[16] = {};
  unsigned size = 0;
};

std::optional<Address> parse_address(const std::string& text) {
  Address out;
  if (inet_pton(AF_INET, text.c_str(), out.bytes) == 1) {
    out.size = 4;
  } else if (inet_pton(AF_INET6, text.c_str(), out.bytes) == 1) {
    out.size = 16;
  } else {
    return std::nullopt;
  }
  return out;
}

bool in_network(const Address& address, std::string_view entry) {
  size_t slash = entry.find('/');
  auto network = parse_address(std::string(entry.substr(0, slash)));
  if (!network || network->size != address.size) return false;
  unsigned bits = network->size * 8;
  if (slash != std::string_view::npos) {
    std::string_view digits = entry.substr(slash + 1);
    unsigned wanted = 0;
    for (char c : digits) {
      if (c < '0' || c > '9' || wanted > 128) return false;
      wanted = wanted * 10 + static_cast<unsigned>(c - '0');
    }
    if (digits.empty() || wanted > bits) return false;
    bits = wanted;
  }
  if (std::memcmp(address.bytes, network->bytes, bits / 8) != 0) return false;
  unsigned rest = bits % 8;
  if (rest == 0) return true;
  unsigned mask = 0xffu << (8 - rest) & 0xffu;
  return (address.bytes[bits / 8] & mask) == (network->bytes[bits / 8] & mask);
}

bool is_loopback(const std::string& host, const std::optional<Address>& address) {
  if (http_text::same(host, "localhost")) return true;
  if (!address) return false;
  static constexpr unsigned char kSix[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address->size == 4 ? address->bytes[0] == 127 : std::memcmp(address->bytes, kSix, 16) == 0;
}

// A name stands for itself and for all below it; a leading dot for those below only.
bool name_matches(std::string_view host, std::string_view entry) {
  bool below_only = !entry.empty() && entry.front() == '.';
  if (below_only) entry.remove_prefix(1);
  if (entry.empty()) return false;
  if (!below_only && http_text::same(host, entry)) return true;
  return host.size() > entry.size() + 1 && host[host.size() - entry.size() - 1] == '.' &&
         http_text::same(host.substr(host.size() - entry.size()), entry);
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
  return {from_either_case("HTTPS_PROXY", "https_proxy"),
          from_either_case("HTTP_PROXY", "http_proxy"), from_either_case("NO_PROXY", "no_proxy")};
}

const std::string& ProxySettings::for_host(const std::string& host,
                                           const std::string& scheme) const {
  static const std::string straight;
  auto address = parse_address(host);
  if (is_loopback(host, address)) return straight;
  std::string_view list = no_proxy;
  while (!list.empty()) {
    size_t comma = std::min(list.find_first_of(", "), list.size());
    std::string_view entry = http_text::trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (entry == "*") return straight;
    if (address ? in_network(*address, entry) : name_matches(host, entry)) return straight;
  }
  return scheme == "http" ? http_proxy : https_proxy;
}

}  // namespace appliance
