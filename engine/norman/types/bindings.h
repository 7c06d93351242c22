// What the three kinds of bindings of the product have in common: whom a binding names, and whether
// the role it gives is there and may be given. Thread: any. Owns: nothing.
#pragma once

#include "engine/access/grant_model.h"
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {

// Exactly one user or one group; the user is there. A user's principal becomes the user.
Result<Unit> check_subject(const TypeParts& parts, Json& body,
                           std::initializer_list<std::string_view> user_fields,
                           std::initializer_list<std::string_view> group_fields);
// The role template of the body, for bindings there; also on update.
Result<Unit> check_role_template(const TypeParts& parts, const Json& body, Grant::Where where);
Result<std::optional<Json>> find_cached(const TypeParts& parts, std::string_view plural,
                                        std::string_view ns, std::string_view name);

}  // namespace engine
