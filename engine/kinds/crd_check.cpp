#include <algorithm>
#include <set>

#include "engine/base/names.h"
#include "engine/base/text.h"
#include "engine/kinds/causes.h"
#include "engine/kinds/crd.h"
#include "engine/kinds/json_path.h"
#include "engine/schema/structural.h"

namespace engine {

namespace {

constexpr size_t kSelectableFieldsMax = 8;

std::string joined(const std::vector<std::string>& reasons) {
  std::string out;
  for (const std::string& reason : reasons) out += (out.empty() ? "" : ",") + reason;
  return out;
}

class CrdChecker {
 public:
  std::vector<Cause> causes;

  void all(const Json& crd) {
    const Json* spec = crd.find("spec");
    if (spec == nullptr || !spec->is_object()) return add(cause_required("spec"));
    std::string_view group = spec->str("group");
    if (group.empty()) {
      add(cause_required("spec.group"));
    } else if (Reasons reasons = check_dns1123_subdomain(group); !reasons.empty()) {
      add(cause_invalid("spec.group", Json(group), joined(reasons)));
    } else if (group.find('.') == std::string_view::npos) {
      add(cause_invalid("spec.group", Json(group), "should be a domain with at least one dot"));
    }
    std::string_view scope = spec->str("scope");
    if (scope.empty()) {
      add(cause_required("spec.scope"));
    } else if (scope != "Cluster" && scope != "Namespaced") {
      add(cause_not_supported("spec.scope", Json(scope), {"Cluster", "Namespaced"}));
    }
    names(*spec);
    std::string_view name = crd.str({"metadata", "name"});
    std::string wanted = std::string(spec->str({"names", "plural"})) + "." + std::string(group);
    if (name != wanted) {
      add(cause_invalid("metadata.name", Json(name), "must be spec.names.plural+\".\"+spec.group"));
    }
    if (spec->truth({"preserveUnknownFields"})) {
      add(cause_invalid("spec.preserveUnknownFields", Json(true),
                        "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                        "spec.versions[*].schema instead"));
    }
    versions(*spec);
    conversion(*spec);
  }

 private:
  void add(Cause cause) { causes.push_back(std::move(cause)); }

  void label(const Json& names, const char* key, bool mixed_case) {
    std::string path = std::string("spec.names.") + key;
    std::string_view word = names.str(key);
    if (word.empty()) return add(cause_required(path));
    Reasons reasons = check_dns1035_label(mixed_case ? lower(word) : std::string(word));
    if (reasons.empty()) return;
    std::string why = mixed_case ? "may have mixed case, but should otherwise match: " : "";
    add(cause_invalid(path, Json(word), why + joined(reasons)));
  }

  void words(const Json& names, const char* key) {
    const Json* list = names.find(key);
    if (list == nullptr || !list->is_array()) return;
    for (size_t i = 0; i < list->size(); i++) {
      const Json& word = list->as_array()[i];
      Reasons reasons = check_dns1035_label(word.is_string() ? word.as_string() : "");
      if (!reasons.empty()) {
        add(cause_invalid("spec.names." + std::string(key) + "[" + std::to_string(i) + "]", word,
                          joined(reasons)));
      }
    }
  }

  void names(const Json& spec) {
    const Json* names = spec.find("names");
    if (names == nullptr || !names->is_object()) return add(cause_required("spec.names"));
    label(*names, "plural", false);
    label(*names, "singular", false);
    label(*names, "kind", true);
    label(*names, "listKind", true);
    if (!names->str("kind").empty() && names->str("kind") == names->str("listKind")) {
      add(cause_invalid("spec.names.listKind", Json(names->str("listKind")),
                        "kind and listKind may not be the same"));
    }
    words(*names, "shortNames");
    words(*names, "categories");
  }

  void versions(const Json& spec) {
    const Json* list = spec.find("versions");
    if (list == nullptr || !list->is_array() || list->size() == 0) {
      return add(cause_required("spec.versions"));
    }
    std::set<std::string, std::less<>> seen;
    bool unique = true;
    Places places = shared(list->as_array());
    int storage = 0;
    for (size_t i = 0; i < list->size(); i++) {
      const Json& version = list->as_array()[i];
      std::string path = "spec.versions[" + std::to_string(i) + "]";
      std::string_view name = version.str("name");
      Reasons reasons = check_dns1035_label(name);
      if (!reasons.empty()) add(cause_invalid(path + ".name", Json(name), joined(reasons)));
      unique = seen.emplace(name).second && unique;
      storage += version.truth({"storage"}) ? 1 : 0;
      one_version(version, i, places);
    }
    if (!unique) add(cause_invalid("spec.versions", *list, "must contain unique version names"));
    if (storage != 1) {
      add(cause_invalid("spec.versions", *list,
                        "must have exactly one version marked as storage version"));
    }
  }

  // Upstream speaks of what all versions share as if it stood at the top of the spec, once.
  struct Places {
    bool schema, columns, scale, selectable;  // shared by all versions
  };

  static Places shared(const JsonArray& versions) {
    auto same = [&](std::initializer_list<std::string_view> path) {
      const Json* first = versions[0].at(path);
      return std::all_of(versions.begin(), versions.end(), [&](const Json& v) {
        const Json* other = v.at(path);
        return first == nullptr || other == nullptr ? first == other : *first == *other;
      });
    };
    return {same({"schema"}), same({"additionalPrinterColumns"}), same({"subresources"}),
            same({"selectableFields"})};
  }

  void one_version(const Json& version, size_t index, const Places& places) {
    std::string own = "spec.versions[" + std::to_string(index) + "]";
    bool again = index > 0;
    const Json* schema = version.at({"schema", "openAPIV3Schema"});
    std::string schema_path =
        places.schema ? "spec.validation.openAPIV3Schema" : own + ".schema.openAPIV3Schema";
    if (schema == nullptr || schema->is_null()) {
      add(cause_required(own + ".schema.openAPIV3Schema", "schemas are required"));
    } else if (!places.schema || !again) {
      auto faults = check_structural(*schema, schema_path);
      causes.insert(causes.end(), faults.begin(), faults.end());
    }
    const Json* columns = version.find("additionalPrinterColumns");
    bool list = columns != nullptr && columns->is_array() && !(places.columns && again);
    for (size_t i = 0; list && i < columns->size(); i++) {
      column(columns->as_array()[i], (places.columns ? "spec" : own) +
                                         ".additionalPrinterColumns[" + std::to_string(i) + "]");
    }
    if (!(places.scale && again))
      scale(version, (places.scale ? "spec" : own) + ".subresources.scale");
    if (!(places.selectable && again)) {
      selectable(version, (places.selectable ? "spec" : own) + ".selectableFields");
    }
  }

  void simple_path(const Json& holder, std::string_view key, const std::string& path, bool plain) {
    std::string_view text = holder.str(key);
    if (text.empty()) return add(cause_required(path));
    auto parsed = JsonPath::parse(text);
    if (!parsed) {
      add(cause_invalid(path, Json(text), "is an invalid path: " + parsed.error().message()));
    } else if (!text.starts_with('.')) {
      add(cause_invalid(path, Json(text), "must be a simple json path starting with ."));
    } else if (plain && parsed->simple().empty()) {
      add(cause_invalid(path, Json(text), "must be fields joined by dots"));
    }
  }

  void column(const Json& column, const std::string& path) {
    static constexpr std::string_view kTypes[] = {"boolean", "date", "integer", "number", "string"};
    static constexpr std::string_view kFormats[] = {"byte",  "date",  "date-time", "double",
                                                    "float", "int32", "int64",     "password"};
    if (column.str("name").empty()) add(cause_required(path + ".name"));
    std::string_view type = column.str("type");
    const char* types = "must be one of boolean,date,integer,number,string";
    if (type.empty()) {
      add(cause_required(path + ".type", types));
    } else if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
      add(cause_invalid(path + ".type", Json(type), types));
    }
    std::string_view format = column.str("format");
    if (!format.empty() &&
        std::find(std::begin(kFormats), std::end(kFormats), format) == std::end(kFormats)) {
      add(cause_invalid(path + ".format", Json(format),
                        "must be one of byte,date,date-time,double,float,int32,int64,password"));
    }
    simple_path(column, "jsonPath", path + ".JSONPath", false);
  }

  void scale(const Json& version, const std::string& path) {
    const Json* scale = version.at({"subresources", "scale"});
    if (scale == nullptr || !scale->is_object()) return;
    struct Rule {
      const char* key;
      bool spec, status, required;
    };
    for (const Rule& rule : {Rule{"specReplicasPath", true, false, true},
                             Rule{"statusReplicasPath", false, true, true},
                             Rule{"labelSelectorPath", true, true, false}}) {
      std::string_view text = scale->str(rule.key);
      if (text.empty() && !rule.required) continue;
      std::string here = path + "." + rule.key;
      simple_path(*scale, rule.key, here, true);
      bool inside = (rule.spec && text.starts_with(".spec.")) ||
                    (rule.status && text.starts_with(".status."));
      if (!text.empty() && !inside) {
        add(cause_invalid(here, Json(text),
                          std::string("should be a json path under ") + (rule.spec && rule.status
                                                                             ? ".spec or .status"
                                                                         : rule.spec ? ".spec"
                                                                                     : ".status")));
      }
    }
  }

  void selectable(const Json& version, const std::string& path) {
    const Json* list = version.find("selectableFields");
    if (list == nullptr || !list->is_array()) return;
    if (list->size() > kSelectableFieldsMax) {
      add(cause_too_many(path, static_cast<int64_t>(list->size()), kSelectableFieldsMax));
    }
    for (size_t i = 0; i < list->size(); i++) {
      const Json& field = list->as_array()[i];
      std::string here = path + "[" + std::to_string(i) + "].jsonPath";
      simple_path(field, "jsonPath", here, true);
      selectable_type(version, field.str("jsonPath"), here);
      if (field.str("jsonPath").starts_with(".metadata.")) {
        add(cause_invalid(here, Json(field.str("jsonPath")),
                          "must not point to fields in metadata"));
      }
    }
  }

  void selectable_type(const Json& version, std::string_view text, const std::string& path) {
    auto parsed = JsonPath::parse(text);
    if (!parsed || parsed->simple().empty() || text.starts_with(".metadata.")) return;
    const Json* here = version.at({"schema", "openAPIV3Schema"});
    for (const std::string& name : parsed->simple()) {
      here = here == nullptr ? nullptr : here->at({"properties", name});
    }
    if (here == nullptr) {
      return add(
          cause_invalid(path, Json(text), "is an invalid path: does not refer to a valid field"));
    }
    std::string_view type = here->str("type");
    if (type != "string" && type != "boolean" && type != "integer") {
      add(cause_invalid(
          path, Json(text),
          "must point to a field of type string, boolean or integer. Enum string fields "
          "and strings with formats are allowed."));
    }
  }

  void conversion(const Json& spec) {
    std::string_view strategy = spec.str({"conversion", "strategy"}, "None");
    if (strategy != "None" && strategy != "Webhook") {
      return add(
          cause_not_supported("spec.conversion.strategy", Json(strategy), {"None", "Webhook"}));
    }
    const Json* versions = spec.find("versions");
    // With one version nothing is ever converted.
    if (strategy == "Webhook" && versions != nullptr && versions->size() > 1) {
      add(cause_invalid("spec.conversion.strategy", Json(strategy),
                        "conversion by webhook is not done by this server; with several versions "
                        "the strategy must be None"));
    }
  }
};

}  // namespace

std::vector<Cause> check_crd(const Json& crd) {
  CrdChecker checker;
  checker.all(crd);
  return std::move(checker.causes);
}

std::vector<Cause> check_crd_update(const Json& crd, const Json& old) {
  std::vector<Cause> out = check_crd(crd);
  auto fixed = [&](std::initializer_list<std::string_view> path, std::string field) {
    check_immutable(out, field, crd.at(path), old.at(path));
  };
  fixed({"spec", "group"}, "spec.group");
  fixed({"spec", "names", "plural"}, "spec.names.plural");
  bool established = false;
  if (const Json* conditions = old.at({"status", "conditions"});
      conditions && conditions->is_array()) {
    for (const Json& c : conditions->as_array()) {
      established = established || (c.str("type") == "Established" && c.str("status") == "True");
    }
  }
  if (established) {
    fixed({"spec", "scope"}, "spec.scope");
    fixed({"spec", "names", "kind"}, "spec.names.kind");
  }
  return out;
}

}  // namespace engine
