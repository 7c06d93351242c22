#include "engine/controllers/management/first_start.h"

#include "engine/access/admission/project_limits.h"
#include "engine/access/server_user.h"
#include "engine/base/names.h"
#include "engine/base/time.h"
#include "engine/base/uid.h"
#include "engine/cluster/client.h"
#include "engine/controllers/core/batch.h"
#include "engine/controllers/core/bootstrap.h"
#include "engine/controllers/management/first_start_record.h"
#include "engine/controllers/management/rbac_content.h"
#include "engine/watch/object_scan.h"
#include "storage/base/failpoint.h"

extern "C" const char first_start_data_begin[], first_start_data_end[];

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kBootstrapLabel = "authz.management.cattle.io/bootstrapping";
constexpr std::string_view kCreator = "field.cattle.io/creatorId";

WriteOptions as_server() {
  return {.user = server_user(), .field_manager = "paddock"};
}

std::string_view facts_text() {
  return {first_start_data_begin,
          static_cast<size_t>(first_start_data_end - first_start_data_begin)};
}

Json namespace_of(std::string_view name) {
  return Json::object(
      {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Json::object({{"name", name}})}});
}

// Its project carries this namespace: whatever is the system's belongs to System.
bool is_system(std::string_view name) {
  return name.starts_with("kube-") || name.starts_with("cattle-");
}

void set_times(Json& object, const std::string& now) {
  Json* status = object.find("status");
  Json* conditions = status ? status->find("conditions") : nullptr;
  if (!conditions || !conditions->is_array()) return;
  for (Json& condition : conditions->as_array()) condition.set("lastUpdateTime", now);
}

// Beyond those of the facts: of a later version of that API, and of the audit, whose variables are
// those that its users know.
struct OwnSetting {
  std::string_view name, otherwise, env;
};
constexpr OwnSetting kOwnSettings[] = {
    {"audit-level", "1", "AUDIT_LEVEL"},
    {"audit-max-age-days", "90", "AUDIT_LOG_MAXAGE"},
    {"audit-max-size-mb", "5120", "AUDIT_LOG_MAXSIZE"},
    {"password-min-length", "12", "CATTLE_PASSWORD_MIN_LENGTH"},
};

}  // namespace

// What this start writes: first what stands alone, then what stands in a namespace or has an owner.
struct FirstStart::Making {
  bool fresh = false;
  std::string now;
  JsonArray first, then;
  std::string default_project, system_project;  // ids, when they are made now
};

FirstStart::FirstStart(Registry& registry, Dispatcher& dispatcher, Users& users,
                       FirstStartOptions options)
    : registry_(registry),
      dispatcher_(dispatcher),
      users_(users),
      options_(std::move(options)),
      new_administrator_(generate_name(registry.env(), "user-")) {}

Result<Unit> FirstStart::objects() {
  Json data = TRY(parse_json(facts_text()));
  auto record = TRY(FirstStartRecord::read(registry_.store()));
  const std::string digest = FirstStartRecord::digest(facts_text());
  Making making{.fresh = record.fresh() && !TRY(there(*data.find("cluster"))),
                .now = to_rfc3339(registry_.env().wall()),
                .first = {},
                .then = {},
                .default_project = {},
                .system_project = {}};
  if (making.fresh)
    for (Json& object : bootstrap_objects())
      (object.str({"metadata", "namespace"}).empty() ? making.first : making.then)
          .push_back(std::move(object));
  TRY(local_cluster(data, making));
  TRY(settings(data, making));
  const bool changed = !record.up_to_date(digest);
  if (changed) TRY(facts(data, record, making));
  for (Json& object : making.first) {
    if (making.default_project.empty() || object.str("kind") != "Namespace") continue;
    const std::string name(object.str({"metadata", "name"}));  // the object changes below
    if (name == "default") set_project(object, making.default_project);
    if (is_system(name)) set_project(object, making.system_project);
  }
  TRY(create_together(registry_, as_server(), making.first));
  if (changed) {
    for (const Json& fact : data.find("schemas")->as_array()) {
      if (record.made(fact)) continue;
      Json schema = fact;
      TRY(name_owners(schema));
      making.then.push_back(std::move(schema));
      record.add(fact);
    }
  }
  std::vector<storage::Write> also;
  if (changed) also.push_back(record.write(digest));
  TRY(create_together(registry_, as_server(), making.then, std::move(also)));
  if (!making.fresh) {
    auto client = make_local_client(registry_, dispatcher_, "paddock");
    TRY(ensure_bootstrap_objects(registry_.env(), *client));
  }
  if (making.default_project.empty()) return Unit{};
  TRY(join("default", making.default_project));
  for (std::string_view name : {"kube-system", "kube-public", "kube-node-lease", "cattle-system",
                                "cattle-global-data", "cattle-global-nt"})
    TRY(join(name, making.system_project));
  return Unit{};
}

Result<bool> FirstStart::there(const Json& object) {
  KindPtr kind = kind_of_object(*registry_.kinds().snapshot(), object);
  if (!kind) return Status::internal("the kind " + std::string(object.str("kind")) + " is unknown");
  auto found =
      registry_.get(*kind, object.str({"metadata", "namespace"}), object.str({"metadata", "name"}));
  if (!found && !found.error().is("NotFound")) return found.error();
  return found.ok();
}

Result<Unit> FirstStart::facts(const Json& facts, FirstStartRecord& record, Making& making) {
  for (const Json& fact : facts.find("objects")->as_array()) {
    if (record.made(fact)) {
      TRY(upgrade(record, fact));
    } else if (making.fresh || !TRY(there(fact))) {
      Json object = fact;
      set_times(object, making.now);
      (object.str({"metadata", "namespace"}).empty() ? making.first : making.then)
          .push_back(std::move(object));
    }
    record.add(fact);
  }
  for (const Json& fact : facts.find("schemas")->as_array())
    if (record.made(fact)) {
      TRY(upgrade(record, fact));
      record.add(fact);
    }
  return Unit{};
}

Result<Unit> FirstStart::upgrade(const FirstStartRecord& record, const Json& wanted) {
  KindPtr kind = kind_of_object(*registry_.kinds().snapshot(), wanted);
  if (!kind) return Unit{};
  auto done = registry_.modify(
      *kind, wanted.str({"metadata", "namespace"}), wanted.str({"metadata", "name"}), as_server(),
      [&](Json& object) -> Result<bool> { return record.upgrade(wanted, object); });
  // Whoever deleted it wanted it gone.
  if (!done && !done.error().is("NotFound")) return done.error();
  return Unit{};
}

// A driver's schema goes with its driver.
Result<Unit> FirstStart::name_owners(Json& schema) {
  Json* owners = schema.find("metadata")->find("ownerReferences");
  if (!owners) return Unit{};
  for (Json& owner : owners->as_array()) {
    KindPtr kind = kind_of_object(*registry_.kinds().snapshot(), owner);
    auto found = kind ? registry_.get(*kind, "", owner.str("name"))
                      : Result<Object>(Status::internal("an owner of no known kind"));
    if (found) {
      owner.set("uid", found->json().str({"metadata", "uid"}));
      continue;
    }
    if (!found.error().is("NotFound")) return found.error();
    schema.find("metadata")->erase("ownerReferences");
    return Unit{};
  }
  return Unit{};
}

Result<Unit> FirstStart::settings(const Json& facts, Making& making) {
  for (const Json& fact : facts.find("settings")->as_array()) TRY(setting(fact, making));
  for (const auto& own : kOwnSettings)
    TRY(setting(Json::object({{"name", own.name}, {"default", own.otherwise}, {"env", own.env}}),
                making));
  return Unit{};
}

// The default is the program's, the value the user's, unless the environment sets it.
Result<Unit> FirstStart::setting(const Json& fact, Making& making) {
  const std::string name(fact.str("name"));
  std::string otherwise(fact.str("default")), value(fact.str("valueWritten"));
  if (name == "server-version") otherwise = options_.version;
  if (name == "agent-image") otherwise = options_.agent_image;
  if (name == "install-uuid") value = new_uid(registry_.env());
  const std::string forced =
      options_.environment ? options_.environment(std::string(fact.str("env"))) : std::string();
  KindPtr kind = registry_.kinds().snapshot()->stored(kGroup, "settings");
  auto found = making.fresh ? Result<Object>(Status::not_found(kind->about(name)))
                            : registry_.get(*kind, "", name);
  if (!found && !found.error().is("NotFound")) return found.error();
  if (!found) {
    Json setting = Json::object({{"apiVersion", "management.cattle.io/v3"},
                                 {"kind", "Setting"},
                                 {"metadata", Json::object({{"name", name}})}});
    setting.set("default", otherwise);
    setting.set("value", forced.empty() ? value : forced);
    setting.set("customized", !forced.empty());
    setting.set("source", forced.empty() ? "default" : "env");
    making.first.push_back(std::move(setting));
    return Unit{};
  }
  auto bring = [&](Json& setting) -> Result<bool> {
    bool changed = setting.str("default") != otherwise;
    if (changed) setting.set("default", otherwise);
    const bool was_forced = setting.str("source") == "env";
    if (forced.empty() && !was_forced) return changed;
    if (!forced.empty() && was_forced && setting.str("value") == forced) return changed;
    setting.set("value", forced);
    setting.set("customized", !forced.empty());
    setting.set("source", forced.empty() ? "default" : "env");
    return true;
  };
  Json seen = found->json();
  if (!TRY(bring(seen))) return Unit{};
  TRY(registry_.modify(*kind, "", name, as_server(), bring));
  return Unit{};
}

Result<Unit> FirstStart::local_cluster(const Json& facts, Making& making) {
  Json cluster = *facts.find("cluster");
  if (TRY(there(cluster))) return Unit{};
  const std::string creator = TRY(administrator_name());
  set_times(cluster, making.now);
  cluster.make({"metadata", "annotations"}).set(kCreator, creator);
  making.first.push_back(std::move(cluster));
  auto backing = [&](std::string_view name) {
    Json ns = namespace_of(name);
    ns.make({"metadata", "annotations"}).set("management.cattle.io/system-namespace", "true");
    making.first.push_back(std::move(ns));
  };
  backing("local");
  for (const Json& fact : facts.find("projects")->as_array()) {
    Json project = fact;
    std::string name = generate_name(registry_.env(), "p-");
    const bool is_default = project.at({"metadata", "labels", kDefaultProjectLabel}) != nullptr;
    project["metadata"].set("name", name);
    project.make({"metadata", "annotations"}).set(kCreator, creator);
    set_times(project, making.now);
    backing(name);
    (is_default ? making.default_project : making.system_project) = "local:" + name;
    making.then.push_back(std::move(project));
  }
  return Unit{};
}

Result<Unit> FirstStart::join(std::string_view ns, const std::string& project) {
  KindPtr kind = registry_.kinds().snapshot()->stored("", "namespaces");
  auto done = registry_.modify(*kind, "", ns, as_server(), [&](Json& object) -> Result<bool> {
    if (object.at({"metadata", "annotations", kProjectIdAnnotation})) return false;
    set_project(object, project);
    return true;
  });
  if (!done && !done.error().is("NotFound")) return done.error();
  return Unit{};
}

// The administrator that there is, or the one that administrator() makes beside.
Result<std::string> FirstStart::administrator_name() {
  auto page = TRY(registry_.list(*users_.kind(), "", storage::kLatest, "", 0));
  for (const Object& object : page.objects)
    if (scan_text(scan(*object.bytes, {"metadata", "labels", kBootstrapLabel})) == "admin-user")
      return scan_text(scan(*object.bytes, {"metadata", "name"}));
  return new_administrator_;
}

Result<bool> FirstStart::administrator() {
  KindPtr kind = users_.kind();
  auto page = TRY(registry_.list(*kind, "", storage::kLatest, "", 0));
  for (const Object& object : page.objects) {
    if (scan_text(scan(*object.bytes, {"metadata", "labels", kBootstrapLabel})) != "admin-user")
      continue;
    Json user = object.json();
    // A process that ended between the two writes left a user without rights. Once the password is
    // the user's own, the rights are the owner's to change.
    if (user.truth({"mustChangePassword"}, false)) TRY(every_right(user));
    return false;
  }
  // A start that ended before this one wrote whom it was going to make.
  KindPtr clusters = registry_.kinds().snapshot()->stored(kGroup, "clusters");
  std::string name = new_administrator_;
  if (auto local = registry_.get(*clusters, "", "local"))
    if (Json cluster = local->json(); !cluster.str({"metadata", "annotations", kCreator}).empty())
      name = cluster.str({"metadata", "annotations", kCreator});
  Json user = TRY(users_.create({.username = std::string(kAdmin),
                                 .display_name = "Default Admin",
                                 .must_change = Users::MustChange::yes,
                                 .labels = Json::object({{kBootstrapLabel, "admin-user"}}),
                                 .hash = TRY(options_.password_hash()),
                                 .name = name}));
  FAILPOINT(administrator_written);
  TRY(every_right(user));
  return true;
}

Result<Unit> FirstStart::every_right(const Json& user) {
  std::string name(user.str({"metadata", "name"}));
  Json owner = Json::object({{"apiVersion", "management.cattle.io/v3"},
                             {"kind", "User"},
                             {"name", name},
                             {"uid", user.str({"metadata", "uid"})}});
  Json binding = Json::object(
      {{"apiVersion", "rbac.authorization.k8s.io/v1"},
       {"kind", "ClusterRoleBinding"},
       {"metadata", Json::object({{"name", "globaladmin-" + name},
                                  {"ownerReferences", Json::array({std::move(owner)})}})},
       {"roleRef", Json::object({{"apiGroup", "rbac.authorization.k8s.io"},
                                 {"kind", "ClusterRole"},
                                 {"name", "cluster-admin"}})},
       {"subjects",
        Json::array({Json::object(
            {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "User"}, {"name", name}})})}});
  // The product's own binding beside it: from it Authorization keeps the other. Its name is made
  // from the user's, so that a second try makes no second one.
  Json global = Json::object(
      {{"apiVersion", "management.cattle.io/v3"},
       {"kind", "GlobalRoleBinding"},
       {"metadata", Json::object({{"name", "globalrolebinding-" + binding_hash(name).substr(0, 5)},
                                  {"labels", Json::object({{kBootstrapLabel, "admin-user"}})}})},
       {"globalRoleName", "admin"},
       {"userName", name}});
  return create_together(registry_, as_server(), {std::move(binding), std::move(global)});
}

}  // namespace engine
