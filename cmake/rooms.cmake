# The rooms of the house and who may use whom: one line a second-level folder, `room uses...`. CMake links by it, and scripts/check holds
# every #include against it (a room may include itself, what it uses, and what those use).
set(PADDOCK_ROOMS
  "storage/base"
  "storage/kv: storage/base"
  "storage/memory: storage/kv"
  "storage/sqlite: storage/kv"
  "engine/base: storage/base"
  "engine/schema: engine/base"
  "engine/kinds: engine/schema"
  "engine/registry: engine/kinds storage/kv"
  "engine/watch: engine/registry"
  "engine/access: engine/watch"
  "engine/api: engine/access"
  "engine/norman: engine/access"
  "engine/tunnel: engine/base"
  "engine/cluster: engine/watch"
  "engine/controllers: engine/cluster engine/access"
  "appliance/net: engine/cluster engine/tunnel"
  "appliance/edge: engine/base engine/watch"
  "appliance/assets: engine/base"
  "appliance/routes: appliance/edge appliance/net appliance/assets engine/api engine/norman engine/controllers"
  "appliance/cli: appliance/routes storage/memory storage/sqlite"
)
