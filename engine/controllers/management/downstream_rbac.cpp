#include "engine/controllers/management/downstream_rbac.h"

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/controllers/management/downstream_core.h"
#include "engine/controllers/management/local_rbac.h"
#include "storage/base/log.h"

namespace engine {
namespace {

constexpr storage::Millis kWriteAgain{1'000};

bool is_kubernetes_own(const Json& object) {
  return !object.str({"metadata", "labels", "kubernetes.io/bootstrapping"}).empty();
}

Json body_of(const Response& answer) {
  auto parsed = parse_json(answer.body);
  return parsed ? std::move(*parsed) : Json();
}

ClusterCall json_call(std::string method, std::string target, const Json& body) {
  ClusterCall out;
  out.method = std::move(method);
  out.target = std::move(target);
  if (!body.is_null()) {
    out.headers.add("Content-Type", "application/json");
    out.body = dump(body);
  }
  return out;
}

}  // namespace

std::string rbac_target(const RbacKey& key, bool with_name) {
  std::string out = "/apis/rbac.authorization.k8s.io/v1/";
  if (!key.ns.empty()) out.append("namespaces/").append(percent_escaped(key.ns)).append("/");
  out.append(rbac_plural(key.kind));
  if (with_name) out.append("/").append(percent_escaped(key.name));
  return out;
}

DownstreamRbac::DownstreamRbac(storage::Env& env, ClusterWays& ways, Plan plan)
    : core_(std::make_shared<Core>(env, ways, std::move(plan))) {}

DownstreamRbac::~DownstreamRbac() {
  stop();
}

void DownstreamRbac::stop() {
  std::lock_guard lock(core_->mutex);
  core_->stopped = true;
  core_->clusters.clear();
}

void DownstreamRbac::concern(const std::string& cluster, std::string key) {
  {
    std::lock_guard lock(core_->inbox_mutex);
    core_->inbox.emplace(cluster, std::move(key));
    if (std::exchange(core_->taking, true)) return;
  }
  core_->env.post(
      [core = core_] { core->step([&](Core::Outgoing& out) { core->take_inbox(out); }); });
}

void DownstreamRbac::way_changed(const std::string& id) {
  core_->env.post([core = core_, id] {
    core->step([&](Core::Outgoing& out) {
      if (id == "local") return;
      if (Core::Cluster* cluster = core->hearing(id)) core->begin(*cluster, out);
    });
  });
}

// At once: when it returns no write begins.
void DownstreamRbac::leave(const std::string& id) {
  std::lock_guard lock(core_->mutex);
  core_->left.insert(id);
  core_->clusters.erase(id);
}

void DownstreamRbac::gone(const std::string& id) {
  core_->env.post([core = core_, id] {
    core->step([&](Core::Outgoing&) {
      core->left.erase(id);
      core->cluster_gone(id);
    });
  });
}

void DownstreamRbac::Core::hear(News what) {
  {
    std::lock_guard lock(inbox_mutex);
    news.push_back(std::move(what));
    if (std::exchange(taking, true)) return;
  }
  env.post(
      [self = shared_from_this()] { self->step([&](Outgoing& out) { self->take_inbox(out); }); });
}

void DownstreamRbac::namespaces_begin(const std::string& id) {
  core_->hear([id](Core& core, Core::Outgoing&) {
    if (auto* cluster = core.hearing(id)) cluster->listed_namespaces.clear();
  });
}

void DownstreamRbac::namespaces_end(const std::string& id) {
  core_->hear([id](Core& core, Core::Outgoing& out) { core.namespaces_end(id, out); });
}

void DownstreamRbac::namespace_is(const std::string& id, const Json& ns) {
  core_->hear([id, one = Core::Namespace(id, ns, false)](Core& core, Core::Outgoing& out) {
    core.put_namespace(id, one, out);
  });
}

void DownstreamRbac::namespace_gone(const std::string& id, const Json& ns) {
  core_->hear([id, one = Core::Namespace(id, ns, true)](Core& core, Core::Outgoing& out) {
    core.put_namespace(id, one, out);
  });
}

void DownstreamRbac::cluster_gone(const std::string& id) {
  core_->hear([id](Core& core, Core::Outgoing&) { core.cluster_gone(id); });
}

bool DownstreamRbac::at_rest() const {
  {
    std::lock_guard lock(core_->inbox_mutex);
    if (core_->taking) return false;
  }
  std::lock_guard lock(core_->mutex);
  for (const auto& [id, cluster] : core_->clusters)
    if (cluster.transport &&
        (!cluster.synced || !cluster.dirty.empty() || !cluster.in_flight.empty()))
      return false;
  return true;
}

void DownstreamRbac::Core::step(const std::function<void(Outgoing&)>& what) {
  Outgoing out;
  {
    std::lock_guard lock(mutex);
    if (stopped) return;
    what(out);
  }
  for (auto& one : out) one();
}

void DownstreamRbac::Core::with(const std::string& id, uint64_t life,
                                const std::function<void(Cluster&, Outgoing&)>& what) {
  step([&](Outgoing& out) {
    auto found = clusters.find(id);
    if (found != clusters.end() && found->second.life == life) what(found->second, out);
  });
}

void DownstreamRbac::Core::take_inbox(Outgoing& out) {
  std::set<std::pair<std::string, std::string>> taken;
  std::vector<News> heard;
  {
    std::lock_guard lock(inbox_mutex);
    taken.swap(inbox);
    heard.swap(news);
    taking = false;
  }
  for (const News& one : heard) one(*this, out);
  std::set<std::string> touched;
  for (const auto& [id, key] : taken) {
    auto found = clusters.find(id);
    // Without a way everything will be compared when there is one. While a cluster is listed the
    // key waits: what it names may have been compared already, with what was wanted before.
    // Namespaces are compared as they come, and only then.
    if (found == clusters.end()) continue;
    const bool of_namespace = key.starts_with(namespace_key(""));
    if (!found->second.transport && !of_namespace) continue;
    found->second.dirty.insert(key);
    if (!found->second.transport) continue;
    touched.insert(id);
  }
  for (const std::string& id : touched) pump(clusters.find(id)->second, out);
}

void DownstreamRbac::Core::call(Cluster& cluster, ClusterCall what, Then then, Outgoing& out) {
  out.push_back([self = shared_from_this(), transport = cluster.transport, id = cluster.id,
                 life = cluster.life, what = std::move(what), then = std::move(then)]() mutable {
    transport->call(
        std::move(what), [self, id, life, then = std::move(then)](Result<Response> answer) {
          // Not on the thread of the transport, which must go on.
          self->env.post([self, id, life, then, answer = std::move(answer)] {
            self->with(id, life,
                       [&](Cluster& cluster, Outgoing& more) { then(cluster, answer, more); });
          });
        });
  });
}

void DownstreamRbac::Core::pump(Cluster& cluster, Outgoing& out) {
  if (!cluster.synced) return;
  for (auto at = cluster.dirty.begin();
       at != cluster.dirty.end() && cluster.in_flight.size() < limits::kDownstreamWritesMax;) {
    if (cluster.in_flight.count(*at)) {  // it is looked at again when its answer comes
      ++at;
      continue;
    }
    std::string key = *at;
    at = cluster.dirty.erase(at);
    if (key.starts_with(namespace_key(""))) {
      cluster.in_flight.insert(key);
      mend_namespace(cluster, key, out);
      continue;
    }
    Json wanted = plan.wanted(cluster.id, key);
    auto have = cluster.have.find(key);
    const bool there = have != cluster.have.end();
    if (wanted.is_null() ? !there : there && have->second == rbac_digest(wanted)) continue;
    auto changed = cluster.changed_there.find(key);
    if (changed != cluster.changed_there.end() && !wanted.is_null() &&
        changed->second == rbac_digest(wanted))
      continue;
    cluster.in_flight.insert(key);
    write(cluster, key, std::move(wanted), out);
  }
}

// A namespace is read, and patched where it is not as it must be.
void DownstreamRbac::Core::mend_namespace(Cluster& cluster, const std::string& key, Outgoing& out) {
  const std::string target =
      "/api/v1/namespaces/" + percent_escaped(key.substr(namespace_key("").size()));
  auto ended = [this, key](Cluster& of, Result<Response> answer, Outgoing& more) {
    of.in_flight.erase(key);
    if (answer && answer->status >= 300 && answer->status != 404)
      storage::log::warn("a cluster refused the labels of a namespace",
                         {{"cluster", of.id}, {"why", status_of(*answer).message()}});
    pump(of, more);
  };
  call(
      cluster, json_call("GET", target, Json()),
      [this, target, ended](Cluster& of, Result<Response> answer, Outgoing& more) {
        Json patch =
            answer && answer->status < 300 ? plan.namespace_patch(of.id, body_of(*answer)) : Json();
        if (patch.is_null()) return ended(of, std::move(answer), more);
        ClusterCall change = json_call("PATCH", target, patch);
        change.headers.set("Content-Type", "application/merge-patch+json");
        call(of, std::move(change), ended, more);
      },
      out);
}

void DownstreamRbac::Core::write(Cluster& cluster, const std::string& key, Json wanted,
                                 Outgoing& out) {
  const RbacKey named = read_rbac_key(key);
  if (wanted.is_null()) {
    call(
        cluster, json_call("DELETE", rbac_target(named, true), Json()),
        [this, key](Cluster& of, Result<Response> answer, Outgoing& more) {
          settled(of, key, answer, more);
        },
        out);
    return;
  }
  if (cluster.have.count(key)) return mend(cluster, key, std::move(wanted), out);
  ClusterCall create = json_call("POST", rbac_target(named, false), wanted);
  call(
      cluster, std::move(create),
      [this, key, wanted = std::move(wanted)](Cluster& of, Result<Response> answer,
                                              Outgoing& more) {
        if (answer && answer->status == 409) return mend(of, key, wanted, more);
        settled(of, key, answer, more, rbac_digest(wanted));
      },
      out);
}

void DownstreamRbac::Core::mend(Cluster& cluster, const std::string& key, Json wanted,
                                Outgoing& out) {
  call(
      cluster, json_call("GET", rbac_target(read_rbac_key(key), true), Json()),
      [this, key, wanted = std::move(wanted)](Cluster& of, Result<Response> answer,
                                              Outgoing& more) {
        if (!answer || answer->status >= 300) {
          of.have.erase(key);
          return settled(of, key, answer, more);
        }
        mend_from(of, key, wanted, body_of(*answer), more);
      },
      out);
}

void DownstreamRbac::Core::mend_from(Cluster& cluster, const std::string& key, const Json& wanted,
                                     Json there, Outgoing& out) {
  const RbacKey named = read_rbac_key(key);
  if (is_kubernetes_own(there)) {
    storage::log::warn("a role of ours bears the name of one of Kubernetes' own, which stays",
                       {{"cluster", cluster.id}, {"name", std::string(named.name)}});
    cluster.in_flight.erase(key);
    return pump(cluster, out);
  }
  if (is_rbac_binding(named.kind) &&
      (there.str({"roleRef", "kind"}) != wanted.str({"roleRef", "kind"}) ||
       there.str({"roleRef", "name"}) != wanted.str({"roleRef", "name"})))
    return replace(cluster, key, out);
  mend_rbac(wanted, there);
  call(
      cluster, json_call("PUT", rbac_target(named, true), there),
      [this, key, sent = rbac_digest(wanted)](Cluster& of, Result<Response> answer,
                                              Outgoing& more) {
        settled(of, key, answer, more, sent);
      },
      out);
}

// A binding's role is for good: another one is another binding.
void DownstreamRbac::Core::replace(Cluster& cluster, const std::string& key, Outgoing& out) {
  call(
      cluster, json_call("DELETE", rbac_target(read_rbac_key(key), true), Json()),
      [this, key](Cluster& of, Result<Response> answer, Outgoing& more) {
        settled(of, key, answer, more);
        of.dirty.insert(key);
        pump(of, more);
      },
      out);
}

void DownstreamRbac::Core::note_changed(Cluster& cluster, const std::string& key, uint64_t sent,
                                        const Json& object) {
  cluster.changed_there.erase(key);
  if (!sent || rbac_digest(object) == sent) return;
  storage::log::warn("a cluster made something else of a role or binding than was said",
                     {{"cluster", cluster.id}, {"key", key}});
  cluster.changed_there[key] = sent;
}

void DownstreamRbac::Core::settled(Cluster& cluster, const std::string& key,
                                   const Result<Response>& answer, Outgoing& out, uint64_t sent) {
  cluster.in_flight.erase(key);
  if (answer && answer->status < 300) {
    Json object = body_of(*answer);
    // A removal answers with a Status, or with what is going. What was written is there, also when
    // nobody wants it any more by now.
    if (sent == 0 || object.str("kind") == "Status" ||
        !object.str({"metadata", "deletionTimestamp"}).empty()) {
      cluster.have.erase(key);
    } else {
      cluster.have[key] = rbac_digest(object);
    }
    note_changed(cluster, key, sent, object);
    // What changed here meanwhile.
    cluster.dirty.insert(key);
    return pump(cluster, out);
  }
  if (answer && answer->status == 404) {
    cluster.have.erase(key);
    // Gone as it should be; or its namespace is, which the watch will tell.
    if (plan.wanted(cluster.id, key).is_null()) return pump(cluster, out);
  }
  if (answer && answer->status >= 400 && answer->status < 500 && answer->status != 409 &&
      answer->status != 429)
    storage::log::warn(
        "a cluster refused a role or binding",
        {{"cluster", cluster.id}, {"key", key}, {"why", status_of(*answer).message()}});
  out.push_back([self = shared_from_this(), id = cluster.id, life = cluster.life, key] {
    self->env.post_after(kWriteAgain, [self, id, life, key] {
      self->with(id, life, [&](Cluster& of, Outgoing& more) {
        of.dirty.insert(key);
        self->pump(of, more);
      });
    });
  });
  pump(cluster, out);
}

}  // namespace engine
