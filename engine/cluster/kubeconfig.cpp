#include "engine/cluster/kubeconfig.h"

#include "engine/base/base64.h"
#include "engine/base/yaml.h"

namespace engine {
namespace {

constexpr size_t kKubeconfigBytesMax = 1u << 20;

Status wrong(std::string why) {
  return Status::bad_request("kubeconfig: " + std::move(why));
}

// The entry of that name in a list of {name, KEY: {...}}.
Result<const Json*> entry(const Json& config, std::string_view list, std::string_view name,
                          std::string_view key) {
  const Json* items = config.find(list);
  if (items && items->is_array()) {
    for (const Json& item : items->as_array()) {
      if (item.str("name") != name) continue;
      const Json* found = item.find(key);
      if (found && found->is_object()) return found;
      return wrong(std::string(list) + " \"" + std::string(name) + "\" has no " + std::string(key));
    }
  }
  return wrong("there is no entry \"" + std::string(name) + "\" in " + std::string(list));
}

// KEY-data (base64) if it is there, else the file that KEY names.
Result<std::string> data_or_file(const Json& from, const std::string& key,
                                 const KubeconfigOptions& options) {
  const std::string_view data = from.str(key + "-data");
  if (!data.empty()) {
    auto bytes = base64_decode(data);
    if (!bytes) return wrong(key + "-data is not base64");
    return std::move(*bytes);
  }
  const std::string path(from.str(key));
  if (path.empty()) return std::string();
  if (!options.read_file) {
    return wrong(key + " names the file " + path +
                 ", which is not here: use `kubectl config view --raw --flatten` to put it in");
  }
  return options.read_file(path);
}

Result<Unit> read_user(const Json& user, const KubeconfigOptions& options, ClusterAccess& access) {
  for (const std::string_view refused : {"exec", "auth-provider"}) {
    if (user.find(refused)) {
      return wrong("the user's credential comes from \"" + std::string(refused) +
                   "\", which would run a program: use a service account's token instead");
    }
  }
  for (const std::string_view claim : {"as", "as-groups", "as-uid", "as-user-extra"}) {
    if (user.find(claim)) {
      return wrong("\"" + std::string(claim) + "\" is refused: requests are made as each user");
    }
  }
  access.token = user.str("token");
  const std::string token_file(user.str("tokenFile"));
  if (access.token.empty() && !token_file.empty()) {
    if (!options.read_file) return wrong("tokenFile names a file, which is not here");
    access.token = TRY(options.read_file(token_file));
    while (!access.token.empty() && access.token.back() <= ' ') access.token.pop_back();
  }
  access.username = user.str("username");
  access.password = user.str("password");
  access.certificate_pem = TRY(data_or_file(user, "client-certificate", options));
  access.key_pem = TRY(data_or_file(user, "client-key", options));
  if (access.certificate_pem.empty() != access.key_pem.empty()) {
    return wrong("client-certificate and client-key come only together");
  }
  if (access.authorization().empty() && access.certificate_pem.empty()) {
    return wrong("the user has no credential: no token, no client certificate, no password");
  }
  for (const char c : access.token) {
    if (c <= ' ' || c > '~') return wrong("the token has a character that no header can carry");
  }
  return Unit{};
}

}  // namespace

Result<ClusterAccess> parse_kubeconfig(std::string_view text, const KubeconfigOptions& options) {
  if (text.size() > kKubeconfigBytesMax) return wrong("it is larger than 1 MiB");
  YamlLimits limits;
  limits.depth_max = 32;
  limits.nodes_max = 100'000;
  auto parsed = parse_yaml(text, limits);
  if (!parsed) return wrong(parsed.error().message());
  const Json& config = *parsed;
  if (!config.is_object()) return wrong("it is not a mapping");
  if (const auto kind = config.str("kind", "Config"); kind != "Config") {
    return wrong("its kind is \"" + std::string(kind) + "\", not Config");
  }
  const std::string name(options.context.empty() ? config.str("current-context")
                                                 : std::string_view(options.context));
  if (name.empty()) return wrong("it has no current-context");
  const Json* context = TRY(entry(config, "contexts", name, "context"));
  const Json* cluster = TRY(entry(config, "clusters", context->str("cluster"), "cluster"));
  const Json* user = TRY(entry(config, "users", context->str("user"), "user"));

  ClusterAccess access;
  if (auto set = set_server(access, cluster->str("server")); !set) {
    return wrong(set.error().message());
  }
  if (!cluster->str("proxy-url").empty()) return wrong("proxy-url is not supported");
  access.insecure = cluster->truth({"insecure-skip-tls-verify"});
  access.tls_server_name = cluster->str("tls-server-name");
  access.ca_pem = TRY(data_or_file(*cluster, "certificate-authority", options));
  if (access.insecure && !access.ca_pem.empty()) {
    return wrong("insecure-skip-tls-verify and certificate-authority exclude each other");
  }
  TRY(read_user(*user, options, access));
  return access;
}

std::string make_kubeconfig(const KubeconfigEntry& entry) {
  Json cluster = Json::object({{"server", entry.server}});
  if (!entry.ca_pem.empty()) {
    cluster.set("certificate-authority-data", base64_encode(entry.ca_pem));
  }
  const Json config = Json::object({
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters", Json::array({Json::object({{"name", entry.name}, {"cluster", cluster}})})},
      {"users", Json::array({Json::object(
                    {{"name", entry.name}, {"user", Json::object({{"token", entry.token}})}})})},
      {"contexts",
       Json::array({Json::object(
           {{"name", entry.name},
            {"context", Json::object({{"user", entry.name}, {"cluster", entry.name}})}})})},
      {"current-context", entry.name},
  });
  return to_yaml(config);
}

}  // namespace engine
