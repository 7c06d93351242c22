// What comes (roles, bindings, clusters, projects, namespaces, users) is fed to the plan by one
// worker; what the plan says of this server is written by a few, of other clusters by
// DownstreamRbac. Nothing is removed before everything that there is has been seen once.
#include "engine/controllers/management/authorization.h"

#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/access/server_user.h"
#include "engine/controllers/management/creator_roles.h"
#include "engine/controllers/management/downstream_rbac.h"
#include "engine/controllers/management/local_rbac.h"
#include "engine/controllers/management/pod_security.h"
#include "engine/controllers/management/rbac_plan.h"
#include "engine/controllers/runtime/informer.h"
#include "engine/watch/object_scan.h"
#include "storage/base/log.h"

namespace engine {
namespace {

constexpr std::string_view kBootstrapLabel = "authz.management.cattle.io/bootstrapping";
constexpr const char* kSeen = "~";  // the input key that stands for: everything has been seen
constexpr size_t kWriters = 4;

// What is read. The prefix of a key says which; the rest is NS/NAME or NAME.
enum Input : size_t {
  kGlobalRoles,
  kTemplates,
  kGlobalBindings,
  kClusterBindings,
  kProjectBindings,
  kClusters,
  kProjects,
  kUsers,
  kNamespaces,
  kPolicies,        // pod security policy templates
  kPolicyBindings,  // which project has which
  kInputs
};
struct InputKind {
  std::string_view prefix, group, plural;
};
constexpr InputKind kInputKinds[kInputs] = {
    {"gr", kGrantGroup, "globalroles"},
    {"rt", kGrantGroup, "roletemplates"},
    {"gb", kGrantGroup, "globalrolebindings"},
    {"cb", kGrantGroup, "clusterroletemplatebindings"},
    {"pb", kGrantGroup, "projectroletemplatebindings"},
    {"cl", kGrantGroup, "clusters"},
    {"pr", kGrantGroup, "projects"},
    {"us", kGrantGroup, "users"},
    {"ns", "", "namespaces"},
    {"ps", kGrantGroup, "podsecuritypolicytemplates"},
    {"pt", kGrantGroup, "podsecuritypolicytemplateprojectbindings"}};
constexpr RbacKind kRbacKinds[] = {RbacKind::role, RbacKind::cluster_role, RbacKind::binding,
                                   RbacKind::cluster_binding};

bool mentions(const Bytes& bytes, std::string_view text) {
  return bytes && memmem(bytes->data(), bytes->size(), text.data(), text.size()) != nullptr;
}

class AuthorizationController final : public Authorization {
 public:
  explicit AuthorizationController(const AuthorizationParts& parts)
      : parts_(parts),
        client_(make_local_client(parts.registry, parts.dispatcher, "authorization")),
        local_(parts.registry, parts.dispatcher),
        creators_(parts, questions()),
        inputs_(parts.env, {.name = "authorization-inputs", .workers_max = 1},
                [this](const std::string& key) { return look_at(key); }),
        writer_(parts.env, {.name = "authorization", .workers_max = kWriters},
                [this](const std::string& key) { return write(key); }),
        creating_(parts.env, {.name = "creator-roles", .workers_max = kWriters},
                  [this](const std::string& key) { return creators_.reconcile(key); }),
        security_(parts.env, {.name = "pod-security", .workers_max = 1},
                  [this](const std::string& key) { return mend_namespace(key); }) {
    if (parts.ways)
      downstream_ = std::make_unique<DownstreamRbac>(parts.env, *parts.ways, downstream_plan());
  }
  ~AuthorizationController() override { stop(); }

  Result<Unit> start() override {
    auto kinds = parts_.registry.kinds().snapshot();
    for (size_t at = 0; at < kInputs; ++at) {
      kinds_[at] = kinds->stored(kInputKinds[at].group, kInputKinds[at].plural);
      if (!kinds_[at])
        return Status::internal("there is no kind " + std::string(kInputKinds[at].plural));
    }
    cluster_roles_ = kinds->stored(kRbacGroup, "clusterroles");
    for (size_t at = 0; at < kInputs; ++at) {
      informers_.push_back(std::make_unique<Informer>(
          parts_.env, *client_, kinds_[at], Dispatcher::Interest{},
          [this, at](const WatchEvent& event) { on_input(static_cast<Input>(at), event); }));
      informers_.back()->start();
    }
    inputs_.add(kSeen);
    return Unit{};
  }
  void stop() override {
    inputs_.stop();
    creating_.stop();
    security_.stop();
    writer_.stop();
    if (downstream_) downstream_->stop();
    std::vector<std::unique_ptr<Informer>> informers;
    {
      std::lock_guard lock(informers_mutex_);
      stopped_ = true;
      informers.swap(rbac_informers_);
    }
    informers.clear();
    informers_.clear();
  }
  Controller::Numbers numbers() const override { return writer_.numbers(); }
  std::string_view name() const override { return writer_.name(); }
  void way_changed(const std::string& id) override {
    // Before the bindings are known, everything in the cluster would be too much: it is compared
    // when they are.
    if (downstream_ && seen_) downstream_->way_changed(id);
  }
  void leave(const std::string& id) override {
    if (downstream_) downstream_->leave(id);
  }
  NamespaceFollower* follower() override { return downstream_.get(); }
  PlanNumbers plan_numbers() const override {
    std::lock_guard lock(mutex_);
    auto numbers = plan_.numbers();
    return {numbers.places, numbers.objects, numbers.units};
  }
  bool at_rest() const override {
    auto idle = [](const Controller& one) {
      auto queue = one.numbers().queue;
      return queue.waiting + queue.running + queue.delayed == 0;
    };
    return seen_ && idle(inputs_) && idle(writer_) && idle(creating_) && idle(security_) &&
           (!downstream_ || downstream_->at_rest());
  }

 private:
  CreatorRoles::Questions questions() {
    return {.defaults = [this](std::string_view kind) { return defaults(kind); },
            .missing = [this](const std::string& grant) { return missing(grant); },
            .again = [this](std::string key) { creating_.add(std::move(key)); },
            .all_seen = [this] { return seen_.load(); }};
  }

  DownstreamRbac::Plan downstream_plan() {
    return {
        .wanted =
            [this](const std::string& cluster, const std::string& key) {
              std::lock_guard lock(mutex_);
              return plan_.wanted(cluster, key);
            },
        .keys =
            [this](const std::string& cluster) {
              std::lock_guard lock(mutex_);
              return plan_.keys(cluster);
            },
        .namespaces =
            [this](const std::string& cluster) {
              std::lock_guard lock(mutex_);
              return plan_.namespaces(cluster);
            },
        .put_namespace =
            [this](const std::string& cluster, const std::string& ns, const std::string& project) {
              std::vector<RbacPlan::Concerned> concerned;
              {
                std::lock_guard lock(mutex_);
                plan_.put_namespace(cluster, ns, project);
                concerned = plan_.take_concerned();
                // Who tells of the namespace looks at its labels too.
                security_plan_.put_namespace(cluster, ns, project);
                security_plan_.take_concerned();
              }
              hand_out(std::move(concerned));
            },
        .namespace_patch = [this](const std::string& cluster,
                                  const Json& ns) { return namespace_patch(cluster, ns); }};
  }

  Json namespace_patch(const std::string& cluster, const Json& ns) {
    std::lock_guard lock(mutex_);
    auto patch = pod_security_patch(
        ns, security_plan_.wanted(cluster, std::string(ns.str({"metadata", "name"}))));
    return patch ? std::move(*patch) : Json();
  }

  // A namespace of this server.
  Result<Outcome> mend_namespace(const std::string& name) {
    auto cached = TRY(parts_.dispatcher.get(*kinds_[kNamespaces], "", name));
    if (!cached) return Outcome::done();
    Json ns = MUST(parse_json(*cached->bytes));  // the cache holds valid JSON
    if (!ns.str({"metadata", "deletionTimestamp"}).empty()) return Outcome::done();
    Json patch = namespace_patch(std::string(RbacPlan::kLocal), ns);
    if (patch.is_null()) return Outcome::done();
    auto done = parts_.registry.patch(*kinds_[kNamespaces], "", name, PatchType::merge, dump(patch),
                                      {.user = server_user()});
    if (!done && !done.error().is("NotFound")) return done.error();
    return Outcome::done();
  }

  void hand_out_namespaces(std::vector<PodSecurityPlan::Concerned> concerned) {
    for (const auto& one : concerned) {
      if (one.cluster == RbacPlan::kLocal)
        security_.add(one.ns);
      else if (downstream_)
        downstream_->concern(one.cluster, DownstreamRbac::namespace_key(one.ns));
    }
  }

  void hand_out(std::vector<RbacPlan::Concerned> concerned) {
    for (auto& one : concerned) {
      if (one.place == RbacPlan::kLocal)
        writer_.add(std::move(one.key));
      else if (downstream_)
        downstream_->concern(one.place, std::move(one.key));
    }
  }

  void on_input(Input input, const WatchEvent& event) {
    // A namespace's status and a node's beat are no news; its place in a project is.
    if (input == kNamespaces && event.type == EventType::modified &&
        place_of(event.object) == place_of(event.before))
      return;
    std::string key(kInputKinds[input].prefix);
    key.append("/").append(event.ns).append("/").append(event.name);
    inputs_.add(std::move(key));
  }

  // What counts of a namespace: its project, its labels, and whether it is ending.
  static std::string place_of(const Bytes& bytes) {
    if (!bytes) return {};
    std::string out(scan(*bytes, {"metadata", "annotations", kProjectIdAnnotation}));
    return out.append(scan(*bytes, {"metadata", "deletionTimestamp"}))
        .append(scan(*bytes, {"metadata", "labels"}));
  }

  void on_rbac(RbacKind kind, const WatchEvent& event) {
    const std::string key = rbac_key(kind, event.ns, event.name);
    if (mentions(event.object, kMadeByLabel) || mentions(event.before, kMadeByLabel))
      writer_.add(key);
    if (event.type != EventType::deleted) creators_.appeared(key);
    if (kind != RbacKind::cluster_role) return;
    std::lock_guard lock(externals_mutex_);
    if (externals_.count(event.name)) inputs_.add("rt//" + event.name);
  }

  Result<Outcome> look_at(const std::string& key) {
    if (key == kSeen) return everything_seen();
    auto done = feed(key);
    std::lock_guard lock(failing_mutex_);
    if (!done) {
      failing_.insert(key);
      return done.error();
    }
    failing_.erase(key);
    return Outcome::done();
  }

  Result<Outcome> everything_seen() {
    for (const auto& informer : informers_)
      if (!informer->synced()) return Outcome::requeue_after(storage::Millis(20));
    {
      std::lock_guard lock(failing_mutex_);
      if (!failing_.empty()) return Outcome::requeue_after(storage::Millis(20));
    }
    // The keys of what was there stood in the queue before this one came for the last time.
    if (!synced_) {
      synced_ = true;
      return Outcome::requeue_after(storage::Millis(1));
    }
    seen_ = true;
    watch_rbac();
    // What was removed while nobody watched has no event.
    std::vector<std::string> clusters;
    {
      std::lock_guard lock(mutex_);
      for (std::string& wanted : plan_.keys(RbacPlan::kLocal)) writer_.add(std::move(wanted));
      clusters = plan_.places();
    }
    for (const std::string& cluster : clusters) way_changed(cluster);
    return Outcome::done();
  }

  void watch_rbac() {
    std::lock_guard lock(informers_mutex_);
    if (stopped_) return;
    for (RbacKind kind : kRbacKinds) {
      auto of = parts_.registry.kinds().snapshot()->stored(kRbacGroup, rbac_plural(kind));
      rbac_informers_.push_back(std::make_unique<Informer>(
          parts_.env, *client_, of, Dispatcher::Interest{},
          [this, kind](const WatchEvent& event) { on_rbac(kind, event); }));
      rbac_informers_.back()->start();
    }
  }

  Result<Unit> feed(const std::string& key) {
    const size_t first = key.find('/'), second = key.find('/', first + 1);
    const std::string_view prefix = std::string_view(key).substr(0, first);
    const std::string ns = key.substr(first + 1, second - first - 1), name = key.substr(second + 1);
    size_t input = 0;
    while (kInputKinds[input].prefix != prefix) ++input;
    auto cached = TRY(parts_.dispatcher.get(*kinds_[input], ns, name));
    Json object;
    if (cached) object = MUST(parse_json(*cached->bytes));  // the cache holds valid JSON
    std::vector<RbacPlan::Concerned> concerned;
    std::vector<PodSecurityPlan::Concerned> namespaces;
    RuleList external;
    if (input == kTemplates && object.truth({"external"})) external = TRY(external_rules(name));
    {
      std::lock_guard lock(mutex_);
      put(static_cast<Input>(input), ns, name, cached ? &object : nullptr, std::move(external));
      concerned = plan_.take_concerned();
      namespaces = security_plan_.take_concerned();
    }
    hand_out(std::move(concerned));
    hand_out_namespaces(std::move(namespaces));
    follow_up(static_cast<Input>(input), ns, name, object);
    return Unit{};
  }

  Result<RuleList> external_rules(const std::string& name) {
    {
      std::lock_guard lock(externals_mutex_);
      externals_.insert(name);
    }
    auto role = TRY(parts_.dispatcher.get(*cluster_roles_, "", name));
    Json object;
    if (role) object = MUST(parse_json(*role->bytes));  // the cache holds valid JSON
    return std::make_shared<const std::vector<PolicyRule>>(
        PolicyRule::parse_all(object.find("rules")));
  }

  // Under the lock.
  void put(Input input, const std::string& ns, const std::string& name, const Json* object,
           RuleList external) {
    switch (input) {
      case kGlobalRoles:
        return plan_.put_global_role(name, object);
      case kTemplates:
        if (external) plan_.put_external(name, std::move(external));
        return plan_.put_template(name, object);
      case kGlobalBindings:
        return plan_.put_grant(Grant::Where::global, "", name, object);
      case kClusterBindings:
        return plan_.put_grant(Grant::Where::cluster, ns, name, object);
      case kProjectBindings:
        return plan_.put_grant(Grant::Where::project, ns, name, object);
      case kClusters:
        security_plan_.put_cluster(name, object);
        return plan_.put_cluster(name, object);
      case kProjects:
        security_plan_.put_project(ns, name, object);
        return plan_.put_project(ns, name, object);
      case kUsers:
        return plan_.put_user(name, object);
      case kPolicies:
        return security_plan_.put_template(name, object);
      case kPolicyBindings:
        return security_plan_.put_template_binding(ns + "/" + name, object);
      default: {
        const std::string project = object ? project_in(*object) : std::string();
        security_plan_.put_namespace(std::string(RbacPlan::kLocal), name, project);
        return plan_.put_namespace(RbacPlan::kLocal, name, project);
      }
    }
  }

  // The project of a namespace of this server; empty while it is ending: nothing can be made there.
  static std::string project_in(const Json& ns) {
    if (!ns.str({"metadata", "deletionTimestamp"}).empty()) return {};
    auto id = ns.str({"metadata", "annotations", kProjectIdAnnotation});
    const size_t colon = id.find(':');
    if (colon == id.npos || id.substr(0, colon) != RbacPlan::kLocal) return {};
    return std::string(id.substr(colon + 1));
  }

  void follow_up(Input input, const std::string& ns, const std::string& name, const Json& object) {
    if (input == kClusters) {
      creating_.add("cl/" + name);
      if (object.is_null() && downstream_) downstream_->gone(name);
      if (!object.str({"metadata", "deletionTimestamp"}).empty()) leave(name);
    }
    if (input == kProjects) creating_.add("pr/" + ns + "/" + name);
    if (input == kNamespaces && !object.is_null()) security_.add(name);
    if (input == kNamespaces && object.at({"metadata", "annotations", kBacksProjectAnnotation}))
      creating_.add("bk/" + name);
    if (input == kClusterBindings)
      creators_.appeared("?" + Grant::id_of(Grant::Where::cluster, ns, name));
    if (input == kProjectBindings)
      creators_.appeared("?" + Grant::id_of(Grant::Where::project, ns, name));
    if (input == kTemplates || input == kGlobalRoles) creators_.defaults_changed();
    if (input != kUsers || object.is_null()) return;
    creators_.user_came(name);
    if (object.str({"metadata", "labels", kBootstrapLabel}) == "admin-user")
      creators_.administrator(name);
    if (object.at({"metadata", "annotations", kCreatorRolesAnnotation}))
      creating_.add("us/" + name);
  }

  Result<Outcome> write(const std::string& key) {
    Json wanted;
    {
      std::lock_guard lock(mutex_);
      wanted = plan_.wanted(RbacPlan::kLocal, key);
    }
    if (wanted.is_null() && !seen_) return Outcome::requeue_after(storage::Millis(50));
    auto done = TRY(local_.make(key, wanted));
    if (done == LocalRbac::Done::later) return Outcome::requeue_after(storage::Seconds(1));
    return Outcome::done();
  }

  std::optional<std::vector<std::string>> defaults(std::string_view kind) {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    const GrantModel& model = plan_.model();
    if (kind == "user") {
      if (!model.global_role("user")) return std::nullopt;
      for (const auto& [name, role] : model.global_roles())
        if (role->new_user) out.push_back(name);
      return out;
    }
    const bool cluster = kind == "cluster";
    // The built-in ones come together with the rest when the server begins.
    if (!model.template_of(cluster ? "cluster-owner" : "project-owner")) return std::nullopt;
    for (const auto& [name, role] : model.templates())
      if ((cluster ? role->cluster_creator : role->project_creator) && !role->locked)
        out.push_back(name);
    return out;
  }

  std::string missing(const std::string& grant) {
    std::vector<std::string> keys;
    {
      std::lock_guard lock(mutex_);
      // The binding was made a moment ago; its event will come.
      if (!plan_.model().grant(grant)) return "?" + grant;
      keys = plan_.made_here(grant);
    }
    for (std::string& key : keys)
      if (!local_.is_there(key)) return std::move(key);
    return {};
  }

  const AuthorizationParts parts_;
  const std::unique_ptr<Client> client_;
  std::array<KindPtr, kInputs> kinds_;
  KindPtr cluster_roles_;
  LocalRbac local_;
  CreatorRoles creators_;

  mutable std::mutex mutex_;  // guards the plans
  RbacPlan plan_;
  PodSecurityPlan security_plan_;
  std::mutex externals_mutex_;
  std::set<std::string, std::less<>> externals_;  // names of external templates
  std::mutex failing_mutex_;
  std::set<std::string> failing_;
  bool synced_ = false;  // only the inputs' worker
  std::atomic<bool> seen_ = false;

  std::mutex informers_mutex_;
  bool stopped_ = false;
  std::vector<std::unique_ptr<Informer>> rbac_informers_;
  std::vector<std::unique_ptr<Informer>> informers_;
  std::unique_ptr<DownstreamRbac> downstream_;
  Controller inputs_, writer_, creating_, security_;  // last: their workers end first
};

}  // namespace

std::unique_ptr<Authorization> make_authorization(const AuthorizationParts& parts) {
  return std::make_unique<AuthorizationController>(parts);
}

}  // namespace engine
