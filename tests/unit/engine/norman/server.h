// The management API over a real registry, dispatcher and memory store; only RBAC is replaced, by
// "admins may everything".
#pragma once

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "engine/kinds/strategies.h"
#include "engine/norman/negotiate.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"
#include "storage/memory/memory_store.h"
#include "tests/support/settled.h"
#include "tests/support/thread_env.h"

namespace tests {

class AdminsOnly final : public engine::Authorizer {
 public:
  engine::Decision authorize(const engine::User& user, const engine::Attributes& asked) override {
    if (readers.count(user.name) && (asked.verb == "get" || asked.verb == "list"))
      return {true, "a test's reader"};
    for (const std::string& group : user.groups)
      if (group == "system:masters") return {true, "a test's admin"};
    return {user.name == admin, "the test's admin"};
  }
  engine::Json rules_for(const engine::User&, std::string_view) override { return {}; }
  bool covers(const engine::User&, std::string_view, const engine::JsonArray&) override {
    return false;
  }
  std::string admin;
  std::set<std::string> readers;
};

struct NormanServer {
  ThreadEnv env;
  storage::MemoryStore store{env};
  std::unique_ptr<engine::KindSet> kinds = engine::KindSet::builtin();
  engine::StrategySet strategies;
  engine::Registry registry{env, store, *kinds, strategies, {}};
  engine::Dispatcher dispatcher{env, store, *kinds};
  AdminsOnly authorizer;
  engine::Passwords passwords{env};
  engine::LoginThrottle throttle{env};
  engine::Users users{env, registry, dispatcher, passwords, throttle};
  engine::Tokens tokens{env, registry, dispatcher};
  engine::TokenAuthenticator authenticator{tokens};
  engine::Principals principals;
  engine::TypeSet types;
  std::unique_ptr<engine::Norman> norman;
  std::string admin_id;

  NormanServer() {
    engine::register_builtin_strategies(strategies);
    REQUIRE(dispatcher.start());
    principals.add(engine::make_local_principals(dispatcher, *kinds));
    engine::TypeParts parts{
        env, registry, dispatcher, tokens, users, [] { return std::string("CA"); }, {}, {}};
    parts.principals = &principals;
    engine::register_types(types, parts);
    norman = std::make_unique<engine::Norman>(
        engine::Norman::Parts{env, registry, dispatcher, authorizer, types, {}, {}});
    engine::Json user = MUST(users.create({.username = "admin",
                                           .display_name = "Default Admin",
                                           .password = "correct horse battery"}));
    admin_id = user.str({"metadata", "name"});
    authorizer.admin = admin_id;
  }
  ~NormanServer() { dispatcher.stop(); }

  struct Reply {
    int status;
    engine::Json body;
    engine::Headers headers;
  };
  // As the edge hands it over, with its user.
  engine::Request request(std::string method, std::string target, std::string_view credential = {},
                          std::string body = {}, engine::Headers headers = {}) {
    engine::Request request;
    request.method = std::move(method);
    request.target = target;
    size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    request.raw_query = mark == std::string::npos ? "" : target.substr(mark + 1);
    request.query = engine::Query::parse(request.raw_query);
    request.headers = std::move(headers);
    request.headers.add("Host", "paddock.test");
    request.peer = "127.0.0.1";
    request.body = std::move(body);
    request.user.name = "system:anonymous";
    if (!credential.empty())
      request.headers.add("Authorization", "Bearer " + std::string(credential));
    return request;
  }
  Reply call(std::string method, std::string target, std::string_view credential = {},
             std::string body = {}, engine::Headers headers = {}) {
    auto asked = request(std::move(method), std::move(target), credential, std::move(body),
                         std::move(headers));
    auto user = authenticator.authenticate(asked);
    if (!user) return reply_of(engine::norman_error(user.error()));
    if (*user) asked.user = **user;
    return reply_of(norman->handle(asked));
  }
  Reply reply_of(engine::Answer answer) {
    auto response =
        engine::in_one_body(std::get<engine::Response>(tests::settled(std::move(answer))));
    return {response.status,
            response.body.empty() ? engine::Json() : MUST(engine::parse_json(response.body)),
            response.headers};
  }
  // As the server itself, past every API.
  engine::Json put(std::string_view plural, std::string_view ns, engine::Json object) {
    auto kind = kinds->snapshot()->stored("management.cattle.io", plural);
    object.set("apiVersion", "management.cattle.io/v3");
    object.set("kind", kind->kind);
    engine::WriteOptions options;
    options.user.name = "system:paddock";
    auto made = MUST(registry.create(*kind, ns, std::move(object), options));
    REQUIRE(dispatcher.fresh(env.now() + std::chrono::seconds(5)));
    return made.object.json();
  }
  void setting(std::string_view name, std::string_view value) {
    put("settings", "",
        engine::Json::object(
            {{"metadata", engine::Json::object({{"name", name}})}, {"default", value}}));
  }
  std::string login(std::string_view password = "correct horse battery") {
    auto reply = call("POST", "/v3-public/localProviders/local?action=login", {},
                      dump(engine::Json::object({{"username", "admin"}, {"password", password}})));
    REQUIRE(reply.status == 201);
    return std::string(reply.body.str("token"));
  }
};

// With what its drivers add, as a fresh server has it.
struct FreshServer : NormanServer {
  FreshServer() {
    std::ifstream in(std::string(NORMAN_FACTS_DIR) + "/management/facts/drivers.json");
    REQUIRE(in);
    engine::Json drivers =
        MUST(engine::parse_json(std::string(std::istreambuf_iterator<char>(in), {})));
    for (engine::Json object : drivers.find("dynamicSchemas")->as_array()) {
      object["metadata"].erase("ownerReferences");
      put("dynamicschemas", "", std::move(object));
    }
  }
};

}  // namespace tests
