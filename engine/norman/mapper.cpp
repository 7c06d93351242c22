#include "engine/norman/mapper.h"

#include <algorithm>
#include <array>
#include <set>

#include "engine/norman/node_mappers.h"
#include "engine/norman/project_mappers.h"
#include "engine/norman/workload_mappers.h"

namespace engine {
namespace {

constexpr std::string_view kAnnotationPrefix = "field.cattle.io/";
constexpr int kDepthMax = 24;  // deeper than any type of the facts nests

// Those that only shape schemas, which the facts already hold shaped.
constexpr std::array<std::string_view, 11> kSchemaOnly = {
    "Status",   "APIGroup", "SelfLink",       "ReadOnly",           "Access",    "ChangeType",
    "Required", "Enum",     "DropFromSchema", "NamespaceReference", "typeMapper"};
constexpr std::array<std::string_view, 20> kKnown = {"Object",
                                                     "SetValue",
                                                     "PersistVolumeClaim",
                                                     "Embed",
                                                     "Drop",
                                                     "Move",
                                                     "Copy",
                                                     "Scope",
                                                     "NamespaceIDMapper",
                                                     "RenameReference",
                                                     "Creator",
                                                     "DisplayName",
                                                     "AnnotationField",
                                                     "LabelField",
                                                     "NodeAddressMapper",
                                                     "OSInfo",
                                                     "NodeAddressAnnotationMapper",
                                                     "SliceToMap",
                                                     "SliceMerge",
                                                     "BatchMove"};

bool contains(const auto& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts(1);
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size())
      parts.back() += path[++i];
    else if (path[i] == '/')
      parts.emplace_back();
    else
      parts.back() += path[i];
  }
  return parts;
}

std::optional<Json> take(Json& data, std::string_view path) {
  auto parts = split_path(path);
  Json* at = &data;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    at = at->find(parts[i]);
    if (!at || !at->is_object()) return std::nullopt;
  }
  Json* found = at->find(parts.back());
  if (!found) return std::nullopt;
  Json value = std::move(*found);
  at->erase(parts.back());
  return value;
}

void put(Json& data, std::string_view path, Json value) {
  auto parts = split_path(path);
  Json* at = &data;
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    Json& next = (*at)[parts[i]];
    if (!next.is_object()) next = Json::object();
    at = &next;
  }
  at->set(parts.back(), std::move(value));
}

// An object that only holds what is moved out of it is not stored.
void drop_empty_parent(Json& data, std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return;
  const std::string_view parent = path.substr(0, slash);
  auto value = take(data, parent);
  if (value && !(value->is_object() && value->size() == 0)) put(data, parent, std::move(*value));
}

void move(Json& data, std::string_view from, std::string_view to) {
  // A destination that starts with a dot is hidden from clients: the value goes.
  auto value = take(data, from);
  if (value && !to.starts_with('.')) put(data, to, std::move(*value));
}

// A copy of a reference is a reference too, and clients know it as one: clusterName as clusterId.
// It is not among the stored fields, so RenameReference does not see it.
std::string copied_name(const Json& mapper) {
  std::string to(mapper.str("To"));
  if (mapper.str("From").ends_with("Id") && to.ends_with("Name"))
    to.replace(to.size() - 4, 4, "Id");
  return to;
}

void copy_to_api(const Json& mapper, Json& data) {
  if (const Json* from = data.find(mapper.str("From"))) data.set(copied_name(mapper), Json(*from));
}

void copy_to_stored(const Json& mapper, Json& data) {
  auto value = take(data, copied_name(mapper));
  if (value && !data.find(mapper.str("From"))) data.set(mapper.str("From"), std::move(*value));
}

void annotation_to_api(const Json& mapper, Json& data) {
  std::string key(kAnnotationPrefix);
  key += mapper.str("Field");
  Json* annotations = data.find("annotations");
  Json* found = annotations ? annotations->find(key) : nullptr;
  if (!found) return;
  Json value = std::move(*found);
  annotations->erase(key);
  if ((mapper.truth({"Object"}) || mapper.truth({"List"})) && value.is_string()) {
    auto parsed = parse_json(value.as_string());
    value = parsed ? std::move(*parsed)
                   : Json();  // an annotation that somebody spoilt reads as not set
  }
  data.set(mapper.str("Field"), std::move(value));
}

void annotation_to_stored(const Json& mapper, Json& data) {
  auto value = take(data, mapper.str("Field"));
  if (!value || value->is_null()) return;
  std::string text = value->is_string() ? value->as_string() : dump(*value);
  std::string key(kAnnotationPrefix);
  key += mapper.str("Field");
  Json& annotations = data["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  annotations.set(key, std::move(text));
}

}  // namespace

const Json* Mapper::mapping(std::string_view path, std::string_view type) const {
  if (const Json* found = schemas_.mapping(path, type)) return found;
  for (std::string_view other : {"/v3", "/v3/cluster", "/v3/project"})
    if (const Json* found = schemas_.mapping(other, type)) return found;
  return nullptr;
}

bool Mapper::knows(std::string_view path, std::string_view type) const {
  std::set<std::string, std::less<>> seen;
  std::vector<std::string> todo{std::string(type)};
  auto check = [&](const Json& mappers, auto&& self) -> bool {
    if (mappers.is_array())
      return std::all_of(mappers.as_array().begin(), mappers.as_array().end(),
                         [&](const Json& m) { return self(m, self); });
    std::string_view name = mappers.str("mapper");
    const Json* inner = mappers.find("Mappers");
    bool known = contains(kSchemaOnly, name) || contains(kKnown, name) || is_workload_mapper(name);
    return known && (!inner || self(*inner, self));
  };
  while (!todo.empty()) {
    std::string next = std::move(todo.back());
    todo.pop_back();
    if (!seen.insert(next).second) continue;
    const Json* found = mapping(path, next);
    if (!found) continue;
    const Json* chain = found->find("mappers");
    if (chain && !check(*chain, check)) return false;
    const Json* fields = found->find("fields");
    if (!fields || !fields->is_object()) continue;
    for (const auto& [name, field] : fields->as_object()) {
      TypeName nested = split_type(field.str("type"));
      if (!nested.is_reference())
        todo.emplace_back(nested.inner.empty() ? nested.outer : nested.inner);
    }
  }
  return mapping(path, type) != nullptr;
}

bool Mapper::has_display_name(const SchemaView& schema) const {
  const Json* found = mapping(schema.path(), schema.id());
  const Json* chain = found ? found->find("mappers") : nullptr;
  auto contains_it = [](const Json& mappers, auto&& self) -> bool {
    if (mappers.is_array())
      return std::any_of(mappers.as_array().begin(), mappers.as_array().end(),
                         [&](const Json& m) { return self(m, self); });
    const Json* inner = mappers.find("Mappers");
    return mappers.str("mapper") == "DisplayName" || (inner && self(*inner, self));
  };
  return chain && contains_it(*chain, contains_it);
}

void Mapper::to_api(const SchemaView& schema, Json& object) const {
  std::string ns(object.str({"metadata", "namespace"})), name(object.str({"metadata", "name"}));
  map_type(Way::to_api, schema.path(), schema.id(), schema.namespaced(), object, 0);
  object.set("id", ns.empty() || !schema.namespaced() ? name : ns + ":" + name);
}

void Mapper::to_stored(const SchemaView& schema, Json& object) const {
  map_type(Way::to_stored, schema.path(), schema.id(), schema.namespaced(), object, 0);
}

void Mapper::map_type(Way way, std::string_view path, std::string_view type, bool namespaced,
                      Json& data, int depth) const {
  const Json* found = data.is_object() && depth < kDepthMax ? mapping(path, type) : nullptr;
  if (!found) return;
  const Json* chain = found->find("mappers");
  Site site{path, type, found->find("fields"), chain, namespaced};
  if (way == Way::to_api) map_nested(way, site, data, depth);
  if (chain) run(way, site, *chain, data);
  if (way == Way::to_stored) map_nested(way, site, data, depth);
}

void Mapper::map_nested(Way way, const Site& site, Json& data, int depth) const {
  if (!site.fields || !site.fields->is_object()) return;
  for (const auto& [name, field] : site.fields->as_object()) {
    Json* value = data.find(name);
    if (!value || !(value->is_object() || value->is_array())) continue;
    TypeName type = split_type(field.str("type"));
    std::string_view nested = type.inner.empty() ? type.outer : type.inner;
    if (type.is_reference() || !mapping(site.path, nested)) continue;
    if (type.inner.empty() && value->is_object()) {
      map_type(way, site.path, nested, false, *value, depth + 1);
    } else if (type.is_array() && value->is_array()) {
      for (Json& item : value->as_array()) map_type(way, site.path, nested, false, item, depth + 1);
    } else if (type.is_map() && value->is_object()) {
      for (auto& [key, item] : value->as_object())
        map_type(way, site.path, nested, false, item, depth + 1);
    }
  }
}

void Mapper::run(Way way, const Site& site, const Json& mappers, Json& data) const {
  if (!mappers.is_array()) return run_one(way, site, mappers, data);
  const JsonArray& list = mappers.as_array();
  if (way == Way::to_api)
    for (const Json& mapper : list) run(way, site, mapper, data);
  else
    for (auto mapper = list.rbegin(); mapper != list.rend(); ++mapper)
      run(way, site, *mapper, data);
}

void Mapper::run_one(Way way, const Site& site, const Json& mapper, Json& data) const {
  std::string_view name = mapper.str("mapper");
  std::string_view field = mapper.str("Field");
  const bool out = way == Way::to_api;
  const Json* inner = mapper.find("Mappers");
  if (name == "typeMapper" || name == "Object") {
    if (inner) run(way, site, *inner, data);
  } else if (name == "Scope") {
    bool applies = mapper.str("If") == "namespace" ? site.namespaced : !site.namespaced;
    if (applies && inner) run(way, site, *inner, data);
  } else if (name == "Embed") {
    embed(way, site, mapper, data);
  } else if (name == "Drop") {
    if (out) data.erase(field);
  } else if (name == "Move") {
    out ? move(data, mapper.str("From"), mapper.str("To"))
        : move(data, mapper.str("To"), mapper.str("From"));
    if (!out) drop_empty_parent(data, mapper.str("To"));
  } else if (name == "Copy") {
    out ? copy_to_api(mapper, data) : copy_to_stored(mapper, data);
  } else if (name == "BatchMove") {
    const Json* from = mapper.find("From");
    for (const Json& item : from->as_array()) {
      std::string nested = std::string(mapper.str("To")) + "/" + item.as_string();
      out ? move(data, item.as_string(), nested) : move(data, nested, item.as_string());
    }
    if (!out) drop_empty_parent(data, std::string(mapper.str("To")) + "/");
  } else if (name == "NamespaceIDMapper") {
    out ? move(data, "namespace", "namespaceId") : move(data, "namespaceId", "namespace");
  } else if (name == "RenameReference") {
    rename_references(way, site, data);
  } else if (name == "Creator") {
    Json creator = Json::object({{"mapper", "AnnotationField"}, {"Field", "creatorId"}});
    out ? annotation_to_api(creator, data) : annotation_to_stored(creator, data);
  } else if (name == "DisplayName") {
    out ? move(data, "displayName", "name") : move(data, "name", "displayName");
  } else if (name == "AnnotationField") {
    annotation_field(way, mapper, data);
  } else if (name == "LabelField") {
    std::string label = "labels/" +
                        std::string(kAnnotationPrefix.substr(0, kAnnotationPrefix.size() - 1)) +
                        "\\/" + std::string(field);
    out ? move(data, label, field) : move(data, field, label);
  } else if (is_workload_mapper(name)) {
    run_workload_mapper(out ? MapWay::to_api : MapWay::to_stored, name, data);
  } else if (out) {
    run_node_mapper(mapper, data);
    run_project_mapper_to_api(mapper, data);
  } else {
    run_project_mapper_to_stored(mapper, data);
  }
}

void Mapper::annotation_field(Way way, const Json& mapper, Json& data) {
  const bool endpoints = mapper.str("Field") == "publicEndpoints";
  if (way == Way::to_api) annotation_to_api(mapper, data);
  if (Json* found = endpoints ? data.find("publicEndpoints") : nullptr)
    map_public_endpoints(way == Way::to_api ? MapWay::to_api : MapWay::to_stored, *found);
  if (way == Way::to_stored) annotation_to_stored(mapper, data);
}

namespace {

// What a chain moves to a name before it is embedded; null: nothing.
const Json* moved_to(const Json& mappers, std::string_view to) {
  if (mappers.is_array()) {
    for (const Json& one : mappers.as_array())
      if (const Json* found = moved_to(one, to)) return found;
    return nullptr;
  }
  if (mappers.str("mapper") == "Move" && mappers.str("To") == to) return &mappers;
  const Json* inner = mappers.find("Mappers");
  return inner ? moved_to(*inner, to) : nullptr;
}

}  // namespace

// The type of a field, also of one that was moved there or came with the embedded spec.
std::string_view Mapper::type_of(const Site& site, std::string_view field) const {
  if (!site.fields) return {};
  if (const Json* declared = site.fields->find(field)) return declared->str("type");
  if (const Json* move = site.chain ? moved_to(*site.chain, field) : nullptr)
    if (const Json* declared = site.fields->find(move->str("From"))) return declared->str("type");
  const Json* spec = site.fields->find("spec");
  const Json* inner = spec ? mapping(site.path, spec->str("type")) : nullptr;
  const Json* fields = inner ? inner->find("fields") : nullptr;
  const Json* declared = fields ? fields->find(field) : nullptr;
  return declared ? declared->str("type") : std::string_view();
}

void Mapper::embed(Way way, const Site& site, const Json& mapper, Json& data) const {
  std::string_view field = mapper.str("Field");
  if (way == Way::to_api) {
    auto nested = take(data, field);
    if (!nested || !nested->is_object()) return;
    for (auto& [name, value] : nested->as_object()) data.set(name, std::move(value));
    return;
  }
  const std::string_view type = type_of(site, field);
  const SchemaView* shape = type.empty() ? nullptr : schemas_.any(site.path, type);
  if (!shape) return;
  Json nested = Json::object();
  for (const Field& inner : shape->fields())
    if (auto value = take(data, std::string_view(inner.name)))
      nested.set(inner.name, std::move(*value));
  if (nested.size() > 0) data.set(field, std::move(nested));
}

// Which names a type's references have stored and in the API. The stored fields say it of some; of
// others only the API does, which has nodeId where nodeName is stored.
const Mapper::Renames& Mapper::renames(const Site& site) const {
  std::lock_guard lock(renames_mutex_);
  auto [at, fresh] = renames_.try_emplace(site.fields);
  if (!fresh) return at->second;
  Renames& out = at->second;
  for (const auto& [name, field] : site.fields->as_object()) {
    std::string_view type = field.str("type");
    const bool many = type.starts_with("array[");
    const bool plural = many && name.ends_with("Names");
    if (type.find("reference[") == std::string_view::npos) continue;
    if (!plural && !name.ends_with("Name")) continue;
    out.emplace_back(name, name.substr(0, name.size() - (plural ? 5 : 4)) + (many ? "Ids" : "Id"));
  }
  const SchemaView* shape = schemas_.any(site.path, site.type);
  if (!shape) return out;
  for (const Field& field : shape->fields()) {
    if (!field.name.ends_with("Id") || !split_type(field.type).is_reference()) continue;
    std::string stored = field.name.substr(0, field.name.size() - 2) + "Name";
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const auto& one) { return one.second == field.name; });
    if (!known && !shape->field(stored) && !site.fields->find(field.name) &&
        (site.fields->find(stored) || (site.chain && moved_to(*site.chain, stored))))
      out.emplace_back(std::move(stored), field.name);
  }
  return out;
}

void Mapper::rename_references(Way way, const Site& site, Json& data) const {
  if (!site.fields || !site.fields->is_object()) return;
  for (const auto& [stored, api] : renames(site)) {
    const std::string& from = way == Way::to_api ? stored : api;
    Json* found = data.find(from);
    if (!found) continue;
    Json value = std::move(*found);
    data.erase(from);
    data.set(way == Way::to_api ? api : stored, std::move(value));
  }
}

}  // namespace engine
