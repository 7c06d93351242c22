// DownstreamRbac: what is there: lists when a way comes, watches from then on.
#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"
#include "engine/controllers/management/downstream_core.h"
#include "storage/base/log.h"

namespace engine {
namespace {

using storage::Millis;

constexpr int kWatchSeconds = 240;
constexpr Millis kWatchCall{(kWatchSeconds + 15) * 1'000};
constexpr Millis kListCall{20'000};
constexpr Millis kAgain{2'000};
constexpr size_t kLineMax = 4u << 20;  // of a watch: an object is smaller

std::string collection_of(size_t feed) {
  if (feed == DownstreamRbac::Core::kNamespaces) return "/api/v1/namespaces";
  static constexpr RbacKind kKinds[] = {RbacKind::role, RbacKind::role, RbacKind::cluster_role,
                                        RbacKind::binding, RbacKind::cluster_binding};
  return rbac_target({kKinds[feed], "", ""}, false);
}

RbacKind kind_of(size_t feed) {
  if (feed == DownstreamRbac::Core::kRoles) return RbacKind::role;
  if (feed == DownstreamRbac::Core::kClusterRoles) return RbacKind::cluster_role;
  return feed == DownstreamRbac::Core::kBindings ? RbacKind::binding : RbacKind::cluster_binding;
}

std::string selector_of(size_t feed) {
  if (feed == DownstreamRbac::Core::kNamespaces) return {};
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
  cluster.synced = cluster.again = false;
  cluster.in_flight.clear();
  cluster.dirty.clear();
  cluster.listed.clear();
  cluster.changed_there.clear();
  cluster.listed_namespaces.clear();
  cluster.transport = ways.transport(cluster.id);
  // Without a way nothing is done: the next one brings it back.
  if (cluster.transport) list(cluster, kNamespaces, "", out);
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
  what.target = collection_of(feed) + "?limit=500" + selector_of(feed);
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
  if (feed == kNamespaces)
    for (const std::string& ns : plan.namespaces(cluster.id))
      if (!cluster.listed_namespaces.count(ns)) plan.put_namespace(cluster.id, ns, "");
  if (feed + 1 < kFeeds) return list(cluster, static_cast<Feed>(feed + 1), "", out);
  all_listed(cluster, out);
}

void DownstreamRbac::Core::take_item(Cluster& cluster, Feed feed, const Json& item) {
  if (feed != kNamespaces) {
    cluster.listed[key_of(feed, item)] = rbac_digest(item);
    return;
  }
  cluster.listed_namespaces.emplace(item.str({"metadata", "name"}));
  put_namespace(cluster, item, false);
}

void DownstreamRbac::Core::put_namespace(Cluster& cluster, const Json& ns, bool gone) {
  std::string project;
  auto id = ns.str({"metadata", "annotations", kProjectIdAnnotation});
  const size_t colon = id.find(':');
  // Another cluster's project, as a copied manifest may say, is none.
  if (!gone && colon != id.npos && id.substr(0, colon) == cluster.id &&
      ns.str({"metadata", "deletionTimestamp"}).empty())
    project = id.substr(colon + 1);
  const std::string name(ns.str({"metadata", "name"}));
  plan.put_namespace(cluster.id, name, project);
  if (!gone && !plan.namespace_patch(cluster.id, ns).is_null())
    cluster.dirty.insert(namespace_key(name));
}

void DownstreamRbac::Core::all_listed(Cluster& cluster, Outgoing& out) {
  cluster.have = std::move(cluster.listed);
  cluster.listed = {};
  cluster.listed_namespaces.clear();
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
      "&resourceVersion=" + percent_escaped(cluster.feeds[feed].revision) + selector_of(feed);
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
  if (feed == kNamespaces) return put_namespace(cluster, *object, type == "DELETED");
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
