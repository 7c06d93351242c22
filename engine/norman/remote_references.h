// Remote references: what an object in a cluster refers to by name is there and the caller may see
// it; classes and volumes, which belong to nobody, are only asked for. Thread: any. Owns: nothing.
// Errors: 422 InvalidReference with the field's name.
#pragma once

#include "engine/norman/conversation.h"

namespace engine {

// `old` and `now`: stored, in the shape that the mappers know. What `old` refers to already is not
// asked again; null on create.
void check_remote_references(Conversation& with, const Json* old, const Json& now, Done done);

}  // namespace engine
