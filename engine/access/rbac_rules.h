// PolicyRules in parsed form: what one lets through, and whether some cover others. Thread: values.
// Owns: its strings. Source: k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go and
// k8s.io/component-helpers auth/rbac/validation.
#pragma once

#include <string>
#include <vector>

#include "engine/access/authz.h"

namespace engine {

struct PolicyRule {
  std::vector<std::string> verbs, groups, resources, names, urls;

  static PolicyRule parse(const Json& rule);
  static std::vector<PolicyRule> parse_all(const Json* rules);
  bool allows(const Attributes& asked) const;
};

// Whether every single thing that `rule` allows is allowed by one of `held`.
bool rules_cover(const std::vector<const PolicyRule*>& held, const PolicyRule& rule);

}  // namespace engine
