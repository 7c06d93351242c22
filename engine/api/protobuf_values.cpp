#include "engine/api/protobuf_values.h"

#include "engine/base/base64.h"
#include "engine/base/time.h"

namespace engine {
namespace {

WallTime time_of(const Json& members) {
  return WallTime(std::chrono::seconds(members.integer({"seconds"})) +
                  std::chrono::nanoseconds(members.integer({"nanos"})));
}

// Raw JSON arrives as bytes, which the decoder has made base64 of.
Result<Json> raw_json(const Json& members) {
  auto bytes = base64_decode(members.str("-"));
  if (!bytes || bytes->empty()) return Json();
  return parse_json(*bytes);
}

std::string go_duration(int64_t nanoseconds) {
  // What Go's Duration prints for whole seconds and below; Kubernetes reads any sum of units.
  if (nanoseconds % 1'000'000'000 == 0) return std::to_string(nanoseconds / 1'000'000'000) + "s";
  return std::to_string(nanoseconds) + "ns";
}

Json first_of(Json& members, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (Json* value = members.find(name); value && !(value->is_array() && value->size() == 0))
      return std::move(*value);
  return Json();
}

}  // namespace

Result<Json> finish_protobuf_value(std::string_view type, Json members) {
  std::string_view name = type.substr(type.rfind('.') + 1);
  const bool meta = type.starts_with("k8s.io.apimachinery.pkg.");
  if (meta && name == "Time") {
    // The zero time of Go is null in JSON.
    return members.size() == 0 || members.integer({"seconds"}) == -62135596800
               ? Json()
               : Json(to_rfc3339(time_of(members)));
  }
  if (meta && name == "MicroTime")
    return members.size() == 0 || members.integer({"seconds"}) == -62135596800
               ? Json()
               : Json(to_rfc3339_micro(time_of(members)));
  if (meta && name == "Quantity")
    return members.str("string").empty() ? Json("0") : Json(members.str("string"));
  if (meta && name == "IntOrString")
    return members.integer({"type"}) == 0 ? Json(members.integer({"intVal"}))
                                          : Json(members.str("strVal"));
  if (meta && name == "Duration") return Json(go_duration(members.integer({"duration"})));
  if (meta && (name == "FieldsV1" || name == "RawExtension")) return raw_json(members);
  if (name == "JSON" && type.find("apiextensions") != std::string_view::npos)
    return raw_json(members);
  if (name == "JSONSchemaPropsOrBool") {
    if (Json* schema = members.find("schema")) return std::move(*schema);
    return Json(members.truth({"allows"}));
  }
  if (name == "JSONSchemaPropsOrArray") return first_of(members, {"jSONSchemas", "schema"});
  if (name == "JSONSchemaPropsOrStringArray") return first_of(members, {"property", "schema"});
  // A named list type (ExtraValue, Verbs) is a message with the one field `items`.
  if (members.size() == 1 && members.find("items") && !name.ends_with("List"))
    return std::move(*members.find("items"));
  return members;
}

}  // namespace engine
