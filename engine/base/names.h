// Names: how Kubernetes makes names (generateName) and what it says of bad ones. Each check returns
// the reasons why the text is not acceptable, in the API server's words; none when it is. Thread:
// any. Owns: nothing. Source: k8s.io/apimachinery api/validate/content and apiserver storage/names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/base/env.h"

namespace engine {

using Reasons = std::vector<std::string>;

// The prefix, cut to 58 characters, and five characters that spell no words.
std::string generate_name(storage::Env& env, std::string_view prefix);
std::string random_suffix(storage::Env& env, size_t length);

Reasons check_dns1123_label(std::string_view name);  // namespaces: at most 63 of [a-z0-9-]
Reasons check_dns1123_subdomain(
    std::string_view name);                          // most objects: labels and dots, at most 253
Reasons check_dns1035_label(std::string_view name);  // services: begins with a letter
Reasons check_path_segment(std::string_view name);   // RBAC objects: anything but . .. / %
Reasons check_qualified_name(std::string_view key);  // label and annotation keys: [prefix/]name
Reasons check_label_value(std::string_view value);   // at most 63, may be empty
Reasons check_config_key(std::string_view key);      // keys of config maps and secrets

}  // namespace engine
