// DynamicSchemas: types of the API that come and go while the server runs: the fields that drivers
// have, from DynamicSchema objects. One that is embedded gives its fields to another type (a node
// template's `amazonec2Config`); the others are the types of such fields. A type is listed when a
// listed one has a field of it. Thread: any. Owns: nothing but what it has seen; the schemas are
// SchemaSet's.
#pragma once

#include <atomic>
#include <limits>
#include <mutex>

#include "engine/norman/schema_view.h"
#include "engine/watch/watch_cache.h"

namespace engine {

// Objects that are looked at: those after these have no schema.
constexpr size_t kDynamicSchemasMax = 1000;

// What the objects make of the schemas of /v3. Objects that would change a type which is not theirs
// (a built-in one's field, a built-in type) are left out.
std::vector<LaidOver> dynamic_schemas(const SchemaSet& schemas, const JsonArray& objects);

class DynamicSchemas {
 public:
  DynamicSchemas(storage::Env& env, Registry& registry, Dispatcher& dispatcher, SchemaSet& schemas)
      : env_(env), registry_(registry), dispatcher_(dispatcher), schemas_(schemas) {}
  // Before each request; costs one read of a number when nothing has changed. When the objects
  // can't be read now, the schemas stay as they were and the next request tries again.
  void catch_up();

 private:
  Result<Unit> read(Revision seen);

  storage::Env& env_;
  Registry& registry_;
  Dispatcher& dispatcher_;
  SchemaSet& schemas_;
  std::atomic<const std::atomic<Revision>*> changed_{nullptr};
  static constexpr Revision kNever = std::numeric_limits<Revision>::max();
  std::atomic<Revision> seen_{kNever};
  std::mutex mutex_;
  std::shared_ptr<const std::atomic<Revision>> held_;
};

}  // namespace engine
