// Metadata: what every object's metadata has in common: its shape, what the server fills in on a
// write, and what is refused. Thread: any. Owns: nothing. Source: k8s.io/apimachinery
// api/validation and k8s.io/apiserver pkg/registry/rest (create.go, update.go, meta.go).
#pragma once

#include <string>
#include <string_view>

#include "engine/kinds/causes.h"
#include "engine/kinds/strategy.h"

namespace engine {

// The types of the members that the server itself reads; the text names the first that is wrong
// ("metadata.labels: expected object, got string"), empty when all fit. Members that are null are
// taken out.
std::string tidy_metadata(Json& object);

// metadata of an object that has been tidied.
Json& metadata_of(Json& object);
const Json& metadata_of(const Json& object);

// Names and namespaces of the request against those of the body; fills in what the body left out.
Result<Unit> match_namespace(const Kind& kind, std::string_view ns, Json& object);

// uid, creationTimestamp; takes out what only the server may say.
void fill_for_create(storage::Env& env, Json& object);
// Carries over from `old` what an update may leave out or must not change.
void fill_for_update(Json& object, const Json& old);

Causes validate_metadata(const Kind& kind, const Strategy& strategy, const Json& object);
Causes validate_metadata_update(const Json& object, const Json& old);

bool has_finalizer(const Json& object, std::string_view name);
void add_finalizer(Json& object, std::string_view name);
bool drop_finalizer(Json& object, std::string_view name);
bool has_finalizers(const Json& object);
bool is_terminating(const Json& object);

// Two owner references with one uid are one; the text is the warning for the client, empty when
// there were none.
std::string merge_duplicate_owners(Json& object);

}  // namespace engine
