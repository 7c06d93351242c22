#include "engine/api/table.h"

#include <catch2/catch_test_macros.hpp>

#include "engine/api/table_cells.h"
#include "engine/kinds/json_path.h"

using engine::Json;

namespace {

Json read(std::string_view text) {
  return MUST(engine::parse_json(text));
}

struct Kinds {
  std::unique_ptr<engine::KindSet> set = engine::KindSet::builtin();
  engine::WallTime now = *engine::parse_rfc3339("2026-01-02T00:00:00Z");

  std::string row(std::string_view group, std::string_view version, std::string_view plural,
                  std::string_view object) {
    auto kind = set->snapshot()->by_resource(group, version, plural);
    REQUIRE(kind);
    return dump(Json(engine::table_cells(*kind, read(object), now)));
  }
};

}  // namespace

TEST_CASE("every column of every kind can make its cell", "[table]") {
  Kinds kinds;
  for (const auto& kind : kinds.set->snapshot()->all()) {
    for (const auto& column : kind->columns) {
      INFO(kind->plural << " " << column.name);
      if (column.json_path.empty()) {
        CHECK(engine::find_cell(column.cell.substr(0, column.cell.find(' '))) != nullptr);
      } else {
        CHECK(engine::JsonPath::parse(column.json_path).ok());
      }
    }
    Json empty = Json::object({{"metadata", Json::object({{"name", "a"}})}});
    CHECK(engine::table_cells(*kind, empty, kinds.now).size() == kind->columns.size());
  }
}

TEST_CASE("rows say what upstream's printers say", "[table]") {
  Kinds kinds;
  CHECK(kinds.row("", "v1", "configmaps",
                  R"({"metadata":{"name":"a","creationTimestamp":"2026-01-01T00:00:00Z"},
                      "data":{"x":"1"},"binaryData":{"y":"MQ=="}})") == R"(["a",2,"24h"])");
  CHECK(kinds.row("", "v1", "secrets", R"({"metadata":{"name":"a"},"type":"Opaque"})") ==
        R"(["a","Opaque",0,"<unknown>"])");
  CHECK(kinds.row("", "v1", "namespaces",
                  R"({"metadata":{"name":"a","creationTimestamp":"2026-01-01T23:59:00Z"},
                      "status":{"phase":"Active"}})") == R"(["a","Active","60s"])");
  CHECK(kinds.row("rbac.authorization.k8s.io", "v1", "rolebindings",
                  R"({"metadata":{"name":"a"},"roleRef":{"kind":"Role","name":"r"},"subjects":[
                      {"kind":"User","name":"u"},{"kind":"ServiceAccount","name":"s",
                        "namespace":"n"},
                      {"kind":"User","name":"v"}]})") ==
        R"(["a","Role/r","<unknown>","u, v","","n/s"])");
  CHECK(
      kinds.row("apps", "v1", "deployments",
                R"({"metadata":{"name":"a"},"spec":{"replicas":3,"selector":{"matchLabels":{"b":"2",
            "a":"1"}},
                      "template":{"spec":{"containers":[{"name":"c","image":"i"},{"name":"d",
                        "image":"j"}]}}},
                      "status":{"readyReplicas":2,"updatedReplicas":3}})") ==
      R"(["a","2/3",3,0,"<unknown>","c,d","i,j","a=1,b=2"])");
  CHECK(
      kinds.row("", "v1", "nodes",
                R"({"metadata":{"name":"n","labels":{"node-role.kubernetes.io/control-plane":""}},
                      "spec":{"unschedulable":true},"status":{"conditions":[{"type":"Ready",
                        "status":"True"}],
                      "addresses":[{"type":"InternalIP","address":"10.0.0.1"}],
                      "nodeInfo":{"kubeletVersion":"v1.36.3","kernelVersion":"6.1",
                        "architecture":"amd64"}}})") ==
      R"x(["n","Ready,SchedulingDisabled","control-plane","<unknown>","v1.36.3","10.0.0.1","<none>",)x"
      R"x("<unknown>","6.1 (amd64)","<unknown>"])x");
  CHECK(kinds.row(
            "", "v1", "events",
            R"({"metadata":{"name":"e"},"type":"Normal","reason":"R","message":" hi\n","count":3,
                      "firstTimestamp":"2026-01-01T23:00:00Z",
                        "lastTimestamp":"2026-01-01T23:58:00Z",
                      "involvedObject":{"kind":"Pod","name":"p"},"source":
                        {"component":"kubelet","host":"h"}})") ==
        R"(["2m","Normal","R","pod/p","","kubelet, h","hi","60m",3,"e"])");
  CHECK(kinds.row("", "v1", "services",
                  R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","clusterIP":"10.1.1.1",
                      "ports":[{"port":80,"nodePort":30080,"protocol":"TCP"}],"selector":
                        {"a":"b"}}})") ==
        R"(["s","NodePort","10.1.1.1","<none>","80:30080/TCP","<unknown>","a=b"])");
}

TEST_CASE("a pod's status follows upstream's rules", "[table]") {
  Kinds kinds;
  auto status = [&](const std::string& pod) {
    Json row = read(kinds.row("", "v1", "pods", pod));
    return row.as_array()[1].as_string() + " " + row.as_array()[2].as_string() + " " +
           row.as_array()[3].as_string();
  };
  CHECK(status(
            R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]},"status":
            {"phase":"Pending"}})") == "0/1 Pending 0");
  CHECK(status(
            R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]},"status":
            {"phase":"Running",
    "containerStatuses":[{"name":"c","ready":true,"restartCount":2,"state":{"running":{}},
    "lastState":{"terminated":{"finishedAt":"2026-01-01T23:55:00Z"}}}]}})") ==
        "1/1 Running 2 (5m ago)");
  CHECK(status(
            R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]},"status":
            {"phase":"Running",
    "containerStatuses":[{"name":"c","restartCount":1,"state":{"waiting":
      {"reason":"CrashLoopBackOff"}}}]}})") == "0/1 CrashLoopBackOff 1");
  CHECK(status(R"({"metadata":{"name":"p"},"spec":{"initContainers":[{"name":"i"},{"name":"j"}],
    "containers":[{"name":"c"}]},"status":{"phase":"Pending","initContainerStatuses":[
    {"name":"i","state":{"terminated":{"exitCode":0}}},{"name":"j","state":{"running":{}}}]}})") ==
        "0/1 Init:1/2 0");
  CHECK(status(R"({"metadata":{"name":"p","deletionTimestamp":"2026-01-01T00:00:00Z"},
    "spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running"}})") == "0/1 Terminating 0");
  CHECK(status(
            R"({"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]},"status":
            {"phase":"Succeeded",
    "containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":0,
      "reason":"Completed"}}}]}})") == "0/1 Completed 0");
}

TEST_CASE("a Table carries columns, rows and the list's metadata", "[table]") {
  Kinds kinds;
  auto kind = kinds.set->snapshot()->by_resource("", "v1", "configmaps");
  std::vector<engine::ObjectBytes> objects = {std::make_shared<const std::string>(
      R"({"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}})")};
  Json table = read(engine::make_table(
      *kind, objects,
      {.now = kinds.now, .resource_version = "7", .continue_token = "c", .remaining = 3}));
  CHECK(table.str("apiVersion") == "meta.k8s.io/v1");
  CHECK(table.str({"metadata", "resourceVersion"}) == "7");
  CHECK(table.integer({"metadata", "remainingItemCount"}) == 3);
  CHECK(table.find("columnDefinitions")->size() == 3);
  const Json& row = table.find("rows")->as_array()[0];
  CHECK(row.str({"object", "kind"}) == "PartialObjectMetadata");
  CHECK(row.at({"object", "data"}) == nullptr);
  Json bare = read(engine::make_table(
      *kind, objects, {.rows = engine::RowObject::none, .now = kinds.now, .headers = false}));
  CHECK(bare.find("columnDefinitions")->is_null());
  CHECK(bare.find("rows")->as_array()[0].find("object") == nullptr);
}

TEST_CASE("a custom resource's columns are typed", "[table]") {
  Kinds kinds;
  REQUIRE(
      kinds.set
          ->put_crd(read(R"({"metadata":{"name":"foos.example.com"},"spec":{"group":"example.com",
    "scope":"Cluster","names":{"plural":"foos","kind":"Foo"},"versions":[{"name":"v1",
      "served":true,"storage":true,
    "additionalPrinterColumns":[{"name":"N","type":"integer","jsonPath":".spec.n"},
      {"name":"S","type":"string","jsonPath":".spec.s"},{"name":"R","type":"string",
       "jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},
      {"name":"D","type":"date","jsonPath":".spec.d"},{"name":"B","type":"boolean",
        "jsonPath":".spec.b"}],
    "schema":{"openAPIV3Schema":{"type":"object"}}}]}})"))
          .ok());
  CHECK(
      kinds.row("example.com", "v1", "foos",
                R"({"metadata":{"name":"a"},"spec":{"n":2.7,"s":{"x":1},"d":"2026-01-01T00:00:00Z",
            "b":"no"},
                      "status":{"conditions":[{"type":"Other","status":"a"},{"type":"Ready",
                        "status":"b"}]}})") == R"(["a",2,"{\"x\":1}","b","24h",null])");
}

TEST_CASE("JSON paths", "[jsonpath]") {
  Json object =
      read(R"({"a":{"b":[{"c":1},{"c":2}],"d.e":3},"l":[{"n":"x","v":5},{"n":"y","v":7}]})");
  auto found = [&](std::string_view path) {
    auto parsed = engine::JsonPath::parse(path);
    INFO(path);
    REQUIRE(parsed.ok());
    std::string out;
    for (const Json* value : parsed->find(object)) out += dump(*value) + ";";
    return out;
  };
  CHECK(found(".a.b[0].c") == "1;");
  CHECK(found("{.a.b[*].c}") == "1;2;");
  CHECK(found("$.a.b[-1].c") == "2;");
  CHECK(found(".a['d.e']") == "3;");
  CHECK(found(".a.d\\.e") == "3;");
  CHECK(found("..c") == "1;2;");
  CHECK(found(".l[?(@.n=='y')].v") == "7;");
  CHECK(found(".l[?(@.v>5)].n") == "\"y\";");
  CHECK(found(".l[?(@.z)].n") == "");
  CHECK(found(".none.x") == "");
  for (const char* bad : {"", ".a[", ".a[x]", ".a..", ".l[?(n)]", ".l[?(@.n==)]"}) {
    INFO(bad);
    CHECK_FALSE(engine::JsonPath::parse(bad).ok());
  }
}
