#include "engine/access/principals.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kLocal = "local://";

Json principal(std::string_view type, const Json& object) {
  Json out = Json::object({
      {"metadata", Json::object({{"name", std::string(kLocal) +
                                              std::string(object.str({"metadata", "name"}))}})},
      {"displayName", object.str("displayName")},
      {"principalType", type},
      {"provider", "local"},
  });
  if (type == "user") {
    out.set("loginName", object.str("username"));
    if (out.str("displayName").empty()) out.set("displayName", object.str("username"));
  }
  return out;
}

// How well the text fits a name: 0 not, higher is better.
int fit(const std::string& text, std::string_view name) {
  const std::string have = lower(name);
  if (have.empty()) return 0;
  if (have == text) return 3;
  if (have.starts_with(text)) return 2;
  return have.find(text) == std::string::npos ? 0 : 1;
}

class LocalPrincipals final : public PrincipalSource {
 public:
  LocalPrincipals(Dispatcher& dispatcher, KindSet& kinds)
      : dispatcher_(dispatcher), kinds_(kinds) {}
  std::string_view scheme() const override { return "local"; }

  Result<JsonArray> search(const PrincipalQuery& query, size_t most) override {
    std::vector<std::pair<int, Json>> found;
    const std::string text = lower(query.text);
    for (auto [type, plural] : {std::pair{"user", "users"}, std::pair{"group", "groups"}}) {
      if (!query.type.empty() && query.type != type) continue;
      KindPtr kind = kinds_.snapshot()->stored(kGroup, plural);
      auto all = TRY(dispatcher_.list(*kind, "", nullptr, "", 0));
      for (const auto& cached : all.objects) {
        Json object = TRY(parse_json(*cached->bytes));
        int best = std::max({fit(text, object.str("displayName")),
                             fit(text, object.str("username")), fit(text, cached->name)});
        if (text.empty()) best = 1;
        if (best > 0) found.emplace_back(best, principal(type, object));
      }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    JsonArray out;
    for (auto& [best, one] : found)
      if (out.size() < most) out.push_back(std::move(one));
    return out;
  }

  Result<std::optional<Json>> find(std::string_view id) override {
    std::string_view name = id.substr(std::min(kLocal.size(), id.size()));
    for (auto [type, plural] : {std::pair{"user", "users"}, std::pair{"group", "groups"}}) {
      KindPtr kind = kinds_.snapshot()->stored(kGroup, plural);
      auto found = TRY(dispatcher_.get(*kind, "", name));
      if (!found) continue;
      return std::optional<Json>(principal(type, TRY(parse_json(*found->bytes))));
    }
    return std::optional<Json>();
  }

 private:
  Dispatcher& dispatcher_;
  KindSet& kinds_;
};

}  // namespace

Result<JsonArray> Principals::search(const PrincipalQuery& query) const {
  const auto most = static_cast<size_t>(limits::kPrincipalsFoundMax);
  JsonArray out;
  for (const auto& source : sources_) {
    JsonArray found = TRY(source->search(query, most - out.size()));
    for (Json& one : found) out.push_back(std::move(one));
  }
  return out;
}

Result<Json> Principals::find(std::string_view id) const {
  for (const auto& source : sources_) {
    std::string prefix = std::string(source->scheme()) + "://";
    if (!id.starts_with(prefix)) continue;
    if (auto found = TRY(source->find(id))) return std::move(*found);
  }
  return Status::other(404, "NotFound", "there is no principal " + std::string(id));
}

Json local_principal(const Json& user) {
  return principal("user", user);
}

std::unique_ptr<PrincipalSource> make_local_principals(Dispatcher& dispatcher, KindSet& kinds) {
  return std::make_unique<LocalPrincipals>(dispatcher, kinds);
}

}  // namespace engine
