// The dashboard without a browser: what it asks of the server, what the mirror says, when it draws.
#include <catch2/catch_all.hpp>
#include <fstream>
#include <memory>
#include <sstream>

#include "web/pages/app.h"
#include "web/platform/headless.h"

using namespace web;

namespace {

std::string file(const std::string& name) {
  std::ifstream in(std::string(WEB_GEN_DIR) + "/" + name, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

struct World {
  Headless backend;
  std::vector<std::string> fonts;
  std::unique_ptr<App> app;

  explicit World(std::string at = "/dashboard/clusters") {
    backend.at = std::move(at);
    for (const char* name : {"ui400.otf", "ui500.otf", "ui600.otf", "mono400.ttf", "icons.ttf"}) {
      fonts.push_back(file(name));
    }
    FontFiles files;
    for (int i = 0; i < FontFiles::kCount; i++) {
      files.file[i] = {fonts[static_cast<size_t>(i)].data(),
                       static_cast<int>(fonts[static_cast<size_t>(i)].size())};
    }
    app = std::make_unique<App>(backend, files);
    app->resize(1440, 900, 1);
    app->start();
    frames(2);
  }
  ~World() {
    app.reset();
    ImGui::DestroyContext();
  }
  void frames(int n) {
    for (int i = 0; i < n; i++) {
      backend.now += 16;
      app->frame();
    }
  }
  void sign_in() {
    backend.answer("GET", "/v3/users?me=true", 200, R"({"data":[{"id":"u-1","username":"ada"}]})");
    for (auto& [id, socket] : backend.sockets) socket.open("");
    frames(3);
  }
  const MirrorNode* find(Role role, std::string_view name) {
    return app->ui_state.mirror.find(role, name);
  }
  void press(const MirrorNode& node) {
    ImGuiIO& io = ImGui::GetIO();
    io.AddMousePosEvent((node.rect.x + node.rect.z) / 2, (node.rect.y + node.rect.w) / 2);
    frames(2);
    io.AddMouseButtonEvent(0, true);
    frames(1);
    io.AddMouseButtonEvent(0, false);
    frames(3);
  }
};

constexpr const char* kClusters =
    R"({"data":[{"id":"c-1","type":"cluster","name":"good","state":"active","links":{}},
       {"id":"c-2","type":"cluster","name":"bad","state":"unavailable","transitioningMessage":"Agent gone","links":{}}]})";

}  // namespace

TEST_CASE("without a session the form is shown") {
  World w("/dashboard/settings");
  REQUIRE(w.backend.answer("GET", "/v3/users?me=true", 401, "{}"));
  CHECK(w.backend.left_to == "/dashboard/login?to=%2Fdashboard%2Fsettings");
}

TEST_CASE("clusters are listed worst first and say why") {
  World w;
  w.sign_in();
  REQUIRE(w.backend.answer("GET", "/v3/clusters", 200, kClusters));
  w.frames(3);
  const MirrorNode* bad = w.find(Role::kRow, "bad");
  const MirrorNode* good = w.find(Role::kRow, "good");
  REQUIRE(bad != nullptr);
  REQUIRE(good != nullptr);
  CHECK(bad->rect.y < good->rect.y);
  CHECK(w.find(Role::kText, "Agent gone") != nullptr);
  CHECK(w.backend.title == "Clusters \xc2\xb7 Paddock");
}

TEST_CASE("a refused list says so and can be tried again") {
  World w;
  w.sign_in();
  REQUIRE(w.backend.answer("GET", "/v3/clusters", 403, R"({"message":"not for you"})"));
  w.frames(3);
  const MirrorNode* again = w.find(Role::kButton, "Try again");
  REQUIRE(again != nullptr);
  const MirrorNode copy = *again;
  w.press(copy);
  CHECK(w.backend.answer("GET", "/v3/clusters", 200, kClusters));
}

TEST_CASE("changes carry the CSRF token") {
  World w("/dashboard/clusters/import");
  w.sign_in();
  w.app->api.send("POST", "/v3/clusters", engine::Json::object({{"name", "x"}}), {});
  bool carried = false;
  for (const auto& [name, value] : w.backend.asked.back().request.headers) {
    carried |= name == "X-API-CSRF" && value == "abc";
  }
  CHECK(carried);
}

TEST_CASE("a page at rest asks for no frame") {
  World w("/dashboard/preferences");
  w.sign_in();
  w.frames(6);
  w.backend.now += 1000;
  double next = w.app->frame();
  for (int i = 0; i < 5 && next == 0; i++) next = w.app->frame();
  CHECK(next < 0);
}

TEST_CASE("live changes reach the list") {
  World w;
  w.sign_in();
  w.backend.answer("GET", "/v3/clusters", 200, kClusters);
  w.frames(2);
  auto& socket = w.backend.sockets.begin()->second;
  socket.message(
      R"({"name":"resource.change","data":{"id":"c-3","type":"cluster","name":"new","state":"active","links":{}}})");
  w.app->touched();
  w.frames(2);
  CHECK(w.find(Role::kRow, "new") != nullptr);
  socket.message(R"({"name":"resource.remove","data":{"id":"c-3","type":"cluster"}})");
  w.frames(2);
  CHECK(w.find(Role::kRow, "new") == nullptr);
}

TEST_CASE("the audit page lists what was done, narrows it, and shows what changed") {
  World w("/dashboard/audit");
  w.sign_in();
  REQUIRE(w.backend.answer(
      "GET", "/v3/auditlogs?limit=100", 200,
      R"({"data":[{"id":"7","type":"auditLog","time":"2026-11-24T05:38:51.123Z","user":"u-lin",
         "as":"u-kim","verb":"update","resource":"configmaps","namespace":"shop","name":"settings",
         "result":"ok","code":200,"from":"10.0.0.9","changes":[{"did":"update",
         "resource":"configmaps","namespace":"shop","name":"settings",
         "difference":[{"path":"data.colour","from":"red","to":"blue"}]}]}]})"));
  w.frames(3);
  const MirrorNode* row = w.find(Role::kRow, "update configmaps shop/settings by u-lin");
  REQUIRE(row != nullptr);
  w.press(*row);
  w.frames(3);
  CHECK(w.find(Role::kRegion, "Record 7") != nullptr);
  CHECK(w.find(Role::kText, "Changed configmaps shop/settings data.colour") != nullptr);
  CHECK(w.backend.at == "/dashboard/audit#7");
}
