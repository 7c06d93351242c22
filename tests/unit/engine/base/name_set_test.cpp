#include "engine/base/name_set.h"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>

using engine::NameSet;

TEST_CASE("a set of names is what std::set is, whatever comes and goes") {
  NameSet names;
  std::set<std::string> model;
  std::mt19937 chance(7);
  for (int step = 0; step < 60'000; ++step) {
    std::string name = "ns-" + std::to_string(chance() % 3'000) + "/";
    if (chance() % 20 == 0) name.append(chance() % 300, 'x');
    if (chance() % 5 < 3)
      REQUIRE(names.insert(name) == model.insert(name).second);
    else
      REQUIRE(names.erase(name) == (model.erase(name) > 0));
    REQUIRE(names.size() == model.size());
  }
  std::set<std::string> seen;
  names.each([&](std::string_view name) { REQUIRE(seen.emplace(name).second); });
  CHECK(seen == model);
  for (const std::string& name : model) CHECK(names.contains(name));
  CHECK_FALSE(names.contains(""));
  NameSet copy = names;
  for (const std::string& name : model) copy.erase(name);
  CHECK(copy.size() == 0);
  CHECK(names.size() == model.size());
}

TEST_CASE("a set of names is small, and gives back what went") {
  NameSet names;
  size_t letters = 0;
  for (int i = 0; i < 10'000; ++i) {
    std::string name = "local/p-" + std::to_string(i);
    letters += name.size();
    names.insert(name);
  }
  CHECK(names.bytes() < 2 * letters + 10'000 * 16);
  for (int i = 0; i < 200'000; ++i) {  // a crowd that comes and goes
    names.insert("passing-" + std::to_string(i));
    names.erase("passing-" + std::to_string(i));
  }
  CHECK(names.size() == 10'000);
  CHECK(names.bytes() < 4 * letters + 10'000 * 16);
}
