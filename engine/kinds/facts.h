// Facts: the kind data that generate/facts.py puts into the program: one row a kind, and OpenAPI
// definitions in compressed blocks that are opened when one of their definitions is asked for.
// Internal to engine/kinds. Thread: any. Owns: the index of definitions and the block it opened
// last.
#pragma once

#include <memory>
#include <span>

#include "engine/kinds/kind.h"
#include "engine/schema/definitions.h"

namespace engine {

class Facts : public DefinitionSource {
 public:
  struct Opened {
    std::shared_ptr<const Facts> facts;
    JsonArray rows;                  // one a kind
    std::vector<std::string> texts;  // descriptions of columns, which rows name by number
  };
  // The data of this program. It was made by our own build, so a damaged one ends the process.
  static Opened embedded();
  static Opened open(std::span<const unsigned char> bytes);
};

}  // namespace engine
