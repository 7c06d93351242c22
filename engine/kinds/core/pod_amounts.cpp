#include "engine/kinds/core/pod_amounts.h"

namespace engine {

namespace {

constexpr std::string_view kPodLevel[] = {"cpu", "memory"};

bool is_pod_level(std::string_view name) {
  return name == kPodLevel[0] || name == kPodLevel[1] || name.starts_with("hugepages-");
}

const JsonArray* containers_of(const Json& pod, std::string_view list) {
  const Json* found = pod.at({"spec", list});
  return found != nullptr && found->is_array() ? &found->as_array() : nullptr;
}

}  // namespace

Amounts pod_amounts(const Json& pod, std::string_view what, PodOverhead overhead) {
  Amounts sum, before, sidecars;
  if (const JsonArray* list = containers_of(pod, "containers"))
    for (const Json& container : *list) sum.add(container.at({"resources", what}));
  if (const JsonArray* list = containers_of(pod, "initContainers")) {
    for (const Json& container : *list) {
      Amounts one;
      one.add(container.at({"resources", what}));
      if (container.str("restartPolicy") == "Always") {
        sum.add(one);
        sidecars.add(one);
        one = sidecars;
      } else {
        one.add(sidecars);
      }
      before.raise_to(one);
    }
  }
  sum.raise_to(before);
  if (const Json* own = pod.at({"spec", "resources", what}); own != nullptr && own->is_object())
    for (const auto& [name, value] : own->as_object())
      if (auto quantity = quantity_of(value); quantity && is_pod_level(name))
        sum.set(name, *quantity);
  if (overhead == PodOverhead::left_out) return sum;
  Amounts more;
  more.add(pod.at({"spec", "overhead"}));
  // A limit that is not there stays so.
  for (const auto& [name, quantity] : more.all())
    if (what == "requests" || sum.find(name) != nullptr) sum.add(name, quantity);
  return sum;
}

}  // namespace engine
