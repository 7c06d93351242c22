// Workloads and pods below /v3/project: over the API of a cluster, which here is our own Kubernetes
// API in memory.
#include <catch2/catch_test_macros.hpp>

#include "engine/norman/remote.h"
#include "engine/norman/types/public_endpoints.h"
#include "engine/norman/types/workload_services.h"
#include "engine/norman/types/workload_states.h"
#include "tests/support/api_world.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;

namespace {

Json parsed(std::string_view text) {
  return MUST(parse_json(text));
}

// The way to the cluster: whom the headers name asks; nobody named is the server.
class Way final : public Transport {
 public:
  explicit Way(tests::ApiWorld& world) : world_(world) {}
  void call(ClusterCall call, Done done) override {
    world_.env.post([this, call = std::move(call), done = std::move(done)] {
      tests::Asked asked{call.method, call.target, call.body, {}};
      for (const auto& [name, value] : call.headers) asked.headers.emplace_back(name, value);
      done(answer(asked, std::string(call.headers.get("Impersonate-User"))));
    });
  }

 private:
  Response answer(const tests::Asked& asked, const std::string& user) {
    auto request = world_.request(asked);
    if (!user.empty()) {
      request.user = {};
      request.user.name = user;
      request.user.groups = {"system:authenticated"};
    }
    auto info = RequestInfo::parse(request);
    if (!info) return status_response(request, info.error());
    auto attributes = info->attributes();
    auto decision = world_.authorizer->authorize(request.user, attributes);
    if (!decision.allowed)
      return status_response(request, forbidden_by(request.user, attributes, decision));
    Response out = std::get<Response>(world_.api->serve(request, *info));
    if (out.parts) {
      for (size_t i = 0; i < out.parts->list().size(); i++)
        out.body += (i > 0 ? std::string(out.parts->between()) : "") + *out.parts->list()[i];
      out.body += out.parts->after();
    }
    return out;
  }
  tests::ApiWorld& world_;
};

struct World : tests::NormanServer, ClusterTransports {
  tests::ApiWorld cluster;
  std::shared_ptr<Transport> way = std::make_shared<Way>(cluster);
  std::unique_ptr<Norman> api;
  std::unique_ptr<Remote> remote;
  std::string token;
  const std::string base = "/v3/project/c-1:p-1/";

  World() {
    api = std::make_unique<Norman>(Norman::Parts{
        env,
        registry,
        dispatcher,
        authorizer,
        types,
        {},
        [this](const Call& call, std::string_view id) { return remote->handle(call, id); }});
    remote = std::make_unique<Remote>(*api, *this, OwnApi());
    token = login();
    put("clusters", "", parsed(R"({"metadata":{"name":"c-1"},"spec":{"displayName":"far"}})"));
    home("c-1");
    put("projects", "c-1",
        parsed(R"({"metadata":{"name":"p-1"},"spec":{"clusterName":"c-1","displayName":"one"}})"));
    put("nodes", "c-1", parsed(R"({"metadata":{"name":"m-1"},"spec":{"requestedHostname":"w"},
      "status":{"nodeName":"w-1","internalNodeStatus":{
        "addresses":[{"type":"InternalIP","address":"10.0.0.1"}],
        "conditions":[{"type":"Ready","status":"True"}]}}})"));
    make("/api/v1/namespaces", parsed(R"({"metadata":{"name":"ns",
      "labels":{"field.cattle.io/projectId":"p-1"},
      "annotations":{"field.cattle.io/projectId":"c-1:p-1"}}})"));
    make("/api/v1/namespaces", parsed(R"({"metadata":{"name":"other"}})"));
    // All that the admin of the server may here; and what everybody may: ask what they may.
    role("cluster-admin", R"({"apiGroups":["*"],"resources":["*"],"verbs":["*"]})");
    role("asks", R"({"apiGroups":["authorization.k8s.io"],
      "resources":["selfsubjectrulesreviews"],"verbs":["create"]})");
    bind("clusterrolebindings", "cluster-admin");
    bind("clusterrolebindings", "asks");
    REQUIRE(cluster.dispatcher.fresh(env.now() + std::chrono::seconds(5)));
  }
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  void role(std::string_view name, std::string_view rule) {
    make(rbac + "clusterroles", Json::object({{"metadata", Json::object({{"name", name}})},
                                              {"rules", Json(JsonArray{parsed(rule)})}}));
  }
  void bind(const std::string& where, std::string_view name) {
    constexpr std::string_view kGroup = "rbac.authorization.k8s.io";
    Json subject = Json::object({{"kind", "User"}, {"apiGroup", kGroup}, {"name", admin_id}});
    Json to = Json::object({{"apiGroup", kGroup}, {"kind", "ClusterRole"}, {"name", name}});
    make(rbac + where, Json::object({{"metadata", Json::object({{"name", name}})},
                                     {"roleRef", std::move(to)},
                                     {"subjects", Json(JsonArray{std::move(subject)})}}));
  }
  void home(std::string_view name) {
    auto kind = kinds->snapshot()->stored("", "namespaces");
    WriteOptions as;
    as.user.name = "system:paddock";
    MUST(registry.create(*kind, "",
                         Json::object({{"apiVersion", "v1"},
                                       {"kind", "Namespace"},
                                       {"metadata", Json::object({{"name", name}})}}),
                         as));
  }
  std::shared_ptr<Transport> transport(std::string_view) override { return way; }
  // Past the management API.
  Json make(const std::string& path, const Json& object) {
    auto made = cluster.call({"POST", path, dump(object), {{"Content-Type", "application/json"}}});
    INFO(made.body);
    REQUIRE(made.status == 201);
    return parsed(made.body);
  }
  Json there(const std::string& path) { return cluster.json({.target = path}); }
  void status_of(const std::string& path, std::string_view status) {
    Json patch = Json::object({{"status", parsed(status)}});
    auto done = cluster.call({"PATCH",
                              path + "/status",
                              dump(patch),
                              {{"Content-Type", "application/merge-patch+json"}}});
    REQUIRE(done.status == 200);
  }
  Reply ask(std::string method, std::string target, std::string body = {}) {
    auto asked = request(std::move(method), base + target, token, std::move(body));
    asked.user = **authenticator.authenticate(asked);
    return reply_of(api->handle(asked));
  }
  Json expect(int status, std::string method, std::string target, std::string body = {}) {
    auto reply = ask(std::move(method), std::move(target), std::move(body));
    INFO(dump(reply.body));
    REQUIRE(reply.status == status);
    return reply.body;
  }
  std::vector<std::string> ids(const std::string& target) {
    std::vector<std::string> out;
    const Json listed = expect(200, "GET", target);
    for (const Json& one : listed.find("data")->as_array()) out.emplace_back(one.str("id"));
    return out;
  }
};

constexpr const char* kWeb = R"({"name":"web","namespaceId":"ns","scale":2,
  "containers":[{"name":"c","image":"nginx","environment":{"A":"1"},
    "ports":[{"containerPort":80,"kind":"NodePort","sourcePort":30080,"protocol":"TCP"},
             {"containerPort":80,"kind":"ClusterIP","protocol":"TCP"}]}]})";
const std::string kDeployments = "/apis/apps/v1/namespaces/ns/deployments/";

}  // namespace

SCENARIO("a workload without a configuration is a deployment, with a selector of its own") {
  World world;
  const Json made = world.expect(201, "POST", "workloads", kWeb);
  CHECK(made.str("id") == "deployment:ns:web");
  CHECK(made.str("type") == "deployment");
  CHECK(made.str("baseType") == "workload");
  CHECK(made.str("projectId") == "c-1:p-1");
  const std::string self(made.str({"links", "self"}));
  CHECK(self.ends_with("/v3/project/c-1:p-1/workloads/deployment:ns:web"));
  CHECK(made.str({"links", "revisions"}) == self + "/revisions");
  CHECK(made.str({"links", "yaml"}) == self + "/yaml");
  CHECK(made.str({"actions", "redeploy"}) == self + "?action=redeploy");
  CHECK(made.find("actions")->find("resume") == nullptr);
  const Json stored = world.there(kDeployments + "web");
  CHECK(stored.str({"spec", "selector", "matchLabels",
                    "workload.user.cattle.io/workloadselector"}) == "deployment-ns-web");
  CHECK(stored.str({"spec", "template", "metadata", "labels",
                    "workload.user.cattle.io/workloadselector"}) == "deployment-ns-web");
  CHECK(stored.integer({"spec", "replicas"}) == 2);
  CHECK(made.str("state") == "updating");
  // By either name, with and without its type.
  for (std::string path :
       {"workloads/deployment:ns:web", "deployments/deployment:ns:web", "deployments/ns:web"})
    CHECK(world.expect(200, "GET", path).str("id") == "deployment:ns:web");
  CHECK(world.expect(404, "GET", "workloads/nosuch:ns:web").str("message") ==
        "failed to find type nosuch");
  CHECK(world.expect(404, "GET", "daemonSets/deployment:ns:web").str("code") == "NotFound");
}

SCENARIO("the configuration says what a workload is, and the union lists them all") {
  World world;
  struct Case {
    std::string config, id;
  };
  const std::vector<Case> cases = {
      {R"("deploymentConfig":{"strategy":"Recreate","maxSurge":1})", "deployment:ns:d"},
      {R"("daemonSetConfig":{"maxUnavailable":2})", "daemonset:ns:d"},
      {R"("statefulSetConfig":{"partition":1})", "statefulset:ns:d"},
      {R"("jobConfig":{"backoffLimit":2})", "job:ns:d"},
      {R"("replicaSetConfig":{"minReadySeconds":1})", "replicaset:ns:d"},
      {R"("replicationControllerConfig":{"minReadySeconds":1},"selector":{"a":"b"})",
       "replicationcontroller:ns:d"},
      {R"("cronJobConfig":{"schedule":"* * * * *","jobConfig":{"backoffLimit":1}})",
       "cronjob:ns:d"}};
  std::vector<std::string> all;
  for (const Case& one : cases) {
    INFO(one.config);
    const Json made = world.expect(
        201, "POST", "workloads",
        R"({"name":"d","namespaceId":"ns","labels":{"a":"b"},"containers":[{"name":"c","image":"i"}],)" +
            one.config + "}");
    CHECK(made.str("id") == one.id);
    all.push_back(one.id);
  }
  std::sort(all.begin(), all.end());
  CHECK(world.ids("workloads") == all);
  CHECK(world.ids("workloads?name=d&limit=2").size() == 2);
  CHECK(world.ids("workloads?limit=2&marker=job:ns:d") ==
        std::vector<std::string>{"job:ns:d", "replicaset:ns:d"});
  CHECK(world.ids("workloads?name=other").empty());
  CHECK(world.ids("jobs") == std::vector<std::string>{"job:ns:d"});
  const Json stored = world.there("/apis/apps/v1/namespaces/ns/deployments/d");
  CHECK(*stored.at({"spec", "strategy"}) == parsed(R"({"type":"Recreate"})"));
  CHECK(world.there("/apis/apps/v1/namespaces/ns/statefulsets/d").str({"spec", "serviceName"}) ==
        "d");
  CHECK(world.there("/apis/batch/v1/namespaces/ns/jobs/d")
            .str({"spec", "template", "spec", "restartPolicy"}) == "OnFailure");
  // A job has no actions; a daemon set can be made to start its pods anew.
  CHECK_FALSE(world.expect(200, "GET", "workloads/job:ns:d").find("actions"));
  CHECK(world.expect(200, "GET", "workloads/daemonset:ns:d").find("actions")->size() == 1);
  world.expect(404, "POST", "workloads/job:ns:d?action=redeploy", "{}");
  world.expect(404, "POST", "workloads/daemonset:ns:d?action=pause", "{}");
  world.expect(204, "DELETE", "workloads/replicationcontroller:ns:d");
  CHECK(world.ids("replicationControllers").empty());
  CHECK(world.expect(405, "POST", "replicationControllers", R"({"name":"x","namespaceId":"ns"})")
            .str("code") == "MethodNotAllow");
}

SCENARIO("ports have services before them, which follow the workload") {
  World world;
  world.expect(201, "POST", "workloads", kWeb);
  const std::string services = "/api/v1/namespaces/ns/services/";
  Json service = world.there(services + "web-nodeport");
  CHECK(service.str({"spec", "type"}) == "NodePort");
  CHECK(service.at({"spec", "ports"})->as_array()[0].integer({"nodePort"}) == 30080);
  CHECK(service.at({"metadata", "ownerReferences"})->as_array()[0].str("kind") == "Deployment");
  CHECK(world.there(services + "web").str({"spec", "type"}) == "ClusterIP");
  Json shown = world.expect(200, "GET", "workloads/deployment:ns:web");
  const Json& port = shown.find("containers")->as_array()[0].find("ports")->as_array()[0];
  CHECK(port.str("name") == "80tcp300801");
  CHECK(port.str("dnsName") == "web-nodeport");
  const Json& endpoint = shown.find("publicEndpoints")->as_array().at(0);
  CHECK(endpoint.str("serviceId") == "ns:web-nodeport");
  CHECK(*endpoint.find("addresses") == parsed(R"(["10.0.0.1"])"));
  CHECK(endpoint.integer({"port"}) == 30080);
  const Json shown_service = world.expect(200, "GET", "services/ns:web-nodeport");
  CHECK(*shown_service.find("publicEndpoints")->as_array().at(0).find("addresses") ==
        parsed(R"(["10.0.0.1"])"));
  // Another kind of port: another service, and the first is gone.
  shown.find("containers")->as_array()[0].set("ports", parsed(R"([
    {"containerPort":81,"kind":"LoadBalancer","sourcePort":8081,"protocol":"TCP"}])"));
  world.expect(200, "PUT", "workloads/deployment:ns:web", dump(shown));
  CHECK(world.there(services + "web-loadbalancer")
            .at({"spec", "ports"})
            ->as_array()[0]
            .integer({"port"}) == 8081);
  CHECK(world.there(services + "web-nodeport").integer({"code"}) == 404);
  // Without ports there is a name without an address.
  world.expect(201, "POST", "workloads",
               R"({"name":"bare","namespaceId":"ns","containers":[{"name":"c","image":"i"}]})");
  CHECK(world.there(services + "bare").str({"spec", "clusterIP"}) == "None");
  // Two ports alike are refused before anything is made.
  const Json refused = world.expect(422, "POST", "workloads",
                                    R"({"name":"two","namespaceId":"ns","containers":[{"name":"c",
    "image":"i","ports":[{"containerPort":80,"kind":"NodePort"},{"containerPort":80,"kind":"NodePort"}]}]})");
  CHECK(refused.str("code") == "InvalidOption");
  CHECK(world.there(kDeployments + "two").integer({"code"}) == 404);
}

SCENARIO("a workload is changed as a client changes it: what it does not send stays") {
  World world;
  world.expect(201, "POST", "workloads", kWeb);
  const std::string self = "workloads/deployment:ns:web";
  CHECK(world.expect(200, "PUT", self, R"({"scale":5})").integer({"scale"}) == 5);
  Json stored = world.there(kDeployments + "web");
  CHECK(stored.integer({"spec", "replicas"}) == 5);
  CHECK(stored.at({"spec", "template", "spec", "containers"})->as_array()[0].str("image") ==
        "nginx");
  CHECK(stored.str({"spec", "template", "metadata", "labels",
                    "workload.user.cattle.io/workloadselector"}) == "deployment-ns-web");
  // Labels of the pods, and of the workload itself.
  world.expect(200, "PUT", self, R"({"labels":{"l":"1"},"workloadLabels":{"w":"2"},
    "workloadAnnotations":{"n":"3"},"scheduling":{"node":{"nodeId":"c-1:m-1"}}})");
  stored = world.there(kDeployments + "web");
  CHECK(stored.str({"spec", "template", "metadata", "labels", "l"}) == "1");
  CHECK(stored.str({"spec", "template", "metadata", "labels",
                    "workload.user.cattle.io/workloadselector"}) == "deployment-ns-web");
  CHECK(stored.str({"metadata", "labels", "w"}) == "2");
  CHECK(stored.str({"metadata", "labels", "cattle.io/creator"}) == "norman");
  CHECK(stored.str({"metadata", "annotations", "field.cattle.io/creatorId"}) == world.admin_id);
  CHECK(stored.str({"spec", "template", "spec", "nodeName"}) == "w-1");
  Json shown = world.expect(200, "GET", self);
  CHECK(shown.str({"scheduling", "node", "nodeId"}) == "c-1:m-1");
  CHECK_FALSE(shown.str("nodeId") == "w-1");
  world.expect(200, "PUT", self, dump(shown));
  CHECK(world.there(kDeployments + "web").at({"spec", "template"}) != nullptr);
  CHECK(dump(*world.there(kDeployments + "web").at({"spec", "template"})) ==
        dump(*stored.at({"spec", "template"})));
  world.expect(200, "PUT", self, R"({"scheduling":{"node":{"requireAll":["a = b"]}}})");
  stored = world.there(kDeployments + "web");
  CHECK_FALSE(stored.at({"spec", "template", "spec", "nodeName"}));
  CHECK(stored.at({"spec", "template", "spec", "affinity", "nodeAffinity"}));
  CHECK(world.expect(422, "PUT", self, R"({"scheduling":{"node":{"nodeId":"c-1:none"}}})")
            .str("code") == "InvalidReference");
}

SCENARIO("redeploy, pause, resume and rollback, as the workload is") {
  World world;
  const Json made = world.expect(201, "POST", "workloads", kWeb);
  const std::string self = "workloads/deployment:ns:web";
  world.expect(204, "POST", self + "?action=redeploy", "{}");
  CHECK_FALSE(world.there(kDeployments + "web")
                  .str({"spec", "template", "metadata", "annotations", "cattle.io/timestamp"})
                  .empty());
  CHECK(world.expect(422, "POST", self + "?action=resume", "{}").str("code") == "InvalidAction");
  world.expect(204, "POST", self + "?action=pause", "{}");
  Json shown = world.expect(200, "GET", self);
  CHECK(shown.str("state") == "paused");
  CHECK(shown.truth({"paused"}));
  CHECK(shown.find("actions")->find("resume"));
  CHECK_FALSE(shown.find("actions")->find("pause"));
  world.expect(422, "POST", self + "?action=pause", "{}");
  world.expect(204, "POST", self + "?action=resume", "{}");
  // A revision, as the deployment's controller makes it; and one of somebody else's.
  for (std::string_view owner : {made.str("uuid"), std::string_view("another")}) {
    Json set = parsed(R"({"metadata":{"annotations":{"deployment.kubernetes.io/revision":"1"}},
      "spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":
        {"a":"b","pod-template-hash":"x","workload.user.cattle.io/workloadselector":"deployment-ns-web"}},
        "spec":{"containers":[{"name":"c","image":"old"}]}}}})");
    set["metadata"].set("name", "web-" + std::string(owner == "another" ? "no" : "yes"));
    set["metadata"]["ownerReferences"].push_back(Json::object({{"apiVersion", "apps/v1"},
                                                               {"kind", "Deployment"},
                                                               {"name", "web"},
                                                               {"uid", owner},
                                                               {"controller", true}}));
    world.make("/apis/apps/v1/namespaces/ns/replicasets", set);
  }
  CHECK(world.ids(self + "/revisions") == std::vector<std::string>{"replicaset:ns:web-yes"});
  CHECK(world.ids("workloads") == std::vector<std::string>{"deployment:ns:web"});
  CHECK(world.expect(200, "GET", "replicaSets/ns:web-yes").str("id") == "replicaset:ns:web-yes");
  world.expect(422, "POST", self + "?action=rollback",
               R"({"replicaSetId":"replicaset:ns:web-no"})");
  world.expect(204, "POST", self + "?action=rollback",
               R"({"replicaSetId":"replicaset:ns:web-yes"})");
  const Json stored = world.there(kDeployments + "web");
  CHECK(stored.at({"spec", "template", "spec", "containers"})->as_array()[0].str("image") == "old");
  CHECK_FALSE(stored.at({"spec", "template", "metadata", "labels", "pod-template-hash"}));
}

SCENARIO("pods say of which workload they are, where they run, and how they are") {
  World world;
  world.expect(201, "POST", "workloads", kWeb);
  Json set = parsed(R"({"metadata":{"name":"web-1","ownerReferences":[{"apiVersion":"apps/v1",
    "kind":"Deployment","name":"web","uid":"u","controller":true}]},"spec":{"selector":{"matchLabels":
    {"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})");
  world.make("/apis/apps/v1/namespaces/ns/replicasets", set);
  Json pod = parsed(R"({"metadata":{"name":"web-1-a","ownerReferences":[{"apiVersion":"apps/v1",
    "kind":"ReplicaSet","name":"web-1","uid":"v","controller":true}]},"spec":{"nodeName":"w-1",
    "containers":[{"name":"c","image":"i","ports":[{"containerPort":80,"hostPort":8080}]}]}})");
  world.make("/api/v1/namespaces/ns/pods", pod);
  world.status_of("/api/v1/namespaces/ns/pods/web-1-a",
                  R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}],
      "containerStatuses":[{"name":"c","ready":true,"image":"i","imageID":"","restartCount":1,"state":{"running":{}}}]})");
  const Json shown = world.expect(200, "GET", "pods/ns:web-1-a");
  CHECK(shown.str("workloadId") == "deployment:ns:web");
  CHECK(shown.str("nodeId") == "c-1:m-1");
  CHECK(shown.str("state") == "running");
  CHECK(shown.find("containers")->as_array()[0].str("state") == "running");
  CHECK(shown.find("publicEndpoints")->as_array().at(0).str("podId") == "ns:web-1-a");
  CHECK(world.ids("pods?workloadId=deployment:ns:web").size() == 1);
  CHECK(world.ids("pods?workloadId=deployment:ns:other").empty());
  const Json made =
      world.expect(201, "POST", "pods",
                   R"({"name":"own","namespaceId":"ns","containers":[{"name":"c","image":"i"}]})");
  CHECK(made.str("id") == "ns:own");
  CHECK(made.str("state") == "pending");
  CHECK(made.find("workloadId")->is_null());
}

SCENARIO("who may only read is offered nothing, and what is elsewhere is not there") {
  World world;
  world.expect(201, "POST", "workloads", kWeb);
  world.role("reads",
             R"({"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","list"]})");
  auto gone =
      world.cluster.call({"DELETE", world.rbac + "clusterrolebindings/cluster-admin", "", {}});
  REQUIRE(gone.status == 200);
  world.bind("namespaces/ns/rolebindings", "reads");
  REQUIRE(world.cluster.dispatcher.fresh(world.env.now() + std::chrono::seconds(5)));
  CHECK(world.ids("workloads") == std::vector<std::string>{"deployment:ns:web"});
  const Json shown = world.expect(200, "GET", "workloads/deployment:ns:web");
  CHECK_FALSE(shown.find("actions"));
  CHECK_FALSE(shown.at({"links", "remove"}));
  CHECK(
      world.expect(403, "POST", "workloads/deployment:ns:web?action=redeploy", "{}").str("code") ==
      "Forbidden");
  CHECK(world
            .expect(403, "POST", "workloads", R"({"name":"n","namespaceId":"ns",
    "containers":[{"name":"c","image":"i"}]})")
            .str("code") == "Forbidden");
  world.expect(404, "GET", "workloads/deployment:other:web");
  CHECK(world
            .expect(422, "POST", "workloads", R"({"name":"n","namespaceId":"other",
    "containers":[{"name":"c","image":"i"}]})")
            .str("fieldName") == "namespaceId");
  world.way = nullptr;
  CHECK(world.expect(503, "GET", "workloads").str("type") == "error");
}

SCENARIO("a private registry's credential goes with the images that need it") {
  World world;
  Json secret = parsed(R"({"metadata":{"name":"mine"},"type":"kubernetes.io/dockerconfigjson"})");
  // {"auths":{"https://reg.example.com":{}}}
  secret.make({"data"}).set(".dockerconfigjson",
                            "eyJhdXRocyI6eyJodHRwczovL3JlZy5leGFtcGxlLmNvbSI6e319fQ==");
  world.make("/api/v1/namespaces/ns/secrets", secret);
  for (auto [image, wanted] : {std::pair{"reg.example.com/a/b:1", 1}, std::pair{"nginx", 0}}) {
    const std::string name = wanted ? "with" : "without";
    world.expect(201, "POST", "workloads",
                 R"({"namespaceId":"ns","name":")" + name +
                     R"(","containers":[{"name":"c","image":")" + image + R"("}]})");
    const Json stored = world.there(kDeployments + name);
    const Json* secrets = stored.at({"spec", "template", "spec", "imagePullSecrets"});
    CHECK((secrets ? secrets->size() : 0) == static_cast<size_t>(wanted));
  }
}

SCENARIO("the state of a workload is what is observed of it") {
  auto state = [](std::string_view stored) { return workload_state(parsed(stored)); };
  const std::string deployment =
      R"({"kind":"Deployment","metadata":{"generation":2},"spec":{"replicas":2},"status":{)";
  CHECK(state(deployment + R"("observedGeneration":1}})").name == "updating");
  CHECK(state(deployment + R"("observedGeneration":2,"updatedReplicas":2,"readyReplicas":1}})")
            .message == "1 of 2 pods are ready");
  CHECK(state(deployment +
              R"("observedGeneration":2,"updatedReplicas":2,"readyReplicas":2,"replicas":2}})")
            .name == "active");
  CHECK(state(deployment +
              R"("observedGeneration":2,"updatedReplicas":2,"readyReplicas":2,"replicas":3}})")
            .transitioning == "yes");
  State late = state(deployment + R"("observedGeneration":2,"conditions":[{"type":"Progressing",
    "status":"False","message":"too late"}]}})");
  CHECK(late.transitioning == "error");
  CHECK(late.message == "too late");
  CHECK(state(R"({"kind":"Job","status":{"conditions":[{"type":"Complete","status":"True"}]}})")
            .name == "succeeded");
  CHECK(state(R"({"kind":"CronJob","spec":{"suspend":true}})").name == "suspended");
  CHECK(state(R"({"kind":"DaemonSet","status":{}})").name == "active");
  auto pod = [](std::string_view stored) { return pod_state(parsed(stored)); };
  CHECK(pod("{}").name == "pending");
  State stuck = pod(R"({"status":{"phase":"Running","containerStatuses":[{"name":"c",
    "state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}}}]}})");
  CHECK(stuck.transitioning == "error");
  CHECK(stuck.message == "c: CrashLoopBackOff: back-off");
  CHECK(pod(R"({"status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False",
    "reason":"Unschedulable","message":"no nodes"}]}})")
            .message == "Unschedulable: no nodes");
}

SCENARIO("an ingress leads to the workloads behind its services") {
  NodePlaces nodes;
  EndpointParts parts;
  parts.services.push_back(parsed(R"({"metadata":{"name":"s","namespace":"n"},
    "spec":{"type":"ClusterIP","selector":{"a":"b"}}})"));
  parts.ingresses.push_back(parsed(R"({"metadata":{"name":"i","namespace":"n"},"spec":{
    "tls":[{"hosts":["x.test"]}],"rules":[
      {"host":"x.test","http":{"paths":[{"path":"/p","backend":{"service":{"name":"s"}}}]}},
      {"host":"y.test","http":{"paths":[{"backend":{"service":{"name":"none"}}}]}}]},
    "status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}})"));
  const JsonArray found =
      workload_endpoints(parsed(R"({"kind":"Deployment","metadata":{"name":"w","namespace":"n"},
        "spec":{"selector":{"matchLabels":{"a":"b"}}}})"),
                         parts, nodes);
  REQUIRE(found.size() == 1);
  CHECK(found[0].str("hostname") == "x.test");
  CHECK(found[0].integer({"port"}) == 443);
  CHECK(found[0].str("ingressId") == "n:i");
}
