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
  // As Kubernetes writes it: the largest suffix that leaves a whole number.
  std::string text() const;
  // Whole units, rounded up.
  int64_t value() const { return milli / 1000 + (milli % 1000 > 0 ? 1 : 0); }
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

  using Map = std::map<std::string, Quantity, std::less<>>;
  const Map& all() const { return by_name_; }
  const Quantity* find(std::string_view name) const;  // null: not there
  void set(std::string_view name, Quantity quantity);
  void take(const Amounts& other);  // subtracts; what is not there becomes negative
  void drop_zeros();

 private:
  Map by_name_;
};

// What a JSON value is as an amount: text, or a whole number.
std::optional<Quantity> quantity_of(const Json& value);

}  // namespace engine
