// Objects that are shown to everybody alike are encoded once, and never as they were before, or as
// somebody else may see them.
#include "engine/norman/shown_texts.h"

#include "engine/base/yaml.h"

#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

namespace {

Json project(const std::string& name) {
  return Json::object(
      {{"metadata", Json::object({{"name", name}, {"namespace", "local"}})},
       {"spec", Json::object({{"clusterName", "local"}, {"displayName", "called " + name}})}});
}

const Json& only(const NormanServer::Reply& reply) {
  REQUIRE(reply.status == 200);
  REQUIRE(reply.body.find("data")->size() == 1);
  return reply.body.find("data")->as_array().front();
}

}  // namespace

SCENARIO("a list shows each object as it is now") {
  NormanServer server;
  std::string token = server.login();
  server.put("projects", "local", project("p-one"));
  const Json first = only(server.call("GET", "/v3/projects", token));
  CHECK(server.norman->texts().bytes() > 0);
  CHECK(only(server.call("GET", "/v3/projects", token)) == first);
  // The same as the object alone.
  CHECK(server.call("GET", "/v3/projects/local:p-one", token).body == first);
  REQUIRE(server.call("PUT", "/v3/projects/local:p-one", token, R"({"name":"renamed"})").status ==
          200);
  const Json second = only(server.call("GET", "/v3/projects", token));
  CHECK(second.str("name") == "renamed");
  CHECK(second == server.call("GET", "/v3/projects/local:p-one", token).body);
}

SCENARIO("what hangs on the caller or on the request is not another's") {
  NormanServer server;
  std::string token = server.login();
  server.put("projects", "local", project("p-one"));
  const Json mine = only(server.call("GET", "/v3/projects", token));
  CHECK(mine.at({"links", "update"}));
  CHECK(mine.find("actions"));
  Headers links;
  links.add("X-API-Action-Links", "true");
  CHECK(only(server.call("GET", "/v3/projects", token, {}, links)).find("actionLinks"));

  auto asked = server.request("GET", "/v3/projects", token);
  asked.user.name = server.admin_id;
  asked.headers.set("Host", "other.test");
  const Json there = only(server.reply_of(server.norman->handle(asked)));
  CHECK(there.str({"links", "self"}).starts_with("https://other.test/"));

  // Somebody who may read, and no more.
  server.authorizer.readers.insert("u-reader");
  auto reader = server.request("GET", "/v3/projects");
  reader.user.name = "u-reader";
  const Json theirs = only(server.reply_of(server.norman->handle(reader)));
  CHECK_FALSE(theirs.at({"links", "update"}));
  CHECK_FALSE(theirs.at({"links", "remove"}));
  CHECK(only(server.call("GET", "/v3/projects", token)) == mine);
}

SCENARIO("a long list goes out as the texts of its objects, and reads the same in every form") {
  NormanServer server;
  std::string token = server.login();
  for (int i = 0; i < 200; i++) server.put("projects", "local", project("p-" + std::to_string(i)));
  for (bool again : {false, true}) {
    auto asked = server.request("GET", "/v3/projects", token);
    asked.user.name = server.admin_id;
    auto answer = std::get<Response>(tests::settled(server.norman->handle(asked)));
    CAPTURE(again);
    REQUIRE(answer.parts);
    CHECK(answer.parts->list().size() == 200);
    const auto whole = MUST(parse_json(in_one_body(answer).body));
    CHECK(whole.find("data")->size() == 200);
    asked.headers.set("Accept", "application/yaml");
    auto yaml = std::get<Response>(tests::settled(server.norman->handle(asked)));
    CHECK_FALSE(yaml.parts);
    CHECK(MUST(parse_yaml(yaml.body)).find("data")->size() == 200);
  }
}

SCENARIO("what is kept has a bound; the oldest leave") {
  ShownTexts texts(10'000);
  for (int i = 0; i < 500; i++) {
    const std::string name = "n" + std::to_string(i);
    std::vector<ShownTexts::Wanted> one{{.ns = "",
                                         .name = name,
                                         .bytes = std::make_shared<const std::string>(100, 's'),
                                         .text = std::make_shared<const std::string>(400, 't')}};
    texts.keep("place", one);
    CHECK(texts.bytes() <= 10'000);
    auto again = one;
    again.front().text = nullptr;
    texts.find("place", again);
    REQUIRE(again.front().text == one.front().text);
    for (ShownTexts::Wanted other : {ShownTexts::Wanted{"", name, one.front().bytes, 1},
                                     ShownTexts::Wanted{"", name, one.front().bytes, 0, 1}}) {
      again.front() = other;
      texts.find("place", again);
      CHECK_FALSE(again.front().text);
    }
  }
  CHECK(texts.bytes() > 9'000);
}
