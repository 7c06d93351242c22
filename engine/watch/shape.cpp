#include "engine/watch/shape.h"

#include "engine/kinds/conversion.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

bool is_of(const Bytes& object, const std::string& api_version) {
  return scan_text(scan(*object, {"apiVersion"})) == api_version;
}

Bytes turned(const Bytes& object, void (*turn)(Json&), const std::string& api_version) {
  auto json = parse_json(*object);
  // Served bytes are valid JSON: the registry wrote them.
  if (!json) return object;
  turn(*json);
  json->set("apiVersion", Json(api_version));
  return std::make_shared<const std::string>(dump(*json));
}

}  // namespace

Bytes as_kind(const Kind& kind, const Bytes& object) {
  std::string api_version = kind.api_version();
  if (!kind.conversion) return with_api_version(object, api_version);
  if (is_of(object, api_version)) return object;
  return turned(object, kind.conversion->from_stored, api_version);
}

Bytes as_stored(const Kind& kind, const Bytes& object) {
  if (!kind.conversion || !is_of(object, kind.api_version())) return object;
  return turned(object, kind.conversion->to_stored, kind.stored_api_version());
}

}  // namespace engine
