// CustomResourceDefinitions as kinds: what is wrong with one, whether its names are free, and the
// kinds that it gives. Thread: any. Owns: nothing. Source: k8s.io/apiextensions-apiserver
// pkg/apis/apiextensions/validation, pkg/controller/status. Rules in CEL (x-kubernetes-validations)
// are kept as data and not evaluated; conversion by webhook is refused.
#pragma once

#include <vector>

#include "engine/kinds/kind.h"

namespace engine {

// spec.conversion, spec.names.singular and listKind, spec.versions[].additionalPrinterColumns
// priority: what upstream fills in.
void default_crd(Json& crd);
// Everything that keeps the definition from being accepted (422); empty when nothing does.
std::vector<Cause> check_crd(const Json& crd);
std::vector<Cause> check_crd_update(const Json& crd, const Json& old);

// A name that another resource of the group already has, and which one. The NamesAccepted
// condition.
struct NameConflict {
  std::string reason;   // PluralConflict, SingularConflict, ShortNamesConflict, KindConflict,
                        // ListKindConflict
  std::string message;  // "foos" is already in use
};
std::optional<NameConflict> name_conflict(const Json& crd, const KindSnapshot& kinds);

struct CrdKinds {
  std::vector<KindPtr> served;
  KindPtr stored;  // of the storage version, served or not
};
Result<CrdKinds> kinds_of_crd(const Json& crd);

}  // namespace engine
