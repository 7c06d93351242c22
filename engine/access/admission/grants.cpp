#include "engine/access/admission/grants.h"

#include <algorithm>

#include "engine/access/escalation.h"
#include "engine/access/server_user.h"

namespace engine {
namespace {

using Operation = AdmissionRequest::Operation;

constexpr size_t kUsersNamed = 5;  // in a refusal

struct Held {
  bool covers = false;
  JsonArray rules;  // of what is granted
};

bool same(const AdmissionRequest& request, std::string_view field) {
  const Json *now = request.object->find(field), *before = request.old->find(field);
  auto nothing = [](const Json* value) {
    return !value || value->is_null() || *value == Json("") || *value == Json(false) ||
           (value->is_array() && value->size() == 0);
  };
  if (nothing(now) || nothing(before)) return nothing(now) && nothing(before);
  return *now == *before;
}

Status invalid(const AdmissionRequest& request, std::string field, std::string why) {
  return Status::invalid(request.kind.group, request.kind.kind, std::string(request.name),
                         {Cause{"FieldValueInvalid", std::move(why), std::move(field)}});
}

Status in_use(const AdmissionRequest& request, std::vector<std::string> users) {
  const size_t more = users.size() > kUsersNamed ? users.size() - kUsersNamed : 0;
  if (more) users.resize(kUsersNamed);
  std::string names;
  for (const std::string& user : users) names += (names.empty() ? "" : ", ") + user;
  if (more) names += " and " + std::to_string(more) + " more";
  return Status::conflict(request.kind.about(request.name), "it is used by " + names);
}

std::string printed(const Grant& grant) {
  return std::string(grant_plural(grant.where)) + " " + (grant.ns.empty() ? "" : grant.ns + ":") +
         grant.name;
}

JsonArray rules_json(const std::vector<PolicyRule>& rules) {
  JsonArray out;
  for (const PolicyRule& rule : rules) out.push_back(rule_json(rule));
  return out;
}

std::vector<std::string> parents_of(const Json& role) {
  std::vector<std::string> out;
  if (const Json* names = role.find("roleTemplateNames"); names && names->is_array())
    for (const Json& name : names->as_array())
      if (name.is_string()) out.push_back(name.as_string());
  return out;
}

class GrantAdmission final : public Admission {
 public:
  GrantAdmission(Authorizer& authorizer, Grants& grants)
      : authorizer_(authorizer), grants_(grants) {}

  // Says on the object under which name RBAC has it, as clients of the product read it.
  Result<Unit> mutate(AdmissionRequest& request) override {
    if (request.kind.group != kGrantGroup || request.operation != Operation::create) return Unit{};
    const std::string name(request.name);
    if (name.empty()) return Unit{};
    Json& object = *request.object;
    if (request.kind.plural == "globalroles")
      object["metadata"]["annotations"].set("authz.management.cattle.io/cr-name",
                                            "cattle-globalrole-" + name);
    if (request.kind.plural == grant_plural(Grant::Where::global))
      object["metadata"]["annotations"].set("authz.management.cattle.io/crb-name",
                                            "cattle-globalrolebinding-" + name);
    return Unit{};
  }

  Result<Unit> validate(const AdmissionRequest& request) override {
    if (request.kind.group != kGrantGroup || !request.subresource.empty()) return Unit{};
    const std::string& plural = request.kind.plural;
    // The server's own writes are sure of what they do; at a first start half of it is not there.
    if (request.user.name == server_user().name) return Unit{};
    if (plural == "globalroles") return global_role(request);
    if (plural == "roletemplates") return role_template(request);
    if (plural == grant_plural(Grant::Where::global)) return binding(request, Grant::Where::global);
    if (plural == grant_plural(Grant::Where::cluster))
      return binding(request, Grant::Where::cluster);
    if (plural == grant_plural(Grant::Where::project))
      return binding(request, Grant::Where::project);
    return Unit{};
  }

 private:
  bool may(const AdmissionRequest& request, std::string_view verb, std::string_view resource,
           std::string_view name) {
    Attributes asked;
    asked.verb = verb;
    asked.group = kGrantGroup;
    asked.resource = resource;
    asked.name = name;
    return authorizer_.authorize(request.user, asked).allowed;
  }

  // What may not change on what came with the server.
  Result<Unit> keep_builtin(const AdmissionRequest& request,
                            std::initializer_list<std::string_view> free) {
    const bool is = request.object->truth({"builtin"});
    const bool was = request.old && request.old->truth({"builtin"});
    if (is && !was)
      return Status::forbidden(request.kind.about(request.name), "",
                               "only the server makes built-in roles");
    if (!was) return Unit{};
    for (std::string_view field :
         {"builtin", "rules", "displayName", "description", "context", "external", "hidden",
          "administrative", "roleTemplateNames", "locked", "clusterCreatorDefault",
          "projectCreatorDefault", "newUserDefault"}) {
      if (std::find(free.begin(), free.end(), field) != free.end() || same(request, field))
        continue;
      return Status::forbidden(
          request.kind.about(request.name), "",
          "the role is built in; its " + std::string(field) + " cannot be changed");
    }
    return Unit{};
  }

  Result<Unit> removal(const AdmissionRequest& request, bool of_template) {
    if (request.old && request.old->truth({"builtin"}))
      return Status::forbidden(request.kind.about(request.name), "", "cannot delete builtin roles");
    std::vector<std::string> users;
    TRY(grants_.read([&](const GrantModel& model) {
      for (auto where : {Grant::Where::global, Grant::Where::cluster, Grant::Where::project}) {
        if (of_template == (where == Grant::Where::global)) continue;
        for (const auto& [id, grant] : model.by_role(where, request.name))
          users.push_back(printed(*grant));
      }
      if (!of_template) return;
      for (const std::string& heir : model.heirs_of_one(request.name))
        users.push_back("roletemplates " + heir);
    }));
    if (!users.empty()) return in_use(request, std::move(users));
    return Unit{};
  }

  Result<Unit> global_role(const AdmissionRequest& request) {
    if (request.operation == Operation::remove) return removal(request, false);
    TRY(keep_builtin(request, {"newUserDefault"}));
    if (request.old && same(request, "rules")) return Unit{};
    auto rules = rules_json(PolicyRule::parse_all(request.object->find("rules")));
    if (authorizer_.covers(request.user, "", rules) ||
        may(request, "escalate", "globalroles", request.name))
      return Unit{};
    return grants_not_held(request, rules);
  }

  Result<Unit> role_template(const AdmissionRequest& request) {
    if (request.operation == Operation::remove) return removal(request, true);
    TRY(keep_builtin(request, {"locked", "clusterCreatorDefault", "projectCreatorDefault"}));
    auto context = request.object->str("context");
    if (context != "cluster" && context != "project")
      return invalid(request, "context", "must be cluster or project");
    if (request.object->truth({"administrative"}) && context != "cluster")
      return invalid(request, "administrative", "only cluster roles can be administrative");
    // Who makes a cluster gets roles there, and no project's; and the other way round.
    const char* elsewhere =
        context == "cluster" ? "projectCreatorDefault" : "clusterCreatorDefault";
    if (request.object->truth({elsewhere}))
      return invalid(request, elsewhere, "the role is for " + std::string(context) + "s");
    if (request.old && same(request, "rules") && same(request, "roleTemplateNames") &&
        same(request, "external"))
      return Unit{};
    std::vector<PolicyRule> rules;
    if (!request.object->truth({"external"}))
      rules = PolicyRule::parse_all(request.object->find("rules"));
    std::string missing;
    bool circle = false;
    TRY(grants_.read([&](const GrantModel& model) {
      for (const std::string& parent : parents_of(*request.object)) {
        if (parent == request.name) circle = true;
        if (!model.template_of(parent) && missing.empty()) missing = parent;
        for (const auto& role : model.closure(parent)) {
          circle = circle || role->name == request.name;
          const auto& more = model.rules_of(*role);
          rules.insert(rules.end(), more.begin(), more.end());
        }
      }
    }));
    if (circle)
      return invalid(request, "roleTemplateNames", "the role would come to inherit itself");
    if (!missing.empty())
      return invalid(request, "roleTemplateNames", "there is no role template " + missing);
    auto granted = rules_json(rules);
    if (authorizer_.covers(request.user, "", granted) ||
        may(request, "escalate", "roletemplates", request.name))
      return Unit{};
    return grants_not_held(request, granted);
  }

  // What is wrong with a binding whatever its role.
  Result<Unit> well_formed(const AdmissionRequest& request, Grant::Where where) {
    const Json& object = *request.object;
    const bool user = !object.str("userName").empty() || !object.str("userPrincipalName").empty();
    const bool group =
        !object.str("groupName").empty() || !object.str("groupPrincipalName").empty();
    const bool account = where == Grant::Where::project && !object.str("serviceAccount").empty();
    if (user + group + account != 1)
      return invalid(request, "userName", "a binding names either a user or a group");
    if (where == Grant::Where::cluster && object.str("clusterName") != request.ns)
      return invalid(request, "clusterName", "must be the namespace that the binding lies in");
    if (where == Grant::Where::project) {
      auto project = object.str("projectName");
      size_t colon = project.find(':');
      if (colon == project.npos || project.substr(colon + 1) != request.ns)
        return invalid(
            request, "projectName",
            "must be CLUSTER:PROJECT, and the binding must lie in the namespace PROJECT");
    }
    if (!request.old) return Unit{};
    // The user behind a principal may be found later.
    for (std::string_view field : {"groupName", "groupPrincipalName", "userPrincipalName",
                                   "clusterName", "projectName", "serviceAccount"})
      if (!same(request, field)) return invalid(request, std::string(field), "cannot be changed");
    if (!request.old->str("userName").empty() && !same(request, "userName"))
      return invalid(request, "userName", "cannot be changed");
    if (where == Grant::Where::global && !same(request, "globalRoleName"))
      return invalid(request, "globalRoleName", "cannot be changed");
    return Unit{};
  }

  Result<Unit> binding(const AdmissionRequest& request, Grant::Where where) {
    if (request.operation == Operation::remove) return Unit{};
    TRY(well_formed(request, where));
    const bool global = where == Grant::Where::global;
    std::string_view field = global ? "globalRoleName" : "roleTemplateName";
    if (request.old && same(request, field) && same(request, "userName")) return Unit{};
    const std::string role(request.object->str(field));
    std::string project(request.object->str("projectName"));
    std::string cluster(request.object->str("clusterName"));
    if (where == Grant::Where::project) {
      cluster = project.substr(0, project.find(':'));
      project = project.substr(project.find(':') + 1);
    }
    std::optional<Status> wrong;
    std::vector<PolicyRule> rules, open;
    TRY(grants_.read([&](const GrantModel& model) {
      if (global) {
        auto of = model.global_role(role);
        if (of)
          open = rules = *of->rules;
        else
          wrong = invalid(request, std::string(field), "there is no global role " + role);
        return;
      }
      auto of = model.template_of(role);
      if (!of) {
        wrong = invalid(request, std::string(field), "there is no role template " + role);
        return;
      }
      wrong = not_assignable(*of, where);
      auto held = Grants::held(model, request.user, cluster, project);
      for (const auto& one : model.closure(role))
        for (const PolicyRule& rule : model.rules_of(*one)) {
          rules.push_back(rule);
          if (!rules_cover(held, rule)) open.push_back(rule);
        }
    }));
    if (wrong) return *wrong;
    if (may(request, "bind", global ? "globalroles" : "roletemplates", role)) return Unit{};
    if (!global && may(request, "own", "clusters", cluster)) return Unit{};
    // What is held on this server is held in the cluster that this server is.
    const bool here = global || cluster == "local";
    if (open.empty() || (here && authorizer_.covers(request.user, "", rules_json(open))))
      return Unit{};
    return grants_not_held(request, rules_json(rules));
  }

  Authorizer& authorizer_;
  Grants& grants_;
};

}  // namespace

std::optional<Status> not_assignable(const RoleTemplate& role, Grant::Where where) {
  if (role.locked)
    return Status::other(422, "InvalidState", "Role is locked and cannot be assigned");
  const bool of_project = role.context == "project";
  if (of_project != (where == Grant::Where::project))
    return Status::other(422, "InvalidState",
                         "Role " + role.name + " is for " + (of_project ? "projects" : "clusters"));
  return std::nullopt;
}

std::unique_ptr<Admission> make_grant_admission(Authorizer& authorizer, Grants& grants) {
  return std::make_unique<GrantAdmission>(authorizer, grants);
}

}  // namespace engine
