// The kinds that are only asked: who am I, may I, may somebody, whose token is this.
#include <algorithm>

#include "engine/access/service_account.h"
#include "engine/api/options.h"
#include "engine/api/respond.h"
#include "engine/base/time.h"
#include "engine/schema/causes.h"
#include "engine/watch/object_scan.h"

namespace engine {
namespace {

Json strings_json(const std::vector<std::string>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(value);
  return out;
}

std::vector<std::string> strings_of(const Json* list) {
  std::vector<std::string> out;
  if (list && list->is_array())
    for (const auto& item : list->as_array())
      if (item.is_string()) out.push_back(item.as_string());
  return out;
}

Json user_json(const User& user) {
  Json out = Json::object({{"username", user.name}});
  if (!user.uid.empty()) out.set("uid", user.uid);
  if (!user.groups.empty()) out.set("groups", strings_json(user.groups));
  if (!user.extra.empty()) {
    Json extra = Json::object();
    for (const auto& [key, values] : user.extra) extra.set(key, strings_json(values));
    out.set("extra", std::move(extra));
  }
  return out;
}

User user_of(const Json& spec) {
  User out;
  out.name = spec.str("user");
  out.uid = spec.str("uid");
  out.groups = strings_of(spec.find("groups"));
  if (const Json* extra = spec.find("extra"); extra && extra->is_object())
    for (const auto& [key, values] : extra->as_object())
      out.extra.emplace_back(key, strings_of(&values));
  return out;
}

// What a review asks about: a resource or a path.
Attributes asked_of(const Json& spec) {
  Attributes out;
  if (const Json* resource = spec.find("resourceAttributes")) {
    out.verb = resource->str("verb");
    out.group = resource->str("group");
    out.resource = resource->str("resource");
    out.subresource = resource->str("subresource");
    out.ns = resource->str("namespace");
    out.name = resource->str("name");
  } else if (const Json* path = spec.find("nonResourceAttributes")) {
    out.verb = path->str("verb");
    out.path = path->str("path");
  }
  return out;
}

Status invalid(const ApiCall& call, std::string field, std::string message) {
  return Status::invalid(call.kind->group, call.kind->kind, "",
                         {{"FieldValueInvalid", std::move(message), std::move(field)}});
}

Result<Unit> check_access_spec(const ApiCall& call, const Json& spec) {
  bool resource = spec.find("resourceAttributes") && spec.find("resourceAttributes")->is_object();
  bool path = spec.find("nonResourceAttributes") && spec.find("nonResourceAttributes")->is_object();
  if (resource && path)
    return invalid(call, "spec.nonResourceAttributes",
                   "Invalid value: cannot be specified in combination with resourceAttributes");
  if (!resource && !path)
    return invalid(call, "spec.resourceAttributes",
                   "Invalid value: null: exactly one of nonResourceAttributes or "
                   "resourceAttributes must be specified");
  return Unit{};
}

Result<Json> review_access(ApiCall& call, const Json& body) {
  const Json* given = body.find("spec");
  const Json spec = given ? *given : Json::object();
  TRY(check_access_spec(call, spec));
  bool self = call.kind->kind == "SelfSubjectAccessReview";
  User user = self ? call.request.user : user_of(spec);
  if (!self && user.name.empty() && user.groups.empty())
    return invalid(call, "spec.user",
                   "Invalid value: \"\": at least one of user or group must be specified");
  auto asked = asked_of(spec);
  if (call.kind->kind == "LocalSubjectAccessReview" && asked.ns != call.info.ns)
    return invalid(
        call, "spec.resourceAttributes.namespace",
        "Invalid value: \"" + std::string(asked.ns) + "\": must match metadata.namespace");
  auto decision = call.parts.authorizer.authorize(user, asked);
  Json status = Json::object({{"allowed", decision.allowed}});
  if (!decision.reason.empty()) status.set("reason", decision.reason);
  return status;
}

Result<Json> review_rules(ApiCall& call, const Json& body) {
  auto ns = body.str({"spec", "namespace"});
  if (ns.empty()) return Status::bad_request("no namespace on request");
  Json status = call.parts.authorizer.rules_for(call.request.user, ns);
  status.set("incomplete", false);
  return status;
}

// Who the token is of, and for which of the audiences that were asked about it is good.
struct Reviewed {
  User user;
  std::vector<std::string> audiences;
};

std::vector<std::string> shared_by(const std::vector<std::string>& wanted,
                                   const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (const auto& audience : wanted)
    if (std::find(given.begin(), given.end(), audience) != given.end()) out.push_back(audience);
  return out;
}

std::string go_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out += (out.size() > 1 ? " " : "") + go_quoted(text);
  return out + "]";
}

Result<Reviewed> reviewed(ApiCall& call, std::string_view token, std::vector<std::string> wanted) {
  const TokenIssuer* issuer = call.parts.issuer;
  std::vector<std::string> of_api;
  if (issuer) of_api.push_back(issuer->issuer());
  if (wanted.empty()) wanted = of_api;
  // Service account tokens say whom they are for; all others are for this API alone.
  auto verified = issuer ? issuer->verify(token)
                         : Result<std::optional<VerifiedToken>>(std::optional<VerifiedToken>());
  const bool of_account = verified && *verified;
  std::vector<std::string> good =
      shared_by(wanted, of_account ? (*verified)->claims.audiences : of_api);
  if (good.empty() && !wanted.empty()) {
    return Status::unauthorized(
        of_account
            ? "[invalid bearer token, token audiences " + go_list((*verified)->claims.audiences) +
                  " is invalid for the target audiences " + go_list(wanted) + "]"
            : "the token is for " + go_list(of_api) + ", not for " + go_list(wanted));
  }
  if (of_account) {
    ServiceAccountAuthenticator accounts(*issuer, call.parts.dispatcher, call.parts.kinds,
                                         call.parts.env);
    auto user = TRY(accounts.authenticate_token(token, good));
    if (user) return Reviewed{std::move(*user), std::move(good)};
  }
  Request asked;
  asked.method = "GET";
  asked.headers.set("Authorization", "Bearer " + std::string(token));
  return Reviewed{TRY(call.parts.authenticators.authenticate(asked)), std::move(good)};
}

Result<Json> review_token(ApiCall& call, const Json& body) {
  auto token = body.str({"spec", "token"});
  if (token.empty())
    return Status::bad_request("token is required for TokenReview in authentication");
  auto who = reviewed(call, token, strings_of(body.find("spec")->find("audiences")));
  Json status = Json::object();
  if (!who) {
    status.set("authenticated", false);
    status.set("error", who.error().message());
    return status;
  }
  status.set("authenticated", true);
  status.set("user", user_json(who->user));
  if (!who->audiences.empty()) status.set("audiences", strings_json(who->audiences));
  return status;
}

constexpr int64_t kTokenSecondsLeast = 600;
constexpr int64_t kTokenSecondsMost = int64_t{1} << 32;

Result<TokenClaims> token_claims(ApiCall& call, const Json& spec, const CachedObject& account) {
  auto fail = [&](std::string field, std::string message) {
    return Status::invalid("authentication.k8s.io", "TokenRequest", "",
                           {{"FieldValueInvalid", std::move(message), std::move(field)}});
  };
  TokenClaims claims;
  claims.ns = account.ns;
  claims.name = account.name;
  claims.uid = scan_text(scan(*account.bytes, {"metadata", "uid"}));
  claims.audiences = strings_of(spec.find("audiences"));
  claims.expires_seconds = spec.integer({"expirationSeconds"}, 3600);
  if (claims.expires_seconds < kTokenSecondsLeast)
    return fail("spec.expirationSeconds",
                "Invalid value: " + std::to_string(claims.expires_seconds) +
                    ": may not specify a duration less than 10 minutes");
  if (claims.expires_seconds > kTokenSecondsMost)
    return fail("spec.expirationSeconds",
                "Invalid value: " + std::to_string(claims.expires_seconds) +
                    ": may not specify a duration larger than 2^32 seconds");
  const Json* bound = spec.find("boundObjectRef");
  if (!bound || !bound->is_object()) return claims;
  claims.bound_kind = bound->str("kind");
  claims.bound_name = bound->str("name");
  std::string plural = claims.bound_kind == "Pod"      ? "pods"
                       : claims.bound_kind == "Secret" ? "secrets"
                       : claims.bound_kind == "Node"   ? "nodes"
                                                       : "";
  auto kind = plural.empty() ? nullptr : call.parts.kinds.snapshot()->stored("", plural);
  if (!kind)
    return Status::bad_request("cannot bind token for serviceaccount " + dump(Json(claims.name)) +
                               " to an object of kind " + dump(Json(claims.bound_kind)));
  auto object = TRY(
      call.parts.dispatcher.get(*kind, kind->namespaced() ? account.ns : "", claims.bound_name));
  if (!object) return Status::not_found(kind->about(claims.bound_name));
  claims.bound_uid = scan_text(scan(*object->bytes, {"metadata", "uid"}));
  if (auto uid = bound->str("uid"); !uid.empty() && uid != claims.bound_uid)
    return Status::conflict(kind->about(claims.bound_name),
                            "the UID in the bound object reference (" + std::string(uid) +
                                ") does not match the UID in record. The object might have been "
                                "deleted and then recreated");
  return claims;
}

}  // namespace

Result<Answer> verb_review(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::none));
  auto options = TRY(parse_write_options(call.request, WriteVerb::create));
  auto body = TRY(decode_body(call, options));
  const auto& kind = call.kind->kind;
  if (auto named = body.str("kind"); !named.empty() && named != kind)
    return Status::bad_request(std::string(named) + " in version \"" + call.kind->version +
                               "\" cannot be handled as a " + kind);
  Result<Json> status = Status::not_found_path();
  if (kind == "SelfSubjectReview")
    status = Json::object({{"userInfo", user_json(call.request.user)}});
  else if (kind == "SelfSubjectRulesReview")
    status = review_rules(call, body);
  else if (kind == "TokenReview")
    status = review_token(call, body);
  else if (kind.ends_with("AccessReview"))
    status = review_access(call, body);
  if (!status) return status.error();
  body.set("kind", kind);
  body.set("apiVersion", call.kind->api_version());
  Json& metadata = body.make({"metadata"});
  if (metadata.is_null()) metadata = Json::object();
  if (kind == "SelfSubjectReview")
    metadata.set("creationTimestamp", to_rfc3339(call.parts.env.wall()));
  body.set("status", std::move(*status));
  return TRY(respond_json(call, output, 201, body));
}

Result<Answer> verb_token_request(ApiCall& call) {
  if (!call.parts.issuer) return Status::not_found_path();
  auto output = TRY(negotiate_output(call.request, Transforms::none));
  auto options = TRY(parse_write_options(call.request, WriteVerb::create));
  auto body = TRY(decode_body(call, options));
  TRY(call.parts.dispatcher.fresh(call.deadline()));
  auto account = TRY(call.parts.dispatcher.get(*call.kind, call.info.ns, call.info.name));
  if (!account) return Status::not_found(call.kind->about(call.info.name));
  const Json* given = body.find("spec");
  Json spec = given && given->is_object() ? *given : Json::object();
  auto claims = TRY(token_claims(call, spec, *account));
  auto issued = TRY(call.parts.issuer->issue(claims));
  if (claims.audiences.empty()) claims.audiences.push_back(call.parts.issuer->issuer());
  spec.set("audiences", strings_json(claims.audiences));
  spec.set("expirationSeconds", claims.expires_seconds);
  Json out = Json::object({{"kind", "TokenRequest"}, {"apiVersion", "authentication.k8s.io/v1"}});
  Json metadata = Json::object({{"name", call.info.name}, {"namespace", call.info.ns}});
  metadata.set("creationTimestamp", to_rfc3339(call.parts.env.wall()));
  out.set("metadata", std::move(metadata));
  out.set("spec", std::move(spec));
  out.set("status", Json::object({{"token", issued.token},
                                  {"expirationTimestamp", to_rfc3339(issued.expires)}}));
  return TRY(respond_json(call, output, 201, out));
}

}  // namespace engine
