#include "appliance/routes/proxy.h"

#include "appliance/routes/connect.h"
#include "appliance/routes/new_namespace.h"
#include "appliance/routes/proxy_exchange.h"

namespace appliance {

using engine::Answer;
using engine::Attributes;
using engine::ProxyPath;
using engine::Request;
using engine::Result;
using engine::Status;

namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kResource = "clusters";

engine::About about(const std::string& id) {
  return {std::string(kGroup), std::string(kResource), id};
}

}  // namespace

ProxyRoute::ProxyRoute(StreamHub& hub, Clusters& clusters, engine::Authorizer& authorizer,
                       engine::Dispatcher& dispatcher, engine::KindSet& kinds, Local local)
    : hub_(hub),
      clusters_(clusters),
      authorizer_(authorizer),
      dispatcher_(dispatcher),
      kinds_(kinds),
      places_(dispatcher, kinds, authorizer),
      local_(std::move(local)) {}

Answer ProxyRoute::handle(Request& request, std::shared_ptr<Onlooker> onlooker) {
  auto answer = route(request, std::move(onlooker));
  if (answer) return std::move(*answer);
  return status_answer(answer.error());
}

Answer ProxyRoute::local(Request& request, const ProxyPath& path) {
  std::string target(path.rest);
  if (target.starts_with('?')) target.insert(0, 1, '/');
  request.path.erase(0, std::min(path.prefix.size(), request.path.size()));
  if (request.path.empty()) request.path = "/";
  request.target = std::move(target);
  request.via_cluster = path.cluster;
  return local_(request);
}

Result<std::vector<std::string>> ProxyRoute::groups_for(const engine::User& user,
                                                        const std::string& cluster_id) {
  const auto may = [&](std::string_view verb) {
    Attributes what{};
    what.verb = verb;
    what.group = kGroup;
    what.resource = kResource;
    what.name = cluster_id;
    return authorizer_.authorize(user, what).allowed;
  };
  if (user.name.empty() || user.name == "system:anonymous") {
    return Status::unauthorized("the cluster's API needs a login");
  }
  if (!may("get")) {
    return Status::forbidden(about(cluster_id), user.name,
                             "cannot use the cluster: no role gives access to it");
  }
  std::vector<std::string> groups;
  if (may("own")) groups.emplace_back(engine::kClusterOwnersGroup);
  return groups;
}

Result<Answer> ProxyRoute::route(Request& request, std::shared_ptr<Onlooker> onlooker) {
  auto path = engine::split_proxy_target(request.target);
  if (!path) return Status::not_found_path();
  if (path->cluster == "local") return local(request, *path);
  auto groups = TRY(groups_for(request.user, path->cluster));
  const auto kind = kinds_.snapshot()->stored(kGroup, kResource);
  if (!kind || !TRY(dispatcher_.get(*kind, "", path->cluster))) {
    return Status::not_found(about(path->cluster));
  }
  if (makes_namespace(request.method, path->rest))
    TRY(place_new_namespace(request, path->cluster, places_));
  ProxyStart start;
  start.way = TRY(clusters_.way(path->cluster));
  start.head = TRY(engine::upstream_head(request, *path, {request.user, std::move(groups)},
                                         start.way->access()));
  start.body = TRY(engine::BodyReader::of(request));
  if (!start.way->enter()) {
    return Status::too_many_requests(
        "cluster " + path->cluster + " has too many requests under way", 1);
  }
  start.request = std::move(request);
  start.path = std::move(*path);
  if (onlooker && onlooker->reads()) {
    // What is read along must not be compressed.
    start.head.headers.remove("Accept-Encoding");
    if (onlooker->wants_before()) ask_before(hub_, start, onlooker);
  }
  start.onlooker = std::move(onlooker);
  Answer answer = proxy_stream(hub_, clusters_, std::move(start));
  return answer;
}

}  // namespace appliance
