#include "appliance/assets/dashboard.h"

#include <brotli/decode.h>

#include <algorithm>

#include "engine/base/json.h"

extern "C" const char dashboard_pack_begin[], dashboard_pack_end[];

namespace appliance {

Dashboard::Dashboard() {
  std::string_view pack(dashboard_pack_begin,
                        static_cast<size_t>(dashboard_pack_end - dashboard_pack_begin));
  size_t line = pack.find('\n');
  // The pack is made by the build; the tests read it.
  engine::Json index = MUST(engine::parse_json(pack.substr(0, line)));
  std::string_view body = pack.substr(line + 1);
  for (const engine::Json& entry : index.as_array()) {
    files_.push_back({.path = std::string(entry.str("path")),
                      .type = std::string(entry.str("type")),
                      .csp = std::string(entry.str("csp")),
                      .etag = std::string(entry.str("etag")),
                      .immutable = entry.truth({"immutable"}),
                      .brotli = body.substr(static_cast<size_t>(entry.integer({"offset"})),
                                            static_cast<size_t>(entry.integer({"length"}))),
                      .size = static_cast<size_t>(entry.integer({"size"}))});
  }
  std::sort(files_.begin(), files_.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
}

const DashboardFile* Dashboard::find(std::string_view path) const {
  auto exact = [&](std::string_view wanted) -> const DashboardFile* {
    auto at = std::lower_bound(
        files_.begin(), files_.end(), wanted,
        [](const DashboardFile& file, std::string_view p) { return file.path < p; });
    return at != files_.end() && at->path == wanted ? &*at : nullptr;
  };
  if (const DashboardFile* file = exact(path)) return file;
  if (path.starts_with("/dashboard/assets/")) return nullptr;
  return path == "/dashboard" || path.starts_with("/dashboard/") ? exact("/dashboard/") : nullptr;
}

std::string plain_bytes(const DashboardFile& file) {
  std::string out(file.size, '\0');
  size_t size = out.size();
  auto done = BrotliDecoderDecompress(file.brotli.size(),
                                      reinterpret_cast<const uint8_t*>(file.brotli.data()), &size,
                                      reinterpret_cast<uint8_t*>(out.data()));
  out.resize(done == BROTLI_DECODER_RESULT_SUCCESS ? size : 0);
  return out;
}

}  // namespace appliance
