#include "engine/registry/scale.h"

#include "engine/kinds/causes.h"

namespace engine {

namespace {

// The paths are of the simple form .spec.replicas; the definition's check has seen to that.
std::vector<std::string_view> steps_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    size_t dot = path.find('.');
    out.push_back(path.substr(0, dot));
    path = dot == path.npos ? std::string_view() : path.substr(dot);
  }
  return out;
}

const Json* at_path(const Json& object, std::string_view path) {
  const Json* at = &object;
  for (std::string_view step : steps_of(path)) {
    if (at == nullptr) return nullptr;
    at = at->find(step);
  }
  return path.empty() ? nullptr : at;
}

int64_t number_at(const Json& object, std::string_view path) {
  const Json* value = at_path(object, path);
  return value != nullptr && value->is_int() ? value->as_int() : 0;
}

void add_requirement(std::string& out, const std::string& text) {
  out += (out.empty() ? "" : ",") + text;
}

// A label selector as text: the form in which a Scale carries it.
std::string selector_text(const Json& selector) {
  std::string out;
  if (const Json* labels = selector.find("matchLabels"); labels && labels->is_object())
    for (const auto& [key, value] : labels->as_object())
      if (value.is_string()) add_requirement(out, key + "=" + value.as_string());
  const Json* expressions = selector.find("matchExpressions");
  if (expressions == nullptr || !expressions->is_array()) return out;
  for (const Json& expression : expressions->as_array()) {
    std::string key(expression.str("key"));
    std::string_view op = expression.str("operator");
    std::string values;
    if (const Json* list = expression.find("values"); list && list->is_array())
      for (const Json& value : list->as_array())
        if (value.is_string()) add_requirement(values, value.as_string());
    if (op == "Exists") add_requirement(out, key);
    if (op == "DoesNotExist") add_requirement(out, "!" + key);
    if (op == "In") add_requirement(out, key + " in (" + values + ")");
    if (op == "NotIn") add_requirement(out, key + " notin (" + values + ")");
  }
  return out;
}

std::string selector_of(const Kind& kind, const Json& object) {
  const Json* value = at_path(object, kind.scale->label_selector);
  // The built-in workloads carry theirs in the spec; replication controllers as a map of labels.
  if (value == nullptr && kind.crd_name.empty()) value = object.at({"spec", "selector"});
  if (value == nullptr) return {};
  if (value->is_string()) return value->as_string();
  if (value->find("matchLabels") != nullptr || value->find("matchExpressions") != nullptr)
    return selector_text(*value);
  return selector_text(Json::object({{"matchLabels", *value}}));
}

}  // namespace

Json scale_of(const Kind& kind, const Json& object) {
  JsonObject metadata;
  if (const Json* from = object.find("metadata"))
    for (std::string_view name :
         {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
      if (const Json* value = from->find(name)) metadata.set(name, *value);
  JsonObject spec, status;
  if (const Json* replicas = at_path(object, kind.scale->spec_replicas);
      replicas != nullptr && replicas->is_int())
    spec.set("replicas", *replicas);
  status.set("replicas", Json(number_at(object, kind.scale->status_replicas)));
  if (std::string text = selector_of(kind, object); !text.empty())
    status.set("selector", Json(std::move(text)));
  return Json::object({{"kind", Json("Scale")},
                       {"apiVersion", Json("autoscaling/v1")},
                       {"metadata", Json(std::move(metadata))},
                       {"spec", Json(std::move(spec))},
                       {"status", Json(std::move(status))}});
}

Result<Unit> set_scale(const Kind& kind, const Json& scale, Json& object) {
  if (!scale.is_object() || scale.str("kind") != "Scale" ||
      !scale.str("apiVersion").starts_with("autoscaling/"))
    return Status::bad_request("the body is not a Scale of autoscaling/v1");
  std::string name(object.str({"metadata", "name"}));
  std::string_view given = scale.str({"metadata", "name"});
  if (!given.empty() && given != name)
    return Status::bad_request("the name of the object (" + std::string(given) +
                               ") does not match the name on the URL (" + name + ")");
  const Json* replicas = scale.at({"spec", "replicas"});
  int64_t wanted = 0;
  if (replicas != nullptr && !replicas->is_null()) {
    if (!replicas->is_int())
      return Status::bad_request("spec.replicas of the Scale: expected an integer, got " +
                                 std::string(replicas->type_name()));
    wanted = replicas->as_int();
  }
  if (wanted < 0 || wanted > INT32_MAX)
    return Status::invalid(
        "autoscaling", "Scale", name,
        {cause_invalid("spec.replicas", Json(wanted), "should be a non-negative integer")});
  Json* place = &object;
  for (std::string_view step : steps_of(kind.scale->spec_replicas)) place = &(*place)[step];
  *place = Json(wanted);
  // What the Scale says of its object's state holds for the object.
  for (std::string_view member : {"resourceVersion", "uid"})
    if (std::string_view value = scale.str({"metadata", member}); !value.empty())
      object["metadata"].set(member, Json(value));
  return Unit{};
}

}  // namespace engine
