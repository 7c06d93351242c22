// Objects of a project of this server's cluster: config maps, services, volume claims, and secrets
// with their kinds (certificates, registry credentials, ...). Those without "namespaced" in their
// name are the project's own: they lie in its own namespace, and
// controllers/management/project_secrets.cpp brings them into all others. Below /v3/cluster, the
// storage classes.
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/base64.h"
#include "engine/norman/norman.h"
#include "engine/norman/target.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

// A field that is a key of the secret's data.
struct Part {
  std::string_view field, key;
};
struct Shape {
  std::string_view schema;
  std::string_view group, plural;
  std::string_view secret_type = {};  // empty: of any type, or no secret
  std::vector<Part> parts = {};
  bool own = false;  // in the project's own namespace
  // Fields that the object's spec has under another name.
  std::vector<Part> renamed = {};
};

constexpr std::string_view kRegistries = ".dockerconfigjson";
constexpr std::string_view kAccountToken = "kubernetes.io/service-account-token";

class ProjectResource final : public Type {
 public:
  ProjectResource(TypeParts parts, Shape shape, std::vector<Shape> subtypes)
      : parts_(std::move(parts)), shape_(std::move(shape)), subtypes_(std::move(subtypes)) {}

  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored(shape_.group, shape_.plural);
  }
  bool holds(const Json& stored, const SchemaView&) const override {
    if (shape_.plural != "secrets") return true;
    std::string_view type = stored.str("type", "Opaque");
    return shape_.secret_type.empty() ? type != kAccountToken : type == shape_.secret_type;
  }

  bool lives_in_cluster() const override { return !shape_.own; }

  std::optional<Result<JsonArray>> own_list(const Call& call) const override {
    return listed(call);
  }
  std::optional<Result<Json>> own_find(const Call& call, std::string_view id) const override {
    return found(call, id);
  }

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    if (body.str("name").empty()) return Status::field_error(422, "MissingRequired", "name", "");
    place.name = body.str("name");
    if (call.remote && place.ns.empty())
      return Status::field_error(422, "MissingRequired", "namespaceId", "");
    if (call.remote) return Unit{};  // the cluster is asked whether it is of the project
    const std::string project = TRY(project_of(call));
    if (shape_.own) {
      place.ns = project;
      return Unit{};
    }
    if (place.ns.empty()) return Status::field_error(422, "MissingRequired", "namespaceId", "");
    const auto namespaces = TRY(namespaces_of(project));
    if (namespaces.count(place.ns) == 0)
      return Status::field_error(422, "InvalidReference", "namespaceId",
                                 "there is no namespace " + place.ns + " in this project");
    return Unit{};
  }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    for (const Part& part : shape_.renamed) {
      const Json* value = stored.find(part.field);
      if (value == nullptr) continue;
      if (!value->is_null()) stored.make({"spec"}).set(part.key, *value);
      stored.erase(part.field);
    }
    if (shape_.secret_type.empty()) return Unit{};
    stored.set("type", shape_.secret_type);
    for (const Part& part : shape_.parts) {
      const Json* value = stored.find(part.field);
      if (value == nullptr || value->is_null()) continue;
      std::string text = part.key == kRegistries ? registries_text(*value)
                         : value->is_string()    ? value->as_string()
                                                 : dump(*value);
      stored.make({"data"}).set(part.key, base64_encode(text));
      stored.erase(part.field);
    }
    return Unit{};
  }

  void refresh(const Call&, Json& stored) const override {
    for (const Part& part : shape_.renamed)
      if (const Json* value = stored.at({"spec", part.key})) stored.set(part.field, Json(*value));
    if (shape_.parts.empty()) return;
    for (const Part& part : shape_.parts) {
      auto text = base64_decode(stored.str({"data", part.key}));
      if (!text || text->empty()) continue;
      if (part.key != kRegistries) {
        stored.set(part.field, *text);
      } else if (auto config = parse_json(*text); config && config->find("auths") != nullptr) {
        stored.set(part.field, *config->find("auths"));
      }
    }
    stored.erase("data");
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    look.object->set("projectId", call.context);
    if (shape_.plural != "secrets" || !shape_.secret_type.empty()) return;
    std::string_view type = stored.str("type");
    for (const Shape& one : subtypes_)
      if (one.secret_type == type) look.type = one.schema;
  }

 private:
  static std::string registries_text(const Json& registries) {
    Json auths = registries;
    if (auths.is_object())
      for (auto& [url, one] : auths.as_object()) {
        const std::string user(one.str("username")), password(one.str("password"));
        if (!user.empty() && !password.empty())
          one.set("auth", base64_encode(user + ":" + password));
      }
    return dump(Json::object({{"auths", std::move(auths)}}));
  }

  // The project of the request, visible to who asks.
  Result<std::string> project_of(const Call& call) const {
    const size_t colon = call.context.find(':');
    const std::string cluster = call.context.substr(0, colon);
    if (colon == std::string::npos)
      return Status::other(404, "NotFound", "there is no project " + call.context);
    std::string project = call.context.substr(colon + 1);
    auto kinds = parts_.registry.kinds().snapshot();
    KindPtr kind = kinds->stored("management.cattle.io", "projects");
    if (!call.norman.may(call.user(), "get", *kind, cluster, project))
      return Status::other(403, "Forbidden", "can not look up project " + call.context);
    if (!TRY(parts_.dispatcher.get(*kind, cluster, project)))
      return Status::not_found({kind->group, kind->plural, project});
    return project;
  }

  // Where its objects of this shape lie.
  Result<std::set<std::string>> namespaces_of(const std::string& project) const {
    if (shape_.own) return std::set<std::string>{project};
    KindPtr kind = parts_.registry.kinds().snapshot()->stored("", "namespaces");
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto all = TRY(parts_.dispatcher.list(*kind, "", nullptr, "", 0));
    const std::string mark = dump(Json(std::string(kLocalCluster) + ":" + project));
    std::set<std::string> out;
    for (const auto& cached : all.objects) {
      if (cached->bytes->find(mark) == std::string::npos) continue;
      const Json ns = TRY(parse_json(*cached->bytes));
      if (project_in(kLocalCluster, ns) == project) out.insert(cached->name);
    }
    return out;
  }

  Result<JsonArray> listed(const Call& call) const {
    const std::string project = TRY(project_of(call));
    const auto namespaces = TRY(namespaces_of(project));
    KindPtr kind = call.norman.holder(call.schema);
    JsonArray out;
    for (const std::string& ns : namespaces) {
      const bool all = call.norman.may(call.user(), "list", *kind, ns, "");
      auto objects = TRY(parts_.dispatcher.list(*kind, ns, nullptr, "", 0));
      for (const auto& cached : objects.objects) {
        if (!all && !call.norman.may(call.user(), "get", *kind, ns, cached->name)) continue;
        Json stored = TRY(parse_json(*cached->bytes));
        if (holds(stored, call.schema)) out.push_back(std::move(stored));
      }
    }
    return out;
  }

  Result<Json> found(const Call& call, std::string_view id) const {
    const std::string project = TRY(project_of(call));
    const auto namespaces = TRY(namespaces_of(project));
    KindPtr kind = call.norman.holder(call.schema);
    auto [ns, name] = split_id(call.schema, id);
    if (!call.norman.may(call.user(), "get", *kind, ns, name))
      return Status::other(403, "Forbidden",
                           "can not look up " + call.schema.id() + " " + std::string(id));
    if (namespaces.count(std::string(ns)) == 0)
      return Status::not_found({kind->group, kind->plural, std::string(name)});
    TRY(parts_.dispatcher.fresh(parts_.env.now() + std::chrono::seconds(5)));
    auto there = TRY(parts_.dispatcher.get(*kind, ns, name));
    if (!there) return Status::not_found({kind->group, kind->plural, std::string(name)});
    Json stored = TRY(parse_json(*there->bytes));
    if (!holds(stored, call.schema))
      return Status::not_found({kind->group, kind->plural, std::string(name)});
    return stored;
  }

  TypeParts parts_;
  const Shape shape_;
  const std::vector<Shape> subtypes_;
};

class StorageClassType final : public Type {
 public:
  KindPtr holder(const KindSnapshot& kinds, const SchemaView&) const override {
    return kinds.stored("storage.k8s.io", "storageclasses");
  }
  bool selects() const override { return false; }
};

struct SecretKind {
  std::string_view schema, namespaced, type;
  std::vector<Part> parts;
};
std::vector<SecretKind> secret_kinds() {
  return {{"certificate",
           "namespacedCertificate",
           "kubernetes.io/tls",
           {{"certs", "tls.crt"}, {"key", "tls.key"}}},
          {"dockerCredential",
           "namespacedDockerCredential",
           "kubernetes.io/dockerconfigjson",
           {{"registries", kRegistries}}},
          {"basicAuth",
           "namespacedBasicAuth",
           "kubernetes.io/basic-auth",
           {{"username", "username"}, {"password", "password"}}},
          {"sshAuth",
           "namespacedSshAuth",
           "kubernetes.io/ssh-auth",
           {{"privateKey", "ssh-privatekey"}}}};
}

}  // namespace

void register_project_resources(TypeSet& set, const TypeParts& parts) {
  auto add = [&](Shape shape, std::vector<Shape> subtypes = {}) {
    std::string id = "/v3/project " + std::string(shape.schema);
    set.add(std::move(id),
            std::make_unique<ProjectResource>(parts, std::move(shape), std::move(subtypes)));
  };
  add({.schema = "configMap", .group = "", .plural = "configmaps"});
  add({.schema = "service", .group = "", .plural = "services"});
  add({.schema = "persistentVolumeClaim",
       .group = "",
       .plural = "persistentvolumeclaims",
       .renamed = {{"storageClassId", "storageClassName"}, {"volumeId", "volumeName"}}});
  std::vector<Shape> own, namespaced;
  for (const SecretKind& kind : secret_kinds()) {
    own.push_back({kind.schema, "", "secrets", kind.type, kind.parts, true});
    namespaced.push_back({kind.namespaced, "", "secrets", kind.type, kind.parts, false});
  }
  for (const Shape& shape : own) add(shape);
  for (const Shape& shape : namespaced) add(shape);
  add({.schema = "secret", .group = "", .plural = "secrets", .own = true}, own);
  add({.schema = "namespacedSecret", .group = "", .plural = "secrets"}, namespaced);
  set.add("/v3/cluster storageClass", std::make_unique<StorageClassType>());
}

}  // namespace engine
