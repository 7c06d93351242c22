#include <catch2/catch_all.hpp>

#include "engine/base/websocket.h"
#include "tests/support/api_world.h"

using namespace engine;
using tests::ApiWorld;

namespace {

const std::string kMaps = "/api/v1/namespaces/default/configmaps";

Json make(ApiWorld& w, const std::string& name, const std::string& labels = "{}") {
  return w.json(
      {"POST", kMaps, R"({"metadata":{"name":")" + name + R"(","labels":)" + labels + "}}", {}});
}

std::string revision_of(const Json& object) {
  return std::string(object.str({"metadata", "resourceVersion"}));
}

std::vector<std::string> told(const std::vector<Json>& events) {
  std::vector<std::string> out;
  for (const auto& event : events)
    out.push_back(std::string(event.str("type")) + " " +
                  std::string(event.str({"object", "metadata", "name"})));
  return out;
}

}  // namespace

TEST_CASE("a watch begins where it is told to", "[api][watch]") {
  ApiWorld w;
  auto a = make(w, "a");
  make(w, "b");
  using List = std::vector<std::string>;
  CHECK(told(w.watch(kMaps + "?watch=1&resourceVersion=" + revision_of(a))->events(1)) ==
        List{"ADDED b"});
  CHECK(told(w.watch(kMaps + "?watch=1")->events(2)) == List{"ADDED a", "ADDED b"});
  CHECK(told(w.watch(kMaps + "?watch=1&resourceVersion=0")->events(2)) ==
        List{"ADDED a", "ADDED b"});
  auto streaming = w.watch(kMaps +
                           "?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                           "&allowWatchBookmarks=true")
                       ->events(3);
  REQUIRE(streaming.size() == 3);
  CHECK(streaming[2].str("type") == "BOOKMARK");
  CHECK(streaming[2].str({"object", "metadata", "annotations", "k8s.io/initial-events-end"}) ==
        "true");
  auto from_now =
      w.watch(kMaps + "?watch=1&sendInitialEvents=false&resourceVersionMatch=NotOlderThan");
  make(w, "c");
  CHECK(told(from_now->events(1)) == List{"ADDED c"});
  CHECK(told(w.watch("/api/v1/watch/namespaces/default/configmaps/b")->events(1)) ==
        List{"ADDED b"});
}

TEST_CASE("a selector decides what comes and goes", "[api][watch]") {
  ApiWorld w;
  auto first = make(w, "a", R"({"x":"1"})");
  auto stream =
      w.watch(kMaps + "?watch=1&labelSelector=x%3D1&resourceVersion=" + revision_of(first));
  auto label = [&](std::string value) {
    return w.json({"PATCH",
                   kMaps + "/a",
                   R"({"metadata":{"labels":{"x":")" + value + "\"}}}",
                   {{"Content-Type", "application/merge-patch+json"}}});
  };
  auto left = label("2");
  label("3");
  label("1");
  w.call({"DELETE", kMaps + "/a", "", {}});
  auto events = stream->events(3);
  CHECK(told(events) == std::vector<std::string>{"DELETED a", "ADDED a", "DELETED a"});
  // What leaves sight is told as it was last seen, at the revision of the change.
  CHECK(events[0].str({"object", "metadata", "labels", "x"}) == "1");
  CHECK(revision_of(*events[0].find("object")) == revision_of(left));
}

TEST_CASE("watches in other shapes", "[api][watch][table]") {
  ApiWorld w;
  make(w, "a");
  make(w, "b");
  auto rows =
      w.watch(kMaps + "?watch=1", {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}})
          ->events(2);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].str({"object", "kind"}) == "Table");
  CHECK(rows[0].at({"object", "columnDefinitions"})->size() > 0);
  CHECK(rows[0].at({"object", "rows"})->size() == 1);
  const Json* again = rows[1].at({"object", "columnDefinitions"});
  CHECK((!again || again->size() == 0));
  auto metadata =
      w.watch(kMaps + "?watch=1",
              {{"Accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"}})
          ->events(2);
  CHECK(metadata[0].str({"object", "kind"}) == "PartialObjectMetadata");
}

TEST_CASE("a watch ends by its timeout, whole", "[api][watch]") {
  ApiWorld w;
  auto stream = w.watch(kMaps + "?watch=1&timeoutSeconds=1");
  CHECK(stream->ended());
  CHECK(stream->raw().ends_with("0\r\n\r\n"));
}

TEST_CASE("watches that make no sense are refused", "[api][watch]") {
  ApiWorld w;
  auto status = [&](std::string query) {
    return w.call({.target = kMaps + "?watch=1&" + query}).status;
  };
  CHECK(status("sendInitialEvents=true") == 422);
  CHECK(status("resourceVersionMatch=NotOlderThan") == 422);
  CHECK(status("resourceVersion=x") == 400);
  CHECK(status("timeoutSeconds=x") == 400);
  CHECK(status("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=99999") ==
        504);
  CHECK(
      w.call({.target = kMaps + "?watch=1", .headers = {{"Accept", "application/yaml"}}}).status ==
      406);
}

TEST_CASE("thousands of initial events arrive whole", "[api][watch]") {
  ApiWorld w;
  for (int i = 0; i < 1500; ++i) make(w, "n" + std::to_string(i));
  auto stream = w.watch(kMaps + "?watch=1");
  make(w, "last");
  auto events = stream->events(1501);
  REQUIRE(events.size() == 1501);
  CHECK(events.back().str({"object", "metadata", "name"}) == "last");
}

TEST_CASE("a watch over WebSocket tells each event in a message", "[api][watch]") {
  ApiWorld w;
  make(w, "a");
  make(w, "b");
  auto stream = w.watch(kMaps + "?watch=1", {{"Connection", "Upgrade"},
                                             {"Upgrade", "websocket"},
                                             {"Sec-WebSocket-Version", "13"},
                                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
  REQUIRE(stream);
  struct Messages final : websocket::Events {
    void on_message(websocket::Opcode, std::string_view payload) override {
      told.push_back(std::string(MUST(parse_json(payload)).str({"object", "metadata", "name"})));
    }
    void on_ping(std::string_view) override {}
    void on_pong(std::string_view) override { ponged = true; }
    void on_close(uint16_t, std::string_view) override { closed = true; }
    std::vector<std::string> told;
    bool ponged = false, closed = false;
  } messages;
  w.handlers.back()->on_bytes(websocket::masked_frame(websocket::Opcode::ping, "x", {}));
  make(w, "c");
  for (int i = 0; i < 200 && messages.told.size() < 3; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    messages = {};
    websocket::Reader reader(websocket::Side::client);
    CHECK_FALSE(reader.feed(stream->raw(), messages));
  }
  CHECK(messages.told == std::vector<std::string>{"a", "b", "c"});
  CHECK(messages.ponged);
  w.handlers.back()->on_bytes(websocket::masked_frame(websocket::Opcode::close, "", {}));
  CHECK(stream->ended());
}
