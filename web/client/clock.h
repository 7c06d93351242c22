// Clock: calendar times as the server writes them, in milliseconds since 1970.
// Thread: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string_view>

namespace web {

int64_t parse_time(std::string_view rfc3339);  // 0 when it is none

}  // namespace web
