#include "engine/cluster/manifest.h"

#include "engine/base/base64.h"
#include "engine/base/yaml.h"
#include "engine/cluster/proxy.h"

namespace engine {
namespace {

Json metadata(std::string_view name, bool namespaced) {
  Json meta = Json::object({{"name", name}});
  if (namespaced) meta.set("namespace", kAgentNamespace);
  meta.set("labels", Json::object({{"app.kubernetes.io/managed-by", "paddock"}}));
  return meta;
}

Json binding(std::string_view name, Json subject) {
  return Json::object({{"apiVersion", "rbac.authorization.k8s.io/v1"},
                       {"kind", "ClusterRoleBinding"},
                       {"metadata", metadata(name, false)},
                       {"roleRef", Json::object({{"apiGroup", "rbac.authorization.k8s.io"},
                                                 {"kind", "ClusterRole"},
                                                 {"name", "cluster-admin"}})},
                       {"subjects", Json::array({std::move(subject)})}});
}

Json env_from_secret(std::string_view variable, std::string_view key) {
  return Json::object(
      {{"name", variable},
       {"valueFrom", Json::object({{"secretKeyRef", Json::object({{"name", "cattle-credentials"},
                                                                  {"key", key}})}})}});
}

// Nothing but one process that dials out: no root, no writable disk, no capability.
Json container(const AgentManifest& manifest) {
  Json env = Json::array(
      {env_from_secret("PADDOCK_SERVER", "url"), env_from_secret("PADDOCK_TOKEN", "token")});
  if (!manifest.ca_checksum.empty()) {
    env.push_back(Json::object({{"name", "PADDOCK_CA_CHECKSUM"}, {"value", manifest.ca_checksum}}));
  }
  return Json::object(
      {{"name", "agent"},
       {"image", manifest.image},
       {"imagePullPolicy", "IfNotPresent"},
       {"args", Json::array({"agent"})},
       {"env", std::move(env)},
       {"resources", Json::object({{"requests", Json::object({{"cpu", "10m"}, {"memory", "16Mi"}})},
                                   {"limits", Json::object({{"memory", "128Mi"}})}})},
       {"securityContext",
        Json::object({{"allowPrivilegeEscalation", false},
                      {"readOnlyRootFilesystem", true},
                      {"capabilities", Json::object({{"drop", Json::array({"ALL"})}})}})}});
}

Json deployment(const AgentManifest& manifest) {
  const Json labels = Json::object({{"app", kAgentName}});
  Json pod = Json::object(
      {{"serviceAccountName", "cattle"},
       {"securityContext",
        Json::object({{"runAsNonRoot", true},
                      {"runAsUser", 65534},
                      {"runAsGroup", 65534},
                      {"fsGroup", 65534},
                      {"seccompProfile", Json::object({{"type", "RuntimeDefault"}})}})},
       {"nodeSelector", Json::object({{"kubernetes.io/os", "linux"}})},
       {"tolerations", Json::array({Json::object({{"operator", "Exists"}})})},
       {"containers", Json::array({container(manifest)})}});
  return Json::object(
      {{"apiVersion", "apps/v1"},
       {"kind", "Deployment"},
       {"metadata", metadata(kAgentName, true)},
       {"spec",
        Json::object({{"replicas", 1},
                      {"selector", Json::object({{"matchLabels", labels}})},
                      {"template", Json::object({{"metadata", Json::object({{"labels", labels}})},
                                                 {"spec", std::move(pod)}})}})}});
}

}  // namespace

Json owners_binding() {
  return binding(kOwnersBinding, Json::object({{"apiGroup", "rbac.authorization.k8s.io"},
                                               {"kind", "Group"},
                                               {"name", kClusterOwnersGroup}}));
}

std::vector<Json> agent_objects(const AgentManifest& manifest) {
  std::vector<Json> out;
  out.push_back(Json::object({{"apiVersion", "v1"},
                              {"kind", "Namespace"},
                              {"metadata", metadata(kAgentNamespace, false)}}));
  out.push_back(Json::object(
      {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", metadata("cattle", true)}}));
  out.push_back(binding(kAgentBinding, Json::object({{"kind", "ServiceAccount"},
                                                     {"name", "cattle"},
                                                     {"namespace", kAgentNamespace}})));
  out.push_back(owners_binding());
  out.push_back(Json::object({{"apiVersion", "v1"},
                              {"kind", "Secret"},
                              {"metadata", metadata("cattle-credentials", true)},
                              {"type", "Opaque"},
                              {"data", Json::object({{"url", base64_encode(manifest.server_url)},
                                                     {"token", base64_encode(manifest.token)}})}}));
  out.push_back(deployment(manifest));
  return out;
}

std::string agent_manifest_yaml(const AgentManifest& manifest) {
  std::string out;
  for (const Json& object : agent_objects(manifest)) {
    out += "---\n";
    out += to_yaml(object);
  }
  return out;
}

RegistrationCommands registration_commands(const AgentManifest& manifest,
                                           std::string_view cluster_id) {
  RegistrationCommands out;
  out.manifest_url = manifest.server_url + "/v3/import/" + manifest.token + "_" +
                     std::string(cluster_id) + ".yaml";
  out.command = "kubectl apply -f " + out.manifest_url;
  out.insecure_command = "curl --insecure -sfL " + out.manifest_url + " | kubectl apply -f -";
  out.node_command = "paddock agent --server " + manifest.server_url + " --token " + manifest.token;
  if (!manifest.ca_checksum.empty()) out.node_command += " --ca-checksum " + manifest.ca_checksum;
  out.node_command += " --kubeconfig ~/.kube/config";
  return out;
}

ImportName parse_import_name(std::string_view file) {
  ImportName out;
  if (!file.ends_with(".yaml")) return out;
  file.remove_suffix(5);
  const size_t line = file.find('_');
  if (line == std::string_view::npos) {  // the form without a cluster
    out.token = file;
    return out;
  }
  out.token = file.substr(0, line);
  out.cluster = file.substr(line + 1);
  return out;
}

}  // namespace engine
