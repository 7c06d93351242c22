#include "engine/access/admission/project_limits.h"

#include <array>

#include "engine/registry/metadata.h"

namespace engine {

namespace {

constexpr std::string_view kExtended = "extended/";

struct Field {
  std::string_view name, resource;
};
constexpr std::array<Field, 13> kFields = {{{"pods", "pods"},
                                            {"services", "services"},
                                            {"replicationControllers", "replicationcontrollers"},
                                            {"secrets", "secrets"},
                                            {"configMaps", "configmaps"},
                                            {"persistentVolumeClaims", "persistentvolumeclaims"},
                                            {"servicesNodePorts", "services.nodeports"},
                                            {"servicesLoadBalancers", "services.loadbalancers"},
                                            {"requestsCpu", "requests.cpu"},
                                            {"requestsMemory", "requests.memory"},
                                            {"requestsStorage", "requests.storage"},
                                            {"limitsCpu", "limits.cpu"},
                                            {"limitsMemory", "limits.memory"}}};

Status bad_amount(std::string_view field, const std::string& name) {
  return Status::field_error(422, "InvalidFormat", std::string(field),
                             name + " is not an amount of at least 0");
}

std::optional<Quantity> amount_of(const Json& value) {
  auto quantity = quantity_of(value);
  return quantity && quantity->milli >= 0 ? quantity : std::nullopt;
}

}  // namespace

Result<Amounts> read_limit(const Json* limit, std::string_view field) {
  Amounts out;
  if (limit == nullptr || !limit->is_object()) return out;
  for (const Field& known : kFields) {
    const Json* value = limit->find(known.name);
    if (value == nullptr || value->is_null()) continue;
    if (value->is_string() && value->as_string().empty()) continue;
    auto quantity = amount_of(*value);
    if (!quantity) return bad_amount(field, std::string(known.name));
    out.set(known.name, *quantity);
  }
  const Json* extended = limit->find("extended");
  if (extended == nullptr || !extended->is_object()) return out;
  for (const auto& [name, value] : extended->as_object()) {
    auto quantity = amount_of(value);
    if (!quantity) return bad_amount(field, "extended." + name);
    out.set(std::string(kExtended) + name, *quantity);
  }
  return out;
}

Result<Unit> fits_project(const Json& project, const Amounts& more) {
  const Amounts limit = TRY(read_limit(project.at({"spec", "resourceQuota", "limit"}), ""));
  Amounts used = TRY(read_limit(project.at({"spec", "resourceQuota", "usedLimit"}), ""));
  used.add(more);
  std::string over;
  for (const auto& [name, quantity] : more.all())
    if (const Quantity* most = limit.find(name);
        most != nullptr && quantity.milli > 0 && *most < *used.find(name))
      over += (over.empty() ? "" : ", ") + name;
  if (over.empty()) return Unit{};
  return Status::field_error(422, "MaxLimitExceeded", "resourceQuota",
                             "exceeds the limit of project " +
                                 std::string(project.str({"metadata", "name"})) +
                                 " on fields: " + over);
}

Json limit_json(const Amounts& limit) {
  Json out = Json::object();
  for (const auto& [name, quantity] : limit.all()) {
    if (name.starts_with(kExtended)) {
      out["extended"].set(std::string_view(name).substr(kExtended.size()), quantity.text());
    } else {
      out.set(name, quantity.text());
    }
  }
  return out;
}

Json quota_hard(const Amounts& limit) {
  Json out = Json::object();
  for (const Field& known : kFields)
    if (const Quantity* quantity = limit.find(known.name))
      out.set(known.resource, quantity->text());
  for (const auto& [name, quantity] : limit.all())
    if (name.starts_with(kExtended))
      out.set(std::string_view(name).substr(kExtended.size()), quantity.text());
  return out;
}

Json container_item(const Json& limit) {
  Json item = Json::object({{"type", "Container"}});
  auto take = [&](std::string_view from, std::string_view list, std::string_view resource) {
    const Json* value = limit.find(from);
    if (value != nullptr && amount_of(*value)) item[list].set(resource, *value);
  };
  take("limitsCpu", "default", "cpu");
  take("limitsMemory", "default", "memory");
  take("requestsCpu", "defaultRequest", "cpu");
  take("requestsMemory", "defaultRequest", "memory");
  return item.size() > 1 ? item : Json();
}

bool is_shared_secret(const Json& secret) {
  std::string_view type = secret.str("type");
  return type != "kubernetes.io/service-account-token" && type != "helm.sh/release.v1" &&
         secret.str({"metadata", "deletionTimestamp"}).empty();
}

Json project_secret_copy(const Json& secret, std::string_view project) {
  Json out = Json::object({{"metadata", Json::object({{"name", secret.str({"metadata", "name"})}})},
                           {"type", secret.str("type", "Opaque")}});
  if (const Json* data = secret.find("data")) out.set("data", *data);
  if (const Json* labels = secret.at({"metadata", "labels"}))
    out["metadata"].set("labels", *labels);
  out["metadata"]["labels"].set(kProjectSecretCopy, project);
  // As clients of the 2.x server know a copy.
  out["metadata"]["annotations"].set("secret.user.cattle.io/secret", "true");
  return out;
}

Json annotation_of(const Json& object, std::string_view name) {
  std::string_view text = object.str({"metadata", "annotations", name});
  if (text.empty()) return {};
  auto parsed = parse_json(text, {.depth_max = 20, .bytes_max = 64u << 10});
  return parsed ? std::move(*parsed) : Json();
}

void set_project(Json& ns, std::string_view id) {
  Json& metadata = metadata_of(ns);
  if (!id.empty()) {
    metadata["annotations"].set(kProjectIdAnnotation, id);
  } else if (Json* annotations = metadata.find("annotations")) {
    annotations->erase(kProjectIdAnnotation);
  }
  set_project_label(ns, id);
}

void set_project_label(Json& ns, std::string_view id) {
  Json& metadata = metadata_of(ns);
  const size_t colon = id.find(':');
  if (colon != id.npos) {
    metadata["labels"].set(kProjectIdAnnotation, id.substr(colon + 1));
  } else if (Json* labels = metadata.find("labels")) {
    labels->erase(kProjectIdAnnotation);
  }
}

Json project_patch(std::string_view id) {
  const size_t colon = id.find(':');
  const bool none = colon == id.npos;
  return Json::object(
      {{"metadata",
        Json::object({{"annotations",
                       Json::object({{kProjectIdAnnotation, id.empty() ? Json() : Json(id)}})},
                      {"labels", Json::object({{kProjectIdAnnotation,
                                                none ? Json() : Json(id.substr(colon + 1))}})}})}});
}

Json backing_namespace(std::string_view cluster, std::string_view project) {
  Json annotations =
      Json::object({{"management.cattle.io/system-namespace", "true"},
                    {kBacksProjectAnnotation, std::string(cluster) + ":" + std::string(project)}});
  return Json::object(
      {{"apiVersion", "v1"},
       {"kind", "Namespace"},
       {"metadata", Json::object({{"name", project}, {"annotations", std::move(annotations)}})}});
}

std::string_view project_in(std::string_view cluster, const Json& ns) {
  std::string_view id = ns.str({"metadata", "annotations", kProjectIdAnnotation});
  if (id.size() <= cluster.size() || !id.starts_with(cluster) || id[cluster.size()] != ':')
    return {};
  return id.substr(cluster.size() + 1);
}

Amounts namespace_limit(const Json& ns) {
  const Json quota = annotation_of(ns, kQuotaAnnotation);
  auto limit = read_limit(quota.find("limit"), "");
  return limit ? *limit : Amounts();
}

Amounts completed_limit(const Amounts& own, const Amounts& otherwise, const Amounts& project) {
  Amounts out;
  for (const auto& [name, quantity] : project.all()) {
    const Quantity* value = own.find(name);
    if (value == nullptr) value = otherwise.find(name);
    out.set(name, value != nullptr ? *value : Quantity{});
  }
  return out;
}

}  // namespace engine
