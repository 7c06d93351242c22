#include "engine/norman/dynamic_schemas.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/limits.h"

namespace engine {
namespace {

constexpr std::string_view kPath = "/v3";

// A default is kept under the name of its type; others than these have none.
const Json* default_of(const Json& field, std::string_view type) {
  std::string_view member = type == "string" || type == "password" ? "stringValue"
                            : type == "int"                        ? "intValue"
                            : type == "boolean"                    ? "boolValue"
                            : type == "array[string]"              ? "stringSliceValue"
                                                                   : "";
  const Json* found = member.empty() ? nullptr : field.at({"default", member});
  return found && !found->is_null() ? found : nullptr;
}

Json shown_field(const Json& field) {
  Json out = Json::object();
  for (const auto& [name, value] : field.as_object())
    if (name != "default") out.set(name, Json(value));
  if (const Json* otherwise = default_of(field, field.str("type")))
    out.set("default", Json(*otherwise));
  for (std::string_view always : {"create", "update"})
    if (!out.find(always)) out.set(always, false);
  out.set("dynamicField", true);
  return out;
}

std::string plural_of(const std::string& id) {
  if (id.ends_with("s") || id.ends_with("x") || id.ends_with("ch")) return id + "es";
  if (id.ends_with("y")) return id.substr(0, id.size() - 1) + "ies";
  return id + "s";
}

class Making {
 public:
  Making(const SchemaSet& schemas, const JsonArray& objects) : schemas_(schemas) {
    for (const Json& object : objects) read(object);
  }

  std::vector<LaidOver> done() {
    std::vector<LaidOver> out;
    std::set<std::string> listed;
    for (auto& [parent, fields] : embedded_) {
      Json schema = MUST(parse_json(schemas_.original_text(kPath, parent)));  // a fact
      add_fields(schema, fields, listed);
      out.push_back({.kind = 'P', .id = parent, .text = dump(schema)});
    }
    // A listed type's own fields may be of others.
    for (std::vector<std::string> ahead(listed.begin(), listed.end()); !ahead.empty();) {
      std::string id = std::move(ahead.back());
      ahead.pop_back();
      for (std::string& next : types_of(types_[id]))
        if (types_.count(next) && listed.insert(next).second) ahead.push_back(std::move(next));
    }
    for (auto& [id, schema] : types_)
      out.push_back({.kind = listed.count(id) ? 'P' : 'D', .id = id, .text = dump(schema)});
    return out;
  }

 private:
  void read(const Json& object) {
    const Json* spec = object.find("spec");
    const Json* fields = spec ? spec->find("resourceFields") : nullptr;
    if (!fields || !fields->is_object()) return;
    if (spec->truth({"embed"})) {
      const SchemaView* parent = schemas_.original(kPath, spec->str("embedType"));
      if (!parent || !parent->collection_method("GET")) return;
      for (const auto& [name, field] : fields->as_object())
        if (field.is_object() && !parent->field(name))
          embedded_[parent->id()][name] = shown_field(field);
      return;
    }
    std::string id(spec->str("schemaName", object.str({"metadata", "name"})));
    if (id.empty() || schemas_.has_original(kPath, id)) return;
    types_[id] = type(id, *spec, *fields);
  }

  static Json type(const std::string& id, const Json& spec, const Json& fields) {
    std::map<std::string, Json> shown;
    for (const auto& [name, field] : fields.as_object())
      if (field.is_object()) shown[name] = shown_field(field);
    Json resource_fields = Json::object();
    for (auto& [name, field] : shown) resource_fields.set(name, std::move(field));
    return Json::object(
        {{"baseType", "schema"},
         {"id", id},
         {"links", Json::object({{"self", std::string(kPath) + "/schemas/" + id}})},
         {"pluralName",
          spec.str("pluralName").empty() ? plural_of(id) : std::string(spec.str("pluralName"))},
         {"resourceFields", std::move(resource_fields)},
         {"type", "schema"},
         {"version",
          Json::object({{"group", "management.cattle.io"}, {"path", kPath}, {"version", "v3"}})}});
  }

  void add_fields(Json& schema, std::map<std::string, Json>& fields,
                  std::set<std::string>& listed) {
    for (const auto& [name, field] : fields) {
      TypeName type = split_type(field.str("type"));
      std::string id(bare_type(type.inner.empty() ? type.outer : type.inner));
      if (types_.count(id)) listed.insert(std::move(id));
    }
    Json* own = schema.find("resourceFields");
    for (const auto& [name, field] : own->as_object()) fields.try_emplace(name, Json(field));
    Json sorted = Json::object();
    for (const auto& [name, field] : fields) sorted.set(name, Json(field));
    *own = std::move(sorted);
  }

  static std::vector<std::string> types_of(const Json& schema) {
    std::vector<std::string> out;
    const Json* fields = schema.find("resourceFields");
    if (!fields) return out;
    for (const auto& [name, field] : fields->as_object()) {
      TypeName type = split_type(field.str("type"));
      out.emplace_back(bare_type(type.inner.empty() ? type.outer : type.inner));
    }
    return out;
  }

  const SchemaSet& schemas_;
  std::map<std::string, std::map<std::string, Json>> embedded_;  // parent -> field -> as shown
  std::map<std::string, Json> types_;
};

}  // namespace

std::vector<LaidOver> dynamic_schemas(const SchemaSet& schemas, const JsonArray& objects) {
  return Making(schemas, objects).done();
}

void DynamicSchemas::catch_up() {
  const std::atomic<Revision>* changed = changed_.load(std::memory_order_acquire);
  if (changed && changed->load(std::memory_order_acquire) == seen_.load(std::memory_order_acquire))
    return;
  KindPtr kind = registry_.kinds().snapshot()->stored("management.cattle.io", "dynamicschemas");
  if (!kind) return;
  if (!changed) {
    auto made = dispatcher_.changed(*kind);
    if (!made) return;
    std::lock_guard lock(mutex_);
    if (!held_) held_ = std::move(*made);
    changed = held_.get();
    changed_.store(changed, std::memory_order_release);
  }
  // What was not read now is read by the next request.
  (void)read(changed->load(std::memory_order_acquire));
}

Result<Unit> DynamicSchemas::read(Revision seen) {
  KindPtr kind = registry_.kinds().snapshot()->stored("management.cattle.io", "dynamicschemas");
  TRY(dispatcher_.fresh(env_.now() + limits::kCacheWait));
  auto all = TRY(dispatcher_.list(*kind, "", nullptr, "", kDynamicSchemasMax));
  JsonArray objects;
  for (const auto& cached : all.objects) objects.push_back(TRY(parse_json(*cached->bytes)));
  std::vector<LaidOver> laid_over = dynamic_schemas(schemas_, objects);
  std::lock_guard lock(mutex_);
  const Revision before = seen_.load(std::memory_order_relaxed);
  if (before != kNever && seen < before) return Unit{};  // another was newer
  schemas_.lay_over(std::move(laid_over));
  seen_.store(seen, std::memory_order_release);
  return Unit{};
}

}  // namespace engine
