// Volumes of a cluster and their claims in projects; the classes that volumes are made of.
#include "engine/base/text.h"
#include "engine/norman/types/cluster_resource.h"

namespace engine {
namespace {

// A phase that says that it is well, and one that says that it is not.
class Volume final : public ClusterResource {
 public:
  Volume()
      : ClusterResource(
            make_placed_kind("", "v1", "PersistentVolume", "persistentvolumes", Scope::cluster)) {}
  State state(const Call&, const Json& stored) const override {
    State out = state_of(stored);
    std::string_view phase = stored.str({"status", "phase"});
    if (out.name == "removing" || (phase != "Available" && phase != "Released")) return out;
    return {lower(phase), "no", std::string(stored.str({"status", "message"}))};
  }
};

class Claim final : public ClusterResource {
 public:
  Claim()
      : ClusterResource(make_placed_kind("", "v1", "PersistentVolumeClaim",
                                         "persistentvolumeclaims", Scope::namespaced)) {}

  // No class, said so, is another wish than none said: then the cluster has its default one.
  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    const Json* storage = raw.find("storageClassId");
    if (storage != nullptr && storage->is_null()) body.set("storageClassId", "");
    return ClusterResource::before_create(call, raw, body, place);
  }
};

// A class for disks of Azure needs to know what kind of disk.
class StorageClass final : public ClusterResource {
 public:
  StorageClass()
      : ClusterResource(make_placed_kind("storage.k8s.io", "v1", "StorageClass", "storageclasses",
                                         Scope::cluster)) {}
  Result<Unit> before_create(const Call& call, const Json& raw, Json& body,
                             Place& place) const override {
    TRY(ClusterResource::before_create(call, raw, body, place));
    if (body.str("provisioner") != "kubernetes.io/azure-disk") return Unit{};
    Json& parameters = body.make({"parameters"});
    const std::string kind = lower(parameters.str("kind"));
    if ((kind.empty() || kind == "shared") && parameters.str("skuName").empty() &&
        parameters.str("storageaccounttype").empty())
      parameters.set("storageaccounttype", "Standard_LRS");
    return Unit{};
  }
};

}  // namespace

void register_volumes(TypeSet& set, const TypeParts&) {
  set.add("/v3/cluster persistentVolume", std::make_unique<Volume>());
  set.add("/v3/cluster storageClass", std::make_unique<StorageClass>());
  set.add("/v3/project persistentVolumeClaim", std::make_unique<Claim>());
}

}  // namespace engine
