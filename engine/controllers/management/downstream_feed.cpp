// DownstreamRbac: what is there: lists when a way comes, watches from then on.
#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"
#include "engine/controllers/management/downstream_core.h"
#include "engine/controllers/management/pod_security.h"
#include "storage/base/log.h"

namespace engine {
namespace {

using storage::Millis;

constexpr int kWatchSeconds = 240;
constexpr Millis kWatchCall{(kWatchSeconds + 15) * 1'000};
constexpr Millis kListCall{20'000};
constexpr Millis kAgain{2'000};
constexpr size_t kLineMax = 4u << 20;  // of a watch: an object is smaller

RbacKind kind_of(size_t feed) {
  if (feed == DownstreamRbac::Core::kClusterRoles) return RbacKind::cluster_role;
  return feed == DownstreamRbac::Core::kBindings ? RbacKind::binding : RbacKind::cluster_binding;
}

std::string collection_of(size_t feed) {
  return rbac_target({kind_of(feed), "", ""}, false);
}

std::string selector_of_ours() {
  return "&labelSelector=" +
         percent_escaped(std::string(kMadeByLabel) + "=" + std::string(kMadeBy));
}

std::string key_of(size_t feed, const Json& object) {
  return rbac_key(kind_of(feed), object.str({"metadata", "namespace"}),
                  object.str({"metadata", "name"}));
}

}  // namespace

void DownstreamRbac::Core::begin(Cluster& cluster, Outgoing& out) {
  cluster.life = ++lives;
  cluster.synced = cluster.again = cluster.all_is_listed = false;
  // What was to be done to namespaces is not told again.
  cluster.dirty.merge(cluster.in_flight);
  cluster.in_flight.clear();
  std::erase_if(cluster.dirty,
                [](const std::string& key) { return !key.starts_with(namespace_key("")); });
  cluster.listed.clear();
  cluster.changed_there.clear();
  cluster.transport = ways.transport(cluster.id);
  // Without a way nothing is done: the next one brings it back.
  if (cluster.transport) list(cluster, kClusterRoles, "", out);
}

void DownstreamRbac::Core::begin_later(Cluster& cluster, Outgoing& out) {
  if (std::exchange(cluster.again, true)) return;
  cluster.synced = false;
  out.push_back([self = shared_from_this(), id = cluster.id, life = cluster.life] {
    self->env.post_after(kAgain, [self, id, life] {
      self->with(id, life, [&](Cluster& of, Outgoing& more) { self->begin(of, more); });
    });
  });
}

void DownstreamRbac::Core::list(Cluster& cluster, Feed feed, std::string more, Outgoing& out) {
  ClusterCall what;
  what.target = collection_of(feed) + "?limit=500" + selector_of_ours();
  if (!more.empty()) what.target += "&continue=" + percent_escaped(more);
  what.timeout = kListCall;
  call(
      cluster, std::move(what),
      [this, feed](Cluster& of, Result<Response> answer, Outgoing& then) {
        listed(of, feed, answer, then);
      },
      out);
}

void DownstreamRbac::Core::listed(Cluster& cluster, Feed feed, const Result<Response>& answer,
                                  Outgoing& out) {
  auto page = answer && answer->status < 300 ? parse_json(answer->body)
                                             : Result<Json>(Status::service_unavailable("no list"));
  const Json* items = page ? page->find("items") : nullptr;
  if (!items || !items->is_array()) {
    storage::log::debug(
        "a cluster's roles could not be listed",
        {{"cluster", cluster.id},
         {"why", answer ? std::to_string(answer->status) : answer.error().message()}});
    return begin_later(cluster, out);
  }
  for (const Json& item : items->as_array()) take_item(cluster, feed, item);
  std::string more(page->str({"metadata", "continue"}));
  if (!more.empty()) return list(cluster, feed, std::move(more), out);
  cluster.feeds[feed] = {std::string(page->str({"metadata", "resourceVersion"})), false};
  if (feed + 1 < kFeeds) return list(cluster, static_cast<Feed>(feed + 1), "", out);
  cluster.all_is_listed = true;
  if (cluster.namespaces_known) all_listed(cluster, out);
}

void DownstreamRbac::Core::take_item(Cluster& cluster, Feed feed, const Json& item) {
  cluster.listed[key_of(feed, item)] = rbac_digest(item);
}

DownstreamRbac::Core::Cluster* DownstreamRbac::Core::hearing(const std::string& id) {
  if (left.count(id)) return nullptr;
  Cluster& cluster = clusters[id];
  cluster.id = id;
  return &cluster;
}

void DownstreamRbac::Core::namespaces_end(const std::string& id, Outgoing& out) {
  Cluster* cluster = hearing(id);
  if (!cluster) return;
  for (const std::string& ns : plan.namespaces(id))
    if (!cluster->listed_namespaces.count(ns)) plan.put_namespace(id, ns, "");
  cluster->listed_namespaces.clear();
  const bool first = !std::exchange(cluster->namespaces_known, true);
  if (first && cluster->transport && cluster->all_is_listed) all_listed(*cluster, out);
}

DownstreamRbac::Core::Namespace::Namespace(const std::string& cluster, const Json& object,
                                           bool gone)
    : name(object.str({"metadata", "name"})) {
  if (gone) return;
  labels = pod_security_part(object);
  auto asked = object.str({"metadata", "annotations", kProjectIdAnnotation});
  const size_t colon = asked.find(':');
  // Another cluster's project, as a copied manifest may say, is none.
  if (colon != asked.npos && asked.substr(0, colon) == cluster &&
      object.str({"metadata", "deletionTimestamp"}).empty())
    project = asked.substr(colon + 1);
}

void DownstreamRbac::Core::put_namespace(const std::string& id, const Namespace& ns,
                                         Outgoing& out) {
  Cluster* cluster = hearing(id);
  if (!cluster) return;
  const bool gone = ns.labels.is_null();
  if (!gone) cluster->listed_namespaces.insert(ns.name);
  plan.put_namespace(id, ns.name, ns.project);
  if (gone || plan.namespace_patch(id, ns.labels).is_null()) return;
  cluster->dirty.insert(namespace_key(ns.name));
  if (cluster->transport) pump(*cluster, out);
}

void DownstreamRbac::Core::cluster_gone(const std::string& id) {
  clusters.erase(id);
  for (const std::string& ns : plan.namespaces(id)) plan.put_namespace(id, ns, "");
}

void DownstreamRbac::Core::all_listed(Cluster& cluster, Outgoing& out) {
  cluster.have = std::move(cluster.listed);
  cluster.listed = {};
  cluster.synced = true;
  for (std::string& key : plan.keys(cluster.id)) cluster.dirty.insert(std::move(key));
  for (const auto& [key, digest] : cluster.have) cluster.dirty.insert(key);
  pump(cluster, out);
  for (size_t feed = 0; feed < kFeeds; ++feed) watch(cluster, static_cast<Feed>(feed), out);
}

void DownstreamRbac::Core::watch(Cluster& cluster, Feed feed, Outgoing& out) {
  ClusterCall what;
  what.target =
      collection_of(feed) +
      "?watch=1&allowWatchBookmarks=true&timeoutSeconds=" + std::to_string(kWatchSeconds) +
      "&resourceVersion=" + percent_escaped(cluster.feeds[feed].revision) + selector_of_ours();
  what.timeout = kWatchCall;
  // A watch's thread only leaves its bytes; whoever looks at them takes all there are, in order.
  what.on_body = [self = shared_from_this(), id = cluster.id, life = cluster.life, feed,
                  left = std::make_shared<Pieces>()](std::string_view bytes) {
    {
      std::lock_guard lock(left->mutex);
      left->bytes.append(bytes);
      if (std::exchange(left->posted, true)) return;
    }
    self->env.post([self, id, life, feed, left] {
      self->with(id, life,
                 [&](Cluster& of, Outgoing& more) { self->pieces(of, feed, *left, more); });
    });
  };
  call(
      cluster, std::move(what),
      [this, feed](Cluster& of, Result<Response> answer, Outgoing& then) {
        watch_ended(of, feed, answer, then);
      },
      out);
}

void DownstreamRbac::Core::pieces(Cluster& cluster, Feed feed, Pieces& left, Outgoing& out) {
  std::string& rest = left.rest;
  {
    std::lock_guard lock(left.mutex);
    rest.append(left.bytes);
    left.bytes.clear();
    left.posted = false;
  }
  size_t from = 0;
  for (size_t end; (end = rest.find('\n', from)) != rest.npos; from = end + 1) {
    auto parsed = parse_json(std::string_view(rest).substr(from, end - from));
    if (parsed) event(cluster, feed, *parsed);
  }
  rest.erase(0, from);
  if (rest.size() > kLineMax) {
    cluster.feeds[feed].expired = true;
    rest.clear();
  }
  pump(cluster, out);
}

void DownstreamRbac::Core::event(Cluster& cluster, Feed feed, const Json& event) {
  const Json* object = event.find("object");
  auto type = event.str("type");
  if (!object) return;
  if (type == "ERROR") {
    cluster.feeds[feed].expired = true;
    return;
  }
  auto revision = object->str({"metadata", "resourceVersion"});
  if (!revision.empty()) cluster.feeds[feed].revision = revision;
  if (type == "BOOKMARK") return;
  std::string key = key_of(feed, *object);
  if (type == "DELETED")
    cluster.have.erase(key);
  else
    cluster.have[key] = rbac_digest(*object);
  cluster.dirty.insert(std::move(key));
}

void DownstreamRbac::Core::watch_ended(Cluster& cluster, Feed feed, const Result<Response>& answer,
                                       Outgoing& out) {
  if (!answer || answer->status >= 300 || cluster.feeds[feed].expired)
    return begin_later(cluster, out);
  watch(cluster, feed, out);
}

}  // namespace engine
