// The pieces that both OpenAPI versions are made of: paths from kinds, and definitions with all
// that they refer to. Internal to engine/api. Thread: any. Owns: nothing.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/kinds/kind.h"

namespace engine {

enum class OpenApiVersion : uint8_t { v2, v3 };

// /api/v1 or /apis/G/V.
std::string openapi_root(const Kind& kind);
// Every path of a kind with its operations.
void add_paths(JsonObject& paths, const Kind& kind, OpenApiVersion version);

// Definitions as they are needed: asks for what a text refers to until nothing is new. Names are in
// order.
class DefinitionClosure {
 public:
  explicit DefinitionClosure(const KindSnapshot& kinds) : kinds_(kinds) {}
  void add_kind(const Kind& kind);
  void add(std::string_view name);
  // Writes "NAME":{...},... of all of them.
  void write(std::string& out, OpenApiVersion version) const;
  // One after the other, as v2 has them.
  void each(const std::function<void(std::string_view name, const Json& definition)>& take) const;

 private:
  struct Definition {
    std::string name;
    const Kind* custom;  // null: from the facts
    bool operator<(const Definition& other) const { return name < other.name; }
  };
  std::string text_of(const Definition& definition) const;

  const KindSnapshot& kinds_;
  std::set<Definition> all_;
};

// v2 to v3: where references lead, and a reference with siblings inside allOf.
Json definition_as_v3(Json definition, std::string_view name);
// A custom resource's schema as a definition: apiVersion, kind and metadata added, its kind named;
// and the list of them.
Json custom_definition(const Kind& kind, OpenApiVersion version);
Json custom_list_definition(const Kind& kind);

}  // namespace engine
