#include "appliance/base/host_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace appliance {

std::string host_of_url(const std::string& url) {
  size_t start = url.find("://");
  start = start == std::string::npos ? 0 : start + 3;
  std::string host = url.substr(start, url.find('/', start) - start);
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

std::vector<std::string> host_names(const std::string& server_url) {
  std::vector<std::string> out{"localhost", "127.0.0.1", "::1"};
  auto add = [&](std::string name) {
    if (!name.empty() && std::find(out.begin(), out.end(), name) == out.end())
      out.push_back(std::move(name));
  };
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) add(name.data());
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) == 0) {
    for (const ifaddrs* at = list; at; at = at->ifa_next) {
      std::array<char, INET6_ADDRSTRLEN> text{};
      if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET)
        add(inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(at->ifa_addr)->sin_addr, text.data(),
                      text.size()));
      if (at->ifa_addr && at->ifa_addr->sa_family == AF_INET6) {
        auto* address = reinterpret_cast<sockaddr_in6*>(at->ifa_addr);
        if (!IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr))
          add(inet_ntop(AF_INET6, &address->sin6_addr, text.data(), text.size()));
      }
    }
    freeifaddrs(list);
  }
  if (!server_url.empty()) add(host_of_url(server_url));
  return out;
}

}  // namespace appliance
