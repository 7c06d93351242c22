// YAML link: an object as kubectl would write it, and the same brought back changed: what stands
// behind the link `yaml` of objects in clusters and projects. Thread: any. Owns: nothing. Errors:
// 422 InvalidBodyContent, and InvalidFormat for another object than the one that the link is of.
#pragma once

#include "engine/base/http.h"
#include "engine/base/json.h"

namespace engine {

Response yaml_of(Json stored);
// The request's body as what replaces `stored`: of the same kind, name and namespace, which may be
// left out; without a resourceVersion it is that of `stored`.
Result<Json> yaml_replacement(const Request& request, const Json& stored);

}  // namespace engine
