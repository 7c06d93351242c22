#include "engine/norman/links.h"

#include "engine/base/text.h"
#include "engine/norman/norman.h"

namespace engine {
namespace {

// /v3/cluster + local -> /v3/clusters/local
std::string place_of(const SchemaView& schema, const ObjectPlace& place) {
  if (place.context.empty()) return place.base + schema.path();
  return place.base + schema.path() + "/" + place.context;
}

void add_references(const SchemaSet& schemas, const SchemaView& schema, const ObjectPlace& place,
                    Json& links) {
  const std::string wanted = "reference[" + schema.id() + "]";
  for (const std::string& id : schemas.ids(schema.path())) {
    // The text is looked at before it is parsed: most types refer to few others.
    if (schemas.published_text(schema.path(), id).find(wanted) == std::string_view::npos) continue;
    const SchemaView* other = schemas.published(schema.path(), id);
    if (!other->collection_method("GET")) continue;
    for (const Field& field : other->fields())
      if (field.type == wanted)
        links.set(other->plural(), place.base + schema.path() + "/" + other->plural() + "?" +
                                       field.name + "=" + place.id);
  }
}

void add_contents(const SchemaSet& schemas, const SchemaView& schema, const ObjectPlace& place,
                  Json& links) {
  if (schema.path() != "/v3" || (schema.id() != "cluster" && schema.id() != "project")) return;
  std::string inner = "/v3/" + schema.id();
  for (const std::string& id : schemas.ids(inner)) {
    if (schemas.published_text(inner, id).find("\"collectionMethods\"") == std::string_view::npos)
      continue;
    const SchemaView* other = schemas.published(inner, id);
    links.set(other->plural(), place.base + inner + "s/" + place.id + "/" + lower(other->plural()));
  }
  links.set("schemas", place.base + inner + "s/" + place.id + "/schemas");
}

// Facts write links from the root of the host.
void absolute_links(Json& document, const std::string& base, const Target& target) {
  Json* links = document.find("links");
  if (!links || !links->is_object()) return;
  for (auto& [name, url] : links->as_object()) {
    if (!url.is_string() || !url.as_string().starts_with('/')) continue;
    std::string path = url.as_string();
    if (!target.context.empty() && path.starts_with(target.path))
      path = target.path + "/" + target.context + path.substr(target.path.size());
    url = Json(base + path);
  }
}

Json schema_document(const SchemaSet& schemas, const Target& target, std::string_view id,
                     const std::string& base) {
  // Embedded facts parse; the tests read them all.
  Json out = MUST(parse_json(schemas.published_text(target.path, id)));
  absolute_links(out, base, target);
  return out;
}

Json root_document(const SchemaSet& schemas, const Target& target, const std::string& base) {
  std::string self = base + target.path + (target.context.empty() ? "" : "/" + target.context);
  Json links = Json::object({{"self", self}, {"root", self}});
  // A login needs nothing of what changes.
  if (target.path != "/v3-public") links.set("subscribe", self + "/subscribe");
  Json version;
  for (const std::string& id : schemas.ids(target.path)) {
    const bool first = version.is_null();
    if (!first && schemas.published_text(target.path, id).find("\"collectionMethods\"") ==
                      std::string_view::npos)
      continue;
    const SchemaView* schema = schemas.published(target.path, id);
    if (const Json* own = schema->json().find("version"); first && own) version = *own;
    if (schema->collection_method("GET"))
      links.set(schema->plural(), self + "/" + lower(schema->plural()));
  }
  return Json::object({{"type", "apiRoot"},
                       {"baseType", "apiRoot"},
                       {"apiVersion", std::move(version)},
                       {"links", std::move(links)}});
}

}  // namespace

Json object_links(const SchemaSet& schemas, const SchemaView& schema, const ObjectPlace& place) {
  std::string self = place_of(schema, place) + "/" + schema.plural() + "/" + place.id;
  Json links = Json::object({{"self", self}});
  if (place.update) links.set("update", self);
  if (place.remove) links.set("remove", self);
  if (schema.path() == "/v3") add_references(schemas, schema, place, links);
  add_contents(schemas, schema, place, links);
  return links;
}

Response describe(const SchemaSet& schemas, const Target& target, const std::string& base) {
  if (target.what == Target::What::root)
    return norman_response(200, root_document(schemas, target, base), base);
  if (target.schema)
    return norman_response(200, schema_document(schemas, target, target.schema->id(), base), base);
  std::string self =
      base + target.path + (target.context.empty() ? "" : "/" + target.context) + "/schemas";
  JsonArray data;
  for (const std::string& id : schemas.ids(target.path))
    data.push_back(schema_document(schemas, target, id, base));
  auto count = data.size();
  Json out =
      Json::object({{"type", "collection"},
                    {"resourceType", "schema"},
                    {"links", Json::object({{"self", self}})},
                    {"actions", Json::object()},
                    {"pagination", Json::object({{"limit", 1000}, {"total", count}})},
                    {"sort", Json::object({{"order", "asc"}, {"reverse", self + "?order=desc"}})},
                    {"data", std::move(data)}});
  return norman_response(200, out, base);
}

}  // namespace engine
