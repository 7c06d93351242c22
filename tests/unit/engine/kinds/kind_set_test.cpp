#include <catch2/catch_test_macros.hpp>

#include "engine/kinds/crd.h"
#include "engine/kinds/kind.h"
#include "engine/kinds/version.h"

using engine::Json;
using engine::KindPtr;

namespace {

Json read(std::string_view text) {
  return MUST(engine::parse_json(text));
}

Json widget_crd() {
  return read(R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
    "metadata":{"name":"widgets.example.com"},
    "spec":{"group":"example.com","scope":"Namespaced",
      "names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList",
        "shortNames":["wd"],"categories":["all"]},
      "versions":[
        {"name":"v1","served":true,"storage":true,"subresources":{"status":{},
          "scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas"}},
         "additionalPrinterColumns":[{"name":"Color","type":"string","jsonPath":".spec.color"}],
         "schema":{"openAPIV3Schema":{"type":"object","properties":{
           "spec":{"type":"object","required":["color"],"properties":{
             "color":{"type":"string","enum":["red","blue"]},
             "replicas":{"type":"integer","default":1,"minimum":0}}}}}}},
        {"name":"v1beta1","served":true,"storage":false,
         "schema":{"openAPIV3Schema":{"type":"object",
           "x-kubernetes-preserve-unknown-fields":true}}}]}})");
}

}  // namespace

TEST_CASE("the built-in kinds are there by resource and by kind", "[kinds]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  KindPtr map = kinds->by_resource("", "v1", "configmaps");
  REQUIRE(map);
  CHECK(map->kind == "ConfigMap");
  CHECK(map->namespaced());
  CHECK(map->short_names == std::vector<std::string>{"cm"});
  CHECK(map->key("default", "a") == "/registry/core/configmaps/default/a");
  CHECK(kinds->by_kind("apps", "v1", "Deployment")->has_subresource("scale"));
  CHECK(kinds->by_resource("rbac.authorization.k8s.io", "v1", "clusterroles")->key("", "a") ==
        "/registry/rbac.authorization.k8s.io/clusterroles/a");
  CHECK(kinds->stored("", "secrets")->version == "v1");
  CHECK_FALSE(kinds->by_resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews")->stored);
  CHECK(kinds->by_resource("management.cattle.io", "v3", "clusters")->product);
  CHECK_FALSE(
      kinds->by_resource("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations"));
  CHECK(kinds->all()[0]->group.empty());
  CHECK(kinds->all().size() > 140);
}

TEST_CASE("every served kind has a schema that takes an empty object of its kind", "[kinds]") {
  auto set = engine::KindSet::builtin();
  for (const KindPtr& kind : set->snapshot()->all()) {
    INFO(kind->api_version() << " " << kind->kind);
    CHECK(kind->schema().root().type() == "object");
    CHECK(kind->schema().root().member("metadata") != nullptr);
    Json object = Json::object({{"apiVersion", kind->api_version()}, {"kind", kind->kind}});
    object.make({"metadata", "name"}) = "a";
    CHECK(kind->schema().prune(object).empty());
    CHECK(object.size() == 3);
    CHECK(kind->columns.size() >= 2);
    CHECK_FALSE(kind->definition_text().empty());
  }
}

TEST_CASE("merge keys and list types of a pod are those of upstream", "[kinds]") {
  auto set = engine::KindSet::builtin();
  const auto& root = set->snapshot()->by_kind("", "v1", "Pod")->schema().root();
  const auto* containers = root.member("spec")->member("containers");
  REQUIRE(containers);
  CHECK(containers->patch_merge_key() == "name");
  CHECK(containers->patch_strategy() == "merge");
  CHECK(containers->list_type() == engine::SchemaNode::ListType::map);
  CHECK(containers->list_keys() == std::vector<std::string>{"name"});
  const auto* ports = containers->items()->member("ports");
  CHECK(ports->list_keys() == std::vector<std::string>{"containerPort", "protocol"});
  CHECK(ports->key_default("protocol") == Json("TCP"));
  CHECK(root.member("spec")->member("nodeSelector")->atomic());
  CHECK(root.member("metadata")->member("labels")->is_map());
  CHECK(root.member("metadata")->member("finalizers")->list_type() ==
        engine::SchemaNode::ListType::set);
  CHECK(root.member("spec")->member("nothing") == nullptr);
}

TEST_CASE("built-in kinds are decoded as Go decodes them", "[kinds]") {
  auto set = engine::KindSet::builtin();
  auto kinds = set->snapshot();
  auto fault = [&](std::string_view group, std::string_view kind, std::string_view text) {
    auto causes = kinds->by_kind(group, "v1", kind)->schema().validate(read(text));
    return causes.empty() ? std::string() : causes[0].message;
  };
  CHECK(fault("", "ConfigMap", R"({"data":{"k":1}})") ==
        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string");
  CHECK(fault("", "ConfigMap", R"({"data":"text"})") ==
        "json: cannot unmarshal string into Go struct field ConfigMap.data of type "
        "map[string]string");
  CHECK(fault("apps", "Deployment",
              R"({"spec":{"selector":{},"template":{"spec":{"containers":[{"name":1}]}}}})") ==
        "json: cannot unmarshal number into Go struct field "
        "Container.spec.template.spec.containers.name of type string");
  CHECK(fault("apps", "Deployment", R"({"spec":{"selector":{},"template":{},"replicas":"3"}})") ==
        "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type "
        "int32");
  CHECK(fault("", "ConfigMap", R"({"metadata":{"labels":[]}})") ==
        "json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type "
        "map[string]string");
  Json map = read(
      R"({"metadata":{"name":"a","annotations":{},"labels":null},"data":{},"immutable":false})");
  kinds->by_kind("", "v1", "ConfigMap")->schema().apply_defaults(map);
  CHECK(dump(map) == R"({"metadata":{"name":"a"},"immutable":false})");
  Json pod = read(R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c",
    "ports":[{"containerPort":80}],"resources":{"limits":{"cpu":1}}}]}})");
  const auto& schema = kinds->by_kind("", "v1", "Pod")->schema();
  CHECK(schema.prune(pod).empty());
  schema.apply_defaults(pod);
  CHECK(dump(pod) ==
        R"({"spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c","ports":[)"
        R"({"containerPort":80,"protocol":"TCP"}],"resources":{"limits":{"cpu":"1"}}}]}})");
}

TEST_CASE("a CRD gives its kinds and takes them away", "[kinds][crd]") {
  auto set = engine::KindSet::builtin();
  auto before = set->snapshot();
  Json crd = widget_crd();
  CHECK(engine::check_crd(crd).empty());
  REQUIRE(set->put_crd(crd).ok());
  auto after = set->snapshot();
  CHECK(before->by_resource("example.com", "v1", "widgets") == nullptr);
  KindPtr kind = after->by_resource("example.com", "v1", "widgets");
  REQUIRE(kind);
  CHECK(after->generation() > before->generation());
  CHECK(kind->has_subresource("scale"));
  CHECK(kind->columns.size() == 2);
  CHECK(after->by_resource("example.com", "v1beta1", "widgets")->storage_version == "v1");
  CHECK(after->stored("example.com", "widgets")->version == "v1");
  CHECK(kind->definition == "com.example.v1.Widget");

  Json widget =
      read(R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a","extra":1},
    "spec":{"color":"green","size":3}})");
  CHECK(kind->schema().prune(widget) == std::vector<std::string>{"metadata.extra", "spec.size"});
  kind->schema().apply_defaults(widget);
  CHECK(widget.integer({"spec", "replicas"}) == 1);
  auto causes = kind->schema().validate(widget);
  REQUIRE(causes.size() == 1);
  CHECK(causes[0].message == "Unsupported value: \"green\": supported values: \"red\", \"blue\"");
  CHECK(causes[0].field == "spec.color");

  Json other = widget_crd();
  other.make({"metadata", "name"}) = "gadgets.example.com";
  other.make({"spec", "names", "plural"}) = "gadgets";
  CHECK(engine::name_conflict(other, *after)->reason == "SingularConflict");
  CHECK_FALSE(engine::name_conflict(crd, *after));
  set->remove_crd("widgets.example.com");
  CHECK(set->snapshot()->by_resource("example.com", "v1", "widgets") == nullptr);
}

TEST_CASE("bad CRDs are refused with every reason", "[kinds][crd]") {
  Json crd = widget_crd();
  crd.make({"metadata", "name"}) = "other.example.com";
  crd.make({"spec", "scope"}) = "Global";
  crd.find("spec")->find("versions")->as_array()[1].set("storage", Json(true));
  crd.find("spec")
      ->find("versions")
      ->as_array()[0]
      .find("schema")
      ->set("openAPIV3Schema",
            read(R"({"type":"object","properties":{"spec":{"properties":{}}}})"));
  std::vector<std::string> fields;
  for (const auto& cause : engine::check_crd(crd)) fields.push_back(cause.field);
  CHECK(fields ==
        std::vector<std::string>{"spec.scope", "metadata.name",
                                 "spec.versions[0].schema.openAPIV3Schema.properties[spec].type",
                                 "spec.versions"});
}

TEST_CASE("what all versions share is spoken of once, at the top", "[kinds][crd]") {
  Json crd = widget_crd();
  auto& versions = crd.find("spec")->find("versions")->as_array();
  versions.pop_back();
  versions[0].find("schema")->set("openAPIV3Schema",
                                  read(R"({"type":"object","properties":{"spec":{}}})"));
  versions[0].set("selectableFields", read(R"([{"jsonPath":".spec.colour"}])"));
  std::vector<std::string> texts;
  for (const auto& cause : engine::check_crd(crd))
    texts.push_back(cause.field + ": " + cause.message);
  CHECK(
      texts ==
      std::vector<std::string>{
          "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be "
          "empty "
          "for specified object fields",
          "spec.selectableFields[0].jsonPath: Invalid value: \".spec.colour\": is an invalid path: "
          "does not refer to a valid field"});
}

TEST_CASE("versions are ordered as Kubernetes orders them", "[kinds]") {
  const char* sorted[] = {"v10",     "v2",        "v1",        "v11beta2", "v10beta3",
                          "v3beta1", "v12alpha1", "v11alpha2", "foo1",     "foo10"};
  for (size_t i = 0; i + 1 < std::size(sorted); i++) {
    CHECK(engine::is_better_version(sorted[i], sorted[i + 1]));
    CHECK_FALSE(engine::is_better_version(sorted[i + 1], sorted[i]));
  }
}
