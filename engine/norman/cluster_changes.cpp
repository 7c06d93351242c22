#include "engine/norman/cluster_changes.h"

#include <mutex>
#include <set>

#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"

namespace engine {
namespace {

std::string id_of(const Json& object) {
  const std::string ns(object.str({"metadata", "namespace"})),
      name(object.str({"metadata", "name"}));
  return ns.empty() ? name : ns + ":" + name;
}

std::string list_path(const Kind& kind) {
  return target_of(kind, "", "");
}

}  // namespace

struct ClusterChanges::Shared {
  Shared(Heard to, bool of_project) : heard(std::move(to)), in_project(of_project) {}

  const Heard heard;
  const bool in_project;
  std::mutex mutex;
  std::set<std::string, std::less<>> namespaces;

  bool holds(const Json& object) {
    if (!in_project) return true;
    std::lock_guard lock(mutex);
    return namespaces.count(object.str({"metadata", "namespace"})) > 0;
  }
};

// The namespaces of the project, which may come and go.
struct ClusterChanges::Places final : RemoteWatch::Listener {
  Places(storage::Env& env, const RemoteWatch::Way& way, const std::string& project,
         std::shared_ptr<Shared> shared)
      : shared_(std::move(shared)),
        watch_(env, way,
               {.path = "/api/v1/namespaces",
                .query = "labelSelector=" +
                         percent_escaped(std::string(kProjectIdAnnotation) + "=" + project)},
               *this) {
    watch_.kick();
  }
  void list_begins() override {
    std::lock_guard lock(shared_->mutex);
    shared_->namespaces.clear();
  }
  void listed(Json object) override { changed(Change::put, std::move(object)); }
  void list_ends() override {}
  void changed(Change change, Json object) override {
    std::string name(object.str({"metadata", "name"}));
    std::lock_guard lock(shared_->mutex);
    if (change == Change::put)
      shared_->namespaces.insert(std::move(name));
    else
      shared_->namespaces.erase(name);
  }

 private:
  const std::shared_ptr<Shared> shared_;
  RemoteWatch watch_;
};

// One kind. After a way that was away, what is there is told again, and what is not any more.
struct ClusterChanges::Watched final : RemoteWatch::Listener {
  Watched(storage::Env& env, const RemoteWatch::Way& way, const Kind& kind,
          const SchemaView& schema, const Type& type, std::shared_ptr<Shared> shared)
      : schema_(schema),
        type_(type),
        shared_(std::move(shared)),
        watch_(env, way, {.path = list_path(kind)}, *this) {
    watch_.kick();
  }
  void list_begins() override { before_.swap(ids_), ids_.clear(); }
  void listed(Json object) override {
    const std::string id = id_of(object);
    ids_.insert(id);
    if (told_once_) tell(object, id, What::changed);
  }
  void list_ends() override {
    for (const std::string& id : before_)
      if (ids_.count(id) == 0) shared_->heard(schema_, id, What::gone);
    before_.clear();
    told_once_ = true;
  }
  void changed(Change change, Json object) override {
    const std::string id = id_of(object);
    const bool gone = change == Change::gone;
    gone ? static_cast<void>(ids_.erase(id)) : static_cast<void>(ids_.insert(id));
    tell(object, id, gone ? What::gone : What::changed);
  }

 private:
  void tell(const Json& object, const std::string& id, What what) {
    if (shared_->holds(object) && type_.holds(object, schema_) && type_.is_listed(object))
      shared_->heard(schema_, id, what);
  }

  const SchemaView& schema_;
  const Type& type_;
  const std::shared_ptr<Shared> shared_;
  std::set<std::string> ids_, before_;
  bool told_once_ = false;
  RemoteWatch watch_;
};

ClusterChanges::ClusterChanges(Norman& norman, std::string context, RemoteWatch::Way way,
                               const std::vector<const SchemaView*>& schemas, Heard heard)
    : norman_(norman), context_(std::move(context)), way_(std::move(way)) {
  const size_t colon = context_.find(':');
  const bool in_project = colon != std::string::npos;
  const bool own = context_.substr(0, colon) == kLocalCluster;
  // Of this server's own cluster the read says what is of the project.
  shared_ = std::make_shared<Shared>(std::move(heard), in_project && !own);
  if (in_project && !own)
    places_ =
        std::make_unique<Places>(norman_.parts().env, way_, context_.substr(colon + 1), shared_);
  for (const SchemaView* schema : schemas) {
    const auto members = norman_.parts().types.of(*schema).members(norman_.schemas(), *schema);
    if (members.empty()) follow(*schema);
    for (const SchemaView* member : members) follow(*member);
  }
}

ClusterChanges::~ClusterChanges() = default;

void ClusterChanges::follow(const SchemaView& schema) {
  const auto& parts = norman_.parts();
  const Type& type = parts.types.of(schema);
  KindPtr kind = type.kind_there(*parts.registry.kinds().snapshot(), schema);
  if (!kind) return;
  if (context_.substr(0, context_.find(':')) == kLocalCluster) return follow_own(schema, kind);
  watched_.push_back(std::make_unique<Watched>(parts.env, way_, *kind, schema, type, shared_));
}

void ClusterChanges::follow_own(const SchemaView& schema, const KindPtr& there) {
  const auto& parts = norman_.parts();
  KindPtr kind = parts.registry.kinds().snapshot()->stored(there->group, there->plural);
  if (!kind) return;
  const Type& type = parts.types.of(schema);
  Dispatcher::Snapshot ignored;
  auto made = parts.dispatcher.list_and_subscribe(
      *kind, {}, ignored, [shared = shared_, &schema, &type](const WatchEventPtr& event) {
        if (event->type == EventType::bookmark) return;
        auto object = parse_json(*event->object);
        if (!object || !type.holds(*object, schema) || !type.is_listed(*object)) return;
        shared->heard(schema, id_of(*object),
                      event->type == EventType::deleted ? What::gone : What::changed);
      });
  if (made) own_.push_back(std::move(*made));
}

}  // namespace engine
