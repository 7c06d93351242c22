// Resource quotas and limit ranges: which resources they may name, amounts, scopes; what a limit
// range's item says by saying something else. Source: k8s.io/kubernetes pkg/apis/core/validation,
// pkg/apis/core/v1/defaults.go.
#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "engine/base/names.h"
#include "engine/base/quantity.h"
#include "engine/kinds/causes.h"
#include "engine/kinds/strategies.h"

namespace engine {

namespace {

constexpr std::array<std::string_view, 9> kCounted = {"pods",
                                                      "resourcequotas",
                                                      "services",
                                                      "replicationcontrollers",
                                                      "secrets",
                                                      "configmaps",
                                                      "persistentvolumeclaims",
                                                      "services.nodeports",
                                                      "services.loadbalancers"};
constexpr std::array<std::string_view, 10> kMeasured = {"cpu",
                                                        "memory",
                                                        "ephemeral-storage",
                                                        "requests.cpu",
                                                        "requests.memory",
                                                        "requests.storage",
                                                        "requests.ephemeral-storage",
                                                        "limits.cpu",
                                                        "limits.memory",
                                                        "limits.ephemeral-storage"};
constexpr std::array<std::string_view, 7> kOfPods = {
    "pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"};

template <size_t N>
bool has(const std::array<std::string_view, N>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_huge_page(std::string_view name) {
  return name.starts_with("hugepages-") || name.starts_with("requests.hugepages-");
}
bool is_quota_resource(std::string_view name) {
  return has(kCounted, name) || has(kMeasured, name) || is_huge_page(name);
}
bool is_plain(std::string_view name) {
  return name.find('/') == name.npos;
}
bool is_native(std::string_view name) {
  return is_plain(name) || name.find("kubernetes.io/") != name.npos;
}
bool is_extended(std::string_view name) {
  return !is_native(name) && !name.starts_with("requests.") &&
         check_qualified_name("requests." + std::string(name)).empty();
}

// True when the name can be looked at further.
bool check_resource(Causes& out, const std::string& field, std::string_view name) {
  auto reasons = check_qualified_name(name);
  add_reasons(out, field, name, reasons);
  if (!reasons.empty()) return false;
  if (!is_plain(name) || is_quota_resource(name) || name == "storage") return true;
  out.push_back(
      cause_invalid(field, Json(name), "must be a standard resource type or fully qualified"));
  return true;
}

void check_quota_amount(Causes& out, const std::string& field, const std::string& name,
                        const Json& value) {
  check_resource(out, field, name);
  if (is_plain(name) && !is_quota_resource(name))
    out.push_back(cause_invalid(field, Json(name), "must be a standard resource for quota"));
  auto quantity = quantity_of(value);
  if (!quantity) return;
  if (quantity->milli < 0)
    out.push_back(cause_invalid(field, value, "must be greater than or equal to 0"));
  if ((has(kCounted, name) || is_extended(name)) && quantity->milli % 1000 != 0)
    out.push_back(cause_invalid(field, value, "must be an integer"));
}

void check_amounts(Causes& out, const Json& object, std::string_view part, std::string_view list) {
  const Json* amounts = object.at({part, list});
  if (amounts == nullptr || !amounts->is_object()) return;
  for (const auto& [name, value] : amounts->as_object())
    check_quota_amount(out, std::string(part) + "." + std::string(list) + "[" + name + "]", name,
                       value);
}

constexpr std::array<std::string_view, 7> kScopes = {
    "Terminating",          "NotTerminating", "BestEffort",
    "NotBestEffort",        "PriorityClass",  "CrossNamespacePodAffinity",
    "VolumeAttributesClass"};

bool scope_takes(std::string_view scope, std::string_view resource) {
  if (scope == "BestEffort") return resource == "pods";
  if (scope == "VolumeAttributesClass")
    return resource == "persistentvolumeclaims" || resource == "requests.storage";
  return !has(kScopes, scope) || has(kOfPods, resource);
}

struct Scoped {
  const Json& spec;
  std::string field;
  Json value;  // what a cause shows
};

void check_scope(Causes& out, const Scoped& where, std::string_view scope) {
  const Json* hard = where.spec.find("hard");
  if (hard == nullptr || !hard->is_object()) return;
  std::set<std::string> names;
  for (const auto& [name, value] : hard->as_object()) names.insert(name);
  for (const std::string& name : names)
    if (is_quota_resource(name) && !scope_takes(scope, name))
      out.push_back(
          cause_invalid(where.field, where.value, "unsupported scope applied to resource"));
}

void check_pairs(Causes& out, const Scoped& where, const std::set<std::string_view>& scopes) {
  for (auto [one, other] :
       {std::pair{"BestEffort", "NotBestEffort"}, std::pair{"Terminating", "NotTerminating"}})
    if (scopes.count(one) && scopes.count(other))
      out.push_back(cause_invalid(where.field, where.value, "conflicting scopes"));
}

void check_scopes(Causes& out, const Json& spec) {
  const Json* scopes = spec.find("scopes");
  if (scopes == nullptr || !scopes->is_array()) return;
  const Scoped where{spec, "spec.scopes", *scopes};
  std::set<std::string_view> seen;
  for (const Json& scope : scopes->as_array()) {
    if (!scope.is_string()) continue;
    if (!has(kScopes, scope.as_string()))
      out.push_back(cause_invalid(where.field, where.value, "unsupported scope"));
    check_scope(out, where, scope.as_string());
    seen.insert(scope.as_string());
  }
  check_pairs(out, where, seen);
}

void check_requirement(Causes& out, const Json& one) {
  const std::string base = "spec.scopeSelector.matchExpressions";
  std::string_view scope = one.str("scopeName"), op = one.str("operator");
  if (has(kScopes, scope) && scope != "PriorityClass" && scope != "VolumeAttributesClass" &&
      op != "Exists")
    out.push_back(cause_invalid(
        base + ".operator", Json(op),
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
        "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
        "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"));
  const Json* values = one.find("values");
  const bool any = values != nullptr && values->size() > 0;
  if (op == "In" || op == "NotIn") {
    if (!any)
      out.push_back(cause_required(
          base + ".values",
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
  } else if (op == "Exists" || op == "DoesNotExist") {
    if (any)
      out.push_back(cause_invalid(
          base + ".values", *values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
  } else {
    out.push_back(cause_invalid(base + ".operator", Json(op), "not a valid selector operator"));
  }
}

void check_selector(Causes& out, const Json& spec) {
  const Json* list = spec.at({"scopeSelector", "matchExpressions"});
  if (list == nullptr || !list->is_array()) return;
  const Scoped where{spec, "spec.scopeSelector.matchExpressions", *spec.find("scopeSelector")};
  std::set<std::string_view> seen;
  for (const Json& one : list->as_array()) {
    std::string_view scope = one.str("scopeName");
    if (!has(kScopes, scope))
      out.push_back(cause_invalid(where.field + ".scopeName", Json(scope), "unsupported scope"));
    check_scope(out, where, scope);
    check_requirement(out, one);
    seen.insert(scope);
  }
  check_pairs(out, where, seen);
}

class ResourceQuotas final : public Strategy {
 public:
  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    check_amounts(out, object, "spec", "hard");
    if (const Json* spec = object.find("spec")) {
      check_scopes(out, *spec);
      check_selector(out, *spec);
    }
    check_amounts(out, object, "status", "hard");
    check_amounts(out, object, "status", "used");
    return out;
  }
  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json& old) const override {
    Causes out = validate(context, object);
    auto scopes = [](const Json& quota) {
      std::set<std::string> names;
      if (const Json* list = quota.at({"spec", "scopes"}); list != nullptr && list->is_array())
        for (const Json& one : list->as_array())
          if (one.is_string()) names.insert(one.as_string());
      return names;
    };
    if (scopes(object) != scopes(old)) {
      const Json* now = object.at({"spec", "scopes"});
      out.push_back(cause_invalid("spec.scopes", now ? *now : Json(), "field is immutable"));
    }
    return out;
  }
};

// ---- limit ranges

// Copies what `from` has and `into` has not.
void take_missing(Json& item, std::string_view into, std::string_view from) {
  const Json* source = item.find(from);
  if (source == nullptr || !source->is_object()) return;
  const Json copy = *source;
  for (const auto& [name, value] : copy.as_object()) {
    Json& target = item[into];
    if (target.find(name) == nullptr) target.set(name, value);
  }
}

struct ItemCheck {
  const Json& item;
  std::string field;
  Causes& out;

  const Json* amount(std::string_view list, const std::string& name) const {
    return item.at({list, name});
  }
  std::string place(std::string_view list, const std::string& name) const {
    return field + "." + std::string(list) + "[" + name + "]";
  }
  // The first may not be more than the second.
  struct Order {
    std::string_view less, less_word, more, more_word;
    std::string_view blamed;
    std::string_view shown;
  };
  void order(const std::string& name, const Order& rule) const {
    const Json *less = amount(rule.less, name), *more = amount(rule.more, name);
    if (less == nullptr || more == nullptr) return;
    auto low = quantity_of(*less), high = quantity_of(*more);
    if (!low || !high || !(*high < *low)) return;
    out.push_back(cause_invalid(
        place(rule.blamed, name),
        Json(amount(rule.shown, name)->is_string() ? *amount(rule.shown, name) : Json(low->text())),
        std::string(rule.less_word) + " value " + low->text() + " is greater than " +
            std::string(rule.more_word) + " value " + high->text()));
  }
  void names(std::string_view list, std::set<std::string>* keys) const {
    const Json* amounts = item.find(list);
    if (amounts == nullptr || !amounts->is_object()) return;
    const bool container = item.str("type") == "Container" || item.str("type") == "Pod";
    for (const auto& [name, value] : amounts->as_object()) {
      check_resource(out, place(list, name), name);
      const bool standard = name == "cpu" || name == "memory" || name == "ephemeral-storage" ||
                            name.starts_with("hugepages-");
      if (container && is_plain(name) && !standard)
        out.push_back(cause_invalid(place(list, name), Json(name),
                                    "must be a standard resource for containers"));
      if (container && !is_native(name) && !is_extended(name))
        out.push_back(cause_invalid(place(list, name), Json(name),
                                    "doesn't follow extended resource name standard"));
      if (keys != nullptr) keys->insert(name);
    }
  }
  void ratio(const std::string& name) const {
    const Json* given = amount("maxLimitRequestRatio", name);
    auto most = given ? quantity_of(*given) : std::nullopt;
    if (!most) return;
    const std::string where = place("maxLimitRequestRatio", name);
    if (most->milli < 1000)
      out.push_back(cause_invalid(where, *given, "ratio " + most->text() + " is less than 1"));
    const Json *min = amount("min", name), *max = amount("max", name);
    if (min == nullptr || max == nullptr) return;
    auto low = quantity_of(*min), high = quantity_of(*max);
    if (!low || !high || low->milli == 0) return;
    const double bound = static_cast<double>(high->milli) / static_cast<double>(low->milli);
    if (static_cast<double>(most->milli) / 1000 <= bound) return;
    char text[64];
    std::snprintf(text, sizeof text, "%f", bound);
    out.push_back(cause_invalid(where, *given,
                                "ratio " + most->text() + " is greater than max/min = " + text));
  }
  void whole(const std::string& name) const {
    const Json *limit = amount("default", name), *request = amount("defaultRequest", name);
    const bool overcommit = is_native(name) && !name.starts_with("hugepages-");
    if (overcommit || limit == nullptr || request == nullptr) return;
    auto a = quantity_of(*limit), b = quantity_of(*request);
    if (a && b && a->milli != b->milli)
      out.push_back(cause_invalid(place("defaultRequest", name), *request,
                                  "default value " + a->text() +
                                      " must equal to defaultRequest value " + b->text() + " in " +
                                      name));
  }
};

void check_limit_item(const ItemCheck& check) {
  std::set<std::string> keys;
  check.names("max", &keys);
  check.names("min", &keys);
  for (std::string_view list : {"default", "defaultRequest"}) {
    const Json* given = check.item.find(list);
    if (check.item.str("type") != "Pod") {
      check.names(list, &keys);
    } else if (given != nullptr && given->size() > 0) {
      check.out.push_back(cause_forbidden(check.field + "." + std::string(list),
                                          "may not be specified when `type` is 'Pod'"));
    }
  }
  if (check.item.str("type") == "PersistentVolumeClaim" && !check.amount("min", "storage") &&
      !check.amount("max", "storage"))
    check.out.push_back(cause_required(
        check.field + ".limits",
        "either minimum or maximum storage value is required, but neither was provided"));
  check.names("maxLimitRequestRatio", nullptr);
  for (const std::string& name : keys) {
    check.order(name, {"min", "min", "max", "max", "min", "min"});
    check.order(name, {"min", "min", "defaultRequest", "default request", "defaultRequest",
                       "defaultRequest"});
    check.order(name, {"defaultRequest", "default request", "max", "max", "defaultRequest",
                       "defaultRequest"});
    check.order(name, {"defaultRequest", "default request", "default", "default limit",
                       "defaultRequest", "defaultRequest"});
    check.order(name, {"min", "min", "default", "default", "default", "min"});
    check.order(name, {"default", "default", "max", "max", "default", "max"});
    check.ratio(name);
    check.whole(name);
  }
}

class LimitRanges final : public Strategy {
 public:
  Result<Unit> decode(const Kind&, Json& object) const override {
    Json* limits = object.find("spec") ? object["spec"].find("limits") : nullptr;
    if (limits == nullptr || !limits->is_array()) return Unit{};
    for (Json& item : limits->as_array()) {
      if (!item.is_object() || item.str("type") != "Container") continue;
      take_missing(item, "default", "max");
      take_missing(item, "defaultRequest", "default");
      take_missing(item, "defaultRequest", "min");
    }
    return Unit{};
  }

  std::vector<Cause> validate(const StrategyContext&, const Json& object) const override {
    Causes out;
    const Json* limits = object.at({"spec", "limits"});
    if (limits == nullptr || !limits->is_array()) return out;
    std::set<std::string> types;
    size_t at = 0;
    for (const Json& item : limits->as_array()) {
      const std::string field = "spec.limits[" + std::to_string(at++) + "]";
      const std::string type(item.str("type"));
      auto reasons = check_qualified_name(type);
      add_reasons(out, field + ".type", type, reasons);
      if (reasons.empty() && is_plain(type) && type != "Pod" && type != "Container" &&
          type != "PersistentVolumeClaim")
        out.push_back(cause_invalid(field + ".type", Json(type),
                                    "must be a standard limit type or fully qualified"));
      if (!types.insert(type).second) out.push_back(cause_duplicate(field + ".type", Json(type)));
      check_limit_item({item, field, out});
    }
    return out;
  }
  std::vector<Cause> validate_update(const StrategyContext& context, const Json& object,
                                     const Json&) const override {
    return validate(context, object);
  }
};

}  // namespace

void register_strategy_quota_rules(StrategySet& set) {
  set.add("", "resourcequotas", std::make_unique<ResourceQuotas>());
  set.add("", "limitranges", std::make_unique<LimitRanges>());
}

}  // namespace engine
