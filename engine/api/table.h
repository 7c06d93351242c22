// Tables: objects as the rows that `kubectl get` prints, by the columns of their kind. Cells are
// made from data (a path, or a small function with arguments, both named by the kind's columns);
// only what upstream's printers compute has a function of its own. Thread: any. Owns: nothing.
// Source: k8s.io/kubernetes pkg/printers/internalversion, k8s.io/apiextensions-apiserver
// tableconvertor.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "engine/kinds/kind.h"

namespace engine {

enum class RowObject : uint8_t { none, metadata, object };

struct TableOptions {
  std::string_view meta_version = "v1";  // of meta.k8s.io: v1 or v1beta1
  RowObject rows = RowObject::metadata;
  WallTime now;         // ages are counted to here
  bool headers = true;  // false: no column definitions (later events of a watch)
  // Of the list; written when not empty or 0.
  std::string_view resource_version;
  std::string_view continue_token;
  uint64_t remaining = 0;
};

using ObjectBytes = std::shared_ptr<const std::string>;

// The Table as JSON text. The objects are JSON as stored; one that cannot be read becomes a row of
// its error.
std::string make_table(const Kind& kind, std::span<const ObjectBytes> objects,
                       const TableOptions& options);

// The cells of one object, in the order of the kind's columns.
JsonArray table_cells(const Kind& kind, const Json& object, WallTime now);

}  // namespace engine
