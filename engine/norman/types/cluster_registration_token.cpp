// clusterRegistrationToken: the secret with which an agent joins a cluster, and the commands that
// carry it, written for the host that the caller used.
#include "engine/norman/norman.h"
#include "engine/norman/types/types.h"

namespace engine {
namespace {

class ClusterRegistrationTokenType final : public Type {
 public:
  explicit ClusterRegistrationTokenType(TypeParts parts) : parts_(std::move(parts)) {}

  Result<Unit> before_create(const Call& call, const Json&, Json& body,
                             Place& place) const override {
    std::string cluster(body.str("clusterId"));
    auto kinds = parts_.registry.kinds().snapshot();
    KindPtr kind = kinds->stored("management.cattle.io", "clusters");
    auto found = parts_.registry.get(*kind, "", cluster);
    if (!found)
      return Status::field_error(422, "InvalidReference", "clusterId",
                                 "there is no cluster " + cluster);
    (void)call;
    place.ns = cluster;
    return Unit{};
  }

  Result<Unit> to_store(const Call&, Json& stored) const override {
    if (stored.str({"status", "token"}).empty())
      stored["status"].set("token", parts_.tokens.new_secret());
    return Unit{};
  }

  void decorate(const Call& call, const Json& stored, Look& look) const override {
    std::string token(stored.str({"status", "token"})),
        cluster(stored.str({"spec", "clusterName"}));
    if (token.empty() || cluster.empty()) return;
    std::string server =
        call.norman.parts().server_url ? call.norman.parts().server_url() : std::string();
    if (server.empty()) server = call.base;
    std::string manifest = server + "/v3/import/" + token + "_" + cluster + ".yaml";
    std::string agent = "paddock agent --server " + server + " --token " + token;
    std::string ca = parts_.ca_certificates ? parts_.ca_certificates() : std::string();
    if (!ca.empty()) agent += " --ca-checksum " + checksum_hex(ca);
    look.object->set("manifestUrl", manifest);
    look.object->set("command", "kubectl apply -f " + manifest);
    look.object->set("insecureCommand",
                     "curl --insecure -sfL " + manifest + " | kubectl apply -f -");
    look.object->set("nodeCommand", agent + " --kubeconfig ~/.kube/config");
  }

 private:
  TypeParts parts_;
};

}  // namespace

void register_cluster_registration_token(TypeSet& set, const TypeParts& parts) {
  set.add("/v3 clusterRegistrationToken", std::make_unique<ClusterRegistrationTokenType>(parts));
}

}  // namespace engine
