#include "engine/access/service_account.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <algorithm>

#include "engine/base/base64.h"
#include "engine/base/time.h"
#include "engine/base/uid.h"
#include "engine/watch/object_scan.h"

namespace engine {
namespace {

constexpr size_t kHalf = 32;  // bytes of each of a P-256 signature's two numbers
constexpr int64_t kLeewaySeconds = 60;

int64_t seconds_of(storage::WallTime time) {
  return unix_millis(time) / 1000;
}

std::string public_half(evp_pkey_st* key, const char* name) {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
  std::string out(kHalf, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(out.data()), kHalf);
  BN_free(number);
  return out;
}

// JWS has the two numbers side by side, OpenSSL has them in DER.
std::string to_jws(std::string_view der) {
  auto bytes = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
  if (!signature) return {};
  std::string out(2 * kHalf, '\0');
  auto data = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), data, kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), data + kHalf, kHalf);
  ECDSA_SIG_free(signature);
  return out;
}

std::string to_der(std::string_view jws) {
  if (jws.size() != 2 * kHalf) return {};
  auto data = reinterpret_cast<const unsigned char*>(jws.data());
  ECDSA_SIG* signature = ECDSA_SIG_new();
  ECDSA_SIG_set0(signature, BN_bin2bn(data, kHalf, nullptr),
                 BN_bin2bn(data + kHalf, kHalf, nullptr));
  unsigned char* der = nullptr;
  int length = i2d_ECDSA_SIG(signature, &der);
  std::string out(reinterpret_cast<char*>(der), length > 0 ? static_cast<size_t>(length) : 0);
  OPENSSL_free(der);
  ECDSA_SIG_free(signature);
  return out;
}

Status bad(std::string_view) {
  // Why a token is not good is nobody's business but the log's.
  return Status::unauthorized("Unauthorized");
}

Json reference(std::string_view name, std::string_view uid) {
  return Json::object({{"name", name}, {"uid", uid}});
}

Json claims_json(const TokenClaims& claims, const std::string& issuer, int64_t now,
                 const std::string& id) {
  Json audiences = Json::array();
  for (const auto& audience : claims.audiences) audiences.push_back(audience);
  if (claims.audiences.empty()) audiences.push_back(issuer);
  Json about = Json::object(
      {{"namespace", claims.ns}, {"serviceaccount", reference(claims.name, claims.uid)}});
  if (!claims.bound_kind.empty()) {
    std::string member = claims.bound_kind == "Pod"      ? "pod"
                         : claims.bound_kind == "Secret" ? "secret"
                                                         : "node";
    about.set(member, reference(claims.bound_name, claims.bound_uid));
  }
  return Json::object({{"aud", std::move(audiences)},
                       {"exp", now + claims.expires_seconds},
                       {"iat", now},
                       {"iss", issuer},
                       {"jti", id},
                       {"kubernetes.io", std::move(about)},
                       {"nbf", now},
                       {"sub", "system:serviceaccount:" + claims.ns + ":" + claims.name}});
}

TokenClaims read_claims(const Json& json) {
  TokenClaims out;
  const Json* about = json.find("kubernetes.io");
  if (!about) return out;
  out.ns = about->str("namespace");
  out.name = about->str({"serviceaccount", "name"});
  out.uid = about->str({"serviceaccount", "uid"});
  static constexpr std::pair<std::string_view, std::string_view> kBound[] = {
      {"pod", "Pod"}, {"secret", "Secret"}, {"node", "Node"}};
  for (const auto& [member, kind] : kBound) {
    if (!about->find(member)) continue;
    out.bound_kind = kind;
    out.bound_name = about->str({member, "name"});
    out.bound_uid = about->str({member, "uid"});
    break;
  }
  const Json* audiences = json.find("aud");
  if (audiences && audiences->is_array())
    for (const auto& audience : audiences->as_array())
      if (audience.is_string()) out.audiences.push_back(audience.as_string());
  return out;
}

}  // namespace

TokenIssuer::TokenIssuer(storage::Env& env, std::shared_ptr<evp_pkey_st> key, std::string issuer)
    : env_(env), key_(std::move(key)), issuer_(std::move(issuer)) {
  // The thumbprint of RFC 7638: the same key has the same name everywhere.
  std::string text = R"({"crv":"P-256","kty":"EC","x":")" +
                     base64url_encode(public_half(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X)) +
                     R"(","y":")" +
                     base64url_encode(public_half(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y)) + R"("})";
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  key_id_ = base64url_encode({reinterpret_cast<char*>(digest), sizeof digest});
}

TokenIssuer::~TokenIssuer() = default;

Result<std::string> TokenIssuer::new_key_pem() {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free_all);
  if (!key || !out ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1)
    return Status::internal("a key for service account tokens could not be made");
  char* data = nullptr;
  long length = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(length));
}

Result<std::unique_ptr<TokenIssuer>> TokenIssuer::open(storage::Env& env, std::string_view key_pem,
                                                       std::string issuer) {
  std::shared_ptr<BIO> in(BIO_new_mem_buf(key_pem.data(), static_cast<int>(key_pem.size())),
                          BIO_free_all);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr),
                                EVP_PKEY_free);
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_EC || EVP_PKEY_get_bits(key.get()) != 256)
    return Status::internal("the key of service account tokens is not a P-256 key in PEM");
  return std::unique_ptr<TokenIssuer>(new TokenIssuer(env, std::move(key), std::move(issuer)));
}

Result<std::string> TokenIssuer::sign(std::string_view text) const {
  std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  size_t length = 0;
  auto data = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &length, data, text.size()) != 1)
    return Status::internal("a token could not be signed");
  std::string der(length, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(der.data()), &length, data,
                     text.size()) != 1)
    return Status::internal("a token could not be signed");
  der.resize(length);
  return to_jws(der);
}

bool TokenIssuer::good(std::string_view text, std::string_view signature) const {
  auto der = to_der(signature);
  if (der.empty()) return false;
  std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(der.data()),
                          der.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

Result<IssuedToken> TokenIssuer::issue(const TokenClaims& claims) const {
  auto now = env_.wall();
  Json head = Json::object({{"alg", "ES256"}, {"kid", key_id_}});
  auto body = claims_json(claims, issuer_, seconds_of(now), new_uid(env_));
  std::string text = base64url_encode(dump(head)) + "." + base64url_encode(dump(body));
  auto signature = TRY(sign(text));
  return IssuedToken{text + "." + base64url_encode(signature),
                     now + storage::Seconds(claims.expires_seconds)};
}

Result<std::optional<VerifiedToken>> TokenIssuer::verify(std::string_view token) const {
  std::optional<VerifiedToken> none;
  auto first = token.find('.');
  auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return none;
  auto body = base64url_decode(token.substr(first + 1, second - first - 1));
  auto claims = body ? parse_json(*body) : Result<Json>(Json());
  if (!body || !claims || claims->str("iss") != issuer_) return none;
  auto head = base64url_decode(token.substr(0, first));
  auto head_json = head ? parse_json(*head) : Result<Json>(Json());
  if (!head_json || head_json->str("alg") != "ES256") return bad("algorithm");
  auto signature = base64url_decode(token.substr(second + 1));
  if (!signature || !good(token.substr(0, second), *signature)) return bad("signature");
  int64_t now = seconds_of(env_.wall());
  if (claims->integer({"exp"}) + kLeewaySeconds <= now) return bad("expired");
  if (claims->integer({"nbf"}) > now + kLeewaySeconds) return bad("not yet");
  return std::optional(VerifiedToken{read_claims(*claims), std::string(claims->str("jti"))});
}

Json TokenIssuer::key_set() const {
  Json key = Json::object(
      {{"use", "sig"}, {"kty", "EC"}, {"kid", key_id_}, {"crv", "P-256"}, {"alg", "ES256"}});
  key.set("x", base64url_encode(public_half(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X)));
  key.set("y", base64url_encode(public_half(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y)));
  return Json::object({{"keys", Json::array({std::move(key)})}});
}

Result<Unit> ServiceAccountAuthenticator::check_bound(const TokenClaims& claims) {
  auto check = [&](std::string_view plural, std::string_view ns, std::string_view name,
                   std::string_view uid) -> Result<Unit> {
    auto kind = kinds_.snapshot()->stored("", plural);
    if (!kind) return bad("kind");
    auto object = TRY(dispatcher_.get(*kind, ns, name));
    if (!object || scan_text(scan(*object->bytes, {"metadata", "uid"})) != uid) return bad("gone");
    return Unit{};
  };
  TRY(dispatcher_.fresh(env_.now() + storage::Seconds(10)));
  TRY(check("serviceaccounts", claims.ns, claims.name, claims.uid));
  if (claims.bound_kind == "Pod")
    return check("pods", claims.ns, claims.bound_name, claims.bound_uid);
  if (claims.bound_kind == "Secret")
    return check("secrets", claims.ns, claims.bound_name, claims.bound_uid);
  if (claims.bound_kind == "Node") return check("nodes", "", claims.bound_name, claims.bound_uid);
  return Unit{};
}

Result<std::optional<User>> ServiceAccountAuthenticator::authenticate(const Request& request) {
  constexpr std::string_view kBearer = "bearer ";
  auto header = request.headers.get("Authorization");
  if (header.size() <= kBearer.size()) return std::optional<User>();
  for (size_t i = 0; i < kBearer.size(); ++i)
    if ((header[i] | 0x20) != (kBearer[i] | 0x20)) return std::optional<User>();
  return authenticate_token(header.substr(kBearer.size()), {issuer_.issuer()});
}

Result<std::optional<User>> ServiceAccountAuthenticator::authenticate_token(
    std::string_view token, const std::vector<std::string>& audiences) {
  auto verified = TRY(issuer_.verify(token));
  if (!verified) return std::optional<User>();
  const auto& claims = verified->claims;
  bool meant = std::any_of(audiences.begin(), audiences.end(), [&](const std::string& audience) {
    return std::find(claims.audiences.begin(), claims.audiences.end(), audience) !=
           claims.audiences.end();
  });
  if (!meant) return bad("audience");
  TRY(check_bound(claims));
  User out;
  out.name = "system:serviceaccount:" + claims.ns + ":" + claims.name;
  out.uid = claims.uid;
  out.groups = {"system:serviceaccounts", "system:serviceaccounts:" + claims.ns,
                "system:authenticated"};
  out.extra.push_back({"authentication.kubernetes.io/credential-id", {"JTI=" + verified->id}});
  if (claims.bound_kind == "Pod") {
    out.extra.push_back({"authentication.kubernetes.io/pod-name", {claims.bound_name}});
    out.extra.push_back({"authentication.kubernetes.io/pod-uid", {claims.bound_uid}});
  }
  return std::optional<User>(std::move(out));
}

}  // namespace engine
