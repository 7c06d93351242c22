// Secrets of a project (certificates and registry credentials are such): one that lies in the
// project's own namespace is in every namespace of the project under the same name, kept as it is
// there, and gone when it goes or the namespace leaves. What somebody else made under that name
// stays untouched.
#include <mutex>

#include "engine/access/admission/project_limits.h"
#include "engine/base/name_set.h"
#include "engine/cluster/client.h"
#include "engine/controllers/controller_set.h"
#include "engine/controllers/management/project_members.h"
#include "engine/controllers/runtime/store_key.h"
#include "engine/registry/metadata.h"
#include "engine/watch/object_scan.h"

namespace engine {

namespace {

constexpr std::string_view kNamespaces = "/registry/core/namespaces/";
constexpr std::string_view kSecrets = "/registry/core/secrets/";
constexpr std::string_view kProjects = "/registry/management.cattle.io/projects/local/";
constexpr std::string_view kCopyOf = kProjectSecretCopy;

bool is_copy(const Json& secret) {
  return !secret.str({"metadata", "labels", kCopyOf}).empty();
}

class ProjectSecrets final : public SingleController {
 public:
  ProjectSecrets(const ControllerContext& context, std::unique_ptr<Client> client)
      : SingleController(context.env, {"project-secrets", 2}),
        client_(std::move(client)),
        namespaces_(stored_kind(*client_, "", "namespaces")),
        secrets_(stored_kind(*client_, "", "secrets")),
        projects_(stored_kind(*client_, "management.cattle.io", "projects")) {}

  void listen(LogTap& log) override {
    if (projects_ == nullptr) return;
    log.add(std::string(kNamespaces), [this](const storage::Event& event) {
      namespace_came(after_prefix(event.key, kNamespaces), event.value ? &*event.value : nullptr);
    });
    log.add(std::string(kProjects), [this](const storage::Event& event) {
      const bool there = event.value.has_value();
      std::string name(after_prefix(event.key, kProjects));
      std::lock_guard lock(mutex_);
      there ? known_.insert(name) : known_.erase(name);
    });
    log.add(std::string(kSecrets), [this](const storage::Event& event) {
      secret_came(after_prefix(event.key, kSecrets));
    });
  }

  Result<Unit> start() override {
    if (projects_ == nullptr) return Unit{};
    TRY(for_each_object(*client_, *projects_, kLocalCluster,
                        [this](const Object& object) -> Result<bool> {
                          std::lock_guard lock(mutex_);
                          known_.insert(scan_text(scan(*object.bytes, {"metadata", "name"})));
                          return true;
                        }));
    return for_each_object(
        *client_, *namespaces_, "", [this](const Object& object) -> Result<bool> {
          namespace_came(scan_text(scan(*object.bytes, {"metadata", "name"})), object.bytes.get());
          return true;
        });
  }

 private:
  bool is_project(const std::string& name) {
    std::lock_guard lock(mutex_);
    return known_.contains(name);
  }

  void namespace_came(std::string_view name, const std::string* bytes) {
    const std::string before = members_.project_of(name);
    if (!members_.put(name, bytes) || bytes == nullptr) return;
    // Only its membership matters here.
    if (before != members_.project_of(name)) controller_.add("n/" + std::string(name));
  }

  // In a project's own namespace: all copies; a copy: itself.
  void secret_came(std::string_view place) {
    const size_t slash = place.find('/');
    const std::string ns(place.substr(0, slash)), name(place.substr(slash + 1));
    if (is_project(ns)) {
      controller_.add("s/" + ns + "/" + name);
    } else if (std::string project = members_.project_of(ns); !project.empty()) {
      controller_.add("c/" + ns + "/" + name);
    }
  }

  Result<Outcome> reconcile(const std::string& key) override {
    const std::string rest = key.substr(2);
    const size_t slash = rest.find('/');
    const std::string first = rest.substr(0, slash),
                      second = slash == rest.npos ? "" : rest.substr(slash + 1);
    if (key.starts_with("n/")) {
      TRY(whole_namespace(first));
    } else if (key.starts_with("c/")) {
      TRY(one(members_.project_of(first), first, second));
    } else {
      for (const std::string& ns : members_.of(first)) TRY(one(first, ns, second));
    }
    return Outcome::done();
  }

  Result<std::optional<Json>> read(std::string_view ns, std::string_view name) {
    auto found = client_->get(*secrets_, ns, name);
    if (found) return std::optional<Json>(found->json());
    if (found.error().is("NotFound")) return std::optional<Json>();
    return std::move(found).error();
  }

  // What is gone, ends or is forbidden meanwhile is no error.
  template <class T>
  static Result<Unit> lenient(Result<T> result) {
    if (result || result.error().is("NotFound") || result.error().is("Forbidden") ||
        result.error().is("AlreadyExists"))
      return Unit{};
    return std::move(result).error();
  }

  Result<Unit> one(const std::string& project, const std::string& ns, const std::string& name) {
    if (project.empty() || project == ns) return Unit{};
    auto source = TRY(read(project, name));
    auto there = TRY(read(ns, name));
    const bool wanted = source && is_shared_secret(*source);
    if (there && !is_copy(*there)) return Unit{};
    if (!wanted) return there ? lenient(client_->remove(*secrets_, ns, name, {})) : Unit{};
    const Json copy = project_secret_copy(*source, project);
    if (!there) return lenient(client_->create(*secrets_, ns, copy));
    // A secret's type cannot change: such a copy is made anew.
    if (there->str("type") != copy.str("type")) {
      TRY(lenient(client_->remove(*secrets_, ns, name, {})));
      return lenient(client_->create(*secrets_, ns, copy));
    }
    return lenient(client_->modify(*secrets_, ns, name, [&](Json& object) -> Result<bool> {
      const Json* data = copy.find("data");
      const Json* labels = copy.at({"metadata", "labels"});
      const Json* now = object.find("data");
      const bool same = (data && now && *data == *now) || (!data && !now);
      if (same && object.at({"metadata", "labels"}) &&
          *object.at({"metadata", "labels"}) == *labels)
        return false;
      data ? object.set("data", *data) : (void)object.erase("data");
      metadata_of(object).set("labels", *labels);
      return true;
    }));
  }

  // It came into a project, or left one.
  Result<Unit> whole_namespace(const std::string& ns) {
    const std::string project = members_.project_of(ns);
    TRY(for_each_object(*client_, *secrets_, ns, [&](const Object& object) -> Result<bool> {
      if (object.bytes->find(kCopyOf) == std::string::npos) return true;
      const Json secret = object.json();
      if (!is_copy(secret) || secret.str({"metadata", "labels", kCopyOf}) == project) return true;
      TRY(lenient(client_->remove(*secrets_, ns, secret.str({"metadata", "name"}), {})));
      return true;
    }));
    if (project.empty()) return Unit{};
    return for_each_object(*client_, *secrets_, project, [&](const Object& object) -> Result<bool> {
      TRY(one(project, ns, scan_text(scan(*object.bytes, {"metadata", "name"}))));
      return true;
    });
  }

  const std::unique_ptr<Client> client_;
  const KindPtr namespaces_, secrets_, projects_;
  ProjectMembers members_;
  std::mutex mutex_;  // guards what follows
  NameSet known_;
};

}  // namespace

void register_controller_project_secrets(ControllerSet& set) {
  set.add(std::make_unique<ProjectSecrets>(set.context(), set.client("project-secrets")));
}

}  // namespace engine
