#include "engine/api/discovery.h"

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <set>
#include <sstream>

using engine::Json;

namespace {

// What a real Kubernetes 1.36 says; kept beside the facts that the kinds are made from.
Json recorded(const std::string& name) {
  std::ifstream file("engine/kinds/facts/kubernetes/discovery/" + name + ".json");
  std::stringstream text;
  text << file.rdbuf();
  return MUST(engine::parse_json(text.str()));
}

std::string sorted_dump(const Json& value) {
  if (value.is_object()) {
    std::map<std::string, std::string> members;
    for (const auto& [key, member] : value.as_object()) members[key] = sorted_dump(member);
    std::string out;
    for (const auto& [key, text] : members) out += key + ":" + text + ",";
    return "{" + out + "}";
  }
  if (value.is_array()) {
    std::string out;
    for (const Json& item : value.as_array()) out += sorted_dump(item) + ",";
    return "[" + out + "]";
  }
  return dump(value);
}

// Upstream's list without what this server does not serve.
void leave_out(Json& list, const std::set<std::string>& ours) {
  auto& resources = list.find("resources")->as_array();
  std::erase_if(resources,
                [&](const Json& r) { return !ours.contains(std::string(r.str("name"))); });
}

std::set<std::string> names(const Json& list) {
  std::set<std::string> out;
  for (const Json& r : list.find("resources")->as_array()) out.emplace(r.str("name"));
  return out;
}

}  // namespace

TEST_CASE("each group and version says what Kubernetes 1.36 says", "[golden][discovery]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  std::set<std::string> done;
  for (const auto& kind : kinds->all()) {
    if (kind->product || !done.insert(kind->api_version()).second) continue;
    INFO(kind->api_version());
    std::string file =
        kind->group.empty() ? "api__v1" : "apis__" + kind->group + "__" + kind->version;
    Json ours = *engine::api_resources_document(*kinds, kind->group, kind->version);
    Json theirs = recorded(file);
    leave_out(theirs, names(ours));
    CHECK(sorted_dump(ours) == sorted_dump(theirs));
  }
  CHECK(done.size() == 19);
}

TEST_CASE("the groups are those of Kubernetes, in its order, then the product's",
          "[golden][discovery]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  Json ours = engine::api_groups_document(*kinds);
  std::vector<std::string> order, wanted;
  for (const Json& g : ours.find("groups")->as_array()) order.emplace_back(g.str("name"));
  Json theirs = recorded("apis");
  for (const Json& g : theirs.find("groups")->as_array()) {
    if (engine::api_group_document(*kinds, g.str("name"))) wanted.emplace_back(g.str("name"));
  }
  for (const char* g : {"catalog.cattle.io", "eks.cattle.io", "fleet.cattle.io", "gitjob.cattle.io",
                        "gke.cattle.io", "management.cattle.io", "project.cattle.io"}) {
    wanted.emplace_back(g);
  }
  CHECK(order == wanted);
  CHECK(sorted_dump(*engine::api_group_document(*kinds, "apps")) ==
        sorted_dump(recorded("apis__apps")));
}

TEST_CASE("aggregated discovery has the same resources", "[golden][discovery]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  Json ours = engine::aggregated_document(*kinds, engine::DiscoveryRoot::apis, "v2");
  Json theirs = recorded("aggregated_v2");
  size_t compared = 0;
  for (const Json& group : ours.find("items")->as_array()) {
    for (const Json& other : theirs.find("items")->as_array()) {
      if (other.str({"metadata", "name"}) != group.str({"metadata", "name"})) continue;
      for (const Json& version : group.find("versions")->as_array()) {
        for (const Json& their_version : other.find("versions")->as_array()) {
          if (their_version.str("version") != version.str("version")) continue;
          for (const Json& resource : version.find("resources")->as_array()) {
            for (const Json& their : their_version.find("resources")->as_array()) {
              if (their.str("resource") != resource.str("resource")) continue;
              Json cut = their;
              if (resource.find("subresources") == nullptr) cut.erase("subresources");
              if (Json* subs = cut.find("subresources")) {
                std::erase_if(subs->as_array(), [](const Json& s) {
                  auto name = s.str("subresource");
                  return name != "status" && name != "scale" && name != "finalize";
                });
              }
              INFO(resource.str("resource"));
              CHECK(sorted_dump(resource) == sorted_dump(cut));
              compared++;
            }
          }
        }
      }
    }
  }
  CHECK(compared == 42);
}

TEST_CASE("the form follows Accept, and an ETag saves the bytes", "[discovery]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  engine::Discovery discovery;
  engine::Request request;
  auto answer = [&]() -> engine::Result<engine::Response> {
    auto given = discovery.answer(request, *kinds);
    REQUIRE(given.has_value());
    return std::move(*given);
  };
  request.path = "/apis";
  request.headers.set(
      "Accept",
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
      "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json");
  auto first = MUST(answer());
  CHECK(first.headers.get("Content-Type") ==
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  request.headers.set("If-None-Match", std::string(first.headers.get("ETag")));
  CHECK(MUST(answer()).status == 304);
  request.headers.set("Accept", "application/json");
  CHECK(MUST(answer()).body.starts_with("{\"kind\":\"APIGroupList\""));
  request.headers.set("Accept", "application/vnd.kubernetes.protobuf");
  CHECK(answer().error().code() == 406);
  request.headers.remove("Accept");
  request.path = "/apis/none/v1";
  CHECK(answer().error().code() == 404);
  request.path = "/apis/apps/v1/deployments";
  CHECK_FALSE(discovery.answer(request, *kinds));
  request.path = "/api/v1";
  CHECK(MUST(answer()).status == 200);
}

TEST_CASE("a CRD appears in discovery with its hash", "[discovery]") {
  auto set = engine::KindSet::builtin();
  REQUIRE(set->put_crd(MUST(engine::parse_json(R"({"metadata":{"name":"foos.example.com"},"spec":{
    "group":"example.com","scope":"Cluster","names":{"plural":"foos","kind":"Foo"},
    "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"scale":{
      "specReplicasPath":".spec.n","statusReplicasPath":".status.n"}},
      "schema":{"openAPIV3Schema":{"type":"object"}}}]}})")))
              .ok());
  auto document = engine::api_resources_document(*set->snapshot(), "example.com", "v1");
  REQUIRE(document);
  const Json& foo = document->find("resources")->as_array()[0];
  CHECK(foo.str("singularName") == "foo");
  CHECK(foo.str("storageVersionHash").size() == 12);
  CHECK(document->find("resources")->as_array()[1].str("group") == "autoscaling");
}
