#include "engine/registry/metadata.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/base/uid.h"

namespace engine {

namespace {

enum class Shape : uint8_t { string, integer, strings_by_key, strings, objects, time };

struct Member {
  std::string_view name;
  Shape shape;
};

constexpr Member kMembers[] = {
    {"name", Shape::string},
    {"generateName", Shape::string},
    {"namespace", Shape::string},
    {"uid", Shape::string},
    {"resourceVersion", Shape::string},
    {"selfLink", Shape::string},
    {"generation", Shape::integer},
    {"creationTimestamp", Shape::time},
    {"deletionTimestamp", Shape::time},
    {"deletionGracePeriodSeconds", Shape::integer},
    {"labels", Shape::strings_by_key},
    {"annotations", Shape::strings_by_key},
    {"finalizers", Shape::strings},
    {"ownerReferences", Shape::objects},
    {"managedFields", Shape::objects},
};

std::string expected(std::string path, std::string_view what, const Json& got) {
  return path + ": expected " + std::string(what) + ", got " + got.type_name();
}

std::string check_strings_by_key(const std::string& path, Json& value) {
  if (!value.is_object()) return expected(path, "an object of strings", value);
  for (auto& [key, item] : value.as_object()) {
    if (item.is_null()) item = Json("");  // as Go decodes null into a string
    if (!item.is_string()) return expected(path + "." + key, "a string", item);
  }
  return {};
}

template <class Test>
std::string check_items(const std::string& path, std::string_view what, const Json& value,
                        Test test) {
  if (!value.is_array()) return expected(path, "an array", value);
  size_t i = 0;
  for (const Json& item : value.as_array()) {
    if (!test(item)) return expected(path + "[" + std::to_string(i) + "]", what, item);
    i++;
  }
  return {};
}

std::string check_shape(Shape shape, const std::string& path, Json& value) {
  switch (shape) {
    case Shape::string:
      return value.is_string() ? std::string() : expected(path, "a string", value);
    case Shape::integer:
      return value.is_int() ? std::string() : expected(path, "an integer", value);
    case Shape::time:
      if (!value.is_string()) return expected(path, "a time", value);
      if (!parse_rfc3339(value.as_string()))
        return path + ": parsing time " + dump(value) + " as RFC 3339 failed";
      return {};
    case Shape::strings_by_key:
      return check_strings_by_key(path, value);
    case Shape::strings:
      return check_items(path, "a string", value, [](const Json& v) { return v.is_string(); });
    case Shape::objects:
      return check_items(path, "an object", value, [](const Json& v) { return v.is_object(); });
  }
  return {};
}

void check_labels(Causes& out, const Json& labels) {
  for (const auto& [key, value] : labels.as_object()) {
    add_reasons(out, "metadata.labels", key, check_qualified_name(key));
    add_reasons(out, "metadata.labels", value.as_string(), check_label_value(value.as_string()));
  }
}

void check_annotations(Causes& out, const Json& annotations) {
  size_t bytes = 0;
  for (const auto& [key, value] : annotations.as_object()) {
    add_reasons(out, "metadata.annotations", key, check_qualified_name(lower(key)));
    bytes += key.size() + value.as_string().size();
  }
  if (bytes > limits::kAnnotationBytesMax)
    out.push_back(cause_too_long("metadata.annotations", limits::kAnnotationBytesMax));
}

void check_owner(Causes& out, const Json& owner) {
  constexpr std::string_view kPath = "metadata.ownerReferences";
  std::string_view api_version = owner.str("apiVersion");
  size_t slash = api_version.find('/');
  std::string_view version =
      slash == api_version.npos ? api_version : api_version.substr(slash + 1);
  if (version.empty())
    out.push_back(cause_invalid(std::string(kPath) + ".apiVersion", Json(api_version),
                                "version must not be empty"));
  for (std::string_view name : {"kind", "name", "uid"})
    if (owner.str(name).empty())
      out.push_back(cause_invalid(std::string(kPath) + "." + std::string(name), Json(""),
                                  "must not be empty"));
  if (api_version == "v1" && owner.str("kind") == "Event")
    out.push_back(cause_invalid(std::string(kPath), owner,
                                "/v1, Kind=Event is disallowed from being an owner"));
}

void check_owners(Causes& out, const Json& owners) {
  std::string controller;
  for (const Json& owner : owners.as_array()) {
    check_owner(out, owner);
    if (!owner.truth({"controller"})) continue;
    std::string name = std::string(owner.str("kind")) + "/" + std::string(owner.str("name"));
    if (controller.empty()) {
      controller = name;
      continue;
    }
    out.push_back(cause_invalid("metadata.ownerReferences", owners,
                                "Only one reference can have Controller set to true. Found "
                                "\"true\" in references for " +
                                    controller + " and " + name));
  }
}

// The older built-in groups also ask for a domain in front, but for the names of Kubernetes itself.
bool asks_for_domain(const Kind& kind) {
  for (std::string_view group :
       {"", "apps", "autoscaling", "batch", "networking.k8s.io", "policy", "storage.k8s.io"})
    if (kind.group == group) return true;
  return false;
}

void check_finalizers(Causes& out, const Kind& kind, const Json& finalizers) {
  bool orphan = false, foreground = false;
  size_t i = 0;
  for (const Json& finalizer : finalizers.as_array()) {
    const std::string& name = finalizer.as_string();
    add_reasons(out, "metadata.finalizers", name, check_qualified_name(name));
    bool known = name == "orphan" || name == "foregroundDeletion" || name == "kubernetes";
    if (!known && name.find('/') == std::string::npos && asks_for_domain(kind))
      out.push_back(cause_invalid("metadata.finalizers[" + std::to_string(i) + "]", finalizer,
                                  "name is neither a standard finalizer name nor is it fully "
                                  "qualified"));
    i++;
    orphan = orphan || name == "orphan";
    foreground = foreground || name == "foregroundDeletion";
  }
  if (orphan && foreground)
    out.push_back(cause_invalid("metadata.finalizers", finalizers,
                                "finalizer orphan and foregroundDeletion cannot be both set"));
}

void check_namespace(Causes& out, const Kind& kind, std::string_view ns) {
  if (!kind.namespaced()) {
    if (!ns.empty())
      out.push_back(cause_forbidden("metadata.namespace", "not allowed on this type"));
  } else if (ns.empty()) {
    out.push_back(cause_required("metadata.namespace"));
  } else {
    add_reasons(out, "metadata.namespace", ns, check_dns1123_label(ns));
  }
}

void check_no_new_finalizers(Causes& out, const Json& object, const Json& old) {
  const Json* now = object.at({"metadata", "finalizers"});
  if (now == nullptr) return;
  std::string found;
  for (const Json& finalizer : now->as_array()) {
    if (has_finalizer(old, finalizer.as_string())) continue;
    found += (found.empty() ? "" : ", ") + dump(finalizer);
  }
  if (!found.empty())
    out.push_back(cause_forbidden("metadata.finalizers",
                                  "no new finalizers can be added if the object is being deleted, "
                                  "found new finalizers []string{" +
                                      found + "}"));
}

}  // namespace

std::string tidy_metadata(Json& object) {
  if (!object.is_object()) return expected("the body", "an object", object);
  Json& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  if (!metadata.is_object()) return expected("metadata", "an object", metadata);
  for (const Member& member : kMembers) {
    Json* value = metadata.find(member.name);
    if (value == nullptr) continue;
    if (value->is_null()) {
      metadata.erase(member.name);
      continue;
    }
    std::string wrong = check_shape(member.shape, "metadata." + std::string(member.name), *value);
    if (!wrong.empty()) return wrong;
  }
  metadata.erase("selfLink");
  return {};
}

Json& metadata_of(Json& object) {
  return *object.find("metadata");
}
const Json& metadata_of(const Json& object) {
  return *object.find("metadata");
}

Result<Unit> match_namespace(const Kind& kind, std::string_view ns, Json& object) {
  Json& metadata = metadata_of(object);
  std::string_view given = metadata.str("namespace");
  if (!kind.namespaced()) ns = {};
  if (given.empty()) {
    if (ns.empty()) {
      metadata.erase("namespace");
    } else {
      metadata.set("namespace", Json(ns));
    }
    return Unit{};
  }
  if (given == ns) return Unit{};
  return Status::bad_request(
      "the namespace of the provided object does not match the namespace sent on the request");
}

void fill_for_create(storage::Env& env, Json& object) {
  Json& metadata = metadata_of(object);
  for (std::string_view name :
       {"deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"})
    metadata.erase(name);
  metadata.set("uid", Json(new_uid(env)));
  metadata.set("creationTimestamp", Json(to_rfc3339(env.wall())));
}

void fill_for_update(Json& object, const Json& old) {
  Json& metadata = metadata_of(object);
  const Json& before = metadata_of(old);
  if (metadata.str("uid").empty()) metadata.set("uid", Json(before.str("uid")));
  for (std::string_view name : {"creationTimestamp", "deletionTimestamp", "generation"}) {
    if (const Json* value = before.find(name); value != nullptr) {
      metadata.set(name, *value);
    } else if (name == "generation") {
      metadata.erase(name);
    }
  }
  const Json* grace = before.find("deletionGracePeriodSeconds");
  if (grace != nullptr && metadata.find("deletionGracePeriodSeconds") == nullptr)
    metadata.set("deletionGracePeriodSeconds", *grace);
}

Causes validate_metadata(const Kind& kind, const Strategy& strategy, const Json& object) {
  Causes out;
  const Json& metadata = metadata_of(object);
  std::string_view prefix = metadata.str("generateName");
  if (!prefix.empty())
    add_reasons(out, "metadata.generateName", prefix, strategy.check_name(prefix, NameUse::prefix));
  std::string_view name = metadata.str("name");
  if (name.empty()) {
    out.push_back(cause_required("metadata.name", "name or generateName is required"));
  } else {
    add_reasons(out, "metadata.name", name, strategy.check_name(name, NameUse::whole));
  }
  check_namespace(out, kind, metadata.str("namespace"));
  if (const Json* labels = metadata.find("labels")) check_labels(out, *labels);
  if (const Json* annotations = metadata.find("annotations")) check_annotations(out, *annotations);
  if (const Json* owners = metadata.find("ownerReferences")) check_owners(out, *owners);
  if (const Json* finalizers = metadata.find("finalizers"))
    check_finalizers(out, kind, *finalizers);
  return out;
}

Causes validate_metadata_update(const Json& object, const Json& old) {
  Causes out;
  const Json& metadata = metadata_of(object);
  const Json& before = metadata_of(old);
  if (is_terminating(old)) check_no_new_finalizers(out, object, old);
  if (metadata.str("resourceVersion").empty())
    out.push_back(
        cause_invalid("metadata.resourceVersion", Json(0), "must be specified for an update"));
  for (std::string_view name : {"name", "namespace", "uid", "creationTimestamp",
                                "deletionTimestamp", "deletionGracePeriodSeconds"})
    check_immutable(out, "metadata." + std::string(name), metadata.find(name), before.find(name));
  return out;
}

bool has_finalizer(const Json& object, std::string_view name) {
  const Json* finalizers = object.at({"metadata", "finalizers"});
  if (finalizers == nullptr || !finalizers->is_array()) return false;
  const JsonArray& list = finalizers->as_array();
  return std::any_of(list.begin(), list.end(),
                     [&](const Json& v) { return v.is_string() && v.as_string() == name; });
}

void add_finalizer(Json& object, std::string_view name) {
  if (!has_finalizer(object, name)) metadata_of(object)["finalizers"].push_back(Json(name));
}

bool drop_finalizer(Json& object, std::string_view name) {
  Json* finalizers = metadata_of(object).find("finalizers");
  if (finalizers == nullptr || !finalizers->is_array()) return false;
  size_t dropped = std::erase_if(finalizers->as_array(), [&](const Json& v) {
    return v.is_string() && v.as_string() == name;
  });
  if (finalizers->size() == 0) metadata_of(object).erase("finalizers");
  return dropped > 0;
}

bool has_finalizers(const Json& object) {
  const Json* finalizers = object.at({"metadata", "finalizers"});
  return finalizers != nullptr && finalizers->size() > 0;
}

bool is_terminating(const Json& object) {
  return object.at({"metadata", "deletionTimestamp"}) != nullptr;
}

std::string merge_duplicate_owners(Json& object) {
  Json* owners = metadata_of(object).find("ownerReferences");
  if (owners == nullptr || owners->size() < 2) return {};
  JsonArray kept;
  std::vector<std::string> duplicates;
  for (Json& owner : owners->as_array()) {
    bool seen = std::any_of(kept.begin(), kept.end(), [&](const Json& k) { return k == owner; });
    if (seen) {
      duplicates.push_back(std::string(owner.str("uid")));
    } else {
      kept.push_back(std::move(owner));
    }
  }
  *owners = Json(std::move(kept));
  if (duplicates.empty()) return {};
  std::string uids;
  for (const std::string& uid : duplicates) uids += (uids.empty() ? "" : ", ") + uid;
  return ".metadata.ownerReferences contains duplicate entries; API server dedups owner references "
         "in 1.20+, and may reject such requests as early as 1.24; please fix your requests; "
         "duplicate UID(s) observed: " +
         uids;
}

}  // namespace engine
