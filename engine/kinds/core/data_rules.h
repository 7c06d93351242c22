// What config maps and secrets have in common: keys, size, and that an immutable one stays as it
// is. Thread: any. Owns: nothing.
#pragma once

#include "engine/kinds/causes.h"

namespace engine {

void check_data_keys(Causes& out, std::string_view field, const Json* data);
void check_data_size(Causes& out, size_t bytes);
void check_immutable_data(Causes& out, const Json& object, const Json& old,
                          std::initializer_list<std::string_view> fields);
// Each value of `data` as base64, in `bytes` the decoded size of all. The text says which one is
// not.
std::string check_base64_values(std::string_view field, const Json* data, size_t& bytes);

}  // namespace engine
