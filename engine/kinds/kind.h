// Kind: one version of one resource as data (names, scope, verbs, schema, columns), and KindSet,
// all of them. CRDs enter and leave a KindSet at run time: readers hold an immutable snapshot, so a
// request sees one consistent set. Thread: Kind immutable; KindSet any. Owns: its kinds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http.h"
#include "engine/base/json.h"
#include "engine/schema/definitions.h"
#include "engine/schema/schema.h"

namespace engine {

enum class Scope : uint8_t { cluster, namespaced };

struct Conversion;

struct Column {
  std::string name;    // as `kubectl get` prints it
  std::string type;    // string, integer, number, boolean, date
  std::string format;  // "name" for the name column
  std::string description;
  int priority = 0;       // above 0: only with -o wide
  std::string json_path;  // .spec.x; empty where code makes the cell (table.h)
  std::string cell;       // which code, with its arguments: "count .data .binaryData"
};

// What a subresource takes and gives: scale is of autoscaling/v1, status of the kind itself.
struct Subresource {
  std::string name;
  std::string group;
  std::string version;
  std::string kind;
  std::vector<std::string> verbs;
};

// Where scale finds its numbers in a custom resource.
struct ScalePaths {
  std::string spec_replicas;    // .spec.replicas
  std::string status_replicas;  // .status.replicas
  std::string label_selector;   // may be empty
};

class Kind {
 public:
  virtual ~Kind() = default;
  std::string group;      // "" for core
  std::string version;    // v1
  std::string kind;       // ConfigMap
  std::string list_kind;  // ConfigMapList
  std::string plural;     // configmaps
  std::string singular;   // configmap
  std::vector<std::string> short_names;
  std::vector<std::string> categories;
  Scope scope = Scope::namespaced;
  std::vector<std::string> verbs;  // create delete deletecollection get list patch update watch
  std::vector<std::string> subresources;  // status, scale, ...: plain names
  std::vector<Subresource> subresource_details;
  std::optional<ScalePaths> scale;  // set where there is a scale subresource
  std::vector<Column> columns;      // all of them, NAME and AGE included, in upstream's order
  std::string storage_version;  // the version that stored bytes carry; all versions of a resource
                                // share their keys
  const Conversion* conversion = nullptr;  // another kind's objects in this kind's shape
  std::string crd_name;                    // of the CRD that made it; empty when built in
  bool stored = true;                      // false: a virtual kind (reviews), handled by code alone
  bool product = false;                    // one of the product's own kinds
  std::string storage_hash;                // storageVersionHash of discovery
  std::string definition;                  // its name in OpenAPI: io.k8s.api.core.v1.ConfigMap
  std::vector<std::string> selectable_fields;  // of a CRD: .spec.color

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  std::string stored_api_version() const;
  bool namespaced() const { return scope == Scope::namespaced; }
  bool has_verb(std::string_view verb) const;
  bool has_subresource(std::string_view name) const;
  // Keys: /registry/GROUP/PLURAL/NS/NAME or /registry/GROUP/PLURAL/NAME; GROUP of core is "core",
  // and of a kind that is stored as another, the other's.
  std::string key_prefix() const;
  std::string key(std::string_view ns, std::string_view name) const;
  About about(std::string_view name) const;
  virtual const Schema& schema() const = 0;  // parsed on first use
  // The OpenAPI definition as JSON text, references as "#/definitions/NAME"; empty when it has none
  // of its own.
  virtual std::string definition_text() const { return {}; }
};
using KindPtr = std::shared_ptr<const Kind>;

// An immutable set.
class KindSnapshot {
 public:
  virtual ~KindSnapshot() = default;
  virtual KindPtr by_resource(std::string_view group, std::string_view version,
                              std::string_view plural) const = 0;
  virtual KindPtr by_kind(std::string_view group, std::string_view version,
                          std::string_view kind) const = 0;
  // The version that is stored, whatever version a client names.
  virtual KindPtr stored(std::string_view group, std::string_view plural) const = 0;
  virtual const std::vector<KindPtr>& all() const = 0;  // in discovery order
  virtual uint64_t generation() const = 0;              // changes with every change of the set
  // Definitions of built-in kinds and what they refer to, by name; null in a set made without them.
  virtual const DefinitionSource* definitions() const { return nullptr; }
};

class KindSet {
 public:
  // The built-in kinds of Kubernetes and the product's own, from the data in the program.
  static std::unique_ptr<KindSet> builtin();
  virtual ~KindSet() = default;
  virtual std::shared_ptr<const KindSnapshot> snapshot() const = 0;
  // From a CustomResourceDefinition object: replaces what that CRD gave before. The error says why
  // it cannot be served (crd.h says it before it is stored).
  virtual Result<Unit> put_crd(const Json& crd) = 0;
  virtual void remove_crd(std::string_view crd_name) = 0;
};

}  // namespace engine
