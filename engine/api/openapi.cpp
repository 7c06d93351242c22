#include "engine/api/openapi.h"

#include <algorithm>
#include <set>

#include "engine/api/openapi_parts.h"
#include "engine/api/openapi_proto.h"
#include "engine/base/digest.h"

namespace engine {

namespace {

constexpr std::string_view kMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr std::string_view kV2Reference = "#/definitions/";
constexpr std::string_view kV3Reference = "#/components/schemas/";
constexpr std::string_view kScale = "io.k8s.api.autoscaling.v1.Scale";

bool served(const Kind& kind, std::string_view group, std::string_view version) {
  return kind.group == group && kind.version == version;
}

// Every document speaks of these.
void add_common(DefinitionClosure& closure) {
  for (const char* name : {"APIResourceList", "DeleteOptions", "Patch", "Status", "WatchEvent"}) {
    closure.add(std::string(kMeta) + name);
  }
}

constexpr std::string_view kVersion = "v1.36.3";
constexpr std::string_view kBearer =
    R"({"BearerToken":{"type":"apiKey","description":"Bearer Token authentication",)"
    R"("name":"authorization","in":"header"}})";

void convert_v3(Json& node);

void convert_children(Json& node) {
  if (Json* properties = node.find("properties"); properties && properties->is_object()) {
    for (auto& [name, child] : properties->as_object()) convert_v3(child);
  }
  for (const char* key : {"items", "additionalProperties", "not"}) {
    if (Json* child = node.find(key)) convert_v3(*child);
  }
  for (const char* key : {"allOf", "anyOf", "oneOf"}) {
    Json* list = node.find(key);
    if (list == nullptr || !list->is_array()) continue;
    for (Json& child : list->as_array()) convert_v3(child);
  }
}

void convert_v3(Json& node) {
  if (!node.is_object()) return;
  std::string_view reference = node.str("$ref");
  if (reference.starts_with(kV2Reference)) {
    Json target = Json::object(
        {{"$ref", std::string(kV3Reference) + std::string(reference.substr(kV2Reference.size()))}});
    if (node.size() == 1) {
      node = std::move(target);
      return;
    }
    node.erase("$ref");
    node.set("allOf", Json::array({std::move(target)}));
    return;
  }
  convert_children(node);
}

// v2 has no way to say these; upstream leaves them out of it.
void strip_for_v2(Json& node) {
  if (!node.is_object()) return;
  for (const char* key : {"oneOf", "anyOf", "not", "nullable", "default"}) node.erase(key);
  // What takes several types, or keeps what it does not know, is of no type to v2.
  if (node.truth({"x-kubernetes-preserve-unknown-fields"}) ||
      node.truth({"x-kubernetes-int-or-string"})) {
    node.erase("type");
    node.erase("properties");
    node.erase("items");
  }
  if (Json* properties = node.find("properties"); properties && properties->is_object()) {
    for (auto& [name, child] : properties->as_object()) strip_for_v2(child);
  }
  for (const char* key : {"items", "additionalProperties"}) {
    if (Json* child = node.find(key)) strip_for_v2(*child);
  }
}

// Upstream's v2 has no defaults at all. A member named so is a property, and stays.
void drop_defaults(Json& node) {
  if (!node.is_object()) return;
  node.erase("default");
  if (Json* properties = node.find("properties"); properties && properties->is_object())
    for (auto& [name, child] : properties->as_object()) drop_defaults(child);
  for (const char* key : {"items", "additionalProperties"})
    if (Json* child = node.find(key)) drop_defaults(*child);
}

Json gvk(const Kind& kind, std::string_view name) {
  return Json::array(
      {Json::object({{"group", kind.group}, {"kind", name}, {"version", kind.version}})});
}

}  // namespace

Json definition_as_v3(Json definition, std::string_view name) {
  convert_v3(definition);
  if (name == "io.k8s.apimachinery.pkg.api.resource.Quantity") {
    definition.erase("type");
    definition.set("oneOf", Json::array({Json::object({{"type", "string"}}),
                                         Json::object({{"type", "number"}})}));
  }
  if (name == "io.k8s.apimachinery.pkg.util.intstr.IntOrString") {
    definition.erase("type");
    definition.set("oneOf", Json::array({Json::object({{"type", "integer"}}),
                                         Json::object({{"type", "string"}})}));
  }
  return definition;
}

Json custom_definition(const Kind& kind, OpenApiVersion version) {
  // Our own bytes: they were a Json before.
  Json out = MUST(parse_json(kind.definition_text()));
  if (version == OpenApiVersion::v2) strip_for_v2(out);
  bool open = out.truth({"x-kubernetes-preserve-unknown-fields"});
  if (!open || out.find("properties") != nullptr || version == OpenApiVersion::v3) {
    Json& properties = out["properties"];
    for (const char* name : {"apiVersion", "kind"}) {
      properties.set(name, Json::object({{"type", "string"}}));
    }
    properties.set(
        "metadata",
        Json::object({{"$ref", std::string(kV2Reference) + std::string(kMeta) + "ObjectMeta"}}));
  }
  out.set("type", Json("object"));
  out.set("x-kubernetes-group-version-kind", gvk(kind, kind.kind));
  return out;
}

Json custom_list_definition(const Kind& kind) {
  Json out = Json::object({{"type", "object"}, {"required", Json::array({"items"})}});
  Json& properties = out["properties"];
  properties.set("apiVersion", Json::object({{"type", "string"}}));
  properties.set("items", Json::object({{"type", "array"},
                                        {"items", Json::object({{"$ref", std::string(kV2Reference) +
                                                                             kind.definition}})}}));
  properties.set("kind", Json::object({{"type", "string"}}));
  properties.set(
      "metadata",
      Json::object({{"$ref", std::string(kV2Reference) + std::string(kMeta) + "ListMeta"}}));
  out.set("x-kubernetes-group-version-kind", gvk(kind, kind.list_kind));
  return out;
}

void DefinitionClosure::add_kind(const Kind& kind) {
  if (kind.crd_name.empty()) {
    add(kind.definition);
    if (!kind.list_kind.empty()) add(kind.definition + "List");
  } else if (all_.insert({kind.definition, &kind}).second) {
    all_.insert({kind.definition + "List", &kind});
    add(std::string(kMeta) + "ObjectMeta");
    add(std::string(kMeta) + "ListMeta");
  }
  if (kind.has_subresource("scale")) add(kScale);
}

void DefinitionClosure::add(std::string_view name) {
  const DefinitionSource* source = kinds_.definitions();
  if (source == nullptr) return;
  std::vector<std::string> todo = {std::string(name)};
  while (!todo.empty()) {
    std::string next = std::move(todo.back());
    todo.pop_back();
    if (all_.contains({next, nullptr})) continue;
    auto text = source->definition(next);
    if (!text) continue;
    all_.insert({std::move(next), nullptr});
    // References are found in the text: parsing it would only be to look for them.
    constexpr std::string_view kMark = "\"#/definitions/";
    for (size_t at = text->find(kMark); at != std::string::npos; at = text->find(kMark, at + 1)) {
      size_t from = at + kMark.size();
      todo.push_back(text->substr(from, text->find('"', from) - from));
    }
  }
}

std::string DefinitionClosure::text_of(const Definition& definition) const {
  return kinds_.definitions()->definition(definition.name).value_or("{}");
}

void DefinitionClosure::write(std::string& out, OpenApiVersion version) const {
  bool first = true;
  for (const Definition& d : all_) {
    if (!first) out += ',';
    first = false;
    out.append("\"").append(d.name).append("\":");
    if (d.custom == nullptr && version == OpenApiVersion::v2) {
      std::string text = text_of(d);
      // Few have any: the others are copied as they are.
      if (text.find("\"default\":") != std::string::npos) {
        Json without = MUST(parse_json(text));  // our own build wrote it
        drop_defaults(without);
        text = dump(without);
      }
      out += text;
      continue;
    }
    Json definition;
    if (d.custom == nullptr) {
      // Our own build wrote it.
      definition = MUST(parse_json(text_of(d)));
    } else {
      definition = d.name == d.custom->definition ? custom_definition(*d.custom, version)
                                                  : custom_list_definition(*d.custom);
    }
    if (version == OpenApiVersion::v3) definition = definition_as_v3(std::move(definition), d.name);
    dump_to(out, definition);
  }
}

void DefinitionClosure::each(
    const std::function<void(std::string_view name, const Json& definition)>& take) const {
  for (const Definition& d : all_) {
    if (d.custom == nullptr) {
      // Our own build wrote it.
      Json definition = MUST(parse_json(text_of(d)));
      drop_defaults(definition);  // for v2 alone
      take(d.name, definition);
    } else {
      take(d.name, d.name == d.custom->definition ? custom_definition(*d.custom, OpenApiVersion::v2)
                                                  : custom_list_definition(*d.custom));
    }
  }
}

std::string openapi_v3_hash(const KindSnapshot& kinds, std::string_view group,
                            std::string_view version) {
  // Built-in kinds change with the program only; a CRD's with its text.
  std::string all = "1";
  for (const KindPtr& kind : kinds.all()) {
    if (!served(*kind, group, version)) continue;
    all.append("\n").append(kind->definition);
    for (const std::string& sub : kind->subresources) all.append(" ").append(sub);
    all.append(kind->crd_name.empty() ? kind->storage_hash : kind->definition_text());
  }
  return sha256_hex(all);
}

Json openapi_v3_index(const KindSnapshot& kinds) {
  Json paths = Json::object();
  for (const KindPtr& kind : kinds.all()) {
    std::string root = openapi_root(*kind).substr(1);
    if (paths.find(root) != nullptr) continue;
    std::string hash = openapi_v3_hash(kinds, kind->group, kind->version);
    paths.set(root, Json::object({{"serverRelativeURL", "/openapi/v3/" + root + "?hash=" + hash}}));
  }
  return Json::object({{"paths", std::move(paths)}});
}

std::optional<std::string> openapi_v3_document(const KindSnapshot& kinds, std::string_view group,
                                               std::string_view version) {
  DefinitionClosure closure(kinds);
  JsonObject paths;
  for (const KindPtr& kind : kinds.all()) {
    if (!served(*kind, group, version)) continue;
    add_paths(paths, *kind, OpenApiVersion::v3);
    closure.add_kind(*kind);
  }
  if (paths.empty()) return std::nullopt;
  add_common(closure);
  std::string out = "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":\"";
  out.append(kVersion).append("\"},\"paths\":");
  dump_to(out, Json(std::move(paths)));
  out += ",\"components\":{\"schemas\":{";
  closure.write(out, OpenApiVersion::v3);
  out.append("},\"securitySchemes\":").append(kBearer).append("}}");
  return out;
}

std::string openapi_v2_document(const KindSnapshot& kinds) {
  DefinitionClosure closure(kinds);
  std::string out = "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":\"";
  out.append(kVersion).append("\"},\"paths\":");
  JsonObject paths;
  for (const KindPtr& kind : kinds.all()) {
    add_paths(paths, *kind, OpenApiVersion::v2);
    closure.add_kind(*kind);
  }
  add_common(closure);
  dump_to(out, Json(std::move(paths)));
  out += ",\"definitions\":{";
  closure.write(out, OpenApiVersion::v2);
  out.append("},\"securityDefinitions\":").append(kBearer);
  out += ",\"security\":[{\"BearerToken\":[]}]}";
  return out;
}

std::string openapi_v2_protobuf(const KindSnapshot& kinds) {
  DefinitionClosure closure(kinds);
  OpenApiProto out("Kubernetes", kVersion);
  for (const KindPtr& kind : kinds.all()) {
    JsonObject paths;
    add_paths(paths, *kind, OpenApiVersion::v2);
    for (const auto& [path, item] : paths) out.add_path(path, item);
    closure.add_kind(*kind);
  }
  add_common(closure);
  closure.each([&](std::string_view name, const Json& node) { out.add_definition(name, node); });
  return out.finish();
}

namespace {

enum class Form : uint8_t { none, json, protobuf };

// The first form of the client's list that we have; */* and no Accept take JSON.
Form wanted_form(const Request& request, bool has_protobuf) {
  std::string all;
  for (std::string_view value : request.headers.all("Accept")) {
    all.append(all.empty() ? "" : ",").append(value);
  }
  if (all.empty()) return Form::json;
  for (std::string_view rest = all; !rest.empty();) {
    size_t end = std::min(rest.find(','), rest.size());
    std::string_view clause = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (has_protobuf && (clause.find(kOpenApiProtobufAsked) != std::string_view::npos ||
                         clause.find(kOpenApiProtobuf) != std::string_view::npos)) {
      return Form::protobuf;
    }
    for (std::string_view type : {"application/json", "*/*", "application/*"}) {
      if (clause.find(type) != std::string_view::npos) return Form::json;
    }
  }
  return Form::none;
}

Response document(const Request& request, std::string body, std::string hash,
                  std::string_view type = "application/json") {
  Response out;
  std::string etag = "\"" + hash + "\"";
  out.headers.set("ETag", etag);
  out.headers.set("Vary", "Accept");
  // A document asked for by its hash never changes.
  bool fixed = !request.query.get("hash").empty() && request.query.get("hash") == hash;
  out.headers.set("Cache-Control", fixed ? "public, immutable" : "no-cache, private");
  if (request.headers.get("If-None-Match") == etag) {
    out.status = 304;
    return out;
  }
  out.headers.set("Content-Type", std::string(type));
  out.body = std::move(body);
  return out;
}

}  // namespace

std::optional<Result<Response>> answer_openapi(const Request& request, const KindSnapshot& kinds) {
  std::string_view path = request.path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  bool v2 = path == "/openapi/v2";
  if (!v2 && path != "/openapi/v3" && !path.starts_with("/openapi/v3/")) return std::nullopt;
  Form form = wanted_form(request, v2);
  if (form == Form::none) return Result<Response>(Status::not_acceptable("application/json"));
  if (form == Form::protobuf) {
    std::string body = openapi_v2_protobuf(kinds);
    std::string hash = sha256_hex(body);
    return Result<Response>(document(request, std::move(body), std::move(hash), kOpenApiProtobuf));
  }
  if (v2 || path == "/openapi/v3") {
    std::string body = v2 ? openapi_v2_document(kinds) : dump(openapi_v3_index(kinds));
    std::string hash = sha256_hex(body);
    return Result<Response>(document(request, std::move(body), std::move(hash)));
  }
  path.remove_prefix(std::string_view("/openapi/v3/").size());
  std::string_view group, version;
  if (path.starts_with("api/")) {
    version = path.substr(4);
  } else if (path.starts_with("apis/")) {
    path.remove_prefix(5);
    size_t slash = path.find('/');
    if (slash == std::string_view::npos) return Result<Response>(Status::not_found_path());
    group = path.substr(0, slash);
    version = path.substr(slash + 1);
  }
  std::string hash = openapi_v3_hash(kinds, group, version);
  std::string_view wanted = request.query.get("hash");
  if (!wanted.empty() && wanted != hash) {
    // An old link: to where the document is now.
    Response out;
    out.status = 301;
    out.headers.set("Location", request.path + "?hash=" + hash);
    return Result<Response>(std::move(out));
  }
  auto body = openapi_v3_document(kinds, group, version);
  if (!body) return Result<Response>(Status::not_found_path());
  return Result<Response>(document(request, std::move(*body), std::move(hash)));
}

}  // namespace engine
