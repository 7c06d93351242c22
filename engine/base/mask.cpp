#include "engine/base/mask.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/base/text.h"
#include "engine/base/yaml.h"

namespace engine {
namespace {

constexpr std::array<std::string_view, 15> kWords{
    "password",  "passwd",    "passphrase", "secret",        "token",
    "apikey",    "accesskey", "privatekey", "credential",    "kubeconfig",
    "clientkey", "keydata",   "authkey",    "authorization", "cookie"};
// Members that are secret by their whole name: keys of providers, as the management API has them.
constexpr std::array<std::string_view, 12> kWhole{
    "auth",          "spkey",       "sshkey",      "sshkeycontents",  "sharedkey",
    "servicekey",    "apicuserkey", "consumerkey", "authencodedjson", "clusterobject",
    "oauthverifier", "pass"};
// What of a secret is no secret; anything else in it is one, be it misspelt.
constexpr std::array<std::string_view, 26> kOpenOfSecret{"apiVersion",
                                                         "kind",
                                                         "metadata",
                                                         "type",
                                                         "immutable",
                                                         "id",
                                                         "name",
                                                         "namespaceId",
                                                         "projectId",
                                                         "description",
                                                         "labels",
                                                         "annotations",
                                                         "baseType",
                                                         "links",
                                                         "actions",
                                                         "state",
                                                         "uuid",
                                                         "created",
                                                         "createdTS",
                                                         "creatorId",
                                                         "removed",
                                                         "transitioning",
                                                         "transitioningMessage",
                                                         "namespace",
                                                         "resourceVersion",
                                                         "clusterId"};
// What only names a secret is none.
constexpr std::array<std::string_view, 6> kNames{"name", "ref",       "refs",
                                                 "type", "namespace", "kind"};
// Members that hold a credential in one resource only.
constexpr std::array<std::string_view, 6> kOfRegistration{
    "command", "insecurecommand", "nodecommand", "manifesturl", "windowsnodecommand", "token"};
constexpr size_t kTokenRun = 40;

// Letters and digits in small. Every member of every record goes through here.
class Plain {
 public:
  explicit Plain(std::string_view key) {
    char* to = few_.data();
    if (key.size() > few_.size()) {
      many_.resize(key.size());
      to = many_.data();
    }
    size_t size = 0;
    for (char c : key) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) to[size++] = c;
    }
    text_ = {to, size};
  }
  Plain(const Plain&) = delete;
  Plain& operator=(const Plain&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::array<char, 64> few_;
  std::string many_;
  std::string_view text_;
};

// NAME:SECRET of a token, the secret of an agent's command, a JSON Web Token: long runs that no
// word and no hash in hex is.
bool has_long_run(std::string_view text) {
  size_t run = 0;
  bool beyond_hex = false;
  for (char c : text) {
    const bool of_run = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!of_run) {
      run = 0;
      beyond_hex = false;
      continue;
    }
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-')) beyond_hex = true;
    if (++run >= kTokenRun && beyond_hex) return true;
  }
  return false;
}

// "data" of /data/password.
std::string_view first_of(std::string_view pointer) {
  if (pointer.starts_with('/')) pointer.remove_prefix(1);
  return pointer.substr(0, pointer.find('/'));
}

// The last name of a path decides first: imagePullSecrets[0].name is the name of one.
bool is_secret_field(std::string_view field) {
  std::vector<std::string_view> names;
  size_t at = 0;
  while (at < field.size()) {
    const size_t end = std::min(field.find_first_of(".[]", at), field.size());
    const auto name = field.substr(at, end - at);
    if (!name.empty() && name.find_first_not_of("0123456789") != std::string_view::npos)
      names.push_back(name);
    at = end + 1;
  }
  if (!names.empty()) {
    const Plain kept(names.back());
    const std::string_view last = kept.text();
    for (std::string_view end : kNames)
      if (last.ends_with(end)) return false;
  }
  return std::any_of(names.begin(), names.end(),
                     [](std::string_view name) { return is_secret_key("", name); });
}

}  // namespace

bool is_secret_key(std::string_view resource, std::string_view key) {
  const Plain kept(key);
  const std::string_view word = kept.text();
  if (word.size() < 4) return false;
  if (resource == "clusterregistrationtokens" &&
      std::find(kOfRegistration.begin(), kOfRegistration.end(), word) != kOfRegistration.end())
    return true;
  if (key == "kubectl.kubernetes.io/last-applied-configuration") return true;
  if (word.ends_with("pass") || std::find(kWhole.begin(), kWhole.end(), word) != kWhole.end())
    return true;
  const bool named = std::any_of(kWords.begin(), kWords.end(), [&](std::string_view part) {
    return word.find(part) != std::string_view::npos;
  });
  if (!named) return false;
  return std::none_of(kNames.begin(), kNames.end(),
                      [&](std::string_view end) { return word.ends_with(end); });
}

bool is_secret_place(std::string_view resource, std::string_view key) {
  if (resource == "certificates" || resource == "namespacedcertificates") return key == "key";
  return resource == "secrets" && (key == "data" || key == "stringData");
}

bool is_secret_member(std::string_view resource, std::string_view key) {
  return resource == "secrets" &&
         std::find(kOpenOfSecret.begin(), kOpenOfSecret.end(), key) == kOpenOfSecret.end();
}

bool looks_secret(std::string_view text) {
  return text.find("PRIVATE KEY-----") != std::string_view::npos ||
         text.find("$argon2") != std::string_view::npos || text.starts_with("eyJ") ||
         has_long_run(text);
}

// Every text in it.
void mask_all(Json& value) {
  if (value.is_string()) value = Json(kMasked);
  if (value.is_array())
    for (Json& one : value.as_array()) mask_all(one);
  if (value.is_object())
    for (auto& [key, one] : value.as_object()) mask_all(one);
}

void mask_secrets(std::string_view resource, Json& value) {
  if (value.is_string()) {
    if (looks_secret(value.as_string())) value = Json(kMasked);
    return;
  }
  if (value.is_array()) {
    for (Json& one : value.as_array()) mask_secrets(resource, one);
    return;
  }
  if (!value.is_object()) return;
  value.erase("managedFields");
  // {name: DB_PASSWORD, value: ...}, {op, path: /data/password, value: ...}
  std::string_view named = value.str("name"), pointed = value.str("path");
  const bool by_name = is_secret_key(resource, named) ||
                       (!pointed.empty() && (is_secret_key(resource, pointed) ||
                                             is_secret_member(resource, first_of(pointed)) ||
                                             pointed.starts_with("/stringData")));
  for (auto& [key, one] : value.as_object()) {
    if (is_secret_key(resource, key) || is_secret_place(resource, key) ||
        (by_name && key == "value"))
      mask_all(one);
    else
      mask_secrets(resource, one);
  }
}

Json quotable(std::string_view field, const Json& value) {
  if (value.is_string()) {
    // No long run of letters here: a name that is too long is one, and must be told.
    const std::string& text = value.as_string();
    const bool secret = is_secret_field(field) || text.starts_with("eyJ") ||
                        text.find("PRIVATE KEY-----") != std::string::npos ||
                        text.find("$argon2") != std::string::npos;
    return secret ? Json(kMaskedValue) : value;
  }
  if (!value.is_object() && !value.is_array()) return value;
  if (is_secret_field(field)) return Json(kMaskedValue);
  Json out = value;
  mask_secrets("", out);
  return out;
}

bool has_names(const Json& body) {
  if (!body.is_array()) return body.is_object();
  const auto& items = body.as_array();
  return std::all_of(items.begin(), items.end(), [](const Json& one) { return one.is_object(); });
}

std::string quotable_body(std::string_view resource, std::string_view body) {
  if (body.empty()) return {};
  if (resource == "secrets") return std::string(kMaskedValue);
  auto parsed = parse_json(body);
  if (!parsed) parsed = parse_yaml(body);
  if (!parsed || !has_names(*parsed)) return std::string(kMaskedValue);
  Json masked = *parsed;
  mask_secrets(resource, masked);
  return masked == *parsed ? std::string(body) : std::string(kMaskedValue);
}

std::string masked_path(std::string_view path) {
  constexpr std::string_view kImport = "/v3/import/";
  if (path.starts_with(kImport)) return std::string(kImport) + std::string(kMasked);
  std::string out;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/', 1), path.size());
    std::string_view part = path.substr(0, slash);
    if (looks_secret(part))
      out.append("/").append(kMasked);
    else
      out += part;
    path.remove_prefix(slash);
  }
  return out;
}

}  // namespace engine
