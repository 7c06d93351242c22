// Discovery: what /api and /apis say of the kinds that are served, in the old form (one document a
// group and version) and the aggregated one (all of them in one, apidiscovery.k8s.io v2 and
// v2beta1, chosen by Accept, with an ETag). Thread: any. Owns: the aggregated documents of the
// newest set of kinds. Source: k8s.io/apiserver pkg/endpoints/discovery and .../aggregated.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/http.h"
#include "engine/kinds/kind.h"

namespace engine {

// The documents themselves. `address` is host:port as the client reached us.
Json api_versions_document(std::string_view address);  // /api
Json api_groups_document(const KindSnapshot& kinds);   // /apis
std::optional<Json> api_group_document(const KindSnapshot& kinds,
                                       std::string_view group);  // /apis/G
std::optional<Json> api_resources_document(const KindSnapshot& kinds, std::string_view group,
                                           std::string_view version);  // /api/V, /apis/G/V

enum class DiscoveryRoot : uint8_t { api, apis };
// meta_version: v2 or v2beta1.
Json aggregated_document(const KindSnapshot& kinds, DiscoveryRoot root,
                         std::string_view meta_version);

class Discovery {
 public:
  // The answer to a GET of /api, /api/V, /apis, /apis/G or /apis/G/V; none for other paths. 404 for
  // unknown groups, 406 for an Accept that names nothing we have, 304 for a matching If-None-Match.
  std::optional<Result<Response>> answer(const Request& request, const KindSnapshot& kinds);

 private:
  struct Kept {
    std::shared_ptr<const std::string> body;
    std::string etag;
  };
  Kept aggregated(const KindSnapshot& kinds, DiscoveryRoot root, std::string_view meta_version);

  std::mutex mutex_;
  uint64_t generation_ = 0;
  Kept kept_[4];
};

}  // namespace engine
