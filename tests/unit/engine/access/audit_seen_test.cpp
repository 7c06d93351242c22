// What the audit tells of writes: differences, secrets masked, and of those that other API servers
// made what the bodies that went past say.
#include <catch2/catch_test_macros.hpp>

#include "engine/access/audit.h"
#include "engine/access/audit_limits.h"

using namespace engine;

namespace {

AuditBody body(std::string bytes) {
  return {std::move(bytes), "application/json", true};
}

std::string object(std::string_view revision, std::string_view more) {
  return R"({"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"n",)"
         R"("uid":"u","resourceVersion":")" +
         std::string(revision) + "\"}," + std::string(more) + "}";
}

AuditEntry entry(std::string verb, int code, std::string resource = "configmaps") {
  AuditEntry out;
  out.verb = std::move(verb);
  out.code = code;
  out.resource = std::move(resource);
  out.cluster = "c-far";
  out.seen = std::make_unique<AuditSeen>();
  return out;
}

Json change_of(AuditEntry& from) {
  const Json record = record_of(from);
  const Json* changes = record.find("changes");
  return changes && changes->size() == 1 ? changes->as_array()[0] : Json();
}

}  // namespace

SCENARIO("what another API server made is told by what it answered") {
  auto made = entry("create", 201);
  made.seen->sent = body(R"({"metadata":{"generateName":"a-"}})");
  made.seen->answered = body(object("7", R"("data":{"colour":"red"})"));
  Json change = change_of(made);
  CHECK(change.str("did") == "create");
  CHECK(change.str("name") == "a");
  CHECK(dump(change).find(R"({"path":"data.colour","to":"red"})") != std::string::npos);
  CHECK(made.name == "a");

  auto dry = entry("create", 201);
  dry.seen->answered = body(object("7", R"("data":{})"));
  dry.seen->dry_run = true;
  CHECK(change_of(dry).is_null());

  auto went = entry("deletecollection", 200);
  went.seen->answered = body(R"({"kind":"ConfigMapList","items":[{"metadata":{"name":"x",)"
                             R"("namespace":"n"}},{"metadata":{"name":"y","namespace":"n"}}]})");
  const Json record = record_of(went);
  CHECK(record.find("changes")->size() == 2);
  CHECK(record.find("changes")->as_array()[1].str("name") == "y");
}

SCENARIO("a change is told against what was there, and else by what was sent") {
  auto update = entry("update", 200);
  update.seen->sent = body(object("7", R"("data":{"colour":"blue"})"));
  update.seen->before = body(object("7", R"("data":{"colour":"red"})"));
  update.seen->answered = body(object("8", R"("data":{"colour":"blue"})"));
  Json change = change_of(update);
  CHECK(change.str("before_revision") == "7");
  CHECK(dump(*change.find("difference")) == R"([{"path":"data.colour","from":"red","to":"blue"}])");

  // What was there came too late: it is the written one.
  auto late = entry("patch", 200);
  late.seen->sent = body(R"({"data":{"colour":"blue"}})");
  late.seen->before = body(object("8", R"("data":{"colour":"blue"})"));
  late.seen->answered = body(object("8", R"("data":{"colour":"blue"})"));
  change = change_of(late);
  CHECK_FALSE(change.find("difference"));
  CHECK(dump(*change.find("sent")) == R"([{"path":"data.colour","to":"blue"}])");

  auto steps = entry("patch", 200);
  steps.seen->sent = body(R"([{"op":"replace","path":"/data/a~1b","value":"blue"},)"
                          R"({"op":"remove","path":"/data/c"}])");
  steps.seen->answered.whole = false;
  change = change_of(steps);
  CHECK(dump(*change.find("sent")) == R"([{"path":"data.a/b","op":"replace","to":"blue"},)"
                                      R"({"path":"data.c","op":"remove"}])");

  auto unread = entry("update", 200);
  CHECK(change_of(unread).str("not_told") == "what was sent could not be read");
}

SCENARIO("of what other API servers made no secret is told, at no level") {
  const std::string canary = "Zq7canaryXv";
  const std::string data = R"("data":{"a":"Zq7canaryXv"},"stringData":{"b":"Zq7canaryXv"})";
  for (auto level : {AuditLevel::metadata, AuditLevel::request, AuditLevel::response}) {
    for (const char* verb : {"create", "update", "patch"}) {
      for (bool before : {false, true}) {
        auto one = entry(verb, 200, "secrets");
        one.level = level;
        one.seen->sent = body(object("7", data));
        one.seen->answered = body(object("8", data));
        if (before) one.seen->before = body(object("7", R"("data":{"a":"Zq7canaryXv2"})"));
        CHECK(dump(record_of(one)).find(canary) == std::string::npos);
      }
    }
    auto steps = entry("patch", 200, "secrets");
    steps.level = level;
    steps.seen->sent = body(R"([{"op":"add","path":"/data","value":{"a":"Zq7canaryXv"}},)"
                            R"({"op":"add","path":"/stringData/b","value":"Zq7canaryXv"}])");
    CHECK(dump(record_of(steps)).find(canary) == std::string::npos);
    auto token = entry("create", 201, "serviceaccounts");
    token.level = level;
    token.subresource = "token";
    token.seen->answered = body(R"({"kind":"TokenRequest","metadata":{"name":"a"},)"
                                R"("status":{"token":"Zq7canaryXv"}})");
    CHECK(dump(record_of(token)).find(canary) == std::string::npos);
  }
  // The levels say what is kept.
  auto kept = entry("update", 200);
  kept.level = AuditLevel::request;
  kept.seen->sent = body(object("7", R"("data":{"colour":"blue"})"));
  kept.seen->answered = body(object("8", R"("data":{"colour":"blue"})"));
  const Json record = record_of(kept);
  CHECK(record.find("request"));
  CHECK_FALSE(record.find("answer"));
}
