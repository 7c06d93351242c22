#include "engine/api/openapi.h"

#include <catch2/catch_test_macros.hpp>
#include <functional>

using engine::Json;

namespace {

Json read(std::string_view text) {
  return MUST(engine::parse_json(text));
}

// Calls with each "$ref" below.
void each_reference(const Json& node, const std::function<void(std::string_view)>& call) {
  if (node.is_array()) {
    for (const Json& item : node.as_array()) each_reference(item, call);
  } else if (node.is_object()) {
    for (const auto& [key, value] : node.as_object()) {
      if (key == "$ref" && value.is_string()) call(value.as_string());
      each_reference(value, call);
    }
  }
}

Json widget() {
  return read(
      R"({"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com",
        "scope":"Namespaced",
    "names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,
      "storage":true,
    "subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object",
      "description":"A widget.",
      "properties":{"spec":{"type":"object","properties":{"size":{"type":"integer","default":1},
        "port":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},
          {"type":"string"}]}}}}}}}]}})");
}

}  // namespace

TEST_CASE("every v3 document is whole: what it refers to is in it", "[openapi]") {
  auto set = engine::KindSet::builtin();
  REQUIRE(set->put_crd(widget()).ok());
  auto kinds = set->snapshot();
  Json index = engine::openapi_v3_index(*kinds);
  CHECK(index.find("paths")->size() == 27);
  for (const auto& [path, entry] : index.find("paths")->as_object()) {
    INFO(path);
    engine::Request request;
    std::string url(entry.str("serverRelativeURL"));
    size_t question = url.find('?');
    request.path = url.substr(0, question);
    request.query = engine::Query::parse(url.substr(question + 1));
    auto given = engine::answer_openapi(request, *kinds);
    REQUIRE(given);
    REQUIRE(given->ok());
    CHECK((*given)->headers.get("Cache-Control") == "public, immutable");
    Json document = read((*given)->body);
    const Json* schemas = document.at({"components", "schemas"});
    REQUIRE(schemas);
    size_t references = 0;
    each_reference(document, [&](std::string_view reference) {
      references++;
      constexpr std::string_view kPrefix = "#/components/schemas/";
      REQUIRE(reference.starts_with(kPrefix));
      CHECK(schemas->find(reference.substr(kPrefix.size())) != nullptr);
    });
    CHECK(references > 0);
  }
}

TEST_CASE("kubectl finds what it looks for", "[openapi]") {
  auto set = engine::KindSet::builtin();
  Json document = read(*engine::openapi_v3_document(*set->snapshot(), "apps", "v1"));
  const Json* patch =
      document.at({"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"});
  REQUIRE(patch);
  CHECK(patch->str({"x-kubernetes-group-version-kind", "kind"}) == "Deployment");
  CHECK(patch->str("operationId") == "patchAppsV1NamespacedDeployment");
  CHECK(patch->at({"requestBody", "content", "application/strategic-merge-patch+json"}) != nullptr);
  bool validates = false;
  for (const Json& p : patch->find("parameters")->as_array()) {
    validates = validates || (p.str("name") == "fieldValidation" && p.str("in") == "query");
  }
  CHECK(validates);
  CHECK(document.at(
      {"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale", "get"}));
  const Json* spec = document.at(
      {"components", "schemas", "io.k8s.api.apps.v1.DeploymentSpec", "properties", "template"});
  REQUIRE(spec);
  CHECK(spec->find("allOf")->as_array()[0].str("$ref") ==
        "#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec");
  CHECK_FALSE(engine::openapi_v3_document(*set->snapshot(), "none", "v1"));
}

TEST_CASE("a CRD's document follows its schema, and so does its hash", "[openapi]") {
  auto set = engine::KindSet::builtin();
  Json crd = widget();
  REQUIRE(set->put_crd(crd).ok());
  std::string before = engine::openapi_v3_hash(*set->snapshot(), "example.com", "v1");
  Json document = read(*engine::openapi_v3_document(*set->snapshot(), "example.com", "v1"));
  const Json* schema = document.at({"components", "schemas", "com.example.v1.Widget"});
  REQUIRE(schema);
  CHECK(schema->str("description") == "A widget.");
  CHECK(schema->at({"properties", "spec", "properties", "port", "anyOf"}));
  CHECK(schema->find("x-kubernetes-group-version-kind")->as_array()[0].str("kind") == "Widget");
  CHECK(document.at({"components", "schemas", "com.example.v1.WidgetList"}));
  const Json* content =
      document.at({"paths", "/apis/example.com/v1/namespaces/{namespace}/widgets/{name}", "patch",
                   "requestBody", "content"});
  REQUIRE(content);
  CHECK(content->find("application/strategic-merge-patch+json") == nullptr);
  crd.find("spec")
      ->find("versions")
      ->as_array()[0]
      .make({"schema", "openAPIV3Schema", "description"}) = "Other.";
  REQUIRE(set->put_crd(crd).ok());
  CHECK(engine::openapi_v3_hash(*set->snapshot(), "example.com", "v1") != before);
}

TEST_CASE("v2 is whole too, in JSON and in protobuf", "[openapi]") {
  auto set = engine::KindSet::builtin();
  REQUIRE(set->put_crd(widget()).ok());
  Json document = read(engine::openapi_v2_document(*set->snapshot()));
  const Json* definitions = document.find("definitions");
  each_reference(document, [&](std::string_view reference) {
    constexpr std::string_view kPrefix = "#/definitions/";
    REQUIRE(reference.starts_with(kPrefix));
    CHECK(definitions->find(reference.substr(kPrefix.size())) != nullptr);
  });
  CHECK(definitions->at({"com.example.v1.Widget", "properties", "spec", "properties", "port",
                         "type"}) == nullptr);
  engine::Request request;
  request.path = "/openapi/v2";
  request.headers.set("Accept", "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
  auto old = engine::answer_openapi(request, *set->snapshot());
  REQUIRE(old);
  REQUIRE(old->ok());
  CHECK(
      (*old)->body.starts_with("\x0a\x03"
                               "2.0"));
  request.headers.set("Accept", "application/cbor");
  CHECK(engine::answer_openapi(request, *set->snapshot())->error().code() == 406);
  request.path = "/openapi/v3/apis/apps/v1";
  request.headers.set("Accept", "application/json");
  request.query = engine::Query::parse("hash=OLD");
  CHECK(engine::answer_openapi(request, *set->snapshot())->value().status == 301);
  request.path = "/other";
  CHECK_FALSE(engine::answer_openapi(request, *set->snapshot()));
}
