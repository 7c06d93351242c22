#include "appliance/routes/ui.h"

namespace appliance {
namespace {

engine::Response text(int status, std::string body) {
  engine::Response out{.status = status, .headers = {}, .body = std::move(body)};
  out.headers.add("Content-Type", "text/plain; charset=utf-8");
  return out;
}

void protect(engine::Headers& headers, const DashboardFile& file) {
  headers.add("X-Content-Type-Options", "nosniff");
  headers.add("Referrer-Policy", "same-origin");
  if (file.csp.empty()) return;
  headers.add("Content-Security-Policy", file.csp);
  headers.add("X-Frame-Options", "DENY");
  headers.add("Cross-Origin-Opener-Policy", "same-origin");
}

bool takes_brotli(const engine::Request& request) {
  for (std::string_view header : request.headers.all("Accept-Encoding"))
    if (header.find("br") != std::string_view::npos) return true;
  return false;
}

}  // namespace

engine::Response serve_dashboard(const Dashboard& dashboard, const engine::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    auto out = text(405, "only GET and HEAD\n");
    out.headers.add("Allow", "GET, HEAD");
    return out;
  }
  if (request.path == "/" || request.path == "/dashboard") {
    engine::Response out{.status = 302, .headers = {}, .body = {}};
    out.headers.add("Location", "/dashboard/");
    return out;
  }
  if (dashboard.empty()) return text(404, "this program was built without the dashboard\n");
  const DashboardFile* file = dashboard.find(request.path);
  if (!file) return text(404, "there is no such page\n");
  engine::Response out;
  protect(out.headers, *file);
  out.headers.add("ETag", file->etag);
  out.headers.add("Vary", "Accept-Encoding");
  out.headers.add("Cache-Control",
                  file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.headers.get("If-None-Match") == file->etag) {
    out.status = 304;
    return out;
  }
  out.headers.add("Content-Type", file->type);
  if (takes_brotli(request)) {
    out.headers.add("Content-Encoding", "br");
    out.body = std::string(file->brotli);
  } else {
    out.body = plain_bytes(*file);
  }
  return out;
}

}  // namespace appliance
