// Route: the address bar as a value. Every view has a path, so that back, reload and a link sent to
// somebody work.
//   /dashboard/clusters  /dashboard/c/ID
//   /dashboard/c/ID/r/GROUP/PLURAL[/NS/NAME][?ns=a,b&q=text][#tab]   (core is "core", no namespace
//   "_")
// Thread: a value. Owns: its strings.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace web {

struct Route {
  std::vector<std::string> parts;  // after /dashboard/
  std::map<std::string, std::string> query;
  std::string tab;
  std::string part(size_t i) const { return i < parts.size() ? parts[i] : std::string(); }
  std::string cluster() const { return part(0) == "c" ? part(1) : std::string(); }
  std::string path() const;  // without query and tab
  std::string url() const;
  bool operator==(const Route&) const = default;
};
Route parse_route(std::string_view url);

struct ApiKind;
std::string list_url(std::string_view cluster, const ApiKind& kind);
std::string object_url(std::string_view cluster, const ApiKind& kind, std::string_view ns,
                       std::string_view name);

}  // namespace web
