#include "engine/api/api.h"

#include <algorithm>

#include "engine/api/request_timeout.h"
#include "engine/api/status_writer.h"
#include "engine/base/text.h"

namespace engine {
namespace {

constexpr auto kStoreWait = storage::Seconds(30);

// Which verb the path and method come to; null: none, for a path that is not there.
using Verb = Result<Answer> (*)(ApiCall&);

struct VerbRow {
  std::string_view name;
  Verb verb;
  bool named;  // the path has a name
};
constexpr VerbRow kVerbs[] = {
    {"get", verb_get, true},       {"list", verb_list, false},
    {"watch", verb_watch, false},  {"create", verb_create, false},
    {"update", verb_update, true}, {"patch", verb_patch, true},
    {"delete", verb_delete, true}, {"deletecollection", verb_delete_collection, false},
};

bool path_has_name(const RequestInfo& info) {
  return info.parts.size() >= 2;
}

// Namespaced kinds are read across namespaces, but written in one; the others are in none.
bool place_fits(const Kind& kind, const RequestInfo& info) {
  if (!kind.namespaced()) return info.ns.empty() || info.resource == "namespaces";
  if (!info.ns.empty()) return true;
  return !path_has_name(info) && (info.verb == "list" || info.verb == "watch");
}

Result<Answer> get_scale(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::none));
  auto scale = TRY(call.parts.registry.get_scale(*call.kind, call.info.ns, call.info.name));
  return TRY(respond_object(call, output, 200, scale.bytes));
}

Result<Answer> serve_subresource(ApiCall& call) {
  const auto& info = call.info;
  const Kind& kind = *call.kind;
  if (info.parts.size() > 3) return Status::not_found_path();
  if (info.subresource == "token" && kind.group.empty() && kind.plural == "serviceaccounts") {
    if (info.verb != "create") return Status::method_not_allowed(kind.about(""), info.verb);
    return verb_token_request(call);
  }
  if (!kind.has_subresource(info.subresource)) return Status::not_found_path();
  if (info.verb == "get" && info.subresource == "status") return verb_get(call);
  if (info.verb == "get" && info.subresource == "scale") return get_scale(call);
  if (info.verb == "update") return verb_update(call);
  if (info.verb == "patch") return verb_patch(call);
  return Status::method_not_allowed(kind.about(""), info.verb);
}

Result<Answer> serve_call(ApiCall& call) {
  const auto& info = call.info;
  const Kind& kind = *call.kind;
  if (!kind.stored) {
    if (info.verb != "create" || path_has_name(info))
      return Status::method_not_allowed(kind.about(""), info.verb);
    if (kind.namespaced() && info.ns.empty()) return Status::not_found_path();
    return verb_review(call);
  }
  if (!place_fits(kind, info)) return Status::not_found_path();
  if (!info.subresource.empty()) return serve_subresource(call);
  auto row = std::find_if(std::begin(kVerbs), std::end(kVerbs),
                          [&](const VerbRow& r) { return r.name == info.verb; });
  if (row == std::end(kVerbs) || !kind.has_verb(info.verb) ||
      (row->named != path_has_name(info) && info.verb != "watch"))
    return Status::method_not_allowed(kind.about(""), info.verb);
  return row->verb(call);
}

}  // namespace

storage::Instant ApiCall::deadline() const {
  return std::min<storage::Instant>(until, parts.env.now() + kStoreWait);
}

Result<Unit> require(ApiCall& call, std::string_view verb) {
  auto attributes = call.info.attributes();
  attributes.verb = verb;
  auto decision = call.parts.authorizer.authorize(call.request.user, attributes);
  if (decision.allowed) return Unit{};
  return forbidden_by(call.request.user, attributes, decision);
}

Status too_large_revision(Revision asked, Revision current) {
  auto status = Status::timeout("Too large resource version: " + std::to_string(asked) +
                                ", current: " + std::to_string(current));
  status.with_causes({{"ResourceVersionTooLarge", "Too large resource version", ""}});
  return std::move(status.with_retry_after(1));
}

Status forbidden_by(const User& user, const Attributes& asked, const Decision& decision) {
  std::string why;
  if (!asked.is_resource()) {
    why = "User " + quote(user.name) + " cannot " + std::string(asked.verb) + " path " +
          quote(asked.path);
  } else {
    std::string resource(asked.resource);
    if (!asked.subresource.empty()) resource += "/" + std::string(asked.subresource);
    why = "User " + quote(user.name) + " cannot " + std::string(asked.verb) + " resource " +
          quote(resource) + " in API group " + quote(asked.group) +
          (asked.ns.empty() ? std::string(" at the cluster scope")
                            : " in the namespace " + quote(asked.ns));
  }
  if (!decision.reason.empty()) why += ": " + decision.reason;
  if (!asked.is_resource()) return Status::forbidden_text("forbidden: " + why);
  About about{std::string(asked.group), std::string(asked.resource), std::string(asked.name)};
  return Status::forbidden(about, "", why);
}

Api::Api(const Needs& needs)
    : timers_(needs.env), frames_(needs.env), parts_{needs.env,        needs.registry,
                                                     needs.dispatcher, needs.kinds,
                                                     needs.authorizer, needs.authenticators,
                                                     needs.issuer,     timers_,
                                                     frames_} {}

namespace {

// Of a version that is built in, the answer is a Status; of any other path it is what a web server
// says, and clients make the Status from it, with the kind's name in it.
Answer no_such_kind(const Request& request, const RequestInfo& info, const KindSnapshot& kinds) {
  for (const KindPtr& kind : kinds.all())
    if (kind->group == info.group && kind->version == info.version && kind->crd_name.empty())
      return status_response(request, Status::not_found_path());
  Response response;
  response.status = 404;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.body = "404 page not found\n";
  return response;
}

}  // namespace

Answer Api::serve(const Request& request, const RequestInfo& info,
                  std::shared_ptr<const void> keeper) {
  auto snapshot = parts_.kinds.snapshot();
  auto kind = snapshot->by_resource(info.group, info.version, info.resource);
  if (!kind) return no_such_kind(request, info, *snapshot);
  ApiCall call{parts_,           request, info, std::move(kind), {}, storage::Instant::max(),
               std::move(keeper)};
  auto answer = [&]() -> Result<Answer> {
    // A watch is as long as it is: timeoutSeconds is its own word for that.
    if (info.verb != "watch") call.until = parts_.env.now() + TRY(request_timeout(request.query));
    return serve_call(call);
  }();
  if (answer) return std::move(*answer);
  return status_response(request, answer.error());
}

}  // namespace engine
