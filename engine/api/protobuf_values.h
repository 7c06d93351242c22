// The protobuf messages that stand for something else in JSON: times, quantities, int-or-string,
// raw JSON, unions of JSON schemas. Thread: any. Owns: nothing.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace engine {

// The decoded members of a message of that type as their JSON form; other types stay as they are.
// Null: leave the field out.
Result<Json> finish_protobuf_value(std::string_view type, Json members);

}  // namespace engine
