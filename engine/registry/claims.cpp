#include "engine/registry/claims.h"

#include <algorithm>

#include "engine/base/digest.h"
#include "engine/registry/registry_impl.h"

namespace engine {

namespace {

using Unique = Strategy::Unique;

std::string claim_key(const Kind& kind, const Unique& unique) {
  return "/unique/" + kind.group + "/" + kind.plural + "/" + unique.field + "/" +
         sha256_hex(unique.value);
}

bool has(const std::vector<Unique>& list, const Unique& one) {
  return std::find(list.begin(), list.end(), one) != list.end();
}

std::vector<Unique> uniques(const Strategy& strategy, const Json* object) {
  return object == nullptr ? std::vector<Unique>() : strategy.uniques(*object);
}

}  // namespace

Status claimed_by_another(const Kind& kind, std::string_view name, const Unique& unique) {
  return Status::invalid(kind.group, kind.kind, std::string(name),
                         {cause_duplicate(unique.field, Json(unique.value))});
}

Result<Claims> claims_of(storage::Store& store, const Kind& kind, const Strategy& strategy,
                         const std::string& key, const Json* object, const Json* old) {
  const std::vector<Unique> wanted = uniques(strategy, object), had = uniques(strategy, old);
  Claims out;
  auto claim = [&](const Unique& unique, bool take) -> Result<Unit> {
    std::string place = claim_key(kind, unique);
    auto found = store.get(place);
    if (!found) return to_status(found.error());
    const auto& record = *found;
    const bool own = record && record->value == key;
    if (take && own && old != nullptr) return Unit{};
    if (take && record && !own) {
      // Two that shared it before there were claims both go on.
      if (has(had, unique)) return Unit{};
      std::string_view name = object->str({"metadata", "name"});
      return claimed_by_another(kind, name, unique);
    }
    if (!take && !own) return Unit{};
    storage::Write write{place, take ? std::optional(key) : std::nullopt};
    out.push_back({unique,
                   {std::move(place), record ? record->modified : storage::kAbsent},
                   std::move(write)});
    return Unit{};
  };
  for (const Unique& unique : wanted) TRY(claim(unique, true));
  for (const Unique& unique : had)
    if (!has(wanted, unique)) TRY(claim(unique, false));
  return out;
}

}  // namespace engine
