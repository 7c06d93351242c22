#include "engine/registry/managers.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "engine/base/limits.h"

namespace engine {

namespace {

constexpr std::string_view kBucket = "ancient-changes";

}  // namespace

bool Manager::same_as(const Manager& other) const {
  return name == other.name && operation == other.operation && subresource == other.subresource &&
         (applied() || api_version == other.api_version);
}

std::string Manager::printed() const {
  std::string out = dump(Json(name));
  if (!subresource.empty()) out += " with subresource " + dump(Json(subresource));
  if (applied()) return out;
  return out + " using " + api_version;
}

std::optional<Managers> Managers::decode(const Json* managed_fields) {
  Managers out;
  if (managed_fields == nullptr || managed_fields->is_null()) return out;
  if (!managed_fields->is_array()) return std::nullopt;
  for (const Json& entry : managed_fields->as_array()) {
    Manager manager{std::string(entry.str("manager")),    std::string(entry.str("operation")),
                    std::string(entry.str("apiVersion")), std::string(entry.str("subresource")),
                    std::string(entry.str("time")),       {}};
    if (manager.operation != "Apply" && manager.operation != "Update") return std::nullopt;
    if (manager.api_version.empty() || entry.str("fieldsType") != "FieldsV1") return std::nullopt;
    if (const Json* fields = entry.find("fieldsV1"); fields != nullptr) {
      auto set = FieldSet::from_fields_v1(*fields);
      if (!set) return std::nullopt;
      manager.set = std::move(set).value();
      manager.set.member = false;
    }
    out.list.push_back(std::move(manager));
  }
  return out;
}

Json Managers::encode() const {
  std::vector<const Manager*> order;
  order.reserve(list.size());
  for (const Manager& manager : list) order.push_back(&manager);
  std::sort(order.begin(), order.end(), [](const Manager* a, const Manager* b) {
    return std::tie(a->operation, a->time, a->name, a->api_version, a->subresource) <
           std::tie(b->operation, b->time, b->name, b->api_version, b->subresource);
  });
  JsonArray out;
  out.reserve(order.size());
  for (const Manager* manager : order) {
    JsonObject entry;
    entry.set("manager", Json(manager->name));
    entry.set("operation", Json(manager->operation));
    entry.set("apiVersion", Json(manager->api_version));
    if (!manager->time.empty()) entry.set("time", Json(manager->time));
    entry.set("fieldsType", Json("FieldsV1"));
    entry.set("fieldsV1", manager->set.to_fields_v1());
    if (!manager->subresource.empty()) entry.set("subresource", Json(manager->subresource));
    out.push_back(Json(std::move(entry)));
  }
  return Json(std::move(out));
}

Manager* Managers::find(const Manager& like) {
  for (Manager& manager : list)
    if (manager.same_as(like)) return &manager;
  return nullptr;
}

void Managers::drop_empty() {
  std::erase_if(list, [](const Manager& m) { return m.set.empty(); });
}

void Managers::cap_updates() {
  std::vector<size_t> updates;
  for (size_t i = 0; i < list.size(); i++)
    if (!list[i].applied()) updates.push_back(i);
  if (updates.size() <= limits::kUpdateManagersMax) return;
  std::sort(updates.begin(), updates.end(), [&](size_t a, size_t b) {
    return std::tie(list[a].time, list[a].name) < std::tie(list[b].time, list[b].name);
  });
  // The first of a version becomes the bucket as soon as a second one joins it.
  std::map<std::string, size_t> bucket_of_version;
  size_t left = updates.size();
  for (size_t i : updates) {
    if (left <= limits::kUpdateManagersMax) break;
    Manager& manager = list[i];
    auto [bucket, first] = bucket_of_version.try_emplace(manager.api_version, i);
    if (first) continue;
    Manager& into = list[bucket->second];
    into.name = kBucket;
    into.subresource.clear();
    into.set.unite(std::move(manager.set));
    into.time = manager.time;
    manager.set = FieldSet();
    left--;
  }
  drop_empty();
}

}  // namespace engine
