// A namespace that somebody makes in another cluster through the proxy: before it goes there it is
// given the project that it belongs to, as an admission does here. Nothing else of any request is
// read on its way. Thread: any. Owns: nothing.
#pragma once

#include <string_view>

#include "engine/access/project_places.h"
#include "engine/base/http.h"

namespace appliance {

// Whether a request of this method makes a namespace; `rest` is the path in the cluster, with or
// without a query.
bool makes_namespace(std::string_view method, std::string_view rest);
// Rewrites the body (JSON, YAML or protobuf) as JSON with the project in it. Forbidden for a
// project that the user cannot see; 400 and 415 for a body that is no namespace.
engine::Result<engine::Unit> place_new_namespace(engine::Request& request, std::string_view cluster,
                                                 engine::ProjectPlaces& places);

}  // namespace appliance
