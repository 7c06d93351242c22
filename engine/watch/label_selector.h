// LabelSelector: the `labelSelector` query of a list or watch (`app=web,tier in (a,b),!old,n gt
// 3`), and the matchLabels/matchExpressions form that objects carry. Thread: a value. Owns: its
// requirements. Source: k8s.io/apimachinery pkg/labels (grammar and error texts).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/watch/object_scan.h"

namespace engine {

struct LabelRequirement {
  enum class Op : uint8_t { in, not_in, exists, absent, greater, less };
  std::string key;
  Op op = Op::exists;
  std::vector<std::string> values;  // sorted, unique; one for greater and less
  bool operator==(const LabelRequirement&) const = default;
};

class LabelSelector {
 public:
  static Result<LabelSelector> parse(std::string_view text);
  // A metav1.LabelSelector; an empty or null one matches everything.
  static Result<LabelSelector> from_json(const Json& selector);
  bool empty() const { return requirements_.empty(); }
  bool matches(const ObjectView& object) const;
  bool matches(const Json& labels) const;  // an object of strings, or null
  bool operator==(const LabelSelector&) const = default;

 private:
  std::vector<LabelRequirement> requirements_;  // by key
};

}  // namespace engine
