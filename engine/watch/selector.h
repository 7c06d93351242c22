// Selector: the label and field selectors of one list or watch, parsed for its kind. Which fields a
// kind can be selected by is data (selector.cpp), with metadata.name and metadata.namespace for
// all. Thread: a value. Owns: its terms. Source: k8s.io/apimachinery pkg/fields and the field label
// conversions of each kind in k8s.io/kubernetes pkg/apis.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kinds/kind.h"
#include "engine/watch/label_selector.h"

namespace engine {

struct FieldTerm {
  std::string field;              // as the client wrote it: spec.nodeName
  std::vector<std::string> path;  // where it is in the object; empty: the name or namespace
  std::string otherwise;          // what a missing field counts as
  std::string value;
  bool equal = true;  // false: !=
  bool operator==(const FieldTerm&) const = default;
};

class Selector {
 public:
  // Errors are 400 with upstream's texts.
  static Result<Selector> parse(const Kind& kind, std::string_view labels, std::string_view fields);
  // One object by name, as `GET .../watch/...` and `fieldSelector=metadata.name=x` mean it.
  static Selector by_name(std::string_view name);

  bool empty() const { return labels_.empty() && fields_.empty(); }
  bool matches(const ObjectView& object) const;
  // The one name, or namespace, that can match, when a term says so.
  std::optional<std::string> exact(std::string_view field) const;
  bool operator==(const Selector&) const = default;

 private:
  LabelSelector labels_;
  std::vector<FieldTerm> fields_;
};

}  // namespace engine
