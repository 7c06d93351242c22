#include "engine/kinds/crd.h"

#include <algorithm>

#include "engine/base/base64.h"
#include "engine/base/digest.h"
#include "engine/base/text.h"

namespace engine {

namespace {

class CustomKind final : public Kind {
 public:
  std::shared_ptr<const Schema> compiled;
  std::string text;  // of the schema, for OpenAPI
  const Schema& schema() const override { return *compiled; }
  std::string definition_text() const override { return text; }
};

std::vector<std::string> strings(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->as_array()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

const JsonArray& versions_of(const Json& crd) {
  static const JsonArray none;
  const Json* list = crd.at({"spec", "versions"});
  return list != nullptr && list->is_array() ? list->as_array() : none;
}

// com.example.v1.Foo, as upstream names the definitions of custom resources.
std::string definition_name(const Kind& kind) {
  std::string out;
  std::string_view group = kind.group;
  while (!group.empty()) {
    size_t dot = group.rfind('.');
    out.append(dot == std::string_view::npos ? group : group.substr(dot + 1)).append(".");
    group = dot == std::string_view::npos ? std::string_view() : group.substr(0, dot);
  }
  return out + kind.version + "." + kind.kind;
}

std::string storage_hash(const Kind& kind) {
  auto sum = sha256(kind.group + "/" + kind.version + "/" + kind.kind);
  return base64_encode(std::string_view(reinterpret_cast<const char*>(sum.data()), 8));
}

void read_subresources(CustomKind& out, const Json& version) {
  if (version.at({"subresources", "status"}) != nullptr) {
    out.subresources.push_back("status");
    out.subresource_details.push_back(
        {"status", out.group, out.version, out.kind, {"get", "patch", "update"}});
  }
  if (const Json* scale = version.at({"subresources", "scale"}); scale && scale->is_object()) {
    out.subresources.push_back("scale");
    out.subresource_details.push_back(
        {"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
    out.scale = ScalePaths{std::string(scale->str("specReplicasPath")),
                           std::string(scale->str("statusReplicasPath")),
                           std::string(scale->str("labelSelectorPath"))};
  }
}

void read_columns(CustomKind& out, const Json& version) {
  out.columns.push_back(
      {"Name", "string", "name", "Name is unique within a namespace.", 0, {}, "name"});
  const Json* list = version.find("additionalPrinterColumns");
  if (list != nullptr && list->is_array() && list->size() > 0) {
    for (const Json& c : list->as_array()) {
      out.columns.push_back({std::string(c.str("name")),
                             std::string(c.str("type")),
                             std::string(c.str("format")),
                             std::string(c.str("description")),
                             static_cast<int>(c.integer({"priority"})),
                             std::string(c.str("jsonPath")),
                             {}});
    }
    return;
  }
  out.columns.push_back(
      {"Age", "date", {}, "When the object was made.", 0, ".metadata.creationTimestamp", {}});
}

Result<KindPtr> kind_of_version(const Json& crd, const Json& version, std::string_view path,
                                const std::string& storage_version) {
  auto out = std::make_shared<CustomKind>();
  const Json* spec = crd.find("spec");
  out->group = spec->str("group");
  out->version = version.str("name");
  out->kind = spec->str({"names", "kind"});
  out->list_kind = spec->str({"names", "listKind"});
  if (out->list_kind.empty()) out->list_kind = out->kind + "List";
  out->plural = spec->str({"names", "plural"});
  out->singular = spec->str({"names", "singular"});
  if (out->singular.empty()) out->singular = lower(out->kind);
  out->short_names = strings(spec->at({"names", "shortNames"}));
  out->categories = strings(spec->at({"names", "categories"}));
  out->scope = spec->str("scope") == "Namespaced" ? Scope::namespaced : Scope::cluster;
  out->verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  out->storage_version = storage_version;
  out->crd_name = crd.str({"metadata", "name"});
  out->storage_hash = storage_hash(*out);
  out->definition = definition_name(*out);
  if (const Json* fields = version.find("selectableFields"); fields && fields->is_array()) {
    for (const Json& f : fields->as_array()) out->selectable_fields.emplace_back(f.str("jsonPath"));
  }
  read_subresources(*out, version);
  read_columns(*out, version);
  const Json* schema = version.at({"schema", "openAPIV3Schema"});
  if (schema == nullptr) {
    return Status::invalid("apiextensions.k8s.io", "CustomResourceDefinition", out->crd_name,
                           {{"FieldValueRequired", "Required value: schemas are required",
                             std::string(path) + ".schema.openAPIV3Schema"}});
  }
  out->compiled =
      TRY(Schema::from_structural(*schema, std::string(path) + ".schema.openAPIV3Schema"));
  out->text = dump(*schema);
  return KindPtr(std::move(out));
}

}  // namespace

void default_crd(Json& crd) {
  Json* spec = crd.find("spec");
  if (spec == nullptr || !spec->is_object()) return;
  Json& names = (*spec)["names"];
  if (names.is_object()) {
    if (names.str("singular").empty()) names.set("singular", Json(lower(names.str("kind"))));
    if (names.str("listKind").empty() && !names.str("kind").empty()) {
      names.set("listKind", Json(std::string(names.str("kind")) + "List"));
    }
  }
  if (spec->find("conversion") == nullptr) {
    spec->set("conversion", Json::object({{"strategy", "None"}}));
  }
}

Result<CrdKinds> kinds_of_crd(const Json& crd) {
  CrdKinds out;
  std::string storage_version;
  for (const Json& version : versions_of(crd)) {
    if (version.truth({"storage"})) storage_version = version.str("name");
  }
  size_t i = 0;
  for (const Json& version : versions_of(crd)) {
    std::string path = "spec.versions[" + std::to_string(i++) + "]";
    bool is_storage = version.truth({"storage"});
    bool is_served = version.truth({"served"});
    if (!is_storage && !is_served) continue;
    KindPtr kind = TRY(kind_of_version(crd, version, path, storage_version));
    if (is_storage) out.stored = kind;
    if (is_served) out.served.push_back(std::move(kind));
  }
  if (out.stored == nullptr) {
    return Status::invalid(
        "apiextensions.k8s.io", "CustomResourceDefinition",
        std::string(crd.str({"metadata", "name"})),
        {{"FieldValueInvalid",
          "Invalid value: must have exactly one version marked as storage version",
          "spec.versions"}});
  }
  return out;
}

std::optional<NameConflict> name_conflict(const Json& crd, const KindSnapshot& kinds) {
  std::string_view group = crd.str({"spec", "group"});
  std::string_view name = crd.str({"metadata", "name"});
  const Json* names = crd.at({"spec", "names"});
  if (names == nullptr) return std::nullopt;
  auto used = [&](std::string_view word, bool as_kind) {
    if (word.empty()) return false;
    return std::any_of(kinds.all().begin(), kinds.all().end(), [&](const KindPtr& k) {
      if (k->group != group || (k->crd_name == name && !name.empty())) return false;
      if (as_kind) return k->kind == word || k->list_kind == word;
      return k->plural == word || k->singular == word ||
             std::find(k->short_names.begin(), k->short_names.end(), word) != k->short_names.end();
    });
  };
  auto conflict = [](const char* reason, std::string_view word) {
    return NameConflict{reason, "\"" + std::string(word) + "\" is already in use"};
  };
  if (used(names->str("plural"), false)) return conflict("PluralConflict", names->str("plural"));
  if (used(names->str("singular"), false))
    return conflict("SingularConflict", names->str("singular"));
  for (const std::string& word : strings(names->find("shortNames"))) {
    if (used(word, false)) return conflict("ShortNamesConflict", word);
  }
  if (used(names->str("kind"), true)) return conflict("KindConflict", names->str("kind"));
  if (used(names->str("listKind"), true))
    return conflict("ListKindConflict", names->str("listKind"));
  return std::nullopt;
}

}  // namespace engine
