#include <initializer_list>

#include "engine/api/openapi_parts.h"

namespace engine {

namespace {

constexpr std::string_view kMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.";

struct Parameter {
  const char* name;
  const char* type;
  const char* description;
};

constexpr Parameter kPretty = {"pretty", "string", "'true': the answer is indented."};
constexpr Parameter kDryRun = {"dryRun", "string", "All: everything is done but the write itself."};
constexpr Parameter kFieldManager = {"fieldManager", "string",
                                     "Who makes the change; apply needs it."};
constexpr Parameter kFieldValidation = {
    "fieldValidation", "string",
    "What unknown and duplicate fields lead to: Ignore, Warn (the default) or Strict."};
constexpr Parameter kForce = {"force", "boolean",
                              "Apply: takes fields over from their other managers."};
constexpr Parameter kListParameters[] = {
    {"allowWatchBookmarks", "boolean", "A watch may send bookmarks."},
    {"continue", "string", "The token of the page before."},
    {"fieldSelector", "string", "Only objects whose fields fit."},
    {"labelSelector", "string", "Only objects whose labels fit."},
    {"limit", "integer", "At most so many objects in one answer."},
    {"resourceVersion", "string", "From which revision; see resourceVersionMatch."},
    {"resourceVersionMatch", "string", "Exact or NotOlderThan."},
    {"sendInitialEvents", "boolean", "A watch begins with what is there."},
    {"timeoutSeconds", "integer", "The end of a list or watch."},
    {"watch", "boolean", "Changes as they happen instead of a list."}};
constexpr Parameter kDeleteParameters[] = {
    kDryRun,
    {"gracePeriodSeconds", "integer", "How long the object may take to end."},
    {"orphanDependents", "boolean", "Old name of propagationPolicy."},
    {"propagationPolicy", "string",
     "What becomes of dependents: Orphan, Background or Foreground."}};

Json parameter(const Parameter& p, const char* place, OpenApiVersion version) {
  Json out = Json::object({{"name", p.name}, {"in", place}, {"description", p.description}});
  if (std::string_view(place) == "path") out.set("required", Json(true));
  if (version == OpenApiVersion::v3) {
    out.set("schema", Json::object({{"type", p.type}, {"uniqueItems", true}}));
  } else {
    out.set("type", Json(p.type));
    out.set("uniqueItems", Json(true));
  }
  return out;
}

Json reference(std::string_view name, OpenApiVersion version) {
  std::string_view where =
      version == OpenApiVersion::v3 ? "#/components/schemas/" : "#/definitions/";
  return Json::object({{"$ref", std::string(where) + std::string(name)}});
}

std::string tag_of(const Kind& kind) {
  std::string group = kind.group.empty() ? "core" : kind.group.substr(0, kind.group.find('.'));
  return group + "_" + kind.version;
}

std::string capital(std::string_view word) {
  std::string out(word);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 0x20);
  return out;
}

// What makes an operation's name: readAppsV1NamespacedDeploymentStatus.
std::string operation_id(const char* verb, const Kind& kind, std::string_view middle,
                         std::string_view end) {
  std::string group = kind.group.empty() ? "core" : kind.group.substr(0, kind.group.find('.'));
  return std::string(verb) + capital(group) + capital(kind.version) + std::string(middle) +
         (kind.namespaced() ? "Namespaced" : "") + kind.kind + std::string(end);
}

struct Operation {
  const char* verb;    // read, list, create, replace, patch, delete
  const char* action;  // x-kubernetes-action
  std::string description;
  std::string answer;  // a definition's name
  std::string body;    // none when empty
  std::initializer_list<int> codes;
};

class PathMaker {
 public:
  PathMaker(const Kind& kind, OpenApiVersion version) : kind_(kind), version_(version) {}

  Json operation(const Operation& o, std::string id, JsonArray parameters, const Subresource* sub) {
    Json out = Json::object({{"description", o.description}, {"operationId", std::move(id)}});
    if (version_ == OpenApiVersion::v2) {
      JsonArray consumes = {Json("*/*")};
      if (std::string_view(o.verb) == "patch") consumes = patch_types();
      out.set("consumes", Json(std::move(consumes)));
      out.set("produces", Json::array({"application/json", "application/yaml"}));
      out.set("schemes", Json::array({"https"}));
      if (!o.body.empty()) {
        Json body = Json::object(
            {{"name", "body"}, {"in", "body"}, {"schema", reference(o.body, version_)}});
        if (std::string_view(o.verb) != "delete") body.set("required", Json(true));
        parameters.insert(parameters.begin(), std::move(body));
      }
    } else if (!o.body.empty()) {
      out.set("requestBody", request_body(o));
    }
    if (!parameters.empty()) out.set("parameters", Json(std::move(parameters)));
    out.set("responses", responses(o));
    out.set("tags", Json::array({tag_of(kind_)}));
    out.set("x-kubernetes-action", Json(o.action));
    out.set("x-kubernetes-group-version-kind",
            Json::object({{"group", sub ? sub->group : kind_.group},
                          {"kind", sub ? sub->kind : kind_.kind},
                          {"version", sub ? sub->version : kind_.version}}));
    return out;
  }

  JsonArray query(std::initializer_list<Parameter> list) const {
    JsonArray out;
    for (const Parameter& p : list) out.push_back(parameter(p, "query", version_));
    return out;
  }
  template <size_t N>
  JsonArray query(const Parameter (&list)[N]) const {
    JsonArray out;
    for (const Parameter& p : list) out.push_back(parameter(p, "query", version_));
    return out;
  }
  Json around(std::initializer_list<const char*> place) const {
    JsonArray out;
    for (const char* name : place) {
      out.push_back(
          parameter({name, "string",
                     std::string_view(name) == "name" ? "Which object." : "In which namespace."},
                    "path", version_));
    }
    out.push_back(parameter(kPretty, "query", version_));
    return Json(std::move(out));
  }

 private:
  // kubectl reads from here which patch to send: custom resources have no strategic merge.
  JsonArray patch_types() const {
    JsonArray out = {Json("application/json-patch+json"), Json("application/merge-patch+json")};
    bool custom = !kind_.crd_name.empty() || kind_.product;
    if (!custom) out.emplace_back("application/strategic-merge-patch+json");
    out.emplace_back("application/apply-patch+yaml");
    return out;
  }

  Json request_body(const Operation& o) const {
    Json content = Json::object();
    JsonArray types = {Json("*/*")};
    if (std::string_view(o.verb) == "patch") types = patch_types();
    for (const Json& type : types) {
      content.set(type.as_string(), Json::object({{"schema", reference(o.body, version_)}}));
    }
    Json out = Json::object({{"content", std::move(content)}});
    if (std::string_view(o.verb) != "delete") out.set("required", Json(true));
    return out;
  }

  Json responses(const Operation& o) const {
    Json out = Json::object();
    for (int code : o.codes) {
      Json response = Json::object({{"description", code == 200   ? "OK"
                                                    : code == 201 ? "Created"
                                                                  : "Accepted"}});
      if (version_ == OpenApiVersion::v2) {
        response.set("schema", reference(o.answer, version_));
      } else {
        Json content = Json::object();
        for (const char* type : {"application/json", "application/yaml"}) {
          content.set(type, Json::object({{"schema", reference(o.answer, version_)}}));
        }
        response.set("content", std::move(content));
      }
      out.set(std::to_string(code), std::move(response));
    }
    out.set("401", Json::object({{"description", "Unauthorized"}}));
    return out;
  }

  const Kind& kind_;
  OpenApiVersion version_;
};

void add_collection(JsonObject& paths, const Kind& kind, OpenApiVersion version) {
  PathMaker make(kind, version);
  std::string list = kind.definition + "List";
  std::string root = openapi_root(kind);
  Json item = Json::object();
  if (kind.has_verb("list")) {
    Operation o{"list", "list", "list or watch objects of kind " + kind.kind, list, "", {200}};
    item.set("get", make.operation(o, operation_id("list", kind, "", ""),
                                   make.query(kListParameters), nullptr));
  }
  if (kind.has_verb("create")) {
    Operation o{"create",        "post",          "create a " + kind.kind,
                kind.definition, kind.definition, {200, 201, 202}};
    item.set("post",
             make.operation(o, operation_id("create", kind, "", ""),
                            make.query({kDryRun, kFieldManager, kFieldValidation}), nullptr));
  }
  if (kind.has_verb("deletecollection")) {
    Operation o{"delete",
                "deletecollection",
                "delete collection of " + kind.kind,
                std::string(kMeta) + "Status",
                std::string(kMeta) + "DeleteOptions",
                {200}};
    JsonArray parameters = make.query(kDeleteParameters);
    for (Json& p : make.query(kListParameters)) {
      if (p.str("name") != "watch" && p.str("name") != "allowWatchBookmarks")
        parameters.push_back(std::move(p));
    }
    item.set("delete", make.operation(o, operation_id("delete", kind, "Collection", ""),
                                      std::move(parameters), nullptr));
  }
  item.set("parameters", kind.namespaced() ? make.around({"namespace"}) : make.around({}));
  std::string place = kind.namespaced() ? root + "/namespaces/{namespace}/" : root + "/";
  paths.set(place + kind.plural, std::move(item));
  if (!kind.namespaced() || !kind.has_verb("list")) return;
  Operation o{"list", "list", "list or watch objects of kind " + kind.kind, list, "", {200}};
  std::string group = kind.group.empty() ? "core" : kind.group.substr(0, kind.group.find('.'));
  Json all = Json::object();
  all.set("get",
          make.operation(
              o, "list" + capital(group) + capital(kind.version) + kind.kind + "ForAllNamespaces",
              {}, nullptr));
  JsonArray parameters = make.query(kListParameters);
  parameters.push_back(parameter(kPretty, "query", version));
  all.set("parameters", Json(std::move(parameters)));
  paths.set(root + "/" + kind.plural, std::move(all));
}

// An object, or one of its subresources.
void add_object(JsonObject& paths, const Kind& kind, OpenApiVersion version,
                const Subresource* sub) {
  PathMaker make(kind, version);
  bool scale = sub != nullptr && sub->kind == "Scale";
  std::string definition = scale ? "io.k8s.api.autoscaling.v1.Scale" : kind.definition;
  std::string what = (sub ? sub->name + " of " : std::string()) + "the specified " + kind.kind;
  std::string end = sub ? capital(sub->name) : "";
  auto has = [&](std::string_view verb) {
    if (sub == nullptr) return kind.has_verb(verb);
    for (const std::string& v : sub->verbs) {
      if (v == verb) return true;
    }
    return false;
  };
  Json item = Json::object();
  if (has("get")) {
    Operation o{"read", "get", "read " + what, definition, "", {200}};
    item.set("get", make.operation(o, operation_id("read", kind, "", end), {}, sub));
  }
  if (has("update")) {
    Operation o{"replace", "put", "replace " + what, definition, definition, {200, 201}};
    item.set("put", make.operation(o, operation_id("replace", kind, "", end),
                                   make.query({kDryRun, kFieldManager, kFieldValidation}), sub));
  }
  if (sub == nullptr && has("delete")) {
    Operation o{"delete",
                "delete",
                "delete a " + kind.kind,
                std::string(kMeta) + "Status",
                std::string(kMeta) + "DeleteOptions",
                {200, 202}};
    item.set("delete", make.operation(o, operation_id("delete", kind, "", end),
                                      make.query(kDeleteParameters), sub));
  }
  if (has("patch")) {
    Operation o{
        "patch",   "patch", "partially update " + what, definition, std::string(kMeta) + "Patch",
        {200, 201}};
    item.set("patch",
             make.operation(o, operation_id("patch", kind, "", end),
                            make.query({kDryRun, kFieldManager, kFieldValidation, kForce}), sub));
  }
  if (item.size() == 0) return;
  item.set("parameters",
           kind.namespaced() ? make.around({"name", "namespace"}) : make.around({"name"}));
  std::string place = openapi_root(kind) + (kind.namespaced() ? "/namespaces/{namespace}/" : "/");
  paths.set(place + kind.plural + "/{name}" + (sub ? "/" + sub->name : ""), std::move(item));
}

}  // namespace

std::string openapi_root(const Kind& kind) {
  return kind.group.empty() ? "/api/" + kind.version : "/apis/" + kind.group + "/" + kind.version;
}

void add_paths(JsonObject& paths, const Kind& kind, OpenApiVersion version) {
  add_collection(paths, kind, version);
  add_object(paths, kind, version, nullptr);
  for (const Subresource& sub : kind.subresource_details) add_object(paths, kind, version, &sub);
}

}  // namespace engine
