#include "appliance/routes/import.h"

#include "appliance/routes/connect.h"
#include "engine/cluster/manifest.h"

namespace appliance {

using engine::Response;
using engine::Status;

namespace {

constexpr std::string_view kPrefix = "/v3/import/";

}  // namespace

ImportRoute::ImportRoute(const engine::RegistrationTokens& tokens, const engine::ServerFacts& facts)
    : tokens_(tokens), facts_(facts) {}

Response ImportRoute::handle(const engine::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") {
    return status_answer(Status::method_not_allowed({"", "import", ""}, request.method));
  }
  std::string_view file = request.path;
  if (!file.starts_with(kPrefix)) return status_answer(Status::not_found_path());
  file.remove_prefix(kPrefix.size());
  const auto name = engine::parse_import_name(file);
  const auto found = tokens_.find(name.token);
  if (!found || (!name.cluster.empty() && name.cluster != found->cluster_id)) {
    return status_answer(Status::other(
        404, "NotFound",
        "there is no manifest under this name: its registration token is not known, or was "
        "withdrawn"));
  }
  engine::AgentManifest manifest;
  manifest.server_url = facts_.url();
  if (manifest.server_url.empty()) {
    manifest.server_url = request.scheme + "://" + std::string(request.headers.get("Host"));
  }
  manifest.token = name.token;
  manifest.ca_checksum = facts_.ca_checksum();
  manifest.image = facts_.agent_image();
  Response response;
  response.headers.add("Content-Type", "text/yaml");
  response.headers.add("Cache-Control", "no-store");
  response.body = engine::agent_manifest_yaml(manifest);
  return response;
}

}  // namespace appliance
