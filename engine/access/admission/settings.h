// What a setting or a feature may become, by whatever API it is changed: one that comes from the
// server's environment stays, one that is locked stays, and a value that the server could not act
// by is refused with the reason. Who changed it last and when is noted on it. Thread: any. Owns:
// nothing.
#pragma once

#include <memory>
#include <string_view>

#include "engine/registry/registry.h"

namespace engine {

constexpr std::string_view kChangedBy = "management.cattle.io/changed-by";
constexpr std::string_view kChangedAt = "management.cattle.io/changed-at";

// Why this value cannot be one of this setting; ok for settings that take any text.
Result<Unit> check_setting(std::string_view name, std::string_view value);

std::unique_ptr<Admission> make_settings_admission(storage::Env& env);

}  // namespace engine
