// Definitions: named schemas that refer to each other ("#/definitions/NAME"). The text of one is
// asked for when it is first needed, parsed once and kept; the other thousand cost nothing. Thread:
// any. Owns: the parsed nodes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/schema/schema.h"

namespace engine {

struct Node;

// Where the JSON text of a definition comes from. Thread: any.
class DefinitionSource {
 public:
  virtual ~DefinitionSource() = default;
  virtual std::optional<std::string> definition(std::string_view name) const = 0;
};

class Definitions {
 public:
  static std::shared_ptr<const Definitions> over(std::shared_ptr<const DefinitionSource> source);
  virtual ~Definitions() = default;
  // Keeps the definitions alive as long as itself. Null when there is none of that name.
  virtual std::shared_ptr<const SchemaNode> root(std::string_view name) const = 0;
  virtual const Node* node(std::string_view name) const = 0;
  virtual const DefinitionSource& source() const = 0;
};

}  // namespace engine
