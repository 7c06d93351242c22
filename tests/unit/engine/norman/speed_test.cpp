// How long lists take; hidden, for whoever works on them: unit_engine_norman "[speed]".
#include <chrono>
#include <cstdio>

#include "engine/controllers/core/batch.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

TEST_CASE("lists of ten thousand projects", "[.][speed]") {
  NormanServer server;
  std::string token = server.login();
  JsonArray projects;
  JsonArray places;
  for (int i = 0; i < 20; i++)
    places.push_back(
        MUST(parse_json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"c-)" +
                        std::to_string(i) + "\"}}")));
  for (int i = 0; i < 10000; i++) {
    std::string n = std::to_string(i), c = "c-" + std::to_string(i % 20);
    projects.push_back(MUST(parse_json(
        R"({"apiVersion":"management.cattle.io/v3","kind":"Project","metadata":{"name":"p-)" + n +
        R"(","namespace":")" + c +
        R"(","annotations":{"field.cattle.io/creatorId":"user-abcde"},"labels":{"cattle.io/creator":"norman"}},
        "spec":{"clusterName":")" +
        c + R"(","displayName":"project )" + n +
        R"(","description":"d","enableProjectMonitoring":false},"status":{"conditions":[{"type":"BackingNamespaceCreated","status":"True","lastUpdateTime":"2026-11-22T22:10:47Z"},{"type":"InitialRolesPopulated","status":"True","lastUpdateTime":"2026-11-22T22:10:47Z"}]}})")));
  }
  WriteOptions as{.user = {.name = "tester"}, .field_manager = "tester"};
  MUST(create_together(server.registry, as, places));
  MUST(create_together(server.registry, as, projects));
  for (std::string path :
       {"/v3/schemas", "/v3/projects", "/v3/projects?limit=100", "/v3/projects?name=project%2077",
        "/v3/projects?clusterId=c-3&limit=50", "/v3/projects?sort=name&order=desc&limit=50",
        "/v3/projects?limit=50&marker=c-9:p-9", "/v3/projects?state=active&limit=50", "/v3/users",
        "/v3/projects/c-3:p-3"}) {
    server.call("GET", path, token);
    auto request = server.request("GET", path, token);
    request.user = *MUST(server.authenticator.authenticate(request));
    auto begin = std::chrono::steady_clock::now();
    int times = 0;
    size_t bytes = 0;
    for (; times < 200 && std::chrono::steady_clock::now() - begin < std::chrono::seconds(1);
         ++times) {
      Request copy = request;
      bytes = std::get<Response>(server.norman->handle(copy)).body.size();
    }
    double ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%-48s %8.3f ms %9zu bytes\n", path.c_str(), ms / times, bytes);
  }
}
