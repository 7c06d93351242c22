// Drivers and the schemas that follow them: while a driver is active, node templates and cloud
// credentials (of a cluster driver: clusters) have a field of its own, whose type is a
// DynamicSchema
// `<driver>config`. This server runs no driver's program: the fields are those that it knows of, or
// those that somebody has put into that DynamicSchema; a driver without any says so. A field whose
// type is gone goes too. Source: V3-CONTRACT.md and facts/drivers.json of the first start.
#include <algorithm>
#include <mutex>
#include <set>

#include "engine/access/server_user.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/controllers/management/driver_fields.h"
#include "engine/controllers/runtime/following_controller.h"

namespace engine {
namespace {

constexpr std::string_view kGroup = "management.cattle.io";
constexpr std::string_view kStale = "stale";  // the key of what nobody owns any longer
constexpr std::string_view kNodeLabel = "io.cattle.node_driver.name";
// Of these the type is the API's own.
constexpr std::string_view kWithoutSchema[] = {"rancherkubernetesengine", "import"};

// A DynamicSchema that gives its fields to a type of the API.
struct Embedding {
  std::string_view name, type;
  bool update;
};
constexpr Embedding kNode{"nodeconfig", "node", false};
constexpr Embedding kTemplate{"nodetemplateconfig", "nodeTemplate", true};
constexpr Embedding kCredential{"credentialconfig", "cloudCredential", true};
constexpr Embedding kCluster{"cluster", "cluster", true};
constexpr Embedding kEmbeddings[] = {kNode, kTemplate, kCredential, kCluster};

enum class Wanted : uint8_t { there, gone };

std::string without_fields(std::string_view driver, std::string_view schema) {
  if (driver.empty()) return "neither the driver nor the file of its url says its name";
  return "this server runs no driver's program and does not know the fields of " +
         std::string(driver) + ": put them into a DynamicSchema named " + std::string(schema);
}

class Drivers final : public FollowingController {
 public:
  explicit Drivers(const ControllerSet& set) : FollowingController(set, "drivers") {}
  ~Drivers() override { stop(); }

  Result<Unit> start() override {
    auto kinds = registry_.kinds().snapshot();
    node_drivers_ = kinds->stored(kGroup, "nodedrivers");
    engine_drivers_ = kinds->stored(kGroup, "kontainerdrivers");
    schemas_ = kinds->stored(kGroup, "dynamicschemas");
    follow(schemas_, [this](const WatchEvent& event) { schema_changed(event); });
    follow(node_drivers_, [this](const WatchEvent& event) { driver_changed("node/", event); });
    follow(engine_drivers_, [this](const WatchEvent& event) { driver_changed("engine/", event); });
    controller_.add(std::string(kStale));
    return Unit{};
  }

 private:
  void driver_changed(std::string_view prefix, const WatchEvent& event) {
    const std::string key = std::string(prefix) + event.name;
    std::lock_guard lock(mutex_);
    if (event.type == EventType::deleted) {
      keys_.erase(key);
    } else {
      keys_.insert(key);
      controller_.add(key);
    }
  }

  // The drivers are few: whatever of theirs changed, all are looked at, and nothing is written
  // where it is as it should be.
  void schema_changed(const WatchEvent& event) {
    if (event.type == EventType::deleted) controller_.add(std::string(kStale));
    std::lock_guard lock(mutex_);
    for (const std::string& key : keys_) controller_.add(key);
  }

  Result<Outcome> reconcile(const std::string& key) override {
    if (key == kStale) {
      for (const Embedding& embedding : kEmbeddings) TRY(drop_stale(embedding));
      return Outcome::done();
    }
    const bool node = key.starts_with("node/");
    const Kind& kind = node ? *node_drivers_ : *engine_drivers_;
    auto found = find(kind, key.substr(key.find('/') + 1));
    if (!found) return found.error();
    if (!*found || !(*found)->str({"metadata", "deletionTimestamp"}).empty())
      return Outcome::done();
    TRY(node ? node_driver(**found) : engine_driver(**found));
    return Outcome::done();
  }

  Result<Unit> node_driver(const Json& driver) {
    const std::string name = driver_name(driver);
    const bool active = driver.truth({"spec", "active"});
    const bool credential = active || driver.truth({"spec", "addCloudCredential"});
    const std::string type = lower(name) + "config";
    if (credential && (name.empty() || !TRY(node_schemas(driver, name))))
      return say(*node_drivers_, driver, without_fields(name, type), name);
    if (!name.empty()) {
      const Wanted wanted = active ? Wanted::there : Wanted::gone;
      TRY(embed(kNode, name + "Config", type, wanted));
      TRY(embed(kTemplate, name + "Config", type, wanted));
      TRY(embed(kCredential, name + "credentialConfig", lower(name) + "credentialconfig",
                credential ? Wanted::there : Wanted::gone));
    }
    return say(*node_drivers_, driver, {}, name);
  }

  // False: nobody knows its fields.
  Result<bool> node_schemas(const Json& driver, const std::string& name) {
    const Json* marks = driver.at({"metadata", "annotations"});
    const Json annotations = marks ? *marks : Json::object();
    const std::string type = lower(name) + "config";
    auto there = TRY(find(*schemas_, type));
    Json fields = Json::object();
    if (there) {
      if (const Json* own = there->at({"spec", "resourceFields"})) fields = *own;
    } else {
      auto known = known_driver_fields(name);
      if (!known) return false;
      fields = driver_fields(*known, annotations);
      TRY(make_schema(type, driver, name, fields));
    }
    const std::string credential = lower(name) + "credentialconfig";
    if (!TRY(find(*schemas_, credential)))
      TRY(make_schema(credential, driver, {}, credential_fields(fields, annotations)));
    return true;
  }

  Result<Unit> engine_driver(const Json& driver) {
    const std::string_view own = driver.str({"metadata", "name"});
    if (std::find(std::begin(kWithoutSchema), std::end(kWithoutSchema), own) !=
        std::end(kWithoutSchema))
      return say(*engine_drivers_, driver, {}, {});
    const std::string name = engine_driver_name(driver);
    const std::string type = name + (driver.truth({"spec", "builtIn"}) ? "Config" : "EngineConfig");
    const bool active = driver.truth({"spec", "active"});
    if (active && (name.empty() || !TRY(find(*schemas_, lower(type)))))
      return say(*engine_drivers_, driver, without_fields(name, lower(type)), name);
    if (!name.empty()) TRY(embed(kCluster, type, type, active ? Wanted::there : Wanted::gone));
    return say(*engine_drivers_, driver, {}, name);
  }

  Result<Unit> make_schema(const std::string& name, const Json& driver, const std::string& label,
                           Json fields) {
    Json owner = Json::object({{"apiVersion", driver.str("apiVersion")},
                               {"kind", driver.str("kind")},
                               {"name", driver.str({"metadata", "name"})},
                               {"uid", driver.str({"metadata", "uid"})}});
    Json labels = Json::object({{"cattle.io/creator", "norman"}});
    if (!label.empty()) labels.set(kNodeLabel, label);
    Json schema = head(name);
    schema["metadata"].set("labels", std::move(labels));
    schema["metadata"].set("ownerReferences", Json::array({std::move(owner)}));
    schema.set("spec", Json::object({{"resourceFields", std::move(fields)}}));
    return create(std::move(schema));
  }

  static Json head(std::string_view name) {
    return Json::object({{"apiVersion", "management.cattle.io/v3"},
                         {"kind", "DynamicSchema"},
                         {"metadata", Json::object({{"name", name}})}});
  }

  Result<Unit> create(Json schema) {
    auto made = client_->create(*schemas_, "", std::move(schema));
    if (!made && !made.error().is("AlreadyExists")) return made.error();
    return Unit{};
  }

  Result<Unit> embed(const Embedding& into, const std::string& field, const std::string& type,
                     Wanted wanted) {
    auto there = TRY(find(*schemas_, into.name));
    if (!there) {
      if (wanted == Wanted::gone) return Unit{};
      Json schema = head(into.name);
      schema.set("spec", Json::object({{"embed", true}, {"embedType", into.type}}));
      TRY(create(std::move(schema)));
    } else if ((there->at({"spec", "resourceFields", field}) != nullptr) ==
               (wanted == Wanted::there)) {
      return Unit{};
    }
    auto written = client_->modify(*schemas_, "", into.name, [&](Json& schema) -> Result<bool> {
      Json& fields = schema.make({"spec"})["resourceFields"];
      if (!fields.is_object()) fields = Json::object();
      const bool had = fields.find(field) != nullptr;
      if (wanted == Wanted::gone) {
        fields.erase(field);
        return had;
      }
      Json added = Json::object({{"create", true}, {"nullable", true}, {"type", type}});
      if (into.update) added.set("update", true);
      fields.set(field, std::move(added));
      return !had;
    });
    return written ? Result<Unit>(Unit{}) : written.error();
  }

  // The type of a driver that is gone is collected with it.
  Result<Unit> drop_stale(const Embedding& into) {
    auto there = TRY(find(*schemas_, into.name));
    const Json* fields = there ? there->at({"spec", "resourceFields"}) : nullptr;
    if (!fields || !fields->is_object()) return Unit{};
    for (const auto& [name, field] : fields->as_object()) {
      const std::string type = lower(field.str("type"));
      if (type.ends_with("config") && !TRY(find(*schemas_, type)))
        TRY(embed(into, name, type, Wanted::gone));
    }
    return Unit{};
  }

  // What has become of a driver's wish; `wrong`: why it has no fields.
  Result<Unit> say(const Kind& kind, const Json& driver, const std::string& wrong,
                   const std::string& name) {
    const std::string own(driver.str({"metadata", "name"}));
    auto written = client_->modify(kind, "", own, [&](Json& now) -> Result<bool> {
      Json next = now;
      // An inactive one that nothing was under way for is left as it is.
      const bool active = now.truth({"spec", "active"});
      if (!active && wrong.empty() && !unsettled(now)) return false;
      if (!name.empty() && &kind == node_drivers_.get() &&
          next.str({"spec", "displayName"}).empty())
        next.make({"spec"}).set("displayName", name);
      if (!name.empty() && &kind == engine_drivers_.get() &&
          next.str({"status", "displayName"}).empty())
        next.make({"status"}).set("displayName", name);
      conclude(next, wrong);
      if (next == now) return false;
      now = std::move(next);
      return true;
    });
    if (!written && !written.error().is("NotFound")) return written.error();
    return Unit{};
  }

  static bool unsettled(const Json& driver) {
    const Json* all = driver.at({"status", "conditions"});
    return all && all->is_array() &&
           std::any_of(all->as_array().begin(), all->as_array().end(),
                       [](const Json& one) { return one.str("status") != "True"; });
  }

  void conclude(Json& driver, const std::string& wrong) const {
    const bool active = driver.truth({"spec", "active"});
    Json& all = driver.make({"status"})["conditions"];
    if (!all.is_array()) all = Json(JsonArray{});
    if (!wrong.empty()) {
      condition(all.as_array(), "Installed", "False", wrong);
      return;
    }
    if (active)
      for (std::string_view done : {"Downloaded", "Installed"})
        condition(all.as_array(), done, "True", {});
    else
      std::erase_if(all.as_array(), [](const Json& one) { return one.str("status") == "False"; });
    condition(all.as_array(), active ? "Active" : "Inactive", "True", {});
    // What was under way and has been taken back since is over.
    std::erase_if(all.as_array(), [](const Json& one) { return one.str("status") == "Unknown"; });
  }

  void condition(JsonArray& all, std::string_view type, std::string_view status,
                 const std::string& message) const {
    auto at = std::find_if(all.begin(), all.end(),
                           [&](const Json& one) { return one.str("type") == type; });
    if (at != all.end() && at->str("status") == status && at->str("message") == message) return;
    Json made = Json::object(
        {{"type", type}, {"status", status}, {"lastUpdateTime", to_rfc3339(env_.wall())}});
    if (!message.empty()) made.set("reason", "Error"), made.set("message", message);
    if (at == all.end())
      all.push_back(std::move(made));
    else
      *at = std::move(made);
  }

  Result<std::optional<Json>> find(const Kind& kind, std::string_view name) {
    auto found = client_->get(kind, "", name);
    if (found) return std::optional<Json>(found->json());
    if (found.error().is("NotFound")) return std::optional<Json>();
    return found.error();
  }

  KindPtr node_drivers_, engine_drivers_, schemas_;
  std::mutex mutex_;
  std::set<std::string> keys_;
};

}  // namespace

void register_controller_drivers(ControllerSet& set) {
  set.add(std::make_unique<Drivers>(set));
}

}  // namespace engine
