#include "engine/norman/links.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/norman/norman.h"

namespace engine {
namespace {

// What links to itself as YAML, as the recorded answers have it.
constexpr std::string_view kExported[] = {"catalog", "nodeDriver"};

// Types of /v3 that refer to a cluster are a part of it: /v3/clusters/ID/projects.
bool is_place(const SchemaView& schema) {
  return schema.path() == "/v3" && (schema.id() == "cluster" || schema.id() == "project");
}

void add_references(const SchemaSet& schemas, const SchemaView& schema, LinkPlan& plan) {
  const std::string wanted = "reference[" + schema.id() + "]";
  for (const std::string& id : schemas.ids(schema.path())) {
    // The text is looked at before it is parsed: most types refer to few others.
    if (schemas.published_text(schema.path(), id).find(wanted) == std::string_view::npos) continue;
    const SchemaView* other = schemas.published(schema.path(), id);
    if (!other->collection_method("GET")) continue;
    for (const Field& field : other->fields()) {
      if (field.type != wanted) continue;
      if (is_place(schema))
        plan.links.push_back(
            {other->plural(), "/v3/" + schema.id() + "s/", "/" + lower(other->plural())});
      else
        plan.links.push_back(
            {other->plural(), schema.path() + "/" + other->plural() + "?" + field.name + "=", ""});
    }
  }
}

void add_contents(const SchemaSet& schemas, const SchemaView& schema, LinkPlan& plan) {
  if (!is_place(schema)) return;
  const std::string inner = "/v3/" + schema.id(), place = inner + "s/";
  for (const std::string& id : schemas.ids(inner)) {
    if (schemas.published_text(inner, id).find("\"collectionMethods\"") == std::string_view::npos)
      continue;
    const SchemaView* other = schemas.published(inner, id);
    if (other->collection_method("GET"))
      plan.links.push_back({other->plural(), place, "/" + lower(other->plural())});
  }
  plan.links.push_back({"subscribe", place, "/subscribe"});
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
  Json out = MUST(parse_json(schemas.described_text(target.path, id)));
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

const LinkPlan& LinkPlans::of(const SchemaView& schema) const {
  {
    std::lock_guard lock(mutex_);
    if (auto found = known_.find(&schema); found != known_.end()) return *found->second;
  }
  auto plan = std::make_unique<LinkPlan>();
  plan->collection = "/" + schema.plural() + "/";
  if (schema.path() == "/v3") add_references(schemas_, schema, *plan);
  if (exports(schema))
    plan->links.push_back({"exportYaml", "/v3" + plan->collection, "/exportyaml"});
  add_contents(schemas_, schema, *plan);
  // By name, the later one of two: as a map of links has them.
  std::stable_sort(plan->links.begin(), plan->links.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  auto last = std::unique(plan->links.rbegin(), plan->links.rend(),
                          [](const auto& a, const auto& b) { return a.name == b.name; });
  plan->links.erase(plan->links.begin(), last.base());
  std::lock_guard lock(mutex_);
  return *known_.try_emplace(&schema, std::move(plan)).first->second;
}

bool LinkPlans::exports(const SchemaView& schema) {
  return schema.path() == "/v3" &&
         std::find(std::begin(kExported), std::end(kExported), schema.id()) != std::end(kExported);
}

std::string LinkPlans::self(const SchemaView& schema, const ObjectPlace& place) const {
  std::string out = place.base + schema.path();
  if (!place.context.empty()) out += "/" + place.context;
  // Ids are names, but for those of principals, which have slashes.
  const bool plain = place.id.find('/') == std::string::npos;
  return out + of(schema).collection + (plain ? place.id : percent_escaped(place.id, "-_.~:"));
}

Json LinkPlans::links(const SchemaView& schema, const ObjectPlace& place) const {
  const LinkPlan& plan = of(schema);
  std::string own = self(schema, place);
  Json links = Json::object({{"self", own}});
  if (place.update) links.set("update", own);
  if (place.remove) links.set("remove", own);
  for (const LinkPlan::Link& link : plan.links)
    links.set(link.name, place.base + link.before + place.id + link.after);
  if (!place.context.empty()) links.set("yaml", own + "/yaml");
  return links;
}

// The text between the places where a request's host and context stand.
struct Descriptions::Template {
  uint64_t generation = 0;
  std::string text;
  std::vector<std::string_view> pieces;
};

namespace {

// Stands for HOST, surface and context; no text of the facts has it.
constexpr std::string_view kHole = "@@place@@";

}  // namespace

std::shared_ptr<const Descriptions::Template> Descriptions::all_of(const std::string& path) const {
  const uint64_t generation = schemas_.generation();
  {
    std::lock_guard lock(mutex_);
    auto found = known_.find(path);
    if (found != known_.end() && found->second->generation == generation) return found->second;
  }
  const std::string hole(kHole), self = hole + "/schemas";
  JsonArray data;
  for (const std::string& id : schemas_.ids(path)) {
    Json schema = MUST(parse_json(schemas_.published_text(path, id)));  // facts parse
    if (Json* links = schema.find("links"))
      for (auto& [name, url] : links->as_object())
        url = Json(hole + url.as_string().substr(path.size()));
    data.push_back(std::move(schema));
  }
  auto count = data.size();
  Json document =
      Json::object({{"type", "collection"},
                    {"resourceType", "schema"},
                    {"links", Json::object({{"self", self}})},
                    {"actions", Json::object()},
                    {"pagination", Json::object({{"limit", 1000}, {"total", count}})},
                    {"sort", Json::object({{"order", "asc"}, {"reverse", self + "?order=desc"}})},
                    {"data", std::move(data)}});
  auto made = std::make_shared<Template>();
  made->generation = generation;
  made->text = dump(document);
  std::string_view rest = made->text;
  for (size_t at; (at = rest.find(kHole)) != std::string_view::npos;
       rest.remove_prefix(at + kHole.size()))
    made->pieces.push_back(rest.substr(0, at));
  made->pieces.push_back(rest);
  std::lock_guard lock(mutex_);
  known_[path] = made;
  return made;
}

Response Descriptions::roots(const std::string& base) const {
  JsonArray data;
  for (std::string_view path : {"/meta", "/v3", "/v3/cluster", "/v3/project"}) {
    Target root;
    root.path = path;
    data.push_back(root_document(schemas_, root, base));
  }
  const std::string self = base + "/meta/apiroots";
  Json document =
      Json::object({{"type", "collection"},
                    {"resourceType", "apiRoot"},
                    {"links", Json::object({{"self", self}})},
                    {"actions", Json::object()},
                    {"pagination", Json::object({{"limit", 1000}, {"total", data.size()}})},
                    {"sort", Json::object({{"order", "asc"}, {"reverse", self + "?order=desc"}})},
                    {"data", std::move(data)}});
  return norman_response(200, document, base);
}

Response Descriptions::describe(const Target& target, const std::string& base) const {
  if (target.what == Target::What::root)
    return norman_response(200, root_document(schemas_, target, base), base);
  if (!target.id.empty())
    return norman_response(200, schema_document(schemas_, target, target.id, base), base);
  const auto held = all_of(target.path);
  const Template& all = *held;
  // The host goes into JSON text: what could end a string in it is escaped.
  std::string place =
      dump(Json(base + target.path + (target.context.empty() ? "" : "/") + target.context));
  std::string_view bare = std::string_view(place).substr(1, place.size() - 2);
  std::string body;
  body.reserve(all.text.size() + all.pieces.size() * bare.size());
  for (size_t i = 0; i < all.pieces.size(); i++) {
    if (i > 0) body += bare;
    body += all.pieces[i];
  }
  return norman_text(200, std::move(body), base);
}

}  // namespace engine
