#include "engine/norman/node_mappers.h"

#include <charconv>

namespace engine {
namespace {

void addresses(Json& data) {
  const Json* list = data.find("addresses");
  if (!list || !list->is_array()) return;
  JsonArray items = list->as_array();
  for (const Json& item : items) {
    std::string_view type = item.str("type");
    if (type == "InternalIP") data.set("ipAddress", item.str("address"));
    if (type == "ExternalIP") data.set("externalIpAddress", item.str("address"));
    if (type == "Hostname") data.set("hostname", item.str("address"));
  }
}

// "8147340Ki" -> 8147340; other units are brought to KiB.
int64_t kibibytes(std::string_view quantity) {
  int64_t number = 0;
  auto [end, error] = std::from_chars(quantity.data(), quantity.data() + quantity.size(), number);
  if (error != std::errc()) return 0;
  std::string_view unit(end, static_cast<size_t>(quantity.data() + quantity.size() - end));
  if (unit == "Ki") return number;
  if (unit == "Mi") return number << 10;
  if (unit == "Gi") return number << 20;
  return unit.empty() ? number >> 10 : 0;
}

void os_info(Json& data) {
  const Json* stored = data.find("nodeInfo");
  if (!stored || !stored->is_object()) return;
  Json node = *stored;
  int64_t cpus = 0;
  std::string_view cpu = data.str({"capacity", "cpu"});
  std::from_chars(cpu.data(), cpu.data() + cpu.size(), cpus);
  data.erase("nodeInfo");
  data.set(
      "info",
      Json::object({
          {"cpu", Json::object({{"count", cpus}})},
          {"memory", Json::object({{"memTotalKiB", kibibytes(data.str({"capacity", "memory"}))}})},
          {"os", Json::object({{"dockerVersion", node.str("containerRuntimeVersion")},
                               {"kernelVersion", node.str("kernelVersion")},
                               {"operatingSystem", node.str("osImage")}})},
          {"kubernetes", Json::object({{"kubeletVersion", node.str("kubeletVersion")},
                                       {"kubeProxyVersion", node.str("kubeProxyVersion")}})},
      }));
}

void addresses_from_annotations(Json& data) {
  for (auto [annotation, field] : {std::pair{"rke.cattle.io/external-ip", "externalIpAddress"},
                                   std::pair{"rke.cattle.io/internal-ip", "ipAddress"}}) {
    const Json* annotations = data.find("annotations");
    std::string_view value = annotations ? annotations->str(annotation) : std::string_view();
    if (!value.empty()) data.set(field, std::string(value));
  }
}

void slice_to_map(const Json& mapper, Json& data) {
  Json* list = data.find(mapper.str("Field"));
  if (!list || !list->is_array()) return;
  Json map = Json::object();
  for (Json& item : list->as_array()) {
    std::string key(item.str(mapper.str("Key")));
    item.erase(mapper.str("Key"));
    if (!key.empty()) map.set(key, std::move(item));
  }
  *list = std::move(map);
}

void slice_merge(const Json& mapper, Json& data) {
  const Json* from = mapper.find("From");
  if (!from || !from->is_array()) return;
  JsonArray merged;
  bool any = false;
  for (const Json& name : from->as_array()) {
    Json* list = data.find(name.as_string());
    if (!list || !list->is_array()) continue;
    any = true;
    for (Json& item : list->as_array()) merged.push_back(std::move(item));
    data.erase(name.as_string());
  }
  if (any) data.set(mapper.str("To"), std::move(merged));
}

}  // namespace

void run_node_mapper(const Json& mapper, Json& data) {
  std::string_view name = mapper.str("mapper");
  if (name == "NodeAddressMapper") addresses(data);
  if (name == "OSInfo") os_info(data);
  if (name == "NodeAddressAnnotationMapper") addresses_from_annotations(data);
  if (name == "SliceToMap") slice_to_map(mapper, data);
  if (name == "SliceMerge") slice_merge(mapper, data);
}

}  // namespace engine
