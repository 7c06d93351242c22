#include "appliance/routes/health.h"

#include <algorithm>

#include "storage/base/log.h"

namespace appliance {
namespace {

constexpr std::string_view kRoots[] = {"/healthz", "/livez", "/readyz"};

std::string_view root_of(std::string_view path) {
  for (auto root : kRoots)
    if (path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/'))
      return root;
  return {};
}

engine::Response text(int status, std::string body) {
  engine::Response out;
  out.status = status;
  out.headers.set("Content-Type", "text/plain; charset=utf-8");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.headers.set("Cache-Control", "no-cache, private");
  out.body = std::move(body);
  return out;
}

}  // namespace

void Health::add(std::string name, Kind kind, Check check) {
  checks_.push_back({std::move(name), kind, std::move(check)});
}

bool Health::is_path(std::string_view path) {
  return !root_of(path).empty();
}

engine::Response Health::answer(const engine::Request& request) const {
  auto root = root_of(request.path);
  auto rest = std::string_view(request.path).substr(root.size());
  while (rest.starts_with('/')) rest.remove_prefix(1);
  auto excluded = request.query.all("exclude");
  bool good = true, found = rest.empty();
  std::string lines;
  for (const auto& check : checks_) {
    if (root == "/livez" && check.kind == Kind::ready) continue;
    if (!rest.empty() && rest != check.name) continue;
    found = true;
    if (std::find(excluded.begin(), excluded.end(), check.name) != excluded.end()) {
      lines += "[+]" + check.name + " excluded: ok\n";
      continue;
    }
    auto wrong = check.check();
    lines +=
        wrong ? "[-]" + check.name + " failed: reason withheld\n" : "[+]" + check.name + " ok\n";
    if (!wrong) continue;
    good = false;
    // Not being ready is no fault: a server that starts is asked many times.
    auto level = check.kind == Kind::ready ? storage::log::Level::debug : storage::log::Level::warn;
    storage::log::write(level, "a health check fails",
                        {{"path", root}, {"check", check.name}, {"why", *wrong}});
  }
  if (!found) return text(404, "404 page not found\n");
  auto name = std::string(root.substr(1));
  if (!good) return text(500, lines + name + " check failed\n");
  if (request.query.has("verbose")) return text(200, lines + name + " check passed\n");
  return text(200, "ok");
}

}  // namespace appliance
