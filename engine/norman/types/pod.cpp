// pod (of /v3/project): with the workload that it is of, the node that it runs on, and what its
// containers do.
#include "engine/norman/types/cluster_resource.h"
#include "engine/norman/types/workload_kinds.h"
#include "engine/norman/types/workload_parts.h"
#include "engine/norman/types/workload_states.h"

namespace engine {
namespace {

Json& spec_of(Json& pod) {
  return pod.make({"spec"});
}

class Pod final : public ClusterResource {
 public:
  Pod() : ClusterResource(make_placed_kind("", "v1", "Pod", "pods", Scope::namespaced)) {}

  // A pod may be made without a name.
  Result<Unit> before_create(const Call&, const Json&, Json& body, Place& place) const override {
    if (place.ns.empty()) return Status::field_error(422, "MissingRequired", "namespaceId", "");
    return complete_ports(body.str("name", "pod"), body);
  }
  Result<Unit> to_store(const Call& call, Json& stored) const override {
    drop_unstored(stored);
    return resolve_node(call, spec_of(stored));
  }
  void before_write(Conversation& conversation, const Old& old, std::shared_ptr<Json> stored,
                    Done done) const override {
    if (old) return done(Unit{});
    add_pull_secrets(conversation, stored, spec_of, std::move(done));
  }
  void before_show(Conversation& conversation, std::shared_ptr<const JsonArray> objects,
                   Done done) const override {
    ask_beside(conversation, objects, {.owners = true}, std::move(done));
  }

  State state(const Call&, const Json& stored) const override { return pod_state(stored); }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    ClusterResource::decorate(call, stored, look);
    const auto ns = stored.str({"metadata", "namespace"}), name = stored.str({"metadata", "name"});
    Json& object = *look.object;
    shout_capabilities(object);
    const PodBeside* beside = beside_of(call);
    if (const Json* owner = controller_of(stored); owner && workload_kind_of(*owner)) {
      const std::string id = workload_id(owner->str("kind"), ns, owner->str("name"));
      auto above = beside ? beside->owners.find(id) : decltype(beside->owners.end())();
      const bool found = beside && above != beside->owners.end();
      object.set("workloadId", found ? above->second : id);
    }
    if (!beside) return;
    const NodePlaces::Node* node = beside->nodes.find(stored.str({"spec", "nodeName"}));
    if (node) object.set("nodeId", node->id);
    object.set("publicEndpoints", pod_endpoints(stored, beside->nodes));
    look.update = beside->may(ns, "update", "", "pods", name);
    look.remove = beside->may(ns, "delete", "", "pods", name);
  }
};

}  // namespace

void register_pod(TypeSet& set, const TypeParts&) {
  set.add("/v3/project pod", std::make_unique<Pod>());
}

}  // namespace engine
