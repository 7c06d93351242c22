#include <catch2/catch_test_macros.hpp>

#include "tests/support/api.h"

using namespace engine;
using tests::Api;
using tests::json;

namespace {

struct Users {
  Api api;
  KindPtr kind = api.kinds->snapshot()->stored("management.cattle.io", "users");
  Result<Written> make(std::string_view name, std::string_view username) {
    return api.registry->create(
        *kind, "",
        Json::object({{"metadata", Json::object({{"name", name}})}, {"username", username}}),
        api.options);
  }
  Result<Written> rename(std::string_view name, std::string_view username) {
    return api.registry->modify(*kind, "", name, api.options, [&](Json& user) -> Result<bool> {
      user.set("username", username);
      return true;
    });
  }
  bool remove(std::string_view name) { return api.registry->remove(*kind, "", name, {}).ok(); }
};

}  // namespace

TEST_CASE("one user name is one user", "[registry][claims]") {
  Users users;
  REQUIRE(users.make("u-1", "ann"));
  auto second = users.make("u-2", "ann");
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == 422);
  CHECK(second.error().message() ==
        "User.management.cattle.io \"u-2\" is invalid: username: Duplicate value: \"ann\"");
  CHECK(users.make("u-1", "bob").error().code() == 409);
  CHECK(users.make("u-2", "bob"));
  CHECK(users.make("u-3", ""));
  CHECK(users.make("u-4", ""));

  // A name that is given up may be taken, one that another has may not.
  CHECK(users.rename("u-2", "ann").error().code() == 422);
  CHECK(users.rename("u-2", "cat"));
  CHECK(users.rename("u-3", "bob"));
  CHECK(users.rename("u-3", "bob"));
  CHECK(users.remove("u-1"));
  CHECK(users.make("u-1", "ann"));
}

TEST_CASE("a claim lasts as long as its object", "[registry][claims]") {
  Users users;
  WriteOptions dry = users.api.options;
  dry.dry_run = true;
  Json body = json(R"({"metadata":{"name":"u-0","finalizers":["x.y/z"]},"username":"ann"})");
  REQUIRE(users.api.registry->create(*users.kind, "", body, dry));
  REQUIRE(users.api.registry->create(*users.kind, "", body, users.api.options));
  body["metadata"].set("name", "u-9");
  CHECK(users.api.registry->create(*users.kind, "", body, dry).error().code() == 422);
  CHECK(users.remove("u-0"));
  CHECK(users.make("u-1", "ann").error().code() == 422);  // it is still being removed
  REQUIRE(users.api.registry->modify(*users.kind, "", "u-0", users.api.options,
                                     [](Json& user) -> Result<bool> {
                                       user["metadata"].erase("finalizers");
                                       return true;
                                     }));
  CHECK(users.make("u-1", "ann"));
}

TEST_CASE("users from before there were claims go on", "[registry][claims]") {
  Users users;
  REQUIRE(users.make("u-1", "ann"));
  REQUIRE(users.make("u-2", "bob"));
  auto claims = MUST(users.api.store.list({.prefix = "/unique/"}));
  REQUIRE(claims.records.size() == 2);
  for (const auto& record : claims.records)
    REQUIRE(users.api.store.commit({{}, {{record.key, std::nullopt}}}));
  auto touch = [](Json& user) -> Result<bool> {
    user.set("description", "seen");
    return true;
  };
  // The next write takes the claim; a removal without one is a removal.
  REQUIRE(users.api.registry->modify(*users.kind, "", "u-1", users.api.options, touch));
  CHECK(users.make("u-3", "ann").error().code() == 422);
  CHECK(users.remove("u-2"));
  CHECK(users.make("u-2", "bob"));
}
