#include "web/pages/route.h"

#include "web/client/discovery.h"

namespace web {
namespace {
constexpr std::string_view kRoot = "/dashboard";
}

Route parse_route(std::string_view url) {
  Route r;
  if (const size_t at = url.find('#'); at != url.npos) {
    r.tab = url_unescape(url.substr(at + 1));
    url = url.substr(0, at);
  }
  if (const size_t at = url.find('?'); at != url.npos) {
    std::string_view q = url.substr(at + 1);
    url = url.substr(0, at);
    while (!q.empty()) {
      const size_t end = q.find('&');
      const std::string_view pair = q.substr(0, end);
      const size_t eq = pair.find('=');
      if (!pair.empty()) {
        r.query[url_unescape(pair.substr(0, eq))] =
            eq == pair.npos ? "" : url_unescape(pair.substr(eq + 1));
      }
      q = end == q.npos ? std::string_view() : q.substr(end + 1);
    }
  }
  if (url.starts_with(kRoot)) url.remove_prefix(kRoot.size());
  while (!url.empty()) {
    const size_t end = url.find('/');
    if (end != 0) r.parts.push_back(url_unescape(url.substr(0, end)));
    url = end == url.npos ? std::string_view() : url.substr(end + 1);
  }
  return r;
}

std::string Route::path() const {
  std::string out(kRoot);
  for (const std::string& p : parts) out += "/" + url_escape(p);
  return out;
}

std::string Route::url() const {
  std::string out = path();
  char sign = '?';
  for (const auto& [key, value] : query) {
    if (value.empty()) continue;
    out += sign + url_escape(key) + "=" + url_escape(value);
    sign = '&';
  }
  if (!tab.empty()) out += "#" + url_escape(tab);
  return out;
}

std::string list_url(std::string_view cluster, const ApiKind& kind) {
  return std::string(kRoot) + "/c/" + url_escape(cluster) + "/r/" +
         (kind.group.empty() ? "core" : kind.group) + "/" + kind.plural;
}

std::string object_url(std::string_view cluster, const ApiKind& kind, std::string_view ns,
                       std::string_view name) {
  return list_url(cluster, kind) + "/" + (ns.empty() ? "_" : url_escape(ns)) + "/" +
         url_escape(name);
}

}  // namespace web
