#include "engine/controllers/management/local_rbac.h"

#include "engine/access/server_user.h"

namespace engine {
namespace {

// No field manager: nobody applies these objects, and what would be recorded of their fields is
// more than the fields.
WriteOptions as_server() {
  return {.user = server_user()};
}

bool is_kubernetes_own(const Json& object) {
  return !object.str({"metadata", "labels", "kubernetes.io/bootstrapping"}).empty();
}

Status not_ours(const Kind& kind, std::string_view name) {
  return Status::other(409, "Conflict",
                       kind.plural + " " + std::string(name) +
                           " is a part of Kubernetes' own policy and is not changed");
}

}  // namespace

void mend_rbac(const Json& wanted, Json& there) {
  Json& labels = there.make({"metadata", "labels"});
  if (!labels.is_object()) labels = Json::object();
  std::vector<std::string> drop;
  for (const auto& [key, value] : labels.as_object())
    if (is_rbac_label_of_ours(key, value)) drop.push_back(key);
  for (const std::string& key : drop) labels.erase(key);
  for (const auto& [key, value] : wanted.at({"metadata", "labels"})->as_object())
    labels.set(key, value);
  const Json* owners = wanted.at({"metadata", "ownerReferences"});
  if (owners)
    there["metadata"].set("ownerReferences", *owners);
  else
    there["metadata"].erase("ownerReferences");
  for (std::string_view part : {"rules", "subjects"}) {
    if (const Json* value = wanted.find(part))
      there.set(part, *value);
    else
      there.erase(part);
  }
  there.erase("aggregationRule");
}

Result<KindPtr> LocalRbac::kind_of(RbacKind kind) const {
  auto found = registry_.kinds().snapshot()->stored(kRbacGroup, rbac_plural(kind));
  if (!found) return Status::internal("there is no kind " + std::string(rbac_plural(kind)));
  return found;
}

bool LocalRbac::is_there(const std::string& key) {
  RbacKey named = read_rbac_key(key);
  auto kind = kind_of(named.kind);
  return kind && dispatcher_.peek(**kind, named.ns, named.name) != nullptr;
}

Result<LocalRbac::Done> LocalRbac::make(const std::string& key, const Json& wanted) {
  RbacKey named = read_rbac_key(key);
  KindPtr kind = TRY(kind_of(named.kind));
  auto cached = TRY(dispatcher_.get(*kind, named.ns, named.name));
  if (!cached) return wanted.is_null() ? Result<Done>(Done::nothing) : create(*kind, named, wanted);
  Json there = MUST(parse_json(*cached->bytes));  // the cache holds only what was validated
  if (wanted.is_null()) {
    if (!is_made_by_us(there)) return Done::nothing;
    return remove(*kind, named);
  }
  if (same_rbac(wanted, there)) return Done::nothing;
  return mend(*kind, named, wanted);
}

Result<LocalRbac::Done> LocalRbac::create(const Kind& kind, const RbacKey& named,
                                          const Json& wanted) {
  auto made = registry_.create(kind, named.ns, wanted, as_server());
  if (made) return Done::written;
  if (made.error().is("AlreadyExists")) return mend(kind, named, wanted);
  // The namespace is not there yet, or is ending.
  const bool no_place = made.error().is("NotFound") || made.error().is("Forbidden");
  if (!named.ns.empty() && no_place) return Done::later;
  return made.error();
}

Result<LocalRbac::Done> LocalRbac::mend(const Kind& kind, const RbacKey& named,
                                        const Json& wanted) {
  bool another_role = false;
  auto written =
      registry_.modify(kind, named.ns, named.name, as_server(), [&](Json& there) -> Result<bool> {
        if (is_kubernetes_own(there)) return not_ours(kind, named.name);
        const Json *role = wanted.find("roleRef"), *now = there.find("roleRef");
        another_role = role && (!now || role->str("kind") != now->str("kind") ||
                                role->str("name") != now->str("name"));
        if (another_role || same_rbac(wanted, there)) return false;
        mend_rbac(wanted, there);
        return true;
      });
  if (!written) {
    if (written.error().is("NotFound")) return create(kind, named, wanted);
    return written.error();
  }
  if (!another_role) return Done::written;
  // A binding's role is for good: another one is another binding.
  auto removed = registry_.remove(kind, named.ns, named.name, {.user = server_user()});
  if (!removed && !removed.error().is("NotFound")) return removed.error();
  auto made = registry_.create(kind, named.ns, wanted, as_server());
  if (!made) return made.error();
  return Done::written;
}

Result<LocalRbac::Done> LocalRbac::remove(const Kind& kind, const RbacKey& named) {
  auto removed = registry_.remove(kind, named.ns, named.name, {.user = server_user()});
  if (!removed && !removed.error().is("NotFound")) return removed.error();
  return Done::written;
}

}  // namespace engine
