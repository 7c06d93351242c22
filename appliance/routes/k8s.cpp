#include "appliance/routes/k8s.h"

#include <algorithm>
#include <exception>

#include "appliance/assets/build_info.h"
#include "engine/access/service_account.h"
#include "engine/api/compress.h"
#include "engine/api/impersonate.h"
#include "engine/api/openapi.h"
#include "engine/api/status_writer.h"
#include "storage/base/log.h"

namespace appliance {

using engine::Answer;
using engine::Json;
using engine::Late;
using engine::Pending;
using engine::Reply;
using engine::Request;
using engine::Response;
using engine::Status;

struct K8sRoute::Passage : std::enable_shared_from_this<K8sRoute::Passage> {
  Passage(Request&& r, storage::Env& env, engine::AuditSink* log)
      : request(std::move(r)), began(env.now()), audited(env, log, request) {}
  Request request;
  storage::Instant began;
  Audited audited;
  engine::RequestInfo info;
  engine::User caller;  // who it was that asked, whoever it is done as
  std::string impersonator;
  std::string decision;
  std::atomic<size_t>* counted = nullptr;  // to be given back
};

namespace {

Response text(int status, std::string body) {
  Response out;
  out.status = status;
  out.headers.set("Content-Type", "text/plain; charset=utf-8");
  out.headers.set("X-Content-Type-Options", "nosniff");
  out.body = std::move(body);
  return out;
}

Response json(const Json& value, std::string_view type = "application/json") {
  Response out;
  out.headers.set("Content-Type", std::string(type));
  out.headers.set("Cache-Control", "no-cache, private");
  out.body = engine::dump_pretty(value);
  return out;
}

Json version_json() {
  std::string kubernetes = kKubernetesVersion;  // v1.36.3
  auto minor = kubernetes.substr(kubernetes.find('.') + 1);
  minor = minor.substr(0, minor.find('.'));
  return Json::object({{"major", "1"},
                       {"minor", minor},
                       {"emulationMajor", "1"},
                       {"emulationMinor", minor},
                       {"minCompatibilityMajor", "1"},
                       {"minCompatibilityMinor", minor},
                       {"gitVersion", kubernetes + "+paddock." + kBuildVersion},
                       {"gitCommit", kBuildCommit},
                       {"gitTreeState", "clean"},
                       {"buildDate", "1970-01-01T00:00:00Z"},
                       {"goVersion", "none"},
                       {"compiler", "gcc " __VERSION__},
                       {"platform", "linux/amd64"}});
}

bool is_master(const engine::User& user) {
  return std::find(user.groups.begin(), user.groups.end(), "system:masters") != user.groups.end();
}

bool is_write(const engine::RequestInfo& info) {
  return info.is_resource && info.verb != "get" && info.verb != "list" && info.verb != "watch";
}

std::string_view scope_of(const engine::RequestInfo& info) {
  if (!info.is_resource) return "";
  if (info.parts.size() >= 2) return "resource";
  return info.ns.empty() ? "cluster" : "namespace";
}

// Upstream's own words for the verb label.
std::string verb_label(const engine::RequestInfo& info, const Request& request) {
  std::string out = info.is_resource ? info.verb : request.method;
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  if (out == "CREATE") return "POST";
  if (out == "UPDATE") return "PUT";
  return out;
}

}  // namespace

void log_audit(const AuditLine& line) {
  // What was done is in the audit log; this is for whoever reads along. Refusals and faults are
  // few.
  const bool told = line.code == 401 || line.code == 403 || line.code >= 500;
  auto level = told ? storage::log::Level::info : storage::log::Level::debug;
  storage::log::write(level, "audit",
                      {{"id", line.request.id},
                       {"user", line.user},
                       {"impersonator", line.impersonator},
                       {"verb", line.info.verb},
                       {"group", line.info.group},
                       {"resource", line.info.resource},
                       {"subresource", line.info.subresource},
                       {"namespace", line.info.ns},
                       {"name", line.info.name},
                       {"path", line.info.path},
                       {"code", line.code},
                       {"peer", line.request.peer},
                       {"agent", line.request.headers.get("User-Agent")},
                       {"decision", line.decision},
                       {"took_ms", line.took.count()}});
}

K8sRoute::K8sRoute(const Parts& parts) : parts_(parts) {}

// The way of a request, from the first to the last.
const std::vector<K8sRoute::Filter>& K8sRoute::filters() {
  static const std::vector<Filter> kFilters{
      &K8sRoute::read_path, &K8sRoute::authenticate, &K8sRoute::impersonate,
      &K8sRoute::limit,     &K8sRoute::authorize,    &K8sRoute::serve,
  };
  return kFilters;
}

Answer K8sRoute::handle(Request& request) {
  // Probes come often and must not depend on anything but what they ask.
  if (Health::is_path(request.path)) return parts_.health.answer(request);
  auto passage = std::make_shared<Passage>(std::move(request), parts_.env, parts_.audit_log);
  return end(passage, run(*passage));
}

// The last of every answer, when it is there.
Answer K8sRoute::end(const std::shared_ptr<Passage>& passage, Answer answer) {
  if (auto* pending = std::get_if<Pending>(&answer))
    return Pending{[this, passage, start = std::move(pending->start)](Reply reply) {
      start([this, passage, reply](Answer came) {
        auto kept = std::make_shared<Answer>(std::move(came));
        reply(Late{[this, passage, kept] { return end(passage, std::move(*kept)); }});
      });
    }};
  if (auto* late = std::get_if<Late>(&answer)) return end(passage, late->make());
  finish(*passage, answer);
  return answer;
}

Answer K8sRoute::run(Passage& passage) {
  try {
    for (auto filter : filters())
      if (auto answer = (this->*filter)(passage)) return std::move(*answer);
    return engine::status_response(passage.request, Status::not_found_path());
  } catch (const std::exception& error) {
    storage::log::error("a request ended with an exception",
                        {{"path", passage.request.path}, {"what", error.what()}});
    return engine::status_response(passage.request, Status::internal("see the server's log"));
  }
}

void K8sRoute::finish(Passage& passage, Answer& answer) {
  if (passage.counted) passage.counted->fetch_sub(1);
  int code = 200;
  if (auto* stream = std::get_if<engine::Stream>(&answer); stream && parts_.streams)
    *stream = parts_.streams->guard(passage.caller, std::move(*stream));
  if (auto* response = std::get_if<Response>(&answer)) {
    code = response->status;
    passage.audited.end(code, response);
    engine::compress_answer(passage.request, *response);
    if (!passage.request.id.empty()) response->headers.set("Audit-Id", passage.request.id);
  }
  passage.audited.end(code);  // of a stream: it has begun
  auto took = parts_.env.now() - passage.began;
  const auto& info = passage.info;
  auto verb = verb_label(info, passage.request);
  // A name that is not there must not make a series of its own.
  bool known = info.is_resource &&
               parts_.kinds.snapshot()->by_resource(info.group, info.version, info.resource);
  Metrics::RequestLabels labels{verb, "", "", "", "", scope_of(info)};
  if (known)
    labels = {verb, info.group, info.version, info.resource, info.subresource, scope_of(info)};
  if (known || !info.is_resource)
    parts_.metrics.record(labels, code, std::chrono::duration<double>(took).count());
  if (!parts_.audit) return;
  parts_.audit({passage.request, info, passage.request.user.name, passage.impersonator, code,
                passage.decision, std::chrono::duration_cast<storage::Millis>(took)});
}

std::optional<Answer> K8sRoute::read_path(Passage& passage) {
  auto info = engine::RequestInfo::parse(passage.request);
  if (!info) return engine::status_response(passage.request, info.error());
  passage.info = std::move(*info);
  passage.audited.kubernetes(passage.info, passage.request.via_cluster);
  return std::nullopt;
}

std::optional<Answer> K8sRoute::authenticate(Passage& passage) {
  auto user = parts_.authenticators.authenticate(passage.request);
  if (!user) return engine::status_response(passage.request, user.error());
  passage.request.user = std::move(*user);
  passage.audited.who(passage.request.user);
  passage.caller = passage.request.user;
  if (auto scope = engine::in_scope(passage.caller, passage.request.via_cluster); !scope)
    return engine::status_response(passage.request, scope.error());
  return std::nullopt;
}

std::optional<Answer> K8sRoute::impersonate(Passage& passage) {
  std::string before = passage.request.user.name;
  auto other = engine::impersonate(passage.request, parts_.authorizer);
  if (!other) return engine::status_response(passage.request, other.error());
  if (*other) {
    passage.impersonator = std::move(before);
    passage.audited.entry.as = passage.request.user.name;
    passage.request.user.trail = passage.audited.entry.trail;
  }
  return std::nullopt;
}

std::optional<Answer> K8sRoute::limit(Passage& passage) {
  // Whoever mends an overloaded server must get in.
  if (passage.info.is_long_running() || is_master(passage.request.user)) return std::nullopt;
  bool write = is_write(passage.info);
  auto& count = write ? writes_ : reads_;
  size_t most = write ? parts_.limits.writes_max : parts_.limits.reads_max;
  passage.counted = &count;
  if (count.fetch_add(1) < most) return std::nullopt;
  return engine::status_response(
      passage.request, Status::too_many_requests("Too many requests, please try again later.", 1));
}

std::optional<Answer> K8sRoute::authorize(Passage& passage) {
  auto asked = passage.info.attributes();
  auto decision = parts_.authorizer.authorize(passage.request.user, asked);
  passage.decision = decision.reason;
  if (decision.allowed) return std::nullopt;
  return engine::status_response(passage.request,
                                 engine::forbidden_by(passage.request.user, asked, decision));
}

std::optional<Answer> K8sRoute::serve(Passage& passage) {
  passage.audited.body_of(passage.request);
  if (passage.info.is_resource)
    return parts_.api.serve(passage.request, passage.info, passage.shared_from_this());
  return serve_path(passage);
}

Answer K8sRoute::serve_path(Passage& passage) {
  const Request& request = passage.request;
  const auto& path = request.path;
  if (request.method != "GET" && request.method != "HEAD")
    return text(405, "405: Method Not Allowed\n");
  if (path == "/version" || path == "/version/") return json(version_json());
  if (path == "/metrics") return parts_.metrics.answer();
  if (parts_.issuer && path == "/openid/v1/jwks")
    return json(parts_.issuer->key_set(), "application/jwk-set+json");
  if (parts_.issuer && path == "/.well-known/openid-configuration")
    return json(Json::object({{"issuer", parts_.issuer->issuer()},
                              {"jwks_uri", parts_.issuer->issuer() + "/openid/v1/jwks"},
                              {"response_types_supported", Json::array({"id_token"})},
                              {"subject_types_supported", Json::array({"public"})},
                              {"id_token_signing_alg_values_supported", Json::array({"ES256"})}}));
  if (auto document = discovery_.answer(request, *parts_.kinds.snapshot())) {
    if (*document) return std::move(**document);
    return engine::status_response(request, document->error());
  }
  if (auto document = engine::answer_openapi(request, *parts_.kinds.snapshot())) {
    if (*document) return std::move(**document);
    return engine::status_response(request, document->error());
  }
  return text(404, "404 page not found\n");
}

}  // namespace appliance
