// horizontalPodAutoscaler: of a workload, by metrics that the API lays flat.
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/norman/project_mappers.h"
#include "engine/norman/types/cluster_resource.h"

namespace engine {
namespace {

// No metrics yet is how every autoscaler begins.
constexpr std::chrono::seconds kBeginning{60};
constexpr std::string_view kScalable[] = {"deployment", "statefulset", "replicaset",
                                          "replicationcontroller"};

class Autoscaler final : public ClusterResource {
 public:
  explicit Autoscaler(storage::Env& env)
      : ClusterResource(make_placed_kind("autoscaling", "v2", "HorizontalPodAutoscaler",
                                         "horizontalpodautoscalers", Scope::namespaced)),
        env_(env) {}

  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    TRY(ClusterResource::before_create(call, raw, body, place));
    return check_workload(body, place.ns);
  }
  Result<Unit> before_update(const Call&, const Json& old, Json& changes) const override {
    return check_workload(changes, old.str({"metadata", "namespace"}));
  }

  // Which member a metric's name and target belong to, its type says.
  Result<Unit> to_store(const Call&, Json& stored) const override {
    Json* metrics = stored.find("spec") ? stored.find("spec")->find("metrics") : nullptr;
    if (!metrics || !metrics->is_array()) return Unit{};
    for (Json& metric : metrics->as_array()) {
      metric.erase("current");
      const std::string type(metric.str("type"));
      if (type.empty()) return Status::field_error(422, "MissingRequired", "type", "");
      if (type == "Resource") continue;
      if (Json* flat = metric.find("resource"); flat && flat->is_object())
        fold(metric, lower(type));
    }
    return Unit{};
  }

  void before_write(Conversation& with, const Old& old, std::shared_ptr<Json> stored,
                    Done done) const override {
    const Json* now = stored->at({"spec", "scaleTargetRef"});
    const Json* was = old ? old->at({"spec", "scaleTargetRef"}) : nullptr;
    if (!now || (was && *was == *now)) return done(Unit{});
    const std::string id = lower(now->str("kind")) + ":" +
                           std::string(stored->str({"metadata", "namespace"})) + ":" +
                           std::string(now->str("name"));
    auto workload = parse_workload_id(id);
    if (!workload) return done(Unit{});  // a kind of the cluster's own
    const std::string version = workload->api_version();
    with.ask({.target = (version == "v1" ? "/api/" : "/apis/") + version + "/namespaces/" +
                        workload->ns + "/" + workload->plural() + "/" + workload->name},
             [id, done = std::move(done)](const Result<Json>& found) {
               if (found) return done(Unit{});
               const int code = found.error().code();
               if (code != 404 && code != 403) return done(found.error());
               done(Status::field_error(422, "InvalidReference", "workloadId",
                                        "there is no workload " + id));
             });
  }

  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    const Json* conditions = stored.at({"status", "conditions"});
    if (out.name != "active" || !conditions || !conditions->is_array()) return out;
    for (const Json& one : conditions->as_array()) {
      std::string_view type = one.str("type"), reason = one.str("reason");
      if (one.str("status") != "False" || (type != "ScalingActive" && type != "AbleToScale") ||
          reason == "ScalingDisabled")
        continue;
      auto created = parse_rfc3339(stored.str({"metadata", "creationTimestamp"}));
      if (created && env_.wall() - *created < kBeginning) return {"initializing", "yes", ""};
      return {"unavailable", "error", std::string(one.str("message"))};
    }
    return out;
  }

 private:
  static Result<Unit> check_workload(const Json& body, std::string_view ns) {
    const Json* id = body.find("workloadId");
    if (!id || id->is_null()) return Unit{};
    auto refuse = [](std::string why) {
      return Status::field_error(422, "InvalidReference", "workloadId", std::move(why));
    };
    const std::string text = id->is_string() ? id->as_string() : dump(*id);
    auto workload = parse_workload_id(text);
    if (!workload) return refuse(text + " is no workload: deployment:NAMESPACE:NAME is wanted");
    if (workload->ns != ns)
      return refuse(text + " is in another namespace than the autoscaler, " + std::string(ns));
    if (std::find(std::begin(kScalable), std::end(kScalable), workload->kind) ==
        std::end(kScalable))
      return refuse("a " + workload->kind + " has no replicas to scale");
    return Unit{};
  }

  // From {resource: {name, target}, selector, object: {describedObject}} as the mappers leave it.
  static void fold(Json& metric, const std::string& member) {
    Json flat = std::move(*metric.find("resource"));
    metric.erase("resource");
    Json& out = metric.make({member});
    Json& named = out.make({"metric"});
    if (const Json* name = flat.find("name")) named.set("name", *name);
    if (const Json* selector = metric.find("selector"); selector && !selector->is_null())
      named.set("selector", *selector);
    metric.erase("selector");
    if (const Json* target = flat.find("target")) metric.make({member}).set("target", *target);
    for (std::string_view other : {"object", "pods", "external"}) {
      Json* found = metric.find(other);
      if (other == member || !found) continue;
      if (const Json* described = found->find("describedObject"))
        metric.make({member}).set("describedObject", Json(*described));
      metric.erase(other);
    }
  }

  storage::Env& env_;
};

}  // namespace

void register_autoscaler(TypeSet& set, const TypeParts& parts) {
  set.add("/v3/project horizontalPodAutoscaler", std::make_unique<Autoscaler>(parts.env));
}

}  // namespace engine
