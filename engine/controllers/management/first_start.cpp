#include "engine/controllers/management/first_start.h"

#include <set>

#include "engine/access/server_user.h"
#include "engine/base/limits.h"
#include "engine/base/time.h"
#include "engine/cluster/client.h"
#include "engine/controllers/core/bootstrap.h"
#include "storage/base/failpoint.h"

extern "C" const char management_settings_begin[], management_settings_end[];

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kAdmin = "admin";
constexpr std::string_view kBootstrapLabel = "authz.management.cattle.io/bootstrapping";

WriteOptions as_server() {
  return {.user = server_user(), .field_manager = "paddock"};
}

Json object_of(std::string_view kind, Json metadata) {
  return Json::object({{"apiVersion", "management.cattle.io/v3"},
                       {"kind", kind},
                       {"metadata", std::move(metadata)}});
}

}  // namespace

FirstStart::FirstStart(Registry& registry, Dispatcher& dispatcher, Users& users,
                       FirstStartOptions options)
    : registry_(registry), dispatcher_(dispatcher), users_(users), options_(std::move(options)) {}

Result<Unit> FirstStart::objects() {
  TRY(settings());
  return local_cluster();
}

Result<Unit> FirstStart::ensure(std::string_view group, std::string_view plural,
                                std::string_view ns, Json object) {
  KindPtr kind = registry_.kinds().snapshot()->stored(group, plural);
  if (!kind) return Status::internal("the kind " + std::string(plural) + " is not known");
  auto made = registry_.create(*kind, ns, std::move(object), as_server());
  if (!made && !made.error().is("AlreadyExists")) return made.error();
  return Unit{};
}

Result<Unit> FirstStart::settings() {
  Json facts =
      TRY(parse_json({management_settings_begin,
                      static_cast<size_t>(management_settings_end - management_settings_begin)}));
  KindPtr kind = registry_.kinds().snapshot()->stored(kGroup, "settings");
  std::set<std::string, std::less<>> there;
  JsonArray missing;
  auto page = TRY(registry_.list(*kind, "", storage::kLatest, "", 0));
  for (const Object& object : page.objects) there.emplace(object.json().str({"metadata", "name"}));
  for (const Json& fact : facts.find("settings")->as_array()) {
    std::string name(fact.str("name")), otherwise(fact.str("default"));
    if (name == "server-version") otherwise = options_.version;
    if (name == "agent-image") otherwise = options_.agent_image;
    if (there.count(name)) continue;
    Json setting = object_of("Setting", Json::object({{"name", name}}));
    setting.set("default", otherwise);
    setting.set("value", "");
    setting.set("customized", false);
    setting.set("source", "default");
    missing.push_back(std::move(setting));
  }
  // Side by side, so that they share the store's syncs.
  auto client = make_local_client(registry_, dispatcher_, "paddock");
  return ensure_objects(registry_.env(), *client, missing);
}

Result<Unit> FirstStart::local_cluster() {
  Json cluster = object_of("Cluster", Json::object({{"name", "local"}}));
  cluster["spec"] = Json::object({{"displayName", "local"},
                                  {"internal", true},
                                  {"description", "This server's own Kubernetes API"}});
  std::string now = to_rfc3339(registry_.env().wall());
  cluster["status"] = Json::object(
      {{"driver", "local"},
       {"provider", "paddock"},
       {"conditions", Json::array({Json::object(
                          {{"type", "Ready"}, {"status", "True"}, {"lastUpdateTime", now}})})}});
  TRY(ensure(kGroup, "clusters", "", std::move(cluster)));
  TRY(ensure("", "namespaces", "",
             Json::object({{"apiVersion", "v1"},
                           {"kind", "Namespace"},
                           {"metadata", Json::object({{"name", "local"}})}})));
  TRY(project("Default", "authz.management.cattle.io/default-project",
              "Default project created for the cluster"));
  return project("System", "authz.management.cattle.io/system-project",
                 "System project created for the cluster");
}

Result<Unit> FirstStart::project(std::string_view name, std::string_view label,
                                 std::string_view description) {
  KindPtr kind = registry_.kinds().snapshot()->stored(kGroup, "projects");
  auto page = TRY(registry_.list(*kind, "local", storage::kLatest, "", 0));
  for (const Object& object : page.objects)
    if (object.json().str({"metadata", "labels", label}) == "true") return Unit{};
  Json project = object_of("Project", Json::object({{"generateName", "p-"},
                                                    {"namespace", "local"},
                                                    {"labels", Json::object({{label, "true"}})}}));
  project["spec"] =
      Json::object({{"clusterName", "local"}, {"displayName", name}, {"description", description}});
  return ensure(kGroup, "projects", "local", std::move(project));
}

Result<bool> FirstStart::administrator() {
  KindPtr kind = users_.kind();
  auto page = TRY(registry_.list(*kind, "", storage::kLatest, "", 0));
  for (const Object& object : page.objects) {
    Json user = object.json();
    if (user.str({"metadata", "labels", kBootstrapLabel}) != "admin-user") continue;
    // A process that ended between the two writes left a user without rights. Once the password is
    // the user's own, the rights are the owner's to change.
    if (user.truth({"mustChangePassword"}, false)) TRY(every_right(user));
    return false;
  }
  Json user = TRY(users_.create({.username = std::string(kAdmin),
                                 .display_name = "Default Admin",
                                 .must_change = Users::MustChange::yes,
                                 .labels = Json::object({{kBootstrapLabel, "admin-user"}}),
                                 .hash = TRY(options_.password_hash())}));
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
  return ensure("rbac.authorization.k8s.io", "clusterrolebindings", "", std::move(binding));
}

}  // namespace engine
