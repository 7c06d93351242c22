// A new cluster's first two projects: Default, with the namespace default in it, and System, with
// those that the setting system-namespaces names; who made the cluster owns them. They are made
// once, and namespaces that are there are put into them once, when the cluster can first be asked:
// what somebody moves afterwards stays where it is.
#include <atomic>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"
#include "engine/cluster/remote_ask.h"
#include "engine/cluster/sessions.h"
#include "engine/controllers/cluster/cluster_parts.h"
#include "engine/controllers/runtime/informer.h"

namespace engine {
namespace {

constexpr std::string_view kCreator = "field.cattle.io/creatorId";
constexpr storage::Millis kNamespaceWait{200};
constexpr std::string_view kPath = "/api/v1/namespaces";

struct First {
  std::string_view name, label, description, made, assigned;  // the last two are conditions
};
constexpr First kFirst[] = {
    {"Default", kDefaultProjectLabel, "Default project created for the cluster",
     "DefaultProjectCreated", "DefaultNamespacesAssigned"},
    {"System", kSystemProjectLabel, "System project created for the cluster",
     "SystemProjectCreated", "SystemNamespacesAssigned"}};

class FirstProjects final : public WayFollower {
 public:
  explicit FirstProjects(const ClusterParts& parts)
      : parts_(parts),
        controller_(parts.env, {.name = "first-projects"},
                    [this](const std::string& id) { return reconcile(id); }),
        remote_(std::make_unique<RemoteAsk>(
            parts.ways, [this](const std::string& id) { controller_.add(id); })) {}
  ~FirstProjects() override { stop(); }

  Result<Unit> start() override {
    clusters_ = TRY(management_kind(parts_.client, "clusters"));
    projects_ = TRY(management_kind(parts_.client, "projects"));
    namespaces_ = parts_.client.kinds()->stored("", "namespaces");
    settings_ = TRY(management_kind(parts_.client, "settings"));
    informer_ = std::make_unique<Informer>(
        parts_.env, parts_.client, clusters_, Dispatcher::Interest{},
        [this](const WatchEvent& event) {
          if (event.type == EventType::added && event.name != kLocalCluster)
            controller_.add(event.name);
        });
    started_ = true;
    informer_->start();
    return Unit{};
  }
  void stop() override {
    informer_ = nullptr;
    controller_.stop();
    remote_ = nullptr;
  }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }
  void way_changed(const std::string& id) override {
    // Agents come back while the server starts; then all that is there is looked at anyway.
    if (started_ && id != kLocalCluster) controller_.add(id);
  }

 private:
  Result<Outcome> reconcile(const std::string& id) {
    auto found = parts_.client.get(*clusters_, "", id);
    if (!found && found.error().is("NotFound")) {
      remote_->forget(id);
      return Outcome::done();
    }
    if (!found) return found.error();
    const Json cluster = found->json();
    if (is_ending(cluster)) return Outcome::done();
    // The cluster's namespace here is made beside this.
    if (auto ns = parts_.client.get(*namespaces_, "", id); !ns)
      return ns.error().is("NotFound") ? Result<Outcome>(Outcome::requeue_after(kNamespaceWait))
                                       : Result<Outcome>(ns.error());
    for (const First& first : kFirst)
      if (!condition_true(cluster, first.made)) TRY(make(cluster, id, first));
    return assign(id);
  }

  Result<Unit> make(const Json& cluster, const std::string& id, const First& first) {
    bool there = false;
    for (const Json& project : TRY(list_all(parts_.client, *projects_, id)))
      there = there || project.str({"metadata", "labels", first.label}) == "true";
    if (!there) {
      Json project =
          Json::object({{"apiVersion", projects_->api_version()}, {"kind", projects_->kind}});
      Json& metadata = project["metadata"];
      metadata.set("generateName", "p-");
      metadata.set("namespace", id);
      metadata["labels"].set(first.label, "true");
      if (std::string_view creator = cluster.str({"metadata", "annotations", kCreator});
          !creator.empty())
        metadata["annotations"].set(kCreator, creator);
      project["spec"] = Json::object(
          {{"clusterName", id}, {"displayName", first.name}, {"description", first.description}});
      TRY(parts_.client.create(*projects_, id, std::move(project)));
    }
    return mark(*clusters_, "", id, first.made);
  }

  Result<Unit> mark(const Kind& kind, std::string_view ns, const std::string& name,
                    std::string_view condition) {
    return change_object(parts_.client, kind, ns, name, [&](Json& object) {
      set_condition(object, {std::string(condition), "True", "", ""}, parts_.env.wall());
    });
  }

  // Puts what is there into the projects that have not been given theirs.
  Result<Outcome> assign(const std::string& id) {
    std::string ids[2];
    bool due = false;
    for (const Json& project : TRY(list_all(parts_.client, *projects_, id)))
      for (size_t i = 0; i < 2; ++i)
        if (project.str({"metadata", "labels", kFirst[i].label}) == "true" &&
            !condition_true(project, kFirst[i].assigned)) {
          ids[i] = project.str({"metadata", "name"});
          due = true;
        }
    if (!due) return Outcome::done();
    auto answer =
        remote_->ask(id, id, "list", [] { return ClusterCall{.target = std::string(kPath)}; });
    if (!answer) return Outcome::done();
    // Without a way: when there is one, it is looked at again.
    if (!*answer) return Outcome::done();
    if ((*answer)->status >= 400) return status_of(**answer);
    const Json list = TRY(parse_json((*answer)->body));
    const Json* items = list.find("items");
    const std::set<std::string, std::less<>> system = TRY(system_namespaces());
    bool all = true;
    if (items != nullptr && items->is_array())
      for (const Json& ns : items->as_array()) {
        const std::string_view name = ns.str({"metadata", "name"});
        const std::string project = name == "default"    ? ids[0]
                                    : system.count(name) ? ids[1]
                                                         : std::string();
        if (project.empty() || is_ending(ns) ||
            !ns.str({"metadata", "annotations", kProjectIdAnnotation}).empty())
          continue;
        all = false;
        TRY(put(id, std::string(name), project));
      }
    if (!all) return Outcome::done();  // the answers bring the key back
    for (size_t i = 0; i < 2; ++i)
      if (!ids[i].empty()) TRY(mark(*projects_, id, ids[i], kFirst[i].assigned));
    return Outcome::done();
  }

  Result<Unit> put(const std::string& id, const std::string& ns, const std::string& project) {
    auto answer = remote_->ask(id, id, "put " + ns, [&] {
      ClusterCall call{.method = "PATCH", .target = std::string(kPath) + "/" + percent_escaped(ns)};
      call.headers.set("Content-Type", "application/merge-patch+json");
      call.body = dump(project_patch(id + ":" + project));
      return call;
    });
    if (!answer || !*answer) return Unit{};
    if ((*answer)->status >= 400 && (*answer)->status != 404) return status_of(**answer);
    return Unit{};
  }

  Result<std::set<std::string, std::less<>>> system_namespaces() {
    std::set<std::string, std::less<>> out;
    auto found = parts_.client.get(*settings_, "", "system-namespaces");
    if (!found && found.error().is("NotFound")) return out;
    if (!found) return found.error();
    const Json setting = found->json();
    std::string text(setting.str("value"));
    if (text.empty()) text = setting.str("default");
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find(',', at), text.size());
      if (end > at) out.insert(text.substr(at, end - at));
      at = end + 1;
    }
    return out;
  }

  const ClusterParts parts_;
  Controller controller_;
  std::atomic<bool> started_ = false;
  KindPtr clusters_, projects_, namespaces_, settings_;
  std::unique_ptr<RemoteAsk> remote_;
  std::unique_ptr<Informer> informer_;
};

}  // namespace

std::unique_ptr<WayFollower> make_first_projects(const ClusterParts& parts) {
  return std::make_unique<FirstProjects>(parts);
}

}  // namespace engine
