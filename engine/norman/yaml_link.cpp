#include "engine/norman/yaml_link.h"

#include "engine/base/yaml.h"
#include "engine/norman/negotiate.h"

namespace engine {

Response yaml_of(Json stored) {
  if (Json* metadata = stored.find("metadata")) metadata->erase("managedFields");
  Response out{.status = 200, .headers = {}, .body = to_yaml(stored)};
  out.headers.add("Content-Type", "application/yaml");
  out.headers.add("Cache-Control", "no-store");
  return out;
}

Result<Json> yaml_replacement(const Request& request, const Json& stored) {
  Json given = TRY(parse_body(request));
  for (std::string_view field : {"apiVersion", "kind"}) {
    std::string_view is = given.str(field), was = stored.str(field);
    if (!is.empty() && !was.empty() && is != was)
      return Status::field_error(
          422, "InvalidFormat", std::string(field),
          std::string(field) + " is " + std::string(was) + ", not " + std::string(is));
    if (is.empty() && !was.empty()) given.set(field, was);
  }
  for (std::string_view field : {"name", "namespace", "uid", "resourceVersion"}) {
    const Json *is = given.at({"metadata", field}), *was = stored.at({"metadata", field});
    if (was == nullptr) continue;
    if (is == nullptr || is->is_null()) {
      given.make({"metadata"}).set(field, *was);
    } else if (field != "resourceVersion" && !(*is == *was)) {
      return Status::field_error(422, "InvalidFormat", "metadata." + std::string(field),
                                 "this is " + dump(*was) + ", not " + dump(*is));
    }
  }
  return given;
}

}  // namespace engine
