// Quantity: Kubernetes' amounts (4, 3920m, 16Gi) as sums. Kept in thousandths; what does not fit is
// refused, what is finer is rounded up, as upstream does.
// Thread: a value. Owns: nothing. Source: k8s.io/apimachinery pkg/api/resource.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace engine {

struct Quantity {
  int64_t milli = 0;
  bool binary = false;  // written with Ki, Mi, Gi

  static std::optional<Quantity> parse(std::string_view text);
  std::string text() const;
  bool operator<(const Quantity& other) const { return milli < other.milli; }
};

// Amounts by resource name: cpu, memory, pods, ...
class Amounts {
 public:
  // Every member of {cpu: "4", ...}; what is no quantity is left out.
  void add(const Json* resources);
  void add(const Amounts& other);
  void add(std::string_view name, Quantity quantity);
  void raise_to(const Amounts& other);  // the larger of both, for each name
  Json json() const;
  bool empty() const { return by_name_.empty(); }

 private:
  std::map<std::string, Quantity, std::less<>> by_name_;
};

}  // namespace engine
