#include "engine/access/authn.h"

#include <algorithm>

namespace engine {
namespace {

void add_group(User& user, std::string_view group) {
  if (std::find(user.groups.begin(), user.groups.end(), group) == user.groups.end())
    user.groups.emplace_back(group);
}

}  // namespace

User anonymous_user() {
  User out;
  out.name = "system:anonymous";
  out.groups = {"system:unauthenticated"};
  return out;
}

Result<Unit> in_scope(const User& user, std::string_view cluster) {
  if (user.token_cluster.empty() || user.token_cluster == cluster) return Unit{};
  return Status::unauthorized("the token is good only at /k8s/clusters/" + user.token_cluster);
}

Result<User> AuthenticatorChain::authenticate(const Request& request) const {
  for (const auto& authenticator : chain_) {
    auto user = authenticator->authenticate(request);
    if (!user) return user.error();
    if (!*user) continue;
    add_group(**user, "system:authenticated");
    return std::move(**user);
  }
  // A credential that nobody recognises is a bad one.
  if (request.headers.has("Authorization")) return Status::unauthorized("Unauthorized");
  return anonymous_user();
}

Result<std::optional<User>> CertificateAuthenticator::authenticate(const Request& request) {
  // A verified certificate without a name says nothing; a token beside it may.
  if (!request.certificate || request.certificate->common_name.empty())
    return std::optional<User>();
  User out;
  out.name = request.certificate->common_name;
  out.groups = request.certificate->organizations;
  out.extra.push_back({"authentication.kubernetes.io/credential-id",
                       {"X509SHA256=" + request.certificate->sha256}});
  return std::optional<User>(std::move(out));
}

}  // namespace engine
