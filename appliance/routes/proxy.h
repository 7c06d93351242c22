// ProxyRoute: /k8s/clusters/ID/..., the Kubernetes API of every cluster for an unchanged kubectl.
// Who may use a cluster at all is decided here, by RBAC on the Cluster object; what he may do in
// it, by the cluster's own RBAC, for every request arrives there as the user. `local` is the
// embedded API, without a network between. Bodies stream in both directions, with back-pressure; an
// upgraded connection (exec, attach, port-forward) is passed through as it is. A new namespace
// alone is read on its way (new_namespace.h). Thread: any. Owns: nothing but references given at
// construction.
#pragma once

#include <functional>

#include "appliance/net/clusters.h"
#include "appliance/routes/onlooker.h"
#include "engine/access/authz.h"
#include "engine/access/project_places.h"
#include "engine/base/http.h"
#include "engine/cluster/proxy.h"

namespace appliance {

class ProxyRoute {
 public:
  // `local`: the embedded API, asked with a request whose path no longer has the cluster in front.
  using Local = std::function<engine::Answer(engine::Request&)>;
  ProxyRoute(StreamHub& hub, Clusters& clusters, engine::Authorizer& authorizer,
             engine::Dispatcher& dispatcher, engine::KindSet& kinds, Local local);
  // The request has passed authentication. `onlooker` sees what goes on to a cluster; may be null.
  engine::Answer handle(engine::Request& request, std::shared_ptr<Onlooker> onlooker = nullptr);

 private:
  engine::Result<engine::Answer> route(engine::Request& request,
                                       std::shared_ptr<Onlooker> onlooker);
  engine::Answer local(engine::Request& request, const engine::ProxyPath& path);
  engine::Result<std::vector<std::string>> groups_for(const engine::User& user,
                                                      const std::string& cluster_id);

  StreamHub& hub_;
  Clusters& clusters_;
  engine::Authorizer& authorizer_;
  engine::Dispatcher& dispatcher_;
  engine::KindSet& kinds_;
  engine::ProjectPlaces places_;
  const Local local_;
};

}  // namespace appliance
