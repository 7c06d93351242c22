// LocalRbac: makes one RBAC object of this server what the plan says: creates, mends or removes it,
// and leaves alone what is right. What Kubernetes itself made (bootstrap policy) is never touched.
// Thread: any; waits for the store. Owns: nothing but references.
#pragma once

#include <string>

#include "engine/base/json.h"
#include "engine/controllers/management/rbac_content.h"
#include "engine/registry/registry.h"
#include "engine/watch/watch_cache.h"

namespace engine {

class LocalRbac {
 public:
  LocalRbac(Registry& registry, Dispatcher& dispatcher)
      : registry_(registry), dispatcher_(dispatcher) {}

  enum class Done : uint8_t { nothing, written, later };  // later: its namespace is not there
  // `wanted` null: it must not be there, if it is ours.
  Result<Done> make(const std::string& key, const Json& wanted);
  bool is_there(const std::string& key);

 private:
  Result<Done> create(const Kind& kind, const RbacKey& named, const Json& wanted);
  Result<Done> mend(const Kind& kind, const RbacKey& named, const Json& wanted);
  Result<Done> remove(const Kind& kind, const RbacKey& named);
  Result<KindPtr> kind_of(RbacKind kind) const;

  Registry& registry_;
  Dispatcher& dispatcher_;
};

// Lays what is wanted over what is there; others' labels and annotations stay.
void mend_rbac(const Json& wanted, Json& there);

}  // namespace engine
