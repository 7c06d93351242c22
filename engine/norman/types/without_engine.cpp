// Types that are kept as they are, and whose actions need what this server does not do: each says
// so, in words, to whoever might have asked for it. They are offered to nobody.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

struct Lack {
  std::string_view schema, why;
};
constexpr Lack kLacks[] = {
    {"/v3 catalog", "this server fetches no catalogs"},
    {"/v3 clusterCatalog", "this server fetches no catalogs"},
    {"/v3 projectCatalog", "this server fetches no catalogs"},
    {"/v3 multiClusterApp", "this server installs no apps"},
    {"/v3 clusterAlertRule", "this server raises no alerts"},
    {"/v3 projectAlertRule", "this server raises no alerts"},
    {"/v3 notifier", "this server sends no notifications"},
    {"/v3 clusterLogging", "this server ships no logs"},
    {"/v3 projectLogging", "this server ships no logs"},
    {"/v3 clusterMonitorGraph", "this server deploys no monitoring"},
    {"/v3 projectMonitorGraph", "this server deploys no monitoring"},
    {"/v3 monitorMetric", "this server deploys no monitoring"},
};

class WithoutEngine final : public Type {
 public:
  explicit WithoutEngine(std::string_view why) : why_(why) {}

  bool selects() const override { return false; }
  bool computes(std::string_view) const override { return false; }
  bool is_shown_as_stored(std::string_view) const override { return true; }

  std::optional<Answer> action(const Call& call, std::string_view action, const Json& stored,
                               const Json&) const override {
    KindPtr kind = call.norman.holder(call.schema);
    if (!kind ||
        !call.norman.may(call.user(), "update", *kind, stored.str({"metadata", "namespace"}),
                         stored.str({"metadata", "name"})))
      return std::nullopt;
    return lacking(action);
  }
  std::optional<Answer> collection_action(const Call& call, std::string_view action,
                                          const Json&) const override {
    KindPtr kind = call.norman.holder(call.schema);
    if (!kind || !call.norman.may_somewhere(call.user(), "list", *kind)) return std::nullopt;
    return lacking(action);
  }

 private:
  Answer lacking(std::string_view action) const {
    return norman_error(
        Status::other(404, "ActionNotAvailable",
                      std::string(action) + " is not available: " + std::string(why_)));
  }

  const std::string_view why_;
};

}  // namespace

void register_without_engine(TypeSet& set, const TypeParts&) {
  for (const Lack& lack : kLacks)
    set.add(std::string(lack.schema), std::make_unique<WithoutEngine>(lack.why));
}

}  // namespace engine
