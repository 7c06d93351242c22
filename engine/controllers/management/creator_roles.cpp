#include "engine/controllers/management/creator_roles.h"

#include "engine/access/admission/project_limits.h"
#include "engine/access/grant_model.h"
#include "engine/access/server_user.h"
#include "engine/cluster/sessions.h"
#include "engine/controllers/management/rbac_plan.h"

namespace engine {
namespace {

constexpr std::string_view kCreator = "field.cattle.io/creatorId";
constexpr std::string_view kPopulated = "InitialRolesPopulated";

// No field manager: whose fields are whose would take as much room as they.
WriteOptions as_server() {
  return {.user = server_user()};
}

bool is_ending(const Json& object) {
  return !object.str({"metadata", "deletionTimestamp"}).empty();
}

Json names_json(const std::vector<std::string>& names) {
  Json out = Json::array();
  for (const std::string& name : names) out.push_back(name);
  return out;
}

std::string given_text(const std::vector<std::string>& names) {
  return dump(Json::object({{"created", names_json(names)}, {"required", names_json(names)}}));
}

// What the annotation asks for; nullopt: it leaves it to the defaults.
std::optional<std::vector<std::string>> asked_for(const Json& object) {
  auto text = object.str({"metadata", "annotations", kCreatorRolesAnnotation});
  auto parsed = parse_json(text.empty() ? "{}" : text);
  const Json* list = parsed ? parsed->find("required") : nullptr;
  if (!list || !list->is_array() || list->size() == 0) return std::nullopt;
  std::vector<std::string> out;
  for (const Json& name : list->as_array())
    if (name.is_string()) out.push_back(name.as_string());
  return out;
}

bool is_local_project(const Json& object) {
  const Json* labels = object.at({"metadata", "labels"});
  return labels && (labels->str(kDefaultProjectLabel) == "true" ||
                    labels->str(kSystemProjectLabel) == "true");
}

}  // namespace

struct CreatorRoles::Place {
  Grant::Where where;
  std::string ns;
  std::string of;  // the field's value: c-1, c-1:p-1
  bool is_local = false;
};

CreatorRoles::CreatorRoles(const AuthorizationParts& parts, Questions questions)
    : parts_(parts), questions_(std::move(questions)) {}

Result<KindPtr> CreatorRoles::kind(std::string_view group, std::string_view plural) const {
  auto found = parts_.registry.kinds().snapshot()->stored(group, plural);
  if (!found) return Status::internal("there is no kind " + std::string(plural));
  return found;
}

Result<std::optional<Json>> CreatorRoles::read(std::string_view group, std::string_view plural,
                                               std::string_view ns, std::string_view name) {
  KindPtr of = TRY(kind(group, plural));
  auto found = TRY(parts_.dispatcher.get(*of, ns, name));
  if (!found) return std::optional<Json>();
  return std::optional<Json>(MUST(parse_json(*found->bytes)));  // the cache holds valid JSON
}

void CreatorRoles::appeared(const std::string& rbac_key) {
  std::string key;
  {
    std::lock_guard lock(mutex_);
    auto found = waiting_for_.find(rbac_key);
    if (found == waiting_for_.end()) return;
    key = std::move(found->second);
    waiting_for_.erase(found);
  }
  questions_.again(std::move(key));
}

void CreatorRoles::defaults_changed() {
  std::set<std::string> keys;
  {
    std::lock_guard lock(mutex_);
    keys.swap(waiting_for_defaults_);
  }
  for (const std::string& key : keys) questions_.again(key);
}

void CreatorRoles::administrator(const std::string& name) {
  {
    std::lock_guard lock(mutex_);
    if (administrator_ == name) return;
    administrator_ = name;
  }
  defaults_changed();
}

void CreatorRoles::wait_for_defaults(const std::string& key) {
  std::lock_guard lock(mutex_);
  waiting_for_defaults_.insert(key);
}

Result<Outcome> CreatorRoles::reconcile(const std::string& key) {
  const std::string kind = key.substr(0, 3), rest = key.substr(3);
  if (kind == "cl/") return cluster(rest, key);
  if (kind == "us/") return user(rest, key);
  if (kind == "bk/") return backing(rest);
  size_t slash = rest.find('/');
  return project(rest.substr(0, slash), rest.substr(slash + 1), key);
}

// What came with the server itself is its first administrator's.
std::string CreatorRoles::creator_of(const Json& object, bool of_local) const {
  auto creator = object.str({"metadata", "annotations", kCreator});
  if (!creator.empty() || !of_local) return std::string(creator);
  std::lock_guard lock(mutex_);
  return administrator_;
}

Result<bool> CreatorRoles::give(const Place& place, const Json& object, const std::string& key,
                                std::vector<std::string>& required) {
  const bool of_cluster = place.where == Grant::Where::cluster;
  const std::string creator = creator_of(object, place.is_local);
  if (creator.empty()) {
    if (!place.is_local) return true;  // made by nobody who could be given anything
    wait_for_defaults(key);
    return false;
  }
  auto defaults = asked_for(object);
  if (!defaults) defaults = questions_.defaults(of_cluster ? "cluster" : "project");
  if (!defaults) {
    wait_for_defaults(key);
    return false;
  }
  if (creator.starts_with("system:")) return true;  // no user who could be given anything
  if (!TRY(is_user(creator, key))) return false;
  required = *defaults;
  KindPtr bindings = TRY(kind(kGrantGroup, grant_plural(place.where)));
  for (const std::string& role : required) {
    Json binding = Json::object(
        {{"apiVersion", "management.cattle.io/v3"},
         {"kind", of_cluster ? "ClusterRoleTemplateBinding" : "ProjectRoleTemplateBinding"},
         {"metadata", Json::object({{"name", "creator-" + role}, {"namespace", place.ns}})},
         {of_cluster ? "clusterName" : "projectName", place.of},
         {"roleTemplateName", role},
         {"userName", creator},
         {"userPrincipalName", "local://" + creator}});
    binding["metadata"]["annotations"].set("authz.management.cattle.io/creator-owner-binding",
                                           "true");
    binding["metadata"]["labels"].set("cattle.io/creator", "norman");
    auto made = parts_.registry.create(*bindings, place.ns, std::move(binding), as_server());
    if (!made && !made.error().is("AlreadyExists")) return made.error();
  }
  for (const std::string& role : required) {
    // Registered before the look, so that what comes in between is not missed.
    std::string grant = Grant::id_of(place.where, place.ns, "creator-" + role);
    std::string missing = questions_.missing(grant);
    if (missing.empty()) continue;
    {
      std::lock_guard lock(mutex_);
      waiting_for_[missing] = key;
    }
    if (questions_.missing(grant) != missing) questions_.again(key);
    return false;
  }
  return true;
}

// Whether that user is there; where not, the key comes back when one comes.
Result<bool> CreatorRoles::is_user(const std::string& name, const std::string& key) {
  if (TRY(read(kGrantGroup, "users", "", name))) return true;
  {
    std::lock_guard lock(mutex_);
    waiting_for_user_.emplace(name, key);
  }
  return TRY(read(kGrantGroup, "users", "", name)).has_value();
}

void CreatorRoles::user_came(const std::string& name) {
  std::vector<std::string> keys;
  {
    std::lock_guard lock(mutex_);
    auto [first, last] = waiting_for_user_.equal_range(name);
    for (auto at = first; at != last; ++at) keys.push_back(at->second);
    waiting_for_user_.erase(first, last);
  }
  for (std::string& key : keys) questions_.again(std::move(key));
}

Result<Outcome> CreatorRoles::cluster(const std::string& name, const std::string& key) {
  auto object = TRY(read(kGrantGroup, "clusters", "", name));
  if (!object || is_ending(*object) || condition_true(*object, kPopulated)) return Outcome::done();
  if (!TRY(read("", "namespaces", "", name))) return Outcome::requeue_after(storage::Millis(50));
  std::vector<std::string> required;
  if (!TRY(give({Grant::Where::cluster, name, name, name == RbacPlan::kLocal}, *object, key,
                required)))
    return Outcome::done();
  const std::string creator = creator_of(*object, name == RbacPlan::kLocal);
  TRY(populated("clusters", "", name, creator, required));
  return Outcome::done();
}

Result<Unit> CreatorRoles::populated(std::string_view plural, std::string_view ns,
                                     std::string_view name, const std::string& creator,
                                     const std::vector<std::string>& given) {
  KindPtr of = TRY(kind(kGrantGroup, plural));
  static constexpr std::string_view kTypes[] = {"BackingNamespaceCreated", "CreatorMadeOwner",
                                                kPopulated};
  auto written =
      parts_.registry.modify(*of, ns, name, as_server(), [&](Json& stored) -> Result<bool> {
        if (is_ending(stored)) return false;
        Json& annotations = stored["metadata"]["annotations"];
        annotations.set(kCreatorRolesAnnotation, given_text(given));
        if (!creator.empty()) annotations.set(kCreator, creator);
        for (std::string_view type : kTypes)
          set_condition(stored, {std::string(type), "True", "", ""}, parts_.env.wall());
        return true;
      });
  if (!written && !written.error().is("NotFound")) return written.error();
  return Unit{};
}

Result<Unit> CreatorRoles::ensure_namespace(const std::string& cluster,
                                            const std::string& project) {
  KindPtr namespaces = TRY(kind("", "namespaces"));
  if (TRY(parts_.dispatcher.get(*namespaces, "", project))) return Unit{};
  auto made =
      parts_.registry.create(*namespaces, "", backing_namespace(cluster, project), as_server());
  if (!made && !made.error().is("AlreadyExists")) return made.error();
  return Unit{};
}

Result<Outcome> CreatorRoles::project(const std::string& ns, const std::string& name,
                                      const std::string& key) {
  auto object = TRY(read(kGrantGroup, "projects", ns, name));
  if (!object) return backing(name);
  if (is_ending(*object)) return Outcome::done();
  TRY(ensure_namespace(ns, name));
  if (condition_true(*object, kPopulated)) return Outcome::done();
  const bool of_local = ns == RbacPlan::kLocal && is_local_project(*object);
  std::vector<std::string> required;
  if (!TRY(give({Grant::Where::project, name, ns + ":" + name, of_local}, *object, key, required)))
    return Outcome::done();
  const std::string creator = creator_of(*object, of_local);
  TRY(populated("projects", ns, name, creator, required));
  return Outcome::done();
}

// A project's namespace goes with its project; nothing else that bears its name does.
Result<Outcome> CreatorRoles::backing(const std::string& name) {
  if (!questions_.all_seen()) return Outcome::requeue_after(storage::Millis(100));
  auto object = TRY(read("", "namespaces", "", name));
  if (!object || is_ending(*object)) return Outcome::done();
  auto backs = object->str({"metadata", "annotations", kBacksProjectAnnotation});
  size_t colon = backs.find(':');
  if (colon == backs.npos || backs.substr(colon + 1) != name) return Outcome::done();
  // The store itself is asked: what is removed here does not come back.
  KindPtr projects = TRY(kind(kGrantGroup, "projects"));
  auto there = parts_.registry.get(*projects, backs.substr(0, colon), name);
  if (there) return Outcome::done();
  if (!there.error().is("NotFound")) return there.error();
  KindPtr namespaces = TRY(kind("", "namespaces"));
  auto gone = parts_.registry.remove(*namespaces, "", name, {.user = server_user()});
  if (!gone && !gone.error().is("NotFound")) return gone.error();
  return Outcome::done();
}

Result<Outcome> CreatorRoles::user(const std::string& name, const std::string& key) {
  auto object = TRY(read(kGrantGroup, "users", "", name));
  if (!object || is_ending(*object) || condition_true(*object, kPopulated)) return Outcome::done();
  const Json* annotations = object->at({"metadata", "annotations"});
  if (!annotations || !annotations->find(kCreatorRolesAnnotation)) return Outcome::done();
  auto roles = asked_for(*object);
  if (!roles) roles = questions_.defaults("user");
  if (!roles) {
    wait_for_defaults(key);
    return Outcome::done();
  }
  KindPtr bindings = TRY(kind(kGrantGroup, "globalrolebindings"));
  for (const std::string& role : *roles) {
    // A name of its own for each user and role, so that a second try makes no second binding.
    Json metadata = Json::object({{"name", "grb-" + binding_hash(name + "|" + role)},
                                  {"labels", Json::object({{"cattle.io/creator", "norman"}})}});
    metadata.set("ownerReferences",
                 Json::array({Json::object({{"apiVersion", "management.cattle.io/v3"},
                                            {"kind", "User"},
                                            {"name", name},
                                            {"uid", object->str({"metadata", "uid"})}})}));
    auto made = parts_.registry.create(*bindings, "",
                                       Json::object({{"apiVersion", "management.cattle.io/v3"},
                                                     {"kind", "GlobalRoleBinding"},
                                                     {"metadata", std::move(metadata)},
                                                     {"globalRoleName", role},
                                                     {"userName", name}}),
                                       as_server());
    if (!made && !made.error().is("AlreadyExists")) return made.error();
  }
  KindPtr users = TRY(kind(kGrantGroup, "users"));
  auto written =
      parts_.registry.modify(*users, "", name, as_server(), [&](Json& stored) -> Result<bool> {
        stored["metadata"]["annotations"].set(kCreatorRolesAnnotation, given_text(*roles));
        set_condition(stored, {std::string(kPopulated), "True", "", ""}, parts_.env.wall());
        return true;
      });
  if (!written && !written.error().is("NotFound")) return written.error();
  return Outcome::done();
}

}  // namespace engine
