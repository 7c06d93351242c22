#include "engine/norman/types/bindings.h"

#include "engine/access/admission/grants.h"

namespace engine {
namespace {

constexpr std::string_view kLocalPrincipal = "local://";

size_t set_of(const Json& body, std::initializer_list<std::string_view> fields) {
  size_t out = 0;
  for (std::string_view field : fields) out += body.str(field).empty() ? 0 : 1;
  return out;
}

}  // namespace

Result<std::optional<Json>> find_cached(const TypeParts& parts, std::string_view plural,
                                        std::string_view ns, std::string_view name) {
  KindPtr kind = parts.registry.kinds().snapshot()->stored(kGrantGroup, plural);
  if (!kind) return Status::internal("there is no kind " + std::string(plural));
  auto found = TRY(parts.dispatcher.get(*kind, ns, name));
  if (!found) return std::optional<Json>();
  return std::optional<Json>(MUST(parse_json(*found->bytes)));  // the cache holds valid JSON
}

Result<Unit> check_subject(const TypeParts& parts, Json& body,
                           std::initializer_list<std::string_view> user_fields,
                           std::initializer_list<std::string_view> group_fields) {
  const bool user = set_of(body, user_fields) > 0, group = set_of(body, group_fields) > 0;
  if (!user && !group)
    return Status::field_error(422, "MissingRequired", "userId",
                               "a binding must name a user or a group");
  if (user && group)
    return Status::other(422, "InvalidBodyContent",
                         "must contain field [userId] OR [groupPrincipalId]");
  if (!user) return Unit{};
  auto principal = body.str("userPrincipalId");
  if (body.str("userId").empty() && principal.starts_with(kLocalPrincipal))
    body.set("userId", principal.substr(kLocalPrincipal.size()));
  std::string id(body.str("userId"));
  if (id.empty()) return Unit{};  // a principal of a directory, whose user may not have come yet
  if (!TRY(find_cached(parts, "users", "", id)))
    return Status::field_error(422, "InvalidReference", "userId", "there is no user " + id);
  return Unit{};
}

Result<Unit> check_role_template(const TypeParts& parts, const Json& body, Grant::Where where) {
  std::string name(body.str("roleTemplateId"));
  auto found = TRY(find_cached(parts, "roletemplates", "", name));
  // As clients know this refusal.
  if (!found)
    return Status::other(500, "ServerError",
                         "Error getting role template: roletemplates.management.cattle.io \"" +
                             name + "\" not found");
  RoleTemplate role;
  role.name = name;
  role.context = found->str("context");
  role.locked = found->truth({"locked"});
  if (auto wrong = not_assignable(role, where)) return *wrong;
  return Unit{};
}

}  // namespace engine
