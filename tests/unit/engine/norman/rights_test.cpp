// How often a list asks who may: once for whom all is allowed, once a namespace, then by name.
#include "engine/norman/rights.h"
#include "engine/controllers/core/batch.h"
#include "tests/unit/engine/norman/server.h"

using namespace engine;
using tests::NormanServer;

namespace {

class Counting final : public Authorizer {
 public:
  Decision authorize(const User&, const Attributes& asked) override {
    ++asked_;
    const std::string question =
        std::string(asked.verb) + " " + std::string(asked.ns) + "/" + std::string(asked.name);
    return {std::find(allowed.begin(), allowed.end(), question) != allowed.end(), ""};
  }
  Json rules_for(const User&, std::string_view) override { return {}; }
  bool covers(const User&, std::string_view, const JsonArray&) override { return false; }
  int take() { return std::exchange(asked_, 0); }
  std::vector<std::string> allowed;

 private:
  int asked_ = 0;
};

}  // namespace

SCENARIO("rights are asked for all, then by namespace, then by name") {
  auto kinds = KindSet::builtin();
  KindPtr projects = kinds->snapshot()->stored("management.cattle.io", "projects");
  Counting rbac;
  User user{.name = "lin"};
  auto count_allowed = [&] {
    Rights rights(rbac, user, projects);
    int allowed = 0;
    for (int ns = 0; ns < 20; ns++)
      for (int i = 0; i < 500; i++)
        allowed += rights.allows("get", "c-" + std::to_string(ns), "p-" + std::to_string(i));
    return allowed;
  };
  rbac.allowed = {"get /"};
  CHECK(count_allowed() == 10000);
  CHECK(rbac.take() == 1);
  rbac.allowed = {"get c-3/"};
  CHECK(count_allowed() == 500);
  CHECK(rbac.take() == 1 + 20 + 19 * 500);
  rbac.allowed = {"get c-3/p-7", "get c-4/p-7"};
  CHECK(count_allowed() == 2);
}
