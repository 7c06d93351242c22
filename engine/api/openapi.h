// OpenAPI: v3 as an index of group-versions with content hashes and one document each, and v2 as
// one document. Definitions of built-in kinds come from the facts, those of CRDs from their
// schemas. Documents are made when asked for: clients keep them by hash, we do not. Thread: any.
// Owns: nothing. Source: k8s.io/kube-openapi pkg/handler3, pkg/openapiconv; k8s.io/apiserver
// pkg/endpoints/installer.
#pragma once

#include <optional>
#include <string>

#include "engine/base/http.h"
#include "engine/kinds/kind.h"

namespace engine {

// {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=..."}, ...}}
Json openapi_v3_index(const KindSnapshot& kinds);
// Of "api/v1" or "apis/G/V"; none when nothing of it is served.
std::optional<std::string> openapi_v3_document(const KindSnapshot& kinds, std::string_view group,
                                               std::string_view version);
// Changes when the document does.
std::string openapi_v3_hash(const KindSnapshot& kinds, std::string_view group,
                            std::string_view version);
std::string openapi_v2_document(const KindSnapshot& kinds);
std::string openapi_v2_protobuf(const KindSnapshot& kinds);

// The answer to a GET of /openapi/v2 or below /openapi/v3; none for other paths. v2 is JSON or
// protobuf, v3 is JSON; 406 for who takes neither.
std::optional<Result<Response>> answer_openapi(const Request& request, const KindSnapshot& kinds);

}  // namespace engine
