#include "engine/controllers/cluster/cluster_parts.h"

namespace engine {

Result<KindPtr> management_kind(Client& client, std::string_view plural) {
  auto kind = client.kinds()->stored(kManagementGroup, plural);
  if (!kind) return Status::internal("there is no kind " + std::string(plural));
  return kind;
}

bool is_ending(const Json& object) {
  return !object.str({"metadata", "deletionTimestamp"}).empty();
}

Result<Unit> change_object(Client& client, const Kind& kind, std::string_view ns,
                           std::string_view name, const std::function<void(Json&)>& change) {
  // An event of our own write must not lead to the next: what is equal is not written.
  auto written = client.modify(
      kind, ns, name,
      [&](Json& object) -> Result<bool> {
        const Json before = object;
        change(object);
        return !(before == object);
      },
      kind.has_subresource("status") ? "status" : "");
  if (!written && !written.error().is("NotFound")) return written.error();
  return Unit{};
}

Result<std::vector<Json>> list_all(Client& client, const Kind& kind, std::string_view ns) {
  std::vector<Json> out;
  std::string after;
  Revision at = storage::kLatest;
  do {
    auto page = TRY(client.list(kind, ns, at, after, 500));
    for (const Object& object : page.objects) out.push_back(object.json());
    at = page.revision;
    after = page.next_key;
  } while (!after.empty());
  return out;
}

}  // namespace engine
