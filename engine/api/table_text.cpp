#include "engine/api/respond.h"
#include "engine/api/table.h"
#include "engine/watch/object_scan.h"

namespace engine {

Result<std::string> table_text(const Kind& kind, const Output& output, const ListAnswer& list,
                               TableHeaders headers, WallTime now) {
  TableOptions options;
  options.meta_version = output.meta_version;
  options.rows = output.include_object == "None"     ? RowObject::none
                 : output.include_object == "Object" ? RowObject::object
                                                     : RowObject::metadata;
  options.now = now;
  options.headers = headers == TableHeaders::with;
  std::string revision = list.revision == 0 ? std::string() : std::to_string(list.revision);
  // A table of one object, not of a list, carries that object's own.
  if (revision.empty() && list.objects.size() == 1)
    revision = scan_text(scan(*list.objects[0], {"metadata", "resourceVersion"}));
  options.resource_version = revision;
  options.continue_token = list.continue_token;
  options.remaining = list.remaining;
  return make_table(kind, list.objects, options);
}

}  // namespace engine
