// How fast the program's JSON is: a 1 KiB config map and a 10 KiB pod, parsed and written, beside
// yyjson's own document alone; and what opening the kinds costs. Not a test: prints one line a
// measure.
#include <yyjson.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>

#include "engine/api/discovery.h"
#include "engine/api/openapi.h"
#include "engine/base/json.h"
#include "engine/base/yaml.h"
#include "engine/kinds/kind.h"

using engine::Json;
using engine::JsonArray;
using Clock = std::chrono::steady_clock;

namespace {

Json config_map() {
  Json out = MUST(engine::parse_json(
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"default",
    "uid":"6f9619ff-8b86-4d01-b42d-00cf4fc964ff","resourceVersion":"12345","labels":{"app":"web","tier":"front"},
    "creationTimestamp":"2026-01-01T00:00:00Z"}})"));
  for (int i = 0; i < 10; i++) {
    out.make({"data", "key-" + std::to_string(i)}) = std::string(60, static_cast<char>('a' + i));
  }
  return out;
}

Json pod() {
  Json out = MUST(engine::parse_json(
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-5d4f8c7b9-x2x7k","namespace":"default"}})"));
  JsonArray containers;
  for (int i = 0; i < 6; i++) {
    Json c = MUST(engine::parse_json(
        R"({"image":"registry.example.com/team/web:v1.2.3","imagePullPolicy":"IfNotPresent",
      "ports":[{"containerPort":8080,"protocol":"TCP","name":"http"}],"terminationMessagePath":"/dev/termination-log",
      "resources":{"limits":{"cpu":"500m","memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},
      "livenessProbe":{"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"periodSeconds":10,"failureThreshold":3},
      "volumeMounts":[{"name":"config","mountPath":"/etc/config","readOnly":true}]})"));
    c.set("name", Json("container-" + std::to_string(i)));
    for (int k = 0; k < 12; k++) {
      c["env"].push_back(Json::object({{"name", "VARIABLE_" + std::to_string(k)},
                                       {"value", "a value of some length " + std::to_string(k)}}));
    }
    containers.push_back(std::move(c));
  }
  out.make({"spec", "containers"}) = Json(std::move(containers));
  return out;
}

template <class Work>
double nanos_each(Work work) {
  size_t rounds = 0;
  auto start = Clock::now();
  while (Clock::now() - start < std::chrono::milliseconds(500)) {
    for (int i = 0; i < 100; i++) work();
    rounds += 100;
  }
  return static_cast<double>((Clock::now() - start).count()) / static_cast<double>(rounds);
}

void measure(const char* what, const Json& value) {
  std::string text = engine::dump(value);
  double parse = nanos_each([&] { (void)MUST(engine::parse_json(text)); });
  std::string out;
  double write = nanos_each([&] {
    out.clear();
    engine::dump_to(out, value);
  });
  double raw = nanos_each([&] {
    yyjson_doc* doc = yyjson_read(text.data(), text.size(), 0);
    yyjson_doc_free(doc);
  });
  double size = static_cast<double>(text.size());
  std::printf(
      "%-18s %6zu bytes  parse %7.0f ns (%4.0f MB/s)  dump %7.0f ns (%4.0f MB/s)  yyjson alone "
      "%6.0f ns\n",
      what, text.size(), parse, size * 1000 / parse, write, size * 1000 / write, raw);
  std::string yaml = engine::to_yaml(value);
  double read_yaml = nanos_each([&] { (void)MUST(engine::parse_yaml(yaml)); });
  double write_yaml = nanos_each([&] { (void)engine::to_yaml(value); });
  std::printf("%-18s %6zu bytes  parse %7.0f ns              dump %7.0f ns   as YAML\n", "",
              yaml.size(), read_yaml, write_yaml);
}

size_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  size_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * 4;
}

template <class Work>
void once(const char* what, Work work) {
  size_t before = resident_kib();
  auto start = Clock::now();
  size_t bytes = work();
  double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  std::printf("%-40s %8.2f ms  %8zu bytes  resident +%zu KiB\n", what, ms, bytes,
              resident_kib() - std::min(before, resident_kib()));
}

}  // namespace

int main() {
  std::unique_ptr<engine::KindSet> set;
  once("the built-in kinds", [&] {
    set = engine::KindSet::builtin();
    return set->snapshot()->all().size();
  });
  auto kinds = set->snapshot();
  Json of_pod = pod();
  once("the schema of pods, first use",
       [&] { return kinds->by_resource("", "v1", "pods")->schema().validate(of_pod).size(); });
  once("aggregated discovery", [&] {
    return engine::dump(engine::aggregated_document(*kinds, engine::DiscoveryRoot::apis, "v2"))
        .size();
  });
  once("OpenAPI v3 index", [&] { return engine::dump(engine::openapi_v3_index(*kinds)).size(); });
  once("OpenAPI v3 of core/v1",
       [&] { return engine::openapi_v3_document(*kinds, "", "v1")->size(); });
  once("OpenAPI v2", [&] { return engine::openapi_v2_document(*kinds).size(); });
  measure("config map", config_map());
  measure("pod", of_pod);
  const auto& schema = kinds->by_resource("", "v1", "pods")->schema();
  std::printf("pod validated in %.0f ns, pruned in %.0f ns\n",
              nanos_each([&] { (void)schema.validate(of_pod); }),
              nanos_each([&] { (void)schema.prune(of_pod); }));
}
