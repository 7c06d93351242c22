#include "engine/norman/types/secret_form.h"

#include "engine/base/base64.h"
#include "engine/norman/certificate_info.h"

namespace engine {
namespace {

constexpr std::string_view kTls = "kubernetes.io/tls";
constexpr std::string_view kAccountToken = "kubernetes.io/service-account-token";
constexpr std::string_view kRegistries = ".dockerconfigjson";
// Of a service account's token, what is no key of the data.
constexpr SecretForm::Part kAccount[] = {{"accountName", "kubernetes.io/service-account.name"},
                                         {"accountUid", "kubernetes.io/service-account.uid"}};

std::string registries_text(const Json& registries) {
  Json auths = registries;
  if (auths.is_object())
    for (auto& [url, one] : auths.as_object()) {
      const std::string user(one.str("username")), password(one.str("password"));
      if (!user.empty() && !password.empty()) one.set("auth", base64_encode(user + ":" + password));
    }
  return dump(Json::object({{"auths", std::move(auths)}}));
}

std::string data_of(const Json& stored, std::string_view key) {
  auto text = base64_decode(stored.str({"data", key}));
  return text ? *text : std::string();
}

Result<Unit> check_certificate(const Json& stored) {
  const std::string certs = data_of(stored, "tls.crt"), key = data_of(stored, "tls.key");
  if (certs.empty()) return Status::field_error(422, "MissingRequired", "certs", "");
  if (key.empty()) return Status::field_error(422, "MissingRequired", "key", "");
  TRY(certificate_info(certs, key));
  return Unit{};
}

}  // namespace

bool SecretForm::holds(const Json& stored) const {
  const std::string_view its = stored.str("type", "Opaque");
  return type.empty() ? its != kAccountToken : its == type;
}

Result<Unit> SecretForm::to_store(Json& stored) const {
  if (type.empty()) return Unit{};
  stored.set("type", type);
  for (const Part& part : parts) {
    const Json* value = stored.find(part.field);
    if (value == nullptr) continue;
    if (!value->is_null()) {
      std::string text = part.key == kRegistries ? registries_text(*value)
                         : value->is_string()    ? value->as_string()
                                                 : dump(*value);
      stored.make({"data"}).set(part.key, base64_encode(text));
    }
    stored.erase(part.field);
  }
  if (type == kAccountToken)
    for (const Part& part : kAccount) {
      if (const Json* value = stored.find(part.field); value && value->is_string())
        stored.make({"metadata", "annotations"}).set(part.key, *value);
      stored.erase(part.field);
    }
  return type == kTls ? check_certificate(stored) : Result<Unit>(Unit{});
}

void SecretForm::show(Json& stored) const {
  if (type.empty()) return;
  for (const Part& part : parts) {
    const std::string text = data_of(stored, part.key);
    if (text.empty()) continue;
    if (part.key != kRegistries) {
      stored.set(part.field, text);
    } else if (auto config = parse_json(text); config && config->find("auths") != nullptr) {
      stored.set(part.field, *config->find("auths"));
    }
  }
  if (type == kTls)
    if (auto info = certificate_info(data_of(stored, "tls.crt"), data_of(stored, "tls.key")))
      show_certificate(*info, stored);
  if (type == kAccountToken)
    for (const Part& part : kAccount)
      if (const Json* value = stored.at({"metadata", "annotations", part.key}))
        stored.set(part.field, Json(*value));
  stored.erase("data");
}

const std::vector<SecretForm>& secret_forms() {
  static const std::vector<SecretForm> kForms{
      {"certificate", "namespacedCertificate", kTls, {{"certs", "tls.crt"}, {"key", "tls.key"}}},
      {"dockerCredential",
       "namespacedDockerCredential",
       "kubernetes.io/dockerconfigjson",
       {{"registries", kRegistries}}},
      {"basicAuth",
       "namespacedBasicAuth",
       "kubernetes.io/basic-auth",
       {{"username", "username"}, {"password", "password"}}},
      {"sshAuth",
       "namespacedSshAuth",
       "kubernetes.io/ssh-auth",
       {{"privateKey", "ssh-privatekey"}}},
      {"serviceAccountToken",
       "namespacedServiceAccountToken",
       kAccountToken,
       {{"caCrt", "ca.crt"}, {"token", "token"}}},
      {"secret", "namespacedSecret"}};
  return kForms;
}

}  // namespace engine
