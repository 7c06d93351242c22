// One stored object in two shapes: each is written and read in either, watched and listed in both.
#include <catch2/catch_all.hpp>

#include "engine/kinds/conversion.h"
#include "engine/kinds/strategies.h"
#include "tests/support/api_world.h"

using namespace engine;
using tests::ApiWorld;

namespace {

const std::string kV1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
const std::string kV2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
const std::string kCore = "/api/v1/namespaces/default/events";
const std::string kEvents = "/apis/events.k8s.io/v1/namespaces/default/events";

Json json(std::string_view text) {
  return MUST(parse_json(text));
}

struct World : ApiWorld {
  World() { register_builtin_strategies(strategies); }
  Json post(const std::string& path, const std::string& body, int status = 201) {
    auto answer = call({"POST", path, body, {}});
    INFO(answer.body);
    REQUIRE(answer.status == status);
    return json(
        {"GET", path + "/" + std::string(MUST(parse_json(answer.body)).str({"metadata", "name"}))});
  }
};

Json without_change(const Conversion& conversion, Json stored) {
  conversion.from_stored(stored);
  conversion.to_stored(stored);
  return stored;
}

}  // namespace

TEST_CASE("an autoscaler is one object in v1 and v2", "[api][conversion]") {
  World w;
  w.post(kV1, R"({"metadata":{"name":"one"},"spec":{"scaleTargetRef":{"kind":"Deployment",
      "name":"web","apiVersion":"apps/v1"},"minReplicas":1,"maxReplicas":5,
      "targetCPUUtilizationPercentage":70}})");
  Json v2 = w.json({.target = kV2 + "/one"});
  CHECK(v2.str("apiVersion") == "autoscaling/v2");
  CHECK(v2.find("spec")->find("targetCPUUtilizationPercentage") == nullptr);
  CHECK(*v2.at({"spec", "metrics"}) == json(R"([{"type":"Resource","resource":{"name":"cpu",
             "target":{"averageUtilization":70,"type":"Utilization"}}}])"));
  CHECK(v2.str({"metadata", "uid"}) == w.json({.target = kV1 + "/one"}).str({"metadata", "uid"}));

  // A change in one is seen in the other, and a conflict is one in both.
  v2["spec"].set("maxReplicas", 9);
  REQUIRE(w.call({"PUT", kV2 + "/one", dump(v2), {}}).status == 200);
  CHECK(w.json({.target = kV1 + "/one"}).integer({"spec", "maxReplicas"}) == 9);
  CHECK(w.call({"PUT", kV2 + "/one", dump(v2), {}}).status == 409);
  auto patched = w.call({"PATCH",
                         kV1 + "/one",
                         R"({"spec":{"targetCPUUtilizationPercentage":55}})",
                         {{"Content-Type", "application/merge-patch+json"}}});
  CHECK(patched.status == 200);
  CHECK(json(patched.body).str("apiVersion") == "autoscaling/v1");
  CHECK(w.json({.target = kV2 + "/one"})
            .at({"spec", "metrics"})
            ->as_array()[0]
            .integer({"resource", "target", "averageUtilization"}) == 55);

  for (const auto& [path, version] : {std::pair{kV1, "autoscaling/v1"}, {kV2, "autoscaling/v2"}}) {
    Json list = w.json({.target = path});
    REQUIRE(list.find("items")->size() == 1);
    CHECK(list.str("apiVersion") == version);
    CHECK(list.find("items")->as_array()[0].str("apiVersion") == version);
    auto events = w.watch(path + "?watch=1")->events(1);
    CHECK(events[0].str({"object", "apiVersion"}) == version);
    Json table = w.json({.target = path + "?includeObject=Object",
                         .headers = {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}});
    const Json& row = table.find("rows")->as_array()[0];
    CHECK(row.str({"object", "apiVersion"}) == version);
    CHECK(row.find("cells")->as_array()[2] == Json("cpu: <unknown>/55%"));
  }
  CHECK(w.call({"DELETE", kV1 + "/one", "", {}}).status == 200);
  CHECK(w.call({"GET", kV2 + "/one", "", {}}).status == 404);
}

TEST_CASE("what autoscaling/v1 cannot say is not lost by it", "[api][conversion]") {
  const Conversion* pair = conversion_of("autoscaling", "v1", "HorizontalPodAutoscaler");
  REQUIRE(pair);
  Json stored = json(R"({"metadata":{"name":"x"},"spec":{"maxReplicas":3,"metrics":[
    {"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1Gi"}}},
    {"type":"Pods","pods":{"metric":{"name":"qps","selector":{"matchLabels":{"a":"b"}}},
       "target":{"type":"AverageValue","averageValue":"5"}}},
    {"type":"Object","object":{"describedObject":{"kind":"Service","name":"s"},"metric":{"name":"hits"},
       "target":{"type":"Value","value":"7"}}},
    {"type":"External","external":{"metric":{"name":"queue"},"target":{"type":"Value","value":"30"}}},
    {"type":"ContainerResource","containerResource":{"name":"cpu","container":"c",
       "target":{"type":"Utilization","averageUtilization":40}}},
    {"type":"Resource","resource":{"name":"cpu","target":{"averageUtilization":60,"type":"Utilization"}}}],
    "behavior":{"scaleDown":{"stabilizationWindowSeconds":60}}},
    "status":{"currentReplicas":1,"desiredReplicas":2,"conditions":[{"type":"AbleToScale","status":"True"}],
    "currentMetrics":[{"type":"Resource","resource":{"name":"cpu",
       "current":{"averageUtilization":10,"averageValue":"5m"}}}]}})");
  CHECK(without_change(*pair, stored) == stored);
  Json v1 = stored;
  pair->from_stored(v1);
  CHECK(v1.integer({"spec", "targetCPUUtilizationPercentage"}) == 60);
  CHECK(v1.integer({"status", "currentCPUUtilizationPercentage"}) == 10);
  Json others =
      json(v1.str({"metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics"}));
  REQUIRE(others.size() == 5);
  CHECK(others.as_array()[0] ==
        json(R"({"type":"Resource","resource":{"name":"memory","targetAverageValue":"1Gi"}})"));
  CHECK(others.as_array()[2] ==
        json(R"({"type":"Object","object":{"target":{"kind":"Service","name":"s"},
                 "metricName":"hits","targetValue":"7"}})"));
}

TEST_CASE("an event is one object in core and events.k8s.io", "[api][conversion]") {
  World w;
  w.post(kCore, R"({"metadata":{"name":"old"},"involvedObject":{"kind":"Pod","namespace":"default",
      "name":"p"},"reason":"Started","message":"it runs","type":"Normal","count":2})");
  w.post(kEvents, R"({"metadata":{"name":"new"},"regarding":{"kind":"Pod","namespace":"default",
      "name":"q"},"reason":"Killed","note":"it ran","type":"Warning","action":"Kill",
      "eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"test/x",
      "reportingInstance":"i-1"})");
  Json seen = w.json({.target = kEvents + "/old"});
  CHECK(seen.str("apiVersion") == "events.k8s.io/v1");
  CHECK(seen.str("note") == "it runs");
  CHECK(seen.str({"regarding", "name"}) == "p");
  CHECK(seen.integer({"deprecatedCount"}) == 2);
  CHECK(seen.find("reportingController") == nullptr);
  Json core = w.json({.target = kCore + "/new"});
  CHECK(core.str("apiVersion") == "v1");
  CHECK(core.str("message") == "it ran");
  CHECK(core.str("reportingComponent") == "test/x");
  CHECK(core.find("note") == nullptr);

  auto names = [&](const std::string& target) {
    std::vector<std::string> out;
    Json list = w.json({.target = target});
    for (const Json& item : list.find("items")->as_array())
      out.emplace_back(item.str({"metadata", "name"}));
    return out;
  };
  using Names = std::vector<std::string>;
  CHECK(names(kEvents + "?fieldSelector=regarding.name=q") == Names{"new"});
  CHECK(names(kEvents + "?fieldSelector=reportingController=test/x") == Names{"new"});
  CHECK(names(kCore + "?fieldSelector=involvedObject.name=p") == Names{"old"});
  auto both = w.watch(kEvents + "?watch=1")->events(2);
  REQUIRE(both.size() == 2);
  CHECK(both[0].str({"object", "apiVersion"}) == "events.k8s.io/v1");
  CHECK(both[0].find("object")->find("note") != nullptr);
  Json core_table = w.json(
      {.target = kCore, .headers = {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}});
  Json table = w.json(
      {.target = kEvents, .headers = {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}});
  for (size_t i = 0; i < 2; i++)
    CHECK(table.find("rows")->as_array()[i].find("cells")->as_array() ==
          core_table.find("rows")->as_array()[i].find("cells")->as_array());
}

TEST_CASE("a client's timeout ends what has not begun", "[api][timeout]") {
  World w;
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  CHECK(w.call({.target = maps + "?timeout=10s"}).status == 200);
  CHECK(w.call({.target = maps + "?timeout=0s"}).status == 200);
  CHECK(w.call({.target = maps + "?timeout=1h30m0.5s"}).status == 200);
  auto wrong = w.call({.target = maps + "?timeout=soon"});
  CHECK(wrong.status == 400);
  CHECK(json(wrong.body).str("message") ==
        "invalid timeout specified in the request URL - time: invalid duration \"soon\"");
  auto late = w.call({"POST", maps + "?timeout=1ns", R"({"metadata":{"name":"late"}})", {}});
  CHECK(late.status == 504);
  CHECK(json(late.body).str("reason") == "Timeout");
  CHECK(w.call({.target = maps + "/late"}).status == 404);
  CHECK(w.watch(maps + "?watch=1&timeout=1ns") != nullptr);
}

TEST_CASE("a token is reviewed for the audiences that are asked about", "[api][tokens]") {
  World w;
  const std::string accounts = "/api/v1/namespaces/default/serviceaccounts";
  w.post(accounts, R"({"metadata":{"name":"robot"}})");
  auto token = [&](const std::string& spec) {
    auto answer = w.call({"POST", accounts + "/robot/token", R"({"spec":)" + spec + "}", {}});
    INFO(answer.body);
    REQUIRE(answer.status == 201);
    return std::string(json(answer.body).str({"status", "token"}));
  };
  auto review = [&](const std::string& text, const std::string& audiences) {
    auto answer = w.call({"POST",
                          "/apis/authentication.k8s.io/v1/tokenreviews",
                          R"({"spec":{"token":")" + text + R"(","audiences":)" + audiences + "}}",
                          {}});
    return *json(answer.body).find("status");
  };
  const std::string vault = token(R"({"audiences":["vault","door"]})"), api = token("{}");
  Json good = review(vault, R"(["door","other"])");
  CHECK(good.truth({"authenticated"}));
  CHECK(*good.find("audiences") == json(R"(["door"])"));
  CHECK(good.str({"user", "username"}) == "system:serviceaccount:default:robot");
  CHECK_FALSE(review(vault, "[]").truth({"authenticated"}));
  CHECK(review(vault, R"(["x"])").str("error") ==
        "[invalid bearer token, token audiences [\"vault\" \"door\"] is invalid for the target "
        "audiences [\"x\"]]");
  CHECK(review(api, "[]").truth({"authenticated"}));
  CHECK_FALSE(review(api, R"(["vault"])").truth({"authenticated"}));
}
