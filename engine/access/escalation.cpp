#include "engine/access/escalation.h"

#include <algorithm>

namespace engine {
namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

const JsonArray* rules_of(const Json& role) {
  const Json* rules = role.find("rules");
  return rules && rules->is_array() ? &rules->as_array() : nullptr;
}

bool same_member(const AdmissionRequest& request, std::string_view name) {
  if (!request.old) return false;
  const Json* now = request.object->find(name);
  const Json* before = request.old->find(name);
  return now && before ? *now == *before : now == before;
}

// A rule as upstream prints it: {APIGroups:["apps"], Resources:["a" "b"], Verbs:["get"]}
std::string printed(const Json& rule) {
  static constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"APIGroups", "apiGroups"},
      {"Resources", "resources"},
      {"NonResourceURLs", "nonResourceURLs"},
      {"ResourceNames", "resourceNames"},
      {"Verbs", "verbs"}};
  std::string out;
  for (const auto& [label, field] : kParts) {
    const Json* values = rule.find(field);
    if (!values || !values->is_array() || values->size() == 0) continue;
    std::string list;
    for (const Json& value : values->as_array()) list += (list.empty() ? "" : " ") + dump(value);
    out += std::string(out.empty() ? "" : ", ") + std::string(label) + ":[" + list + "]";
  }
  return "{" + out + "}";
}

std::string printed(const JsonArray& rules) {
  std::string out;
  for (const Json& rule : rules) out += "\n" + printed(rule);
  return out;
}

}  // namespace

Status grants_not_held(const AdmissionRequest& request, const JsonArray& rules) {
  std::string groups;
  for (const auto& group : request.user.groups)
    groups += (groups.empty() ? "" : ", ") + dump(Json(group));
  return Status::forbidden(
      request.kind.about(request.name), "",
      "user " + dump(Json(request.user.name)) + " (groups=[" + groups +
          "]) is attempting to grant RBAC permissions not currently held:" + printed(rules));
}

Result<Unit> EscalationCheck::validate(const AdmissionRequest& request) {
  bool writes = request.operation != AdmissionRequest::Operation::remove && request.object;
  if (!writes || request.kind.group != kGroup) return Unit{};
  const auto& plural = request.kind.plural;
  if (plural == "roles" || plural == "clusterroles") return check_role(request);
  if (plural == "rolebindings" || plural == "clusterrolebindings") return check_binding(request);
  return Unit{};
}

Result<Unit> EscalationCheck::check_role(const AdmissionRequest& request) {
  // Whoever only changes labels grants nothing; but an aggregated role takes rules from others.
  if (same_member(request, "rules") && same_member(request, "aggregationRule")) return Unit{};
  Attributes asked;
  asked.verb = "escalate";
  asked.group = kGroup;
  asked.resource = request.kind.plural;
  asked.ns = request.ns;
  asked.name = request.name;
  if (authorizer_.authorize(request.user, asked).allowed) return Unit{};
  if (request.object->find("aggregationRule") && !same_member(request, "aggregationRule")) {
    // What it will come to hold is not known, so only those who hold everything may say so.
    JsonArray everything{
        Json::object({{"verbs", Json::array({"*"})},
                      {"apiGroups", Json::array({"*"})},
                      {"resources", Json::array({"*"})}}),
        Json::object({{"verbs", Json::array({"*"})}, {"nonResourceURLs", Json::array({"*"})}})};
    if (!authorizer_.covers(request.user, "", everything))
      return Status::forbidden(request.kind.about(request.name), "",
                               "must have cluster-admin privileges to use the aggregationRule");
  }
  const JsonArray* rules = rules_of(*request.object);
  if (!rules || authorizer_.covers(request.user, request.ns, *rules)) return Unit{};
  return grants_not_held(request, *rules);
}

Result<Unit> EscalationCheck::check_binding(const AdmissionRequest& request) {
  if (same_member(request, "roleRef") && same_member(request, "subjects")) return Unit{};
  auto role_kind = request.object->str({"roleRef", "kind"});
  auto role_name = request.object->str({"roleRef", "name"});
  bool cluster_role = role_kind == "ClusterRole";
  Attributes asked;
  asked.verb = "bind";
  asked.group = kGroup;
  asked.resource = cluster_role ? "clusterroles" : "roles";
  asked.ns = request.ns;
  asked.name = role_name;
  if (authorizer_.authorize(request.user, asked).allowed) return Unit{};
  auto kind = kinds_.snapshot()->stored(kGroup, asked.resource);
  if (!kind) return Status::not_found_path();
  auto role =
      TRY(dispatcher_.get(*kind, cluster_role ? std::string_view() : request.ns, role_name));
  if (!role) return Status::not_found(kind->about(role_name));
  auto object = TRY(parse_json(*role->bytes));
  const JsonArray* rules = rules_of(object);
  if (!rules || authorizer_.covers(request.user, request.ns, *rules)) return Unit{};
  return grants_not_held(request, *rules);
}

}  // namespace engine
