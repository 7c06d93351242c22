// FieldSet: a set of places in objects, as managedFields writes it (FieldsV1): a tree whose edges
// are f:NAME (a field), k:{KEYS} (an item of a keyed list), v:VALUE (an item of a set). A place is
// in the set when its node is a member. Thread: a value. Owns: its nodes.
// Source: sigs.k8s.io/structured-merge-diff fieldpath.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

class FieldSet {
 public:
  struct Child;

  // The node itself is in the set.
  bool member = false;

  bool empty() const { return !member && children_.empty(); }
  const std::vector<Child>& children() const { return children_; }
  const FieldSet* find(std::string_view edge) const;
  FieldSet* find(std::string_view edge);
  FieldSet& make(std::string_view edge);
  // Takes the subtree at an edge that is not there yet; an empty one is left out.
  void put(std::string edge, FieldSet subtree);
  // A field by its name, without building its edge.
  const FieldSet* field(std::string_view name) const;

  void unite(const FieldSet& other);
  void unite(FieldSet&& other);
  void subtract(const FieldSet& other);  // exactly these places; what is below them stays
  FieldSet intersection(const FieldSet& other) const;
  bool operator==(const FieldSet& other) const;

  // The paths of all members, as conflicts print them: .spec.ports[port=80].name
  std::vector<std::string> paths() const;
  Json to_fields_v1() const;
  static Result<FieldSet> from_fields_v1(const Json& fields);

 private:
  size_t lower(std::string_view edge) const;
  void add_paths(std::string& prefix, std::vector<std::string>& out) const;
  std::vector<Child> children_;  // sorted by edge
};

struct FieldSet::Child {
  std::string edge;
  FieldSet set;
};

}  // namespace engine
