// The Kubernetes writer of a Status: metav1.Status as JSON, and the answer that carries it.
// Thread: any. Owns: nothing. Source: k8s.io/apiserver pkg/endpoints/handlers/responsewriters.
#pragma once

#include "engine/api/negotiate.h"
#include "engine/base/json.h"

namespace engine {

Json status_json(const Status& status);
// What a finished delete says: details name the object that is gone.
Json success_json(std::string_view name, std::string_view group, std::string_view kind,
                  std::string_view uid);
// An error is always readable: where the client accepts nothing of ours, it is JSON.
Response status_response(const Request& request, const Status& status);

}  // namespace engine
