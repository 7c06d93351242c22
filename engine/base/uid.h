// Uid: metadata.uid of an object, a random UUID (RFC 4122 version 4) from Env's secret source, so
// that uids cannot be guessed. Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/env.h"

namespace engine {

std::string new_uid(storage::Env& env);
bool is_uid(std::string_view text);  // 8-4-4-4-12 hexadecimal digits

}  // namespace engine
