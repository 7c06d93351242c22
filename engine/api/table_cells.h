// The functions that table columns name. Internal to engine/api.
// Thread: any. Owns: nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "engine/base/time.h"

namespace engine {

struct CellInput {
  const Json& object;
  std::span<const std::string_view> arguments;  // paths begin with a dot
  WallTime now;

  // What the n-th argument leads to; null when nothing is there.
  const Json* at(size_t n) const;
};
using CellFunction = Json (*)(const CellInput&);

CellFunction find_cell(std::string_view name);  // null when there is none

// By family; each a table that find_cell looks through.
struct NamedCell {
  std::string_view name;
  CellFunction make;
};
std::span<const NamedCell> plain_cells();
std::span<const NamedCell> workload_cells();
std::span<const NamedCell> cluster_cells();

// Shared between the families.
const Json* at_path(const Json& object, std::string_view path);       // .a.b.c
const JsonArray& list_at(const Json& object, std::string_view path);  // empty when there is none
std::string lower_case(std::string_view text);
std::string age_of(const Json* timestamp, WallTime now);  // <unknown> when there is none
std::string label_text(const Json* labels);               // a=b,c=d or <none>
std::string text_of(const Json* value);                   // as %v prints it; empty for none

}  // namespace engine
