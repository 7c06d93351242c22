#include "engine/norman/hand_written_access.h"

#include <algorithm>
#include <map>

#include "engine/access/admission/project_limits.h"
#include "engine/access/grant_model.h"
#include "engine/watch/label_selector.h"

namespace engine {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAccount = "system:serviceaccount:";

Json subject_json(std::string_view key) {
  std::string_view name = key.substr(2);
  const bool account = name.starts_with(kAccount);
  if (account) name.remove_prefix(kAccount.size());
  return Json::object({{"type", key[0] == 'g' ? "group"
                                : account     ? "serviceAccount"
                                              : "user"},
                       {"id", name}});
}

}  // namespace

struct HandWrittenAccess::Found {
  std::string subject, ns, binding, role_kind, role;
  PolicyRule rule;
};

std::string HandWrittenAccess::project_of(std::string_view ns) {
  auto kind = kinds_.snapshot()->stored("", "namespaces");
  auto cached = kind ? dispatcher_.get(*kind, "", ns)
                     : Result<std::shared_ptr<const CachedObject>>(Status::not_found_path());
  if (!cached || !*cached) return {};
  auto id = scan_text(scan(*(*cached)->bytes, {"metadata", "annotations", kProjectIdAnnotation}));
  const std::string begin = std::string(kLocalCluster) + ":";
  return id.starts_with(begin) ? id.substr(begin.size()) : std::string();
}

bool HandWrittenAccess::sees(const User& asker, const Found& found) {
  Attributes asked{};
  asked.verb = "get";
  asked.group = kRbac;
  asked.resource = found.ns.empty() ? "clusterrolebindings" : "rolebindings";
  asked.ns = found.ns;
  asked.name = found.binding;
  return authorizer_.authorize(asker, asked).allowed;
}

// The cluster role of an aggregate that the rule comes from; empty: it is the role's own.
std::string HandWrittenAccess::source_of(std::string_view role, const Attributes& asked) {
  auto kind = kinds_.snapshot()->stored(kRbac, "clusterroles");
  auto cached = dispatcher_.get(*kind, "", role);
  if (!cached || !*cached) return {};
  auto whole = parse_json(*(*cached)->bytes);
  const Json* selectors = whole ? whole->at({"aggregationRule", "clusterRoleSelectors"}) : nullptr;
  if (!selectors || !selectors->is_array()) return {};
  auto all = dispatcher_.list(*kind, "", nullptr, "", 0);
  if (!all) return {};
  for (const auto& one : all->objects) {
    auto object = parse_json(*one->bytes);
    if (!object || one->name == role) continue;
    const Json* labels = object->at({"metadata", "labels"});
    const bool chosen = std::any_of(selectors->as_array().begin(), selectors->as_array().end(),
                                    [&](const Json& text) {
                                      auto selector = LabelSelector::from_json(text);
                                      return selector && labels && selector->matches(*labels);
                                    });
    if (!chosen) continue;
    for (const PolicyRule& rule : PolicyRule::parse_all(object->find("rules")))
      if (rule.allows(asked)) return one->name;
  }
  return {};
}

HandWrittenAccess::Answers HandWrittenAccess::answer(const User& asker, const Question& question,
                                                     size_t room) {
  std::vector<Found> found;
  std::map<std::string, bool> in_project;  // namespaces that were looked up
  authorizer_.holders(question.asked, [&](const Holder& one) {
    if (!question.subjects.empty() && !question.subjects.count(std::string(one.subject))) return;
    if (!one.ns.empty() && !question.ns.empty() && one.ns != question.ns) return;
    found.push_back({std::string(one.subject), std::string(one.ns), std::string(one.binding),
                     std::string(one.role_kind), std::string(one.role), *one.rule});
  });
  if (!question.project.empty())
    std::erase_if(found, [&](const Found& one) {
      if (one.ns.empty()) return false;
      auto [at, fresh] = in_project.try_emplace(one.ns, false);
      if (fresh) at->second = project_of(one.ns) == question.project;
      return !at->second;
    });
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.ns, a.binding, a.subject) < std::tie(b.ns, b.binding, b.subject);
  });
  Answers out;
  std::map<std::string, std::string> sources;  // by role
  for (const Found& one : found) {
    if (!sees(asker, one) || ++out.total > room) continue;
    Json chain = Json::array();
    if (one.subject[0] == 'g') chain.push_back(subject_json(one.subject));
    const bool wide = one.ns.empty();
    chain.push_back(Json::object({{"type", wide ? "clusterRoleBinding" : "roleBinding"},
                                  {"id", wide ? one.binding : one.ns + ":" + one.binding}}));
    const bool cluster_role = one.role_kind == "ClusterRole";
    chain.push_back(Json::object({{"type", cluster_role ? "clusterRole" : "role"},
                                  {"id", cluster_role ? one.role : one.ns + ":" + one.role}}));
    if (cluster_role) {
      auto [at, fresh] = sources.try_emplace(one.role);
      if (fresh) at->second = source_of(one.role, question.asked);
      if (!at->second.empty())
        chain.push_back(Json::object({{"type", "clusterRole"}, {"id", at->second}}));
    }
    chain.push_back(Json::object({{"type", "policyRule"}, {"rule", rule_json(one.rule)}}));
    out.answers.push_back(Json::object({{"subject", subject_json(one.subject)},
                                        {"clusterId", kLocalCluster},
                                        {"projectId", Json()},
                                        {"namespace", wide ? Json() : Json(one.ns)},
                                        {"chain", std::move(chain)}}));
  }
  return out;
}

}  // namespace engine
