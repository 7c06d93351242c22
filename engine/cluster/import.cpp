#include "engine/cluster/import.h"

#include "engine/base/base64.h"
#include "engine/cluster/kubeconfig.h"

namespace engine {
namespace {

constexpr std::string_view kNamespace = "cattle-global-data";

std::string secret_name(const std::string& cluster_id) {
  return "cluster-access-" + cluster_id;
}

Result<KindPtr> secrets(Client& client) {
  auto kind = client.kinds()->stored("", "secrets");
  if (!kind) return Status::internal("there is no kind for secrets");
  return kind;
}

Result<Unit> ensure_namespace(Client& client) {
  const auto kind = client.kinds()->stored("", "namespaces");
  if (!kind) return Status::internal("there is no kind for namespaces");
  if (client.get(*kind, "", kNamespace)) return Unit{};
  auto made = client.create(*kind, "",
                            Json::object({{"apiVersion", "v1"},
                                          {"kind", "Namespace"},
                                          {"metadata", Json::object({{"name", kNamespace}})}}));
  if (!made && !made.error().is("AlreadyExists")) return made.error();
  return Unit{};
}

}  // namespace

ClusterImport::ClusterImport(storage::Env& env, Client& client, const Sealer& sealer,
                             ClusterWays& ways)
    : env_(env), client_(client), sealer_(sealer), ways_(ways) {}

Result<ClusterAccess> ClusterImport::check(std::string_view kubeconfig) {
  return parse_kubeconfig(kubeconfig);
}

Result<Unit> ClusterImport::keep(const std::string& cluster_id, std::string_view kubeconfig) {
  const ClusterAccess access = TRY(check(kubeconfig));
  TRY(ensure_namespace(client_));
  const std::string sealed = sealer_.seal(env_, dump(access.to_json()), cluster_id);
  const Json data = Json::object({{"sealed", base64_encode(sealed)}});
  const KindPtr kind = TRY(secrets(client_));
  const std::string name = secret_name(cluster_id);
  auto made = client_.create(
      *kind, kNamespace,
      Json::object({{"apiVersion", "v1"},
                    {"kind", "Secret"},
                    {"type", "paddock.io/sealed-cluster-access"},
                    {"metadata", Json::object({{"name", name}, {"namespace", kNamespace}})},
                    {"data", data}}));
  if (!made && made.error().is("AlreadyExists")) {
    made = client_.modify(*kind, kNamespace, name, [&](Json& object) -> Result<bool> {
      object.set("data", data);
      return true;
    });
  }
  if (!made) return made.error();
  ways_.use(cluster_id, access);
  return Unit{};
}

Result<std::optional<ClusterAccess>> ClusterImport::load(const std::string& cluster_id) {
  const KindPtr kind = TRY(secrets(client_));
  auto found = client_.get(*kind, kNamespace, secret_name(cluster_id));
  if (!found) {
    if (found.error().is("NotFound")) return std::optional<ClusterAccess>();
    return found.error();
  }
  const auto sealed = base64_decode(found->json().str({"data", "sealed"}));
  if (!sealed)
    return Status::internal("the secret with the access of " + cluster_id + " is broken");
  const std::string text = TRY(sealer_.open(*sealed, cluster_id));
  const Json json = TRY(parse_json(text));
  return std::optional<ClusterAccess>(TRY(ClusterAccess::from_json(json)));
}

Result<Unit> ClusterImport::forget(const std::string& cluster_id) {
  const KindPtr kind = TRY(secrets(client_));
  auto removed = client_.remove(*kind, kNamespace, secret_name(cluster_id), {});
  if (!removed && !removed.error().is("NotFound")) return removed.error();
  return Unit{};
}

}  // namespace engine
