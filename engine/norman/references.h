// References: whatever a body names is there, and the caller may see it. Thread: any. Owns:
// nothing. Errors: 422 InvalidReference with the field's name; the same for what is hidden and what
// is not.
#pragma once

#include "engine/norman/norman.h"

namespace engine {

// `old`: the object as clients see it, before an update; what it refers to already is not asked
// again. Null on create.
Result<Unit> check_references(const Norman& norman, const Call& call, const Json& body,
                              const Json* old);

}  // namespace engine
