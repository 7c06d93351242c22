// principal: users and groups that rights can be given to. The list is oneself and one's groups;
// others are found by searching.
#include <algorithm>

#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class PrincipalType final : public Type {
 public:
  explicit PrincipalType(TypeParts parts) : parts_(std::move(parts)) {}

  KindPtr holder(const KindSnapshot&, const SchemaView&) const override { return nullptr; }

  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    JsonArray out;
    for (const std::string& id : own_ids(call)) {
      auto found = find(id);
      if (found) out.push_back(std::move(*found));
    }
    return Result<JsonArray>(std::move(out));
  }

  std::optional<Result<Json>> own_find(const Call&, std::string_view id) const override {
    return find(id);
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    std::string_view id = stored.str({"metadata", "name"});
    const auto own = own_ids(call);
    const bool mine = std::find(own.begin(), own.end(), id) != own.end();
    const bool group = stored.str("principalType") == "group";
    look.object->set("me", mine && !group);
    look.object->set("memberOf", mine && group);
  }

  std::vector<std::string> collection_actions(const Call&) const override { return {"search"}; }

  std::optional<Answer> collection_action(const Call& call, std::string_view action,
                                          const Json& input) const override {
    if (action != "search") return std::nullopt;
    if (!parts_.principals) return norman_error(unknown("search"));
    if (!input.find("name"))
      return norman_error(Status::field_error(422, "MissingRequired", "name", ""));
    auto found = parts_.principals->search(
        {std::string(input.str("name")), std::string(input.str("principalType"))});
    if (!found) return norman_error(found.error());
    JsonArray shown;
    for (const Json& one : *found) shown.push_back(call.norman.present(call, one));
    return norman_response(200, call.norman.collection_of(call, std::move(shown)), call.base);
  }

 private:
  static Status unknown(std::string_view id) {
    return Status::other(404, "NotFound", "there is no principal " + std::string(id));
  }
  Result<Json> find(std::string_view id) const {
    return parts_.principals ? parts_.principals->find(id) : Result<Json>(unknown(id));
  }
  std::vector<std::string> own_ids(const Call& call) const {
    std::vector<std::string> out{"local://" + call.user().name};
    for (std::string& group : parts_.tokens.group_principals(call.user().name))
      out.push_back(std::move(group));
    return out;
  }

  TypeParts parts_;
};

}  // namespace

void register_principal(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 principal", std::make_unique<PrincipalType>(parts));
}

}  // namespace engine
