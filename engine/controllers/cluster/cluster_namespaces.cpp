// Namespaces of other clusters that are in a project of theirs: what the project says of quotas and
// container defaults is kept in each, over the cluster's way, as project_namespaces.cpp does here;
// what they take is added up on the project. No transaction spans two stores: a namespace that came
// to be beside this server and does not fit gets a quota of nothing and says why. What has been put
// there is put again when it changes, or after the way was away. Secrets of a project, which lie in
// its own namespace here, are in each of its namespaces there too.
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/cluster/remote_ask.h"
#include "engine/controllers/cluster/namespace_watch.h"
#include "engine/controllers/runtime/informer.h"
#include "engine/controllers/runtime/log_tap.h"
#include "engine/watch/object_scan.h"

namespace engine {
namespace {

using storage::Millis;

constexpr std::string_view kPath = "/api/v1/namespaces";
constexpr std::string_view kName = "paddock-project";  // of the quota and the range in a namespace
constexpr std::string_view kManager = "paddock-project";
constexpr std::string_view kApply = "application/apply-patch+yaml";
constexpr std::string_view kMerge = "application/merge-patch+json";
constexpr Millis kNoWay{10'000};
constexpr std::string_view kSecrets = "/registry/core/secrets/";
constexpr std::string_view kSecret = "Secret/";
constexpr std::string_view kThere = "there";  // some copy, of which nothing more is known

// What is kept of a namespace that is in a project.
struct Member {
  std::string project;
  Amounts limit;
  Json quota, container;  // of its annotations
  bool accepted = false;  // its limit is counted on the project
  std::string problem;    // what its status says now
};

// One cluster: its namespaces that are in projects.
struct Tracked {
  std::mutex mutex;  // guards what follows
  std::map<std::string, Member> members;
  std::set<std::string> seen;
  std::set<std::string> leaving;  // were in a project, and hold what it gave them
  bool complete = false;
};

class ClusterNamespaces final : public ControllerModule, public NamespaceFollower {
 public:
  explicit ClusterNamespaces(const ClusterParts& parts)
      : parts_(parts),
        controller_(parts.env, {.name = "cluster-namespaces", .workers_max = 2},
                    [this](const std::string& key) { return reconcile(key); }),
        remote_(std::make_unique<RemoteAsk>(
            parts.ways, [this](const std::string& key) { controller_.add(key); })) {}
  ~ClusterNamespaces() override { stop(); }

  Result<Unit> start() override {
    projects_ = TRY(management_kind(parts_.client, "projects"));
    secrets_ = parts_.client.kinds()->stored("", "secrets");
    project_informer_ =
        std::make_unique<Informer>(parts_.env, parts_.client, projects_, Dispatcher::Interest{},
                                   [this](const WatchEvent& event) {
                                     if (event.ns != kLocalCluster && news(event))
                                       controller_.add(event.ns + "//" + event.name);
                                   });
    project_informer_->start();
    return Unit{};
  }
  void listen(LogTap& log) override {
    log.add(std::string(kSecrets), [this](const storage::Event& event) {
      std::string_view place = std::string_view(event.key).substr(kSecrets.size());
      const std::string project(place.substr(0, place.find('/')));
      std::string cluster;
      {
        std::lock_guard lock(mutex_);
        const auto found = cluster_of_.find(project);
        if (found == cluster_of_.end()) return;
        cluster = found->second;
      }
      controller_.add(cluster + "//" + project);
    });
  }
  void stop() override {
    project_informer_ = nullptr;
    controller_.stop();
    remote_ = nullptr;
  }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }

  void namespaces_begin(const std::string& id) override {
    std::shared_ptr<Tracked> one;
    {
      std::lock_guard lock(mutex_);
      auto& held = tracked_[id];
      if (!held) held = std::make_shared<Tracked>();
      one = held;
    }
    std::lock_guard lock(one->mutex);
    one->seen.clear();
  }
  void namespaces_end(const std::string& id) override;
  void namespace_is(const std::string& id, const Json& ns) override { take(id, ns, Is::there); }
  void namespace_gone(const std::string& id, const Json& ns) override { take(id, ns, Is::gone); }
  void cluster_gone(const std::string& id) override {
    std::lock_guard lock(mutex_);
    tracked_.erase(id);
    forget_applied(id);
  }

 private:
  enum class Is : uint8_t { there, gone };
  void take(const std::string& id, const Json& object, Is is);
  std::shared_ptr<Tracked> find(const std::string& id) {
    std::lock_guard lock(mutex_);
    auto found = tracked_.find(id);
    return found == tracked_.end() ? nullptr : found->second;
  }
  // Everything of a cluster is put again. Under the lock.
  void forget_applied(const std::string& id) {
    std::erase_if(applied_, [&](const auto& entry) { return entry.first.starts_with(id + "/"); });
    std::erase_if(listed_, [&](const std::string& key) { return key.starts_with(id + "/"); });
  }

  // Our own sums on a project are no news to its namespaces.
  bool news(const WatchEvent& event) {
    const std::string key = event.ns + "/" + event.name;
    std::string gist;
    if (event.type != EventType::deleted)
      for (std::initializer_list<std::string_view> path :
           {std::initializer_list<std::string_view>{"spec", "resourceQuota", "limit"},
            {"spec", "namespaceDefaultResourceQuota"},
            {"spec", "containerDefaultResourceLimit"},
            {"metadata", "deletionTimestamp"}})
        gist.append(scan(*event.object, path)).append("\n");
    std::lock_guard lock(mutex_);
    if (gist.empty()) {
      gists_.erase(key);
      cluster_of_.erase(event.name);
      return true;
    }
    cluster_of_[event.name] = event.ns;
    return std::exchange(gists_[key], gist) != gist;
  }

  // Keys: CLUSTER/NAMESPACE, CLUSTER//PROJECT.
  Result<Outcome> reconcile(const std::string& key) {
    const size_t slash = key.find('/');
    const std::string id = key.substr(0, slash);
    auto one = find(id);
    if (!one) return Outcome::done();
    const std::string rest = key.substr(slash + 1);
    if (rest.starts_with("/")) return project(id, *one, rest.substr(1));
    return one_namespace(id, *one, rest, key);
  }

  Result<std::optional<Json>> read_project(const std::string& id, const std::string& name) {
    auto found = parts_.client.get(*projects_, id, name);
    if (found) return std::optional<Json>(found->json());
    if (found.error().is("NotFound")) return std::optional<Json>();
    return std::move(found).error();
  }

  Result<Outcome> project(const std::string& id, Tracked& one, const std::string& name) {
    {
      std::lock_guard lock(one.mutex);
      for (const auto& [ns, member] : one.members)
        if (member.project == name) controller_.add(id + "/" + ns);
    }
    TRY(add_up(id, one, name));
    return Outcome::done();
  }

  // The sum of what is accepted, onto the project.
  Result<Unit> add_up(const std::string& id, Tracked& one, const std::string& name) {
    Amounts used;
    {
      std::lock_guard lock(one.mutex);
      if (!one.complete) return Unit{};
      for (const auto& [ns, member] : one.members)
        if (member.project == name && member.accepted) used.add(member.limit);
    }
    used.drop_zeros();
    return change_object(parts_.client, *projects_, id, name, [&](Json& object) {
      const Json* quota = object.at({"spec", "resourceQuota"});
      if (quota == nullptr && used.empty()) return;
      object.make({"spec", "resourceQuota"}).set("usedLimit", limit_json(used));
    });
  }

  struct Step {
    std::string what;  // of a namespace's things
    std::string target;
    std::string type;  // empty: it is to be removed
    std::string body;
  };

  struct Wanted {
    Amounts limit;
    Json container;
    Json annotations = Json::object();  // to be set (null: taken off)
    std::string problem;
  };

  // What the namespace is to have; its part is accepted while all parts fit.
  Wanted settle(Tracked& one, const std::string& ns, const Json& project) {
    Wanted out;
    auto limit = read_limit(project.at({"spec", "resourceQuota", "limit"}), "");
    auto otherwise = read_limit(project.at({"spec", "namespaceDefaultResourceQuota", "limit"}), "");
    const Json* container = project.at({"spec", "containerDefaultResourceLimit"});
    std::lock_guard lock(one.mutex);
    const auto found = one.members.find(ns);
    if (found == one.members.end()) return out;
    Member& member = found->second;
    out.container = member.container;
    if (out.container.is_null() && container != nullptr && container->size() > 0) {
      out.container = *container;
      out.annotations.set(kContainerLimitAnnotation, dump(*container));
    }
    if (!limit || limit->empty()) {
      if (!member.quota.is_null()) out.annotations.set(kQuotaAnnotation, Json());
      member.accepted = false;
      return out;
    }
    const Amounts part = completed_limit(member.limit, *otherwise, *limit);
    Amounts all = part;
    for (const auto& [name, other] : one.members)
      if (name != ns && other.project == member.project && other.accepted) all.add(other.limit);
    std::string over;
    for (const auto& [field, quantity] : all.all())
      if (const Quantity* most = limit->find(field); most != nullptr && *most < quantity)
        over += (over.empty() ? "" : ", ") + field;
    member.accepted = over.empty();
    if (!member.accepted) {
      out.problem = "exceeds the limit of its project on fields: " + over;
      out.limit = completed_limit({}, {}, *limit);
      return out;
    }
    const Json wanted = Json::object({{"limit", limit_json(part)}});
    if (!(member.quota == wanted)) out.annotations.set(kQuotaAnnotation, dump(wanted));
    member.limit = out.limit = part;
    return out;
  }

  Result<Outcome> one_namespace(const std::string& id, Tracked& one, const std::string& ns,
                                const std::string& key) {
    std::string name, problem;
    bool leaving = false, had_quota = false;
    {
      std::lock_guard lock(one.mutex);
      if (const auto found = one.members.find(ns); found != one.members.end()) {
        name = found->second.project;
        problem = found->second.problem;
        had_quota = !found->second.quota.is_null();
      }
      leaving = one.leaving.count(ns) != 0;
    }
    if (name.empty() && !leaving) {
      remote_->forget(key);
      return Outcome::done();
    }
    Wanted wanted;
    std::optional<Json> project;
    if (!name.empty()) project = TRY(read_project(id, name));
    if (project) wanted = settle(one, ns, *project);
    // Its project is gone: it is let go.
    const bool let_go = !name.empty() && !project;
    if (let_go)
      for (std::string_view annotation : {kProjectIdAnnotation, kQuotaAnnotation})
        wanted.annotations.set(annotation, Json());
    if (project) TRY(add_up(id, one, name));
    if (project && (!wanted.limit.empty() || !wanted.problem.empty()) && wanted.problem != problem)
      wanted.annotations.set(kNamespaceStatusAnnotation, status_text(wanted.problem));
    std::vector<Step> steps;
    const std::string in = std::string(kPath) + "/" + percent_escaped(ns);
    if (wanted.annotations.size() > 0) {
      Json metadata = Json::object({{"annotations", wanted.annotations}});
      if (let_go) metadata["labels"].set(kProjectIdAnnotation, Json());
      steps.push_back({"annotations", in, std::string(kMerge),
                       dump(Json::object({{"metadata", std::move(metadata)}}))});
    }
    steps.push_back(object_step(
        in + "/resourcequotas/", "ResourceQuota",
        wanted.limit.empty() ? Json() : Json::object({{"hard", quota_hard(wanted.limit)}})));
    const Json item = container_item(wanted.container);
    steps.push_back(
        object_step(in + "/limitranges/", "LimitRange",
                    item.is_null() ? Json() : Json::object({{"limits", Json::array({item})}})));
    bool settled = true;
    if (auto done = add_secrets(id, key, in, project ? name : std::string(), steps)) {
      settled = *done;
    } else {
      return later(key, done.error());
    }
    for (const Step& step : steps) {
      auto done = run(id, key, step, leaving || had_quota);
      if (!done) return later(key, done.error());
      settled &= *done;
    }
    if (!settled) return Outcome::done();  // the answers bring the key back
    remote_->forget(key);
    std::lock_guard lock(one.mutex);
    if (name.empty()) one.leaving.erase(ns);
    if (const auto found = one.members.find(ns); found != one.members.end())
      found->second.problem = wanted.problem;
    return Outcome::done();
  }

  // A cluster that is away is listed anew when it comes back.
  Result<Outcome> later(const std::string& key, const Status& why) {
    remote_->forget(key);
    if (why.code() == 503 || why.code() == 504) return Outcome::requeue_after(kNoWay);
    return why;
  }

  // The copies that are to be there, and those that are and shall not. False: what is there is
  // being asked for.
  Result<bool> add_secrets(const std::string& id, const std::string& key, const std::string& in,
                           const std::string& project, std::vector<Step>& steps) {
    bool listed = false;
    {
      std::lock_guard lock(mutex_);
      listed = listed_.count(key) != 0;
    }
    if (!listed) {
      auto answer = remote_->ask(id, key, "secrets", [&] {
        return ClusterCall{
            .target = in + "/secrets?labelSelector=" + percent_escaped(kProjectSecretCopy)};
      });
      if (!answer) return false;
      if (!*answer) return std::move(answer->error());
      if ((*answer)->status != 200) return status_of(**answer);
      const Json found = TRY(parse_json((*answer)->body));
      std::lock_guard lock(mutex_);
      if (const Json* items = found.find("items"); items != nullptr && items->is_array())
        for (const Json& secret : items->as_array())
          applied_[key][std::string(kSecret) + std::string(secret.str({"metadata", "name"}))] =
              kThere;
      listed_.insert(key);
    }
    std::set<std::string> wanted;
    if (!project.empty()) {
      auto page = TRY(parts_.client.list(*secrets_, project, storage::kLatest, "", 0));
      for (const Object& object : page.objects) {
        const Json secret = object.json();
        if (!is_shared_secret(secret)) continue;
        Json copy = project_secret_copy(secret, project);
        copy.set("apiVersion", "v1");
        copy.set("kind", "Secret");
        const std::string name(secret.str({"metadata", "name"}));
        wanted.insert(std::string(kSecret) + name);
        steps.push_back({std::string(kSecret) + name,
                         in + "/secrets/" + percent_escaped(name) +
                             "?force=true&fieldManager=" + std::string(kManager),
                         std::string(kApply), dump(copy)});
      }
    }
    std::lock_guard lock(mutex_);
    for (const auto& [what, text] : applied_[key])
      if (what.starts_with(kSecret) && wanted.count(what) == 0 && !text.starts_with("DELETE"))
        steps.push_back(
            {what, in + "/secrets/" + percent_escaped(what.substr(kSecret.size())), "", ""});
    return true;
  }

  std::string status_text(const std::string& problem) {
    auto condition = [&](std::string_view type, const std::string& message) {
      return Json::object({{"Type", type},
                           {"Status", message.empty() ? "True" : "False"},
                           {"Message", message},
                           {"LastUpdateTime", to_rfc3339(parts_.env.wall())}});
    };
    return dump(Json::object(
        {{"Conditions", Json::array({condition("ResourceQuotaInit", ""),
                                     condition("ResourceQuotaValidated", problem)})}}));
  }

  static Step object_step(const std::string& folder, std::string_view kind, Json spec) {
    const std::string target = folder + std::string(kName);
    if (spec.is_null()) return {std::string(kind), target, "", ""};
    Json object = Json::object(
        {{"apiVersion", "v1"},
         {"kind", kind},
         {"metadata", Json::object({{"name", kName},
                                    {"labels", Json::object({{kManagedQuotaLabel, "true"}})}})},
         {"spec", std::move(spec)}});
    return {std::string(kind), target + "?force=true&fieldManager=" + std::string(kManager),
            std::string(kApply), dump(object)};
  }

  // True: it is so there. Each call is made once for what it says.
  Result<bool> run(const std::string& id, const std::string& key, const Step& step,
                   bool may_be_there) {
    const bool removal = step.type.empty();
    const std::string text = (removal ? "DELETE " : "PATCH ") + step.target + step.body;
    {
      std::lock_guard lock(mutex_);
      auto& applied = applied_[key];
      const auto before = applied.find(step.what);
      if (before == applied.end() ? removal && !may_be_there : before->second == text) return true;
    }
    auto answer = remote_->ask(id, key, text, [&] {
      ClusterCall call{
          .method = removal ? "DELETE" : "PATCH", .target = step.target, .body = step.body};
      if (!removal) call.headers.add("Content-Type", step.type);
      return call;
    });
    if (!answer) return false;
    if (!*answer) return std::move(answer->error());
    const int status = (*answer)->status;
    if (status >= 300 && status != 404) return status_of(**answer);
    std::lock_guard lock(mutex_);
    applied_[key][step.what] = text;
    return true;
  }

  const ClusterParts parts_;
  KindPtr projects_, secrets_;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::string> gists_;
  // By namespace and thing: what was last put.
  std::map<std::string, std::map<std::string, std::string>> applied_;
  std::set<std::string> listed_;                   // namespaces whose copies are known
  std::map<std::string, std::string> cluster_of_;  // by project
  std::map<std::string, std::shared_ptr<Tracked>> tracked_;
  Controller controller_;
  std::unique_ptr<RemoteAsk> remote_;
  std::unique_ptr<Informer> project_informer_;
};

void ClusterNamespaces::namespaces_end(const std::string& id) {
  auto one = find(id);
  if (!one) return;
  std::set<std::string> projects;
  std::vector<std::string> names;
  {
    std::lock_guard lock(one->mutex);
    std::erase_if(one->members,
                  [&](const auto& entry) { return one->seen.count(entry.first) == 0; });
    one->complete = true;
    for (const auto& [ns, member] : one->members) {
      projects.insert(member.project);
      names.push_back(ns);
    }
  }
  {
    std::lock_guard lock(mutex_);
    forget_applied(id);
  }
  for (const std::string& ns : names) controller_.add(id + "/" + ns);
  for (const std::string& project : projects) controller_.add(id + "//" + project);
}

void ClusterNamespaces::take(const std::string& id, const Json& object, Is is) {
  auto one = find(id);
  if (!one) return;
  auto& members = one->members;
  const std::string ns(object.str({"metadata", "name"}));
  const bool ends = is == Is::gone || !object.str({"metadata", "deletionTimestamp"}).empty();
  const std::string project(ends ? std::string_view() : project_in(id, object));
  std::string left;
  {
    std::lock_guard lock(one->mutex);
    one->seen.insert(ns);
    const auto found = members.find(ns);
    if (found == members.end() && project.empty()) return;
    if (found != members.end() && found->second.project != project) left = found->second.project;
    if (project.empty()) {
      members.erase(found);
      if (!ends) one->leaving.insert(ns);
    } else {
      Member made;
      made.project = project;
      made.quota = annotation_of(object, kQuotaAnnotation);
      made.container = annotation_of(object, kContainerLimitAnnotation);
      made.limit = namespace_limit(object);
      // What was let in before goes before what comes.
      const Json status = annotation_of(object, kNamespaceStatusAnnotation);
      if (const Json* list = status.find("Conditions"); list != nullptr && list->is_array())
        for (const Json& one : list->as_array())
          if (one.str("Type") == "ResourceQuotaValidated") {
            made.problem = one.str("Message");
            made.accepted = found == members.end() && one.str("Status") == "True";
          }
      if (found != members.end() && left.empty()) made.accepted = found->second.accepted;
      members.insert_or_assign(ns, std::move(made));
      one->leaving.erase(ns);
    }
  }
  controller_.add(id + "/" + ns);
  if (!left.empty()) controller_.add(id + "//" + left);
}

}  // namespace

ClusterNamespacesModule make_cluster_namespaces(const ClusterParts& parts) {
  auto made = std::make_unique<ClusterNamespaces>(parts);
  NamespaceFollower& follower = *made;
  return {std::move(made), follower};
}

}  // namespace engine
