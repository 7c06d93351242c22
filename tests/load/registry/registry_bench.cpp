// What a write costs the registry beyond its store: one thread on a MemoryStore, process CPU time
// per operation, beside the same bytes committed to the store alone. usage: registry_bench [count]
#include <ctime>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/api.h"

namespace {

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

template <class Work>
double micros_each(const char* what, int count, Work work) {
  double begin = cpu_seconds();
  for (int i = 0; i < count; i++) work(i);
  double each = (cpu_seconds() - begin) * 1e6 / count;
  std::printf("%-44s %8.2f us\n", what, each);
  return each;
}

std::string name_of(int i) {
  return "map-" + std::to_string(i);
}

std::string body_of(int i) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name_of(i) +
         R"(","labels":{"app":"bench","tier":"a"}},"data":{"k":")" + std::string(960, 'x') +
         R"("}})";
}

}  // namespace

int main(int argc, char** argv) {
  using namespace engine;
  int count = argc > 1 ? std::atoi(argv[1]) : 20'000;
  tests::Api api;
  const Kind& maps = api.core("configmaps");
  api.create(maps, "warm", R"({"metadata":{"name":"up"},"data":{"k":"v"}})");
  std::string stored = MUST(api.store.get(maps.key("warm", "up")))->value;
  stored.resize(1400, ' ');

  double store = micros_each("store alone: commit of 1.4 KiB", count, [&](int i) {
    std::string key = "/registry/x/" + name_of(i);
    MUST(api.store.commit({{{key, 0}}, {{key, stored}}}));
  });
  double parse = micros_each("parse the body", count, [&](int i) {
    if (!tests::json(body_of(i)).is_object()) std::abort();
  });
  double create = micros_each("parse and create", count, [&](int i) {
    MUST(api.registry->create(maps, "default", tests::json(body_of(i)), api.options));
  });
  std::printf("%-44s %8.2f us\n", "  create beyond store and parse", create - store - parse);
  micros_each("get", count, [&](int i) { MUST(api.registry->get(maps, "default", name_of(i))); });
  double update = micros_each("parse and update", count, [&](int i) {
    std::string body = body_of(i);
    body.replace(body.find("xxxx"), 4, "yyyy");
    MUST(api.registry->update(maps, "default", name_of(i), tests::json(body), api.options));
  });
  std::printf("%-44s %8.2f us\n", "  update beyond store and parse", update - store - parse);
  micros_each("merge patch", count, [&](int i) {
    MUST(api.registry->patch(maps, "default", name_of(i), PatchType::merge,
                             R"({"metadata":{"labels":{"app":"other"}}})", api.options));
  });
  micros_each("server-side apply, nothing new", count, [&](int i) {
    MUST(
        api.apply(maps, "default", name_of(i),
                  R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"app":"other"}}})",
                  "applier"));
  });
  micros_each("remove", count,
              [&](int i) { MUST(api.registry->remove(maps, "default", name_of(i), {})); });
  return 0;
}
