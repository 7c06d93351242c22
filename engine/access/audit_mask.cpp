// What is a secret, told by where it stands and by what it looks like. It rather masks too much.
#include <algorithm>
#include <array>

#include "engine/access/audit.h"
#include "engine/access/audit_mask.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr std::array<std::string_view, 15> kWords{
    "password",  "passwd",    "passphrase", "secret",        "token",
    "apikey",    "accesskey", "privatekey", "credential",    "kubeconfig",
    "clientkey", "keydata",   "authkey",    "authorization", "cookie"};
// What only names a secret is none.
constexpr std::array<std::string_view, 6> kNames{"name", "ref",       "refs",
                                                 "type", "namespace", "kind"};
// Members that hold a credential in one resource only.
constexpr std::array<std::string_view, 6> kOfRegistration{
    "command", "insecurecommand", "nodecommand", "manifesturl", "windowsnodecommand", "token"};
constexpr size_t kTokenRun = 40;

std::string plain(std::string_view key) {
  std::string out;
  for (char c : lower(key))
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
  return out;
}

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

}  // namespace

bool is_secret_key(std::string_view resource, std::string_view key) {
  const std::string word = plain(key);
  if (resource == "clusterregistrationtokens" &&
      std::find(kOfRegistration.begin(), kOfRegistration.end(), word) != kOfRegistration.end())
    return true;
  if (key == "kubectl.kubernetes.io/last-applied-configuration") return true;
  const bool named = std::any_of(kWords.begin(), kWords.end(), [&](std::string_view part) {
    return word.find(part) != std::string::npos;
  });
  if (!named) return false;
  return std::none_of(kNames.begin(), kNames.end(),
                      [&](std::string_view end) { return word.ends_with(end); });
}

bool is_secret_place(std::string_view resource, std::string_view key) {
  return resource == "secrets" && (key == "data" || key == "stringData");
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
  const bool by_name =
      is_secret_key(resource, named) ||
      (!pointed.empty() && (is_secret_key(resource, pointed) ||
                            (resource == "secrets" && pointed.starts_with("/data")) ||
                            pointed.starts_with("/stringData")));
  for (auto& [key, one] : value.as_object()) {
    if (is_secret_key(resource, key) || is_secret_place(resource, key) ||
        (by_name && key == "value"))
      mask_all(one);
    else
      mask_secrets(resource, one);
  }
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
