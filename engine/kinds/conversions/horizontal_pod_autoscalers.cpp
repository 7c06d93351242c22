// HorizontalPodAutoscalers: autoscaling/v1 has one number, the share of the CPU, where v2 has a
// list of metrics. What v1 cannot say stands in annotations, so that a v1 client that reads and
// writes loses nothing.
#include "engine/kinds/conversion.h"

namespace engine {

namespace {

constexpr std::string_view kMetrics = "autoscaling.alpha.kubernetes.io/metrics";
constexpr std::string_view kCurrentMetrics = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr std::string_view kConditions = "autoscaling.alpha.kubernetes.io/conditions";
constexpr std::string_view kBehavior = "autoscaling.alpha.kubernetes.io/behavior";

void move_member(Json& from, std::string_view name, Json& to, std::string_view as) {
  Json* value = from.find(name);
  if (value == nullptr) return;
  Json moved = std::move(*value);
  from.erase(name);
  to.set(as, std::move(moved));
}

// The two words that are "target..." in a spec and "current..." in a status.
struct Words {
  std::string_view in_v2;  // the member that holds the numbers: target, current
  std::string prefix;      // of v1's names: target, current
};
const Words& words(bool status) {
  static const Words kSpec{"target", "target"}, kStatus{"current", "current"};
  return status ? kStatus : kSpec;
}

// Go writes members in the order of its structs; who compares the annotation's text sees that.
Json in_order(const Json& object) {
  constexpr std::string_view kOrder[] = {"type",
                                         "object",
                                         "pods",
                                         "resource",
                                         "containerResource",
                                         "external",
                                         "kind",
                                         "name",
                                         "apiVersion",
                                         "target",
                                         "metricName",
                                         "metricSelector",
                                         "targetAverageUtilization",
                                         "currentAverageUtilization",
                                         "targetValue",
                                         "currentValue",
                                         "targetAverageValue",
                                         "currentAverageValue",
                                         "selector",
                                         "averageValue",
                                         "container"};
  Json out = Json::object();
  auto put = [&](std::string_view name, const Json& value) {
    out.set(name, value.is_object() ? in_order(value) : value);
  };
  for (std::string_view name : kOrder)
    if (const Json* value = object.find(name)) put(name, *value);
  for (const auto& [name, value] : object.as_object())
    if (out.find(name) == nullptr) put(name, value);
  return out;
}

// One metric of v2 in the form that the annotation has, v1's MetricSpec or MetricStatus.
Json metric_to_v1(Json metric, bool status) {
  const Words& w = words(status);
  for (auto& [name, source] : metric.as_object()) {
    if (!source.is_object()) continue;
    Json numbers = Json::object();
    move_member(source, w.in_v2, numbers, "in");
    Json* in = numbers.find("in");
    Json none = Json::object();
    if (in == nullptr || !in->is_object()) in = &none;
    if (name == "object") move_member(source, "describedObject", source, "target");
    if (Json* what = source.find("metric"); what != nullptr && name != "resource") {
      Json named = std::move(*what);
      source.erase("metric");
      move_member(named, "name", source, "metricName");
      move_member(named, "selector", source, name == "external" ? "metricSelector" : "selector");
    }
    move_member(*in, "averageUtilization", source, w.prefix + "AverageUtilization");
    move_member(*in, "value", source, w.prefix + "Value");
    move_member(*in, "averageValue", source,
                name == "object" ? std::string("averageValue") : w.prefix + "AverageValue");
  }
  return in_order(metric);
}

Json metric_to_v2(Json metric, bool status) {
  const Words& w = words(status);
  for (auto& [name, source] : metric.as_object()) {
    if (!source.is_object()) continue;
    if (name == "object") move_member(source, "target", source, "describedObject");
    Json numbers = Json::object(), what = Json::object();
    move_member(source, w.prefix + "AverageUtilization", numbers, "averageUtilization");
    move_member(source, w.prefix + "Value", numbers, "value");
    move_member(source, name == "object" ? std::string("averageValue") : w.prefix + "AverageValue",
                numbers, "averageValue");
    move_member(source, "metricName", what, "name");
    move_member(source, name == "external" ? "metricSelector" : "selector", what, "selector");
    if (what.size() > 0) source.set("metric", std::move(what));
    if (!status)
      numbers.set("type", Json(numbers.find("averageUtilization") ? "Utilization"
                               : numbers.find("averageValue")     ? "AverageValue"
                                                                  : "Value"));
    source.set(w.in_v2, std::move(numbers));
  }
  return metric;
}

const Json* cpu_share(const Json& metric, std::string_view in) {
  if (metric.str("type") != "Resource" || metric.str({"resource", "name"}) != "cpu") return nullptr;
  return metric.at({"resource", in, "averageUtilization"});
}

Json share_of_cpu(const Json& percent, std::string_view in) {
  Json numbers = Json::object({{"averageUtilization", percent}});
  if (in == "target") numbers.set("type", Json("Utilization"));
  Json resource = Json::object({{"name", "cpu"}});
  resource.set(in, std::move(numbers));
  return Json::object({{"type", "Resource"}, {"resource", std::move(resource)}});
}

void annotate(Json& object, std::string_view name, const Json& value) {
  object["metadata"]["annotations"].set(name, Json(dump(value)));
}

// What an annotation of ours says; null when there is none, or it is not what we write.
Json take_annotation(Json& object, std::string_view name) {
  Json* metadata = object.find("metadata");
  Json* all = metadata == nullptr ? nullptr : metadata->find("annotations");
  Json* text = all == nullptr ? nullptr : all->find(name);
  if (text == nullptr || !text->is_string()) return {};
  auto value = parse_json(text->as_string());
  all->erase(name);
  if (all->size() == 0) metadata->erase("annotations");
  return value ? std::move(*value) : Json();
}

void from_v2(Json& object) {
  if (Json* spec = object.find("spec"); spec != nullptr && spec->is_object()) {
    JsonArray others;
    Json percent;
    if (const Json* metrics = spec->find("metrics"); metrics != nullptr && metrics->is_array())
      for (const Json& metric : metrics->as_array()) {
        const Json* share = cpu_share(metric, "target");
        if (share != nullptr)
          percent = *share;
        else
          others.push_back(metric_to_v1(metric, false));
      }
    Json behavior = Json::object();
    move_member(*spec, "behavior", behavior, "is");
    spec->erase("metrics");
    if (!percent.is_null()) spec->set("targetCPUUtilizationPercentage", std::move(percent));
    if (!others.empty()) annotate(object, kMetrics, Json(std::move(others)));
    if (const Json* is = behavior.find("is")) annotate(object, kBehavior, *is);
  }
  Json* status = object.find("status");
  if (status == nullptr || !status->is_object()) return;
  JsonArray now;
  Json percent, kept = Json::object();
  if (const Json* metrics = status->find("currentMetrics"); metrics && metrics->is_array())
    for (const Json& metric : metrics->as_array()) {
      if (const Json* share = cpu_share(metric, "current")) percent = *share;
      // With what it is of the CPU too: the annotation has the plain value besides.
      now.push_back(metric_to_v1(metric, true));
    }
  status->erase("currentMetrics");
  if (status->find("currentReplicas") == nullptr) status->set("currentReplicas", 0);
  move_member(*status, "conditions", kept, "conditions");
  if (!percent.is_null()) status->set("currentCPUUtilizationPercentage", std::move(percent));
  if (!now.empty()) annotate(object, kCurrentMetrics, Json(std::move(now)));
  if (const Json* is = kept.find("conditions"); is && is->size() > 0)
    annotate(object, kConditions, *is);
}

void to_v2(Json& object) {
  Json others = take_annotation(object, kMetrics), behavior = take_annotation(object, kBehavior);
  Json now = take_annotation(object, kCurrentMetrics);
  Json conditions = take_annotation(object, kConditions);
  if (Json* spec = object.find("spec"); spec != nullptr && spec->is_object()) {
    JsonArray metrics;
    if (others.is_array())
      for (const Json& metric : others.as_array())
        if (metric.is_object()) metrics.push_back(metric_to_v2(metric, false));
    if (const Json* percent = spec->find("targetCPUUtilizationPercentage"))
      metrics.push_back(share_of_cpu(*percent, "target"));
    spec->erase("targetCPUUtilizationPercentage");
    if (!metrics.empty()) spec->set("metrics", Json(std::move(metrics)));
    if (behavior.is_object()) spec->set("behavior", std::move(behavior));
  }
  Json* status = object.find("status");
  if (status == nullptr || !status->is_object()) return;
  JsonArray metrics;
  if (now.is_array()) {
    for (const Json& metric : now.as_array())
      if (metric.is_object()) metrics.push_back(metric_to_v2(metric, true));
  } else if (const Json* percent = status->find("currentCPUUtilizationPercentage")) {
    metrics.push_back(share_of_cpu(*percent, "current"));
  }
  status->erase("currentCPUUtilizationPercentage");
  // As v2 prints them: the list always, the number only when there is one.
  status->set("currentMetrics", metrics.empty() ? Json() : Json(std::move(metrics)));
  if (status->integer({"currentReplicas"}) == 0) status->erase("currentReplicas");
  if (conditions.is_array()) status->set("conditions", std::move(conditions));
}

}  // namespace

extern const Conversion kConversion_horizontal_pod_autoscalers;
const Conversion kConversion_horizontal_pod_autoscalers{
    "autoscaling", "v1", "HorizontalPodAutoscaler", "autoscaling", "v2", to_v2, from_v2};

}  // namespace engine
