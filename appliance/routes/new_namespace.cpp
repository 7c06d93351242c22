#include "appliance/routes/new_namespace.h"

#include "engine/api/negotiate.h"
#include "engine/api/protobuf.h"
#include "engine/base/yaml.h"

namespace appliance {

using engine::Json;
using engine::Media;
using engine::Result;
using engine::Status;
using engine::Unit;

bool makes_namespace(std::string_view method, std::string_view rest) {
  return method == "POST" && rest.substr(0, rest.find('?')) == "/api/v1/namespaces";
}

Result<Unit> place_new_namespace(engine::Request& request, std::string_view cluster,
                                 engine::ProjectPlaces& places) {
  const Media media = TRY(engine::negotiate_input(request));
  Json ns = TRY(media == Media::json   ? engine::parse_json(request.body)
                : media == Media::yaml ? engine::parse_yaml(request.body)
                                       : engine::decode_protobuf(request.body));
  if (!ns.is_object()) return Status::bad_request("the body of a new namespace is no object");
  TRY(places.place(request.user, cluster, ns));
  request.body = engine::dump(ns);
  request.headers.set("Content-Type", "application/json");
  return Unit{};
}

}  // namespace appliance
