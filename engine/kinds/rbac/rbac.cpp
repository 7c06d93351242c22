// Roles, cluster roles and their bindings: what a rule, a subject and a reference may say, and that
// a binding's role stays what it is. (That nobody grants what they do not hold is admission.)
#include <algorithm>

#include "engine/base/names.h"
#include "engine/kinds/causes.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

class RbacStrategy : public Strategy {
 public:
  bool create_on_update() const override { return true; }
  std::vector<std::string> check_name(std::string_view name, NameUse) const override {
    return check_path_segment(name);
  }
};

bool filled(const Json& rule, std::string_view field) {
  const Json* list = rule.find(field);
  return list != nullptr && list->size() > 0;
}

void check_rule(Causes& out, const Json& rule, const std::string& path, const Kind& kind) {
  if (!filled(rule, "verbs"))
    out.push_back(cause_required(path + ".verbs", "verbs must contain at least one value"));
  if (filled(rule, "nonResourceURLs")) {
    const Json& urls = *rule.find("nonResourceURLs");
    if (kind.namespaced())
      out.push_back(cause_invalid(path + ".nonResourceURLs", urls,
                                  "namespaced rules cannot apply to non-resource URLs"));
    if (filled(rule, "apiGroups") || filled(rule, "resources") || filled(rule, "resourceNames"))
      out.push_back(
          cause_invalid(path + ".nonResourceURLs", urls,
                        "rules cannot apply to both regular resources and non-resource URLs"));
    return;
  }
  if (!filled(rule, "apiGroups"))
    out.push_back(
        cause_required(path + ".apiGroups", "resource rules must supply at least one api group"));
  if (!filled(rule, "resources"))
    out.push_back(
        cause_required(path + ".resources", "resource rules must supply at least one resource"));
}

class Roles final : public RbacStrategy {
 public:
  std::vector<Cause> validate(const StrategyContext& context, const Json& object) const override {
    Causes out;
    if (const Json* rules = object.find("rules")) {
      size_t i = 0;
      for (const Json& rule : rules->as_array())
        check_rule(out, rule, "rules[" + std::to_string(i++) + "]", context.kind);
    }
    if (const Json* aggregation = object.find("aggregationRule"))
      if (!filled(*aggregation, "clusterRoleSelectors"))
        out.push_back(cause_required("aggregationRule.clusterRoleSelectors",
                                     "at least one clusterRoleSelector required if "
                                     "aggregationRule is non-nil"));
    return out;
  }
  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json&) const override {
    return validate(context, object);
  }
};

void check_subject(Causes& out, const Json& subject, const std::string& path, const Kind& kind) {
  std::string_view name = subject.str("name"), what = subject.str("kind");
  std::string_view group = subject.str("apiGroup");
  if (name.empty()) out.push_back(cause_required(path + ".name"));
  if (what == "ServiceAccount") {
    if (!name.empty()) add_reasons(out, path + ".name", name, check_dns1123_subdomain(name));
    if (!group.empty()) out.push_back(cause_not_supported(path + ".apiGroup", Json(group), {""}));
    if (!kind.namespaced() && subject.str("namespace").empty())
      out.push_back(cause_required(path + ".namespace"));
  } else if (what == "User" || what == "Group") {
    if (group != kGroup)
      out.push_back(cause_not_supported(path + ".apiGroup", Json(group), {std::string(kGroup)}));
  } else {
    out.push_back(
        cause_not_supported(path + ".kind", Json(what), {"ServiceAccount", "User", "Group"}));
  }
}

// A role reference in a message, with the names that upstream's own types have.
Json shown(const Json& reference) {
  return Json::object({{"APIGroup", reference.str("apiGroup")},
                       {"Kind", reference.str("kind")},
                       {"Name", reference.str("name")}});
}

class Bindings final : public RbacStrategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    if (Json* reference = object.find("roleRef"); reference != nullptr && reference->is_object())
      if (reference->str("apiGroup").empty()) reference->set("apiGroup", Json(kGroup));
    Json* subjects = object.find("subjects");
    if (subjects == nullptr || !subjects->is_array()) return Unit{};
    for (Json& subject : subjects->as_array()) {
      std::string_view what = subject.str("kind");
      if ((what == "User" || what == "Group") && subject.str("apiGroup").empty())
        subject.set("apiGroup", Json(kGroup));
    }
    return Unit{};
  }

  std::vector<Cause> validate(const StrategyContext& context, const Json& object) const override {
    Causes out;
    Json nothing = Json::object();
    const Json* reference = object.find("roleRef");
    if (reference == nullptr) reference = &nothing;
    if (reference->str("apiGroup") != kGroup)
      out.push_back(cause_not_supported("roleRef.apiGroup", Json(reference->str("apiGroup")),
                                        {std::string(kGroup)}));
    std::string_view what = reference->str("kind");
    std::vector<std::string> kinds = {"ClusterRole"};
    if (context.kind.namespaced()) kinds.insert(kinds.begin(), "Role");
    if (std::find(kinds.begin(), kinds.end(), what) == kinds.end())
      out.push_back(cause_not_supported("roleRef.kind", Json(what), kinds));
    std::string_view name = reference->str("name");
    if (name.empty()) {
      out.push_back(cause_required("roleRef.name"));
    } else {
      add_reasons(out, "roleRef.name", name, check_path_segment(name));
    }
    if (const Json* subjects = object.find("subjects")) {
      size_t i = 0;
      for (const Json& subject : subjects->as_array())
        check_subject(out, subject, "subjects[" + std::to_string(i++) + "]", context.kind);
    }
    return out;
  }

  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json& old) const override {
    Causes out = validate(context, object);
    const Json* now = object.find("roleRef");
    const Json* before = old.find("roleRef");
    if (now != nullptr && before != nullptr && !(*now == *before))
      out.push_back(cause_invalid("roleRef", shown(*now), "cannot change roleRef"));
    return out;
  }
};

}  // namespace

void register_strategy_rbac(StrategySet& set) {
  std::string group(kGroup);
  set.add(group, "roles", std::make_unique<Roles>());
  set.add(group, "clusterroles", std::make_unique<Roles>());
  set.add(group, "rolebindings", std::make_unique<Bindings>());
  set.add(group, "clusterrolebindings", std::make_unique<Bindings>());
}

}  // namespace engine
