// The `timeout` that a client gives with a request that is not a watch: until when the server works
// on it. Thread: any. Owns: nothing. Source: k8s.io/apiserver pkg/endpoints/filters
// (request_deadline.go), Go's time.ParseDuration.
#pragma once

#include <string_view>

#include "engine/base/http.h"
#include "storage/base/env.h"

namespace engine {

// A duration as Go writes it: 1h15m30.5s, 300ms, 0. None: it is not one, or over 290 years.
std::optional<std::chrono::nanoseconds> parse_go_duration(std::string_view text);

// 400 when it is not a duration. None given, 0, or more than the limit: the limit.
Result<std::chrono::nanoseconds> request_timeout(const Query& query);

}  // namespace engine
