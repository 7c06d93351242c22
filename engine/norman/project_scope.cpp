#include "engine/norman/project_scope.h"

#include "engine/access/admission/project_limits.h"
#include "engine/watch/object_scan.h"

namespace engine {

Result<ProjectScope> ProjectScope::of(const Norman& norman, const Call& call) {
  ProjectScope out;
  const size_t colon = call.context.find(':');
  if (call.schema.path() != "/v3/project" || colon == std::string::npos) return out;
  if (call.remote) return out;  // the cluster is asked, object by object (remote.cpp)
  out.home_ = call.context.substr(colon + 1);
  if (call.context.substr(0, colon) != "local") return out;
  const auto& parts = norman.parts();
  KindPtr kind = parts.registry.kinds().snapshot()->stored("", "namespaces");
  auto snapshot = TRY(parts.dispatcher.list(*kind, "", nullptr, "", 0));
  for (const auto& cached : snapshot.objects) {
    auto project =
        scan_text(scan(*cached->bytes, {"metadata", "annotations", kProjectIdAnnotation}));
    if (project == call.context) out.namespaces_.insert(cached->name);
  }
  return out;
}

}  // namespace engine
