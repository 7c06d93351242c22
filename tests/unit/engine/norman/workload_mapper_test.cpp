// The mappers of workloads and pods: what clients of the management API see of a pod's template,
// and that it comes back to where it was.
#include <catch2/catch_test_macros.hpp>
#include <random>

#include "engine/norman/difference.h"
#include "engine/norman/mapper.h"
#include "engine/norman/workload_mappers.h"

using namespace engine;

namespace {

const SchemaSet& schemas() {
  static const SchemaSet set;
  return set;
}
const SchemaView& schema(std::string_view id) {
  return *schemas().published("/v3/project", id);
}
Json parsed(std::string_view text) {
  return MUST(parse_json(text));
}
Json to_api(std::string_view id, Json object) {
  Mapper(schemas()).to_api(schema(id), object);
  return object;
}
Json to_stored(std::string_view id, Json object) {
  object.erase("id");
  Mapper(schemas()).to_stored(schema(id), object);
  return object;
}

// A template with something in every corner that the mappers know.
const char* const kTemplate = R"({
  "metadata":{"labels":{"app":"web"},"annotations":{"a":"1"}},
  "spec":{"restartPolicy":"Always","nodeName":"w-1","serviceAccountName":"sa",
    "securityContext":{"runAsUser":5,"supplementalGroups":[1,2],"fsGroup":7},
    "nodeSelector":{},
    "tolerations":[{"key":"k","operator":"Exists"}],"priorityClassName":"high","schedulerName":"s",
    "affinity":{"nodeAffinity":{
      "requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
        {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]},
                             {"key":"gpu","operator":"DoesNotExist"}]},
        {"matchExpressions":[{"key":"size","operator":"Gt","values":["4"]}]}]},
      "preferredDuringSchedulingIgnoredDuringExecution":[
        {"weight":100,"preference":{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}}]}},
    "volumes":[{"name":"v","hostPath":{"path":"/x","type":"Directory"}},
               {"name":"c","persistentVolumeClaim":{"claimName":"claim"}}],
    "initContainers":[{"name":"first","image":"i"}],
    "containers":[{"name":"main","image":"nginx","command":["/bin/x"],"args":["-v"],
      "env":[{"name":"A","value":"1"},{"name":"F","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},
             {"name":"S","valueFrom":{"secretKeyRef":{"name":"sec","key":"k","optional":true}}},
             {"name":"R","valueFrom":{"resourceFieldRef":{"containerName":"main","resource":"limits.cpu"}}}],
      "envFrom":[{"prefix":"P_","configMapRef":{"name":"cm"}}],
      "ports":[{"name":"web","containerPort":80,"protocol":"TCP"},
               {"name":"host","containerPort":81,"hostPort":8081,"hostIP":"10.0.0.1","protocol":"TCP"}],
      "securityContext":{"runAsUser":9,"readOnlyRootFilesystem":true,"capabilities":{"add":["NET_ADMIN"],"drop":["ALL"]}},
      "livenessProbe":{"httpGet":{"path":"/h","port":80,"scheme":"HTTP"},"periodSeconds":3},
      "readinessProbe":{"tcpSocket":{"port":80},"periodSeconds":4},
      "startupProbe":{"exec":{"command":["true"]},"periodSeconds":5},
      "lifecycle":{"preStop":{"exec":{"command":["stop"]}}},
      "resources":{"limits":{"cpu":"1"}},
      "volumeMounts":[{"name":"v","mountPath":"/y"}]}]}})";

void add(Json& spec, std::string_view members) {
  const Json more = parsed(members);
  for (const auto& [name, value] : more.as_object()) spec.set(name, value);
}

Json stored_of(std::string_view kind) {
  Json out = parsed(R"({"metadata":{"name":"web","namespace":"ns","labels":{"own":"label"},
    "annotations":{"own":"mark","field.cattle.io/creatorId":"u-1",
      "field.cattle.io/publicEndpoints":"[{\"addresses\":[\"1.2.3.4\"],\"port\":80,\"serviceName\":\"ns:web\",\"nodeName\":\"\"}]"}},
    "spec":{"selector":{"matchLabels":{"app":"web"}}}})");
  Json pod = parsed(kTemplate);
  Json& spec = *out.find("spec");
  if (kind == "cronJob") {
    spec = parsed(R"({"schedule":"* * * * *","concurrencyPolicy":"Forbid","suspend":true,
      "jobTemplate":{"metadata":{"labels":{"j":"l"}},"spec":{"backoffLimit":2}}})");
    spec.make({"jobTemplate", "spec"}).set("template", std::move(pod));
    return out;
  }
  spec.set("template", std::move(pod));
  if (kind == "deployment")
    add(spec, R"({"replicas":3,"paused":true,"minReadySeconds":4,"revisionHistoryLimit":5,
           "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":"25%"}}})");
  if (kind == "daemonSet")
    spec.set("updateStrategy",
             parsed(R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":2}})"));
  if (kind == "statefulSet")
    add(spec, R"({"replicas":2,"serviceName":"web","podManagementPolicy":"Parallel",
           "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}},
           "volumeClaimTemplates":[{"metadata":{"name":"d"},"spec":{"storageClassName":"fast",
             "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]})");
  if (kind == "replicaSet" || kind == "replicationController") spec.set("replicas", 1);
  if (kind == "replicationController") spec.set("selector", parsed(R"({"app":"web"})"));
  if (kind == "job") spec.set("backoffLimit", 3);
  return out;
}

const Json& container(const Json& api, size_t at = 0) {
  return api.find("containers")->as_array().at(at);
}

}  // namespace

SCENARIO("a deployment looks as clients of the management API know it") {
  Json api = to_api("deployment", stored_of("deployment"));
  CHECK(api.str("name") == "web");
  CHECK(*api.find("scale") == Json(3));
  CHECK(*api.find("paused") == Json(true));
  CHECK(*api.find("deploymentConfig") ==
        parsed(R"({"minReadySeconds":4,"revisionHistoryLimit":5,"strategy":"RollingUpdate",
                   "maxSurge":1,"maxUnavailable":"25%"})"));
  CHECK(*api.find("labels") == parsed(R"({"app":"web"})"));
  CHECK(*api.find("workloadLabels") == parsed(R"({"own":"label"})"));
  CHECK(*api.find("annotations") == parsed(R"({"a":"1"})"));
  CHECK(*api.find("workloadAnnotations") == parsed(R"({"own":"mark"})"));
  CHECK(api.str("creatorId") == "u-1");
  CHECK(api.find("publicEndpoints")->as_array().at(0) ==
        parsed(R"({"addresses":["1.2.3.4"],"port":80,"serviceId":"ns:web"})"));
  CHECK(*api.at({"scheduling", "node", "requireAny"}) ==
        parsed(R"(["zone in (a, b) && !gpu","size > 4"])"));
  CHECK(*api.at({"scheduling", "node", "preferred"}) == parsed(R"(["disk = ssd"])"));
  CHECK(api.str({"scheduling", "priorityClassName"}) == "high");
  CHECK(*api.find("uid") == Json(5));
  CHECK(*api.find("gids") == parsed("[1,2]"));
  for (std::string_view gone : {"template", "metadata", "spec", "affinity", "nodeSelector",
                                "initContainers", "securityContext"})
    CHECK_FALSE(api.find(gone));
}

SCENARIO("a container's command, variables, ports, probes and rights") {
  Json api = to_api("deployment", stored_of("deployment"));
  const Json& main = container(api);
  CHECK(*main.find("entrypoint") == parsed(R"(["/bin/x"])"));
  CHECK(*main.find("command") == parsed(R"(["-v"])"));
  CHECK(*main.find("environment") == parsed(R"({"A":"1"})"));
  CHECK(*main.find("environmentFrom") ==
        parsed(R"([{"source":"field","targetKey":"F","sourceName":"status.podIP"},
          {"source":"secret","targetKey":"S","sourceName":"sec","sourceKey":"k","optional":true},
          {"source":"resource","targetKey":"R","sourceName":"main","sourceKey":"limits.cpu"},
          {"source":"configMap","sourceName":"cm","prefix":"P_"}])"));
  CHECK(main.find("ports")->as_array().at(0).str("kind") == "ClusterIP");
  CHECK(main.find("ports")->as_array().at(1).str("kind") == "HostPort");
  CHECK(*main.find("ports")->as_array().at(1).find("sourcePort") == Json(8081));
  CHECK(main.find("ports")->as_array().at(1).str("hostIp") == "10.0.0.1");
  CHECK(*main.find("readOnly") == Json(true));
  CHECK(*main.find("capAdd") == parsed(R"(["NET_ADMIN"])"));
  CHECK(main.str({"livenessProbe", "path"}) == "/h");
  CHECK(main.truth({"readinessProbe", "tcp"}));
  CHECK(*main.at({"startupProbe", "command"}) == parsed(R"(["true"])"));
  CHECK(*main.at({"preStop", "command"}) == parsed(R"(["stop"])"));
  CHECK(container(api, 1).str("name") == "first");
  CHECK(container(api, 1).truth({"initContainer"}));
  const Json& volumes = *api.find("volumes");
  CHECK(volumes.as_array().at(0).str({"hostPath", "kind"}) == "Directory");
  CHECK(volumes.as_array().at(1).str({"persistentVolumeClaim", "persistentVolumeClaimId"}) ==
        "claim");
}

SCENARIO("every kind of workload survives the way out and back") {
  for (std::string_view kind : {"deployment", "daemonSet", "statefulSet", "replicaSet",
                                "replicationController", "job", "cronJob"}) {
    INFO(kind);
    CHECK(Mapper(schemas()).knows("/v3/project", kind));
    const Json stored = stored_of(kind);
    const Json api = to_api(kind, stored);
    const Json back = to_stored(kind, api);
    INFO(dump(back));
    // Once more: what a client sends back is what it was shown.
    CHECK(to_api(kind, back) == api);
    // And it came back to the same places.
    const bool cron = kind == "cronJob";
    const Json* pod =
        cron ? back.at({"spec", "jobTemplate", "spec", "template"}) : back.at({"spec", "template"});
    REQUIRE(pod);
    const Json want = parsed(kTemplate);
    for (const auto& [name, value] : want.find("spec")->as_object()) {
      if (name == "nodeSelector") continue;
      INFO(name);
      REQUIRE(pod->at({"spec", name}));
      if (name != "containers") CHECK(*pod->at({"spec", name}) == value);
    }
    for (const auto& [name, value] : container(*want.find("spec")).as_object()) {
      INFO(name);
      const Json* found = container(*pod->find("spec")).find(name);
      REQUIRE(found);
      if (name != "env") CHECK(*found == value);
    }
    CHECK(back.str({"metadata", "annotations", "own"}) == "mark");
    CHECK(back.str({"metadata", "annotations", "field.cattle.io/creatorId"}) == "u-1");
    CHECK_FALSE(pod->at({"metadata", "annotations", "field.cattle.io/creatorId"}));
    for (std::string_view config :
         {"deploymentConfig", "daemonSetConfig", "statefulSetConfig", "jobConfig", "cronJobConfig"})
      CHECK_FALSE(back.at({"spec", config}));
  }
}

SCENARIO("a service port keeps its kind, source port and name in an annotation of the template") {
  Json stored = to_stored("deployment", parsed(R"({"name":"w","namespaceId":"ns","containers":[
    {"name":"i","initContainer":true,"image":"i"},
    {"name":"c","image":"x","ports":[{"name":"80tcp01","containerPort":80,"protocol":"TCP",
      "kind":"NodePort","sourcePort":30080,"dnsName":"w-nodeport"}]}]})"));
  const Json& port =
      container(*stored.at({"spec", "template", "spec"})).find("ports")->as_array().at(0);
  CHECK(port == parsed(R"({"name":"80tcp01","containerPort":80,"protocol":"TCP"})"));
  const Json marks =
      parsed(stored.str({"spec", "template", "metadata", "annotations", "field.cattle.io/ports"}));
  CHECK(marks.as_array().at(0).as_array().at(0).str("dnsName") == "w-nodeport");
  Json api = to_api("deployment", stored);
  const Json& shown = container(api).find("ports")->as_array().at(0);
  CHECK(shown.str("kind") == "NodePort");
  CHECK(*shown.find("sourcePort") == Json(30080));
  CHECK_FALSE(api.at({"annotations", "field.cattle.io/ports"}));
}

SCENARIO("a pod says what its containers do") {
  Json api = to_api("pod", parsed(R"({"metadata":{"name":"p","namespace":"ns"},
    "spec":{"nodeName":"n-1","containers":[{"name":"a"},{"name":"b"},{"name":"c"}]},
    "status":{"phase":"Running","hostIP":"1.1.1.1","podIP":"2.2.2.2","containerStatuses":[
      {"name":"a","ready":true,"restartCount":3,"state":{"running":{}}},
      {"name":"b","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}},
      {"name":"c","state":{"terminated":{"exitCode":2,"reason":"Error"}}}]}})"));
  CHECK(container(api, 0).str("state") == "running");
  CHECK(*container(api, 0).find("restartCount") == Json(3));
  CHECK(container(api, 1).str("transitioningMessage") == "CrashLoopBackOff: back-off");
  CHECK(container(api, 2).str("transitioning") == "error");
  CHECK(*container(api, 2).find("exitCode") == Json(2));
  CHECK(api.str("nodeId") == "n-1");
  CHECK(api.str({"status", "podIp"}) == "2.2.2.2");
}

SCENARIO("what a view does not show stays when the view changes") {
  Json stored = stored_of("deployment");
  JsonArray& containers = stored.make({"spec", "template", "spec"}).find("containers")->as_array();
  containers[0].set("securityContext", parsed(R"({"seLinuxOptions":{"user":"u"},"runAsUser":9})"));
  containers[0].set("env", parsed(R"([{"name":"Z","value":"1"},{"name":"A","value":"$(Z)/x"}])"));
  Json before = to_api("deployment", stored), after = before;
  JsonArray& shown = after.find("containers")->as_array();
  shown[0].set("image", "nginx:2");
  shown[0].find("environment")->set("B", "2");
  Json side = parsed(R"({"name":"side","image":"s"})");
  shown.insert(shown.begin() + 1, std::move(side));
  apply_difference(stored, to_stored("deployment", before), to_stored("deployment", after));
  const Json& pod = *stored.at({"spec", "template", "spec"});
  REQUIRE(pod.find("containers")->size() == 2);
  CHECK(container(pod).str("image") == "nginx:2");
  CHECK(container(pod).str({"securityContext", "seLinuxOptions", "user"}) == "u");
  // A variable that refers to another stays behind it.
  CHECK(
      *container(pod).find("env") ==
      parsed(
          R"([{"name":"Z","value":"1"},{"name":"A","value":"$(Z)/x"},{"name":"B","value":"2"}])"));
  CHECK(container(pod, 1).str("name") == "side");
  CHECK(pod.find("initContainers")->size() == 1);
}

SCENARIO("whatever stands in a workload, mappers neither fail nor lose a name") {
  std::mt19937 chance(7);
  const Json whole = stored_of("deployment");
  // Anything in the place of anything.
  const JsonArray odd = {
      Json(), true, 7, "text", Json::object(), Json(JsonArray{}), Json(JsonArray{Json(), "x", 3})};
  std::function<void(Json&, int)> spoil = [&](Json& at, int depth) {
    if (chance() % 40 == 0 && depth > 0) {
      at = odd[chance() % odd.size()];
      return;
    }
    if (at.is_object())
      for (auto& [name, value] : at.as_object()) spoil(value, depth + 1);
    if (at.is_array())
      for (Json& value : at.as_array()) spoil(value, depth + 1);
  };
  for (int i = 0; i < 500; i++) {
    Json stored = whole;
    spoil(*stored.find("spec"), 0);
    Json api = to_api("deployment", stored);
    CHECK(api.str("name") == "web");
    Json back = to_stored("deployment", api);
    CHECK(back.str({"metadata", "name"}) == "web");
    Json body = api;
    spoil(body, 0);
    to_stored("deployment", body);
  }
}
