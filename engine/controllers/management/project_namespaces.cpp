// Namespaces of this server's projects: each carries what its project says: a ResourceQuota and a
// LimitRange kept as its annotations have them, the project's defaults where it has none, and its
// conditions in the annotation cattle.io/status. A project that ends lets its namespaces go. The
// sums are kept by admission (access/admission/projects.h), in the transactions of the writes
// themselves; here is only what follows from them.
#include <map>
#include <mutex>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/time.h"
#include "engine/cluster/client.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/management/project_members.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

constexpr std::string_view kNamespaces = "/registry/core/namespaces/";
constexpr std::string_view kProjects = "/registry/management.cattle.io/projects/local/";
constexpr std::string_view kQuotas = "/registry/core/resourcequotas/";
constexpr std::string_view kRanges = "/registry/core/limitranges/";

// What of a project matters to its namespaces; most say nothing.
std::string gist(std::string_view project) {
  std::string out;
  auto add = [&, place = 'a'](std::initializer_list<std::string_view> path) mutable {
    if (auto said = scan(project, path); !said.empty()) out.append(1, place).append(said);
    ++place;
  };
  add({"spec", "resourceQuota", "limit"});
  add({"spec", "namespaceDefaultResourceQuota"});
  add({"spec", "containerDefaultResourceLimit"});
  add({"metadata", "deletionTimestamp"});
  return out;
}

// A condition of the namespace in its annotation, as clients of the 2.x server read it.
bool set_status(Json& ns, std::string_view type, std::string_view message, storage::WallTime now) {
  Json status = annotation_of(ns, kNamespaceStatusAnnotation);
  if (!status.is_object()) status = Json::object();
  Json& list = status["Conditions"];
  if (!list.is_array()) list = Json::array();
  const std::string_view value = message.empty() ? "True" : "False";
  Json* one = nullptr;
  for (Json& condition : list.as_array())
    if (condition.str("Type") == type) one = &condition;
  if (one != nullptr && one->str("Status") == value && one->str("Message") == message) return false;
  if (one == nullptr) {
    list.push_back(Json::object({{"Type", type}}));
    one = &list.as_array().back();
  }
  one->set("Status", value);
  one->set("Message", message);
  one->set("LastUpdateTime", to_rfc3339(now));
  metadata_of(ns)["annotations"].set(kNamespaceStatusAnnotation, dump(status));
  return true;
}

class ProjectNamespaces final : public SingleController {
 public:
  ProjectNamespaces(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"project-namespaces", 2}),
        env_(context.env),
        dispatcher_(context.dispatcher),
        client_(std::move(client)),
        namespaces_(stored_kind(*client_, "", "namespaces")),
        projects_(stored_kind(*client_, "management.cattle.io", "projects")),
        quotas_(stored_kind(*client_, "", "resourcequotas")),
        ranges_(stored_kind(*client_, "", "limitranges")) {}

  void listen(LogTap& log) override {
    if (projects_ == nullptr) return;
    log.add(std::string(kNamespaces), [this](const storage::Event& event) {
      namespace_came(after_prefix(event.key, kNamespaces), event.value ? &*event.value : nullptr);
    });
    log.add(std::string(kProjects), [this](const storage::Event& event) {
      project_came(std::string(after_prefix(event.key, kProjects)),
                   event.value ? &*event.value : nullptr);
    });
    for (std::string_view prefix : {kQuotas, kRanges})
      log.add(std::string(prefix), [this, prefix](const storage::Event& event) {
        // Ours that went; ours that somebody changed.
        std::string_view key = after_prefix(event.key, prefix);
        const std::string ns(key.substr(0, key.find('/')));
        const bool gone = !event.value;
        if (gone ? in_project(ns) : is_managed(*event.value) && event.created != event.revision)
          controller_.add("n/" + ns);
      });
  }

  Result<Unit> start() override {
    if (projects_ == nullptr) return Unit{};
    TRY(for_each_object(
        *client_, *projects_, kLocalCluster, [this](const Object& object) -> Result<bool> {
          project_came(scan_text(scan(*object.bytes, {"metadata", "name"})), object.bytes.get());
          return true;
        }));
    return for_each_object(
        *client_, *namespaces_, "", [this](const Object& object) -> Result<bool> {
          namespace_came(scan_text(scan(*object.bytes, {"metadata", "name"})), object.bytes.get());
          return true;
        });
  }

 private:
  static bool is_managed(std::string_view bytes) {
    return bytes.find(kManagedQuotaLabel) != std::string_view::npos;
  }

  bool in_project(const std::string& ns) const { return !members_.project_of(ns).empty(); }

  void namespace_came(std::string_view name, const std::string* bytes) {
    if (members_.put(name, bytes) && bytes != nullptr) controller_.add("n/" + std::string(name));
  }

  void project_came(std::string name, const std::string* bytes) {
    std::string now = bytes == nullptr ? std::string() : gist(*bytes);
    {
      std::lock_guard lock(mutex_);
      auto seen = gists_.find(name);
      if (now == (seen == gists_.end() ? std::string_view() : seen->second)) return;
      if (now.empty())
        gists_.erase(seen);
      else
        gists_[name] = std::move(now);
    }
    if (bytes == nullptr) return;
    controller_.add("p/" + std::move(name));
  }

  Result<Outcome> reconcile(const std::string& key) override {
    if (key.starts_with("p/")) return project(key.substr(2));
    return one_namespace(key.substr(2));
  }

  Result<std::optional<Json>> read(const Kind& kind, std::string_view ns, std::string_view name) {
    auto found = client_->get(kind, ns, name);
    if (found) return std::optional<Json>(found->json());
    if (found.error().is("NotFound")) return std::optional<Json>();
    return std::move(found).error();
  }

  // ---- projects

  Result<Outcome> project(const std::string& name) {
    auto object = TRY(read(*projects_, kLocalCluster, name));
    if (!object) return Outcome::done();
    const auto namespaces = members_.of(name);
    if (!is_terminating(*object)) {
      for (const std::string& ns : namespaces) controller_.add("n/" + ns);
      return Outcome::done();
    }
    for (const std::string& ns : namespaces) TRY(let_go(ns, name));
    TRY(found(client_->modify(*projects_, kLocalCluster, name, [](Json& one) -> Result<bool> {
      return drop_finalizer(one, kProjectFinalizer);
    })));
    return Outcome::done();
  }

  Result<Unit> let_go(const std::string& ns, const std::string& project) {
    return found(client_->modify(*namespaces_, "", ns, [&](Json& object) -> Result<bool> {
      if (project_in(kLocalCluster, object) != project) return false;
      metadata_of(object)["annotations"].erase(kProjectIdAnnotation);
      return true;
    }));
  }

  static Result<Unit> found(Result<Written> written) {
    if (written || written.error().is("NotFound")) return Unit{};
    return std::move(written).error();
  }

  // ---- namespaces

  struct Wanted {
    Amounts limit;        // empty: no quota
    Json container;       // null: no defaults
    std::string problem;  // why the quota could not be given
  };

  Result<Outcome> one_namespace(const std::string& name) {
    auto ns = TRY(read(*namespaces_, "", name));
    if (!ns || is_terminating(*ns)) return Outcome::done();
    const std::string project(project_in(kLocalCluster, *ns));
    std::optional<Json> owner;
    if (!project.empty()) owner = TRY(read(*projects_, kLocalCluster, project));
    Wanted wanted;
    if (owner && !is_terminating(*owner)) wanted = TRY(settle(*owner, *ns));
    TRY(keep_quota(name, wanted));
    TRY(keep_range(name, wanted));
    if (owner && !wanted.limit.empty()) TRY(tell(name, *ns, wanted));
    return Outcome::done();
  }

  // Gives the namespace its project's defaults where it has nothing of its own.
  Result<Wanted> settle(const Json& project, Json& ns) {
    Wanted wanted;
    const std::string name(ns.str({"metadata", "name"}));
    auto limit = read_limit(project.at({"spec", "resourceQuota", "limit"}), "");
    auto otherwise = read_limit(project.at({"spec", "namespaceDefaultResourceQuota", "limit"}), "");
    const Json* container = project.at({"spec", "containerDefaultResourceLimit"});
    const bool has_quota = limit && !limit->empty();
    const bool had = !annotation_of(ns, kQuotaAnnotation).is_null();
    const bool stale = had && has_quota &&
                       !(limit_json(namespace_limit(ns)) ==
                         limit_json(completed_limit(namespace_limit(ns), *otherwise, *limit)));
    const bool wants_container = container != nullptr && container->size() > 0 &&
                                 annotation_of(ns, kContainerLimitAnnotation).is_null();
    if (has_quota != had || stale || wants_container) {
      auto written = client_->modify(*namespaces_, "", name, [&](Json& object) -> Result<bool> {
        Json& annotations = metadata_of(object)["annotations"];
        if (has_quota)
          annotations.set(
              kQuotaAnnotation,
              dump(Json::object({{"limit", limit_json(completed_limit(namespace_limit(object),
                                                                      *otherwise, *limit))}})));
        if (!has_quota) annotations.erase(kQuotaAnnotation);
        if (wants_container) annotations.set(kContainerLimitAnnotation, dump(*container));
        return true;
      });
      if (written) {
        ns = written->object.json();
      } else if (written.error().code() == 422) {
        wanted.problem = written.error().message();
      } else if (!written.error().is("NotFound")) {
        return std::move(written).error();
      }
    }
    wanted.container = annotation_of(ns, kContainerLimitAnnotation);
    if (!has_quota) return wanted;
    // What does not fit gets nothing.
    const bool fits = wanted.problem.empty();
    wanted.limit = completed_limit(fits ? namespace_limit(ns) : Amounts(),
                                   fits ? *otherwise : Amounts(), *limit);
    return wanted;
  }

  // The one managed object of a kind is as wanted; without `spec` there is none.
  Result<Unit> keep(const Kind& kind, const std::string& ns, const Json& spec) {
    auto all = TRY(dispatcher_.list(kind, ns, nullptr, "", 0));
    bool there = false;
    for (const auto& cached : all.objects) {
      if (!is_managed(*cached->bytes)) continue;
      const Json object = TRY(parse_json(*cached->bytes));
      if (object.str({"metadata", "labels", kManagedQuotaLabel}) != "true") continue;
      if (spec.is_null() || there) {
        auto gone = client_->remove(kind, ns, cached->name, {});
        if (!gone && !gone.error().is("NotFound")) return std::move(gone).error();
        continue;
      }
      there = true;
      if (object.find("spec") != nullptr && *object.find("spec") == spec) continue;
      TRY(found(client_->modify(kind, ns, cached->name, [&](Json& one) -> Result<bool> {
        one.set("spec", spec);
        return true;
      })));
    }
    if (there || spec.is_null()) return Unit{};
    Json made = Json::object({{"spec", spec}});
    made["metadata"] = Json::object(
        {{"generateName", "default-"}, {"labels", Json::object({{kManagedQuotaLabel, "true"}})}});
    return found(client_->create(kind, ns, std::move(made)));
  }

  Result<Unit> keep_quota(const std::string& ns, const Wanted& wanted) {
    if (wanted.limit.empty()) return keep(*quotas_, ns, Json());
    return keep(*quotas_, ns, Json::object({{"hard", quota_hard(wanted.limit)}}));
  }

  Result<Unit> keep_range(const std::string& ns, const Wanted& wanted) {
    const Json item = container_item(wanted.container);
    if (item.is_null()) return keep(*ranges_, ns, Json());
    Json spec = Json::object({{"limits", Json::array({item})}});
    // As it will be stored: a default is its request too.
    Json& one = spec["limits"].as_array()[0];
    const Json limits = one.find("default") ? *one.find("default") : Json::object();
    for (const auto& [name, value] : limits.as_object())
      if (Json& requests = one["defaultRequest"]; requests.find(name) == nullptr)
        requests.set(name, value);
    return keep(*ranges_, ns, spec);
  }

  Result<Unit> tell(const std::string& name, const Json& ns, const Wanted& wanted) {
    Json probe = ns;
    const auto now = env_.wall();
    if (!set_status(probe, "ResourceQuotaValidated", wanted.problem, now) &&
        !set_status(probe, "ResourceQuotaInit", "", now))
      return Unit{};
    return found(client_->modify(*namespaces_, "", name, [&](Json& object) -> Result<bool> {
      bool changed = set_status(object, "ResourceQuotaValidated", wanted.problem, now);
      changed |= set_status(object, "ResourceQuotaInit", "", now);
      return changed;
    }));
  }

  storage::Env& env_;
  Dispatcher& dispatcher_;
  const std::unique_ptr<Client> client_;
  const KindPtr namespaces_, projects_, quotas_, ranges_;
  ProjectMembers members_;
  std::mutex mutex_;                          // guards what follows
  std::map<std::string, std::string> gists_;  // of projects that say something
};

}  // namespace

void register_controller_project_namespaces(ControllerSet& set) {
  set.add(std::make_unique<ProjectNamespaces>(set.context(), set.client("project-namespaces")));
}

}  // namespace engine
