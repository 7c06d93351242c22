// Time: calendar times as Kubernetes prints and reads them. metav1.Time has whole seconds,
// metav1.MicroTime six digits; both UTC. Thread: any. Owns: nothing; now comes from Env::wall().
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/base/env.h"

namespace engine {

using storage::WallTime;

std::string to_rfc3339(WallTime time);        // 2026-11-24T05:38:51Z
std::string to_rfc3339_micro(WallTime time);  // 2026-11-24T05:38:51.000123Z
std::string to_rfc3339_milli(WallTime time);  // 2026-11-24T05:38:51.123Z
// RFC 3339 with any offset and any number of digits (past nanoseconds dropped); none for anything
// else. 60 seconds are refused, as Go does.
std::optional<WallTime> parse_rfc3339(std::string_view text);
int64_t unix_millis(WallTime time);
// How long ago, as kubectl prints ages: 5s, 3m20s, 4h15m, 2d3h, 45d, 2y10d. Negative: "<invalid>".
std::string human_duration(std::chrono::nanoseconds age);

}  // namespace engine
