#include "appliance/routes/audited.h"

#include <vector>

#include "engine/access/audit_limits.h"
#include "engine/base/answers.h"
#include "engine/base/text.h"

namespace appliance {

using engine::Answer;
using engine::AuditLevel;
using engine::Json;
using engine::Late;
using engine::Pending;
using engine::Reply;
using engine::Request;
using engine::Response;

namespace {

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) out.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return out;
}

engine::AuditBody bounded(const std::string& body, std::string_view type) {
  if (body.size() <= engine::limits::kAuditBodyBytesMax) return {body, std::string(type), true};
  return {"\"(" + std::to_string(body.size()) + " bytes)\"", "application/json", true};
}

// Questions that are asked by POST and change nothing.
bool only_asks(const engine::RequestInfo& info) {
  return (info.group == "authorization.k8s.io" || info.group == "authentication.k8s.io") &&
         info.resource.ends_with("reviews");
}

// A refusal in its own words, for they name who may not do what. Other failures quote the values
// that they complain of, and one of those may be a password: of them the reason and the fields.
std::string why_of(int code, const std::string& body) {
  auto said = engine::parse_json(body);
  if (!said || !said->is_object()) return {};
  std::string out(said->str("message"));
  if (code != 401 && code != 403) {
    out = said->str("reason", said->str("code"));
    std::string fields(said->str("fieldName"));
    if (const Json* causes = said->at({"details", "causes"}); causes && causes->is_array())
      for (const Json& cause : causes->as_array())
        fields.append(fields.empty() ? "" : ", ").append(cause.str("field"));
    if (!fields.empty()) out += ": " + fields;
  }
  if (out.size() > engine::limits::kAuditValueBytesMax)
    out.resize(engine::limits::kAuditValueBytesMax);
  return out;
}

}  // namespace

bool is_way_in(std::string_view subresource) {
  return subresource == "exec" || subresource == "attach" || subresource == "portforward" ||
         subresource == "proxy";
}

Audited::Audited(storage::Env& env, engine::AuditSink* sink, const Request& request)
    : sink_(sink), env_(&env) {
  if (!sink_) return;
  level_ = sink_->level();
  if (level_ == AuditLevel::off) {
    sink_ = nullptr;
    return;
  }
  entry.level = level_;
  began_ = env.now();
  entry.at = env.wall();
  entry.id = request.id;
  entry.peer = request.peer;
  entry.agent = request.headers.get("User-Agent");
  entry.method = request.method;
  entry.path = request.path;
  if (request.query.get("dryRun") == "All") entry.path += "?dryRun=All";  // nothing was done
  entry.user = "system:anonymous";
  write = request.method != "GET" && request.method != "HEAD" && request.method != "OPTIONS";
}

void Audited::who(engine::User& user) {
  if (!on()) return;
  if (!is_login()) entry.user = user.name;
  entry.token = user.token_name;
  if (!write) return;
  entry.trail = std::make_shared<engine::AuditTrail>();
  user.trail = entry.trail;
}

void Audited::management(const Request& request) {
  if (!on()) return;
  auto parts = parts_of(request.path);
  size_t at = 1;
  if (parts.size() >= 4 && (parts[1] == "cluster" || parts[1] == "clusters" ||
                            parts[1] == "project" || parts[1] == "projects")) {
    entry.cluster = parts[2].substr(0, parts[2].find(':'));
    at = 3;
  }
  if (parts.size() > at) entry.resource = engine::lower(parts[at]);
  if (parts.size() > at + 1) entry.name = parts[at + 1];
  const std::string action = engine::lower(request.query.get("action"));
  entry.verb = !action.empty()              ? action
               : request.method == "POST"   ? "create"
               : request.method == "PUT"    ? "update"
               : request.method == "DELETE" ? "delete"
                                            : "get";
  if (is_login()) login_of(request);
}

// Who wants to be let in, by their own word; the password is not looked at.
void Audited::login_of(const Request& request) {
  auto body = engine::parse_json(request.body);
  if (body && body->is_object()) entry.user = body->str("username");
  if (entry.user.size() > 256) entry.user.resize(256);
  entry.name.clear();
  entry.resource = "sessions";
}

void Audited::kubernetes(const engine::RequestInfo& info, std::string_view cluster) {
  if (!on()) return;
  entry.verb = info.verb;
  entry.cluster = cluster;
  entry.group = info.group;
  entry.resource = info.resource;
  entry.subresource = info.subresource;
  entry.ns = info.ns;
  entry.name = info.name;
  if (!info.is_resource || only_asks(info)) write = false;
  if (info.is_resource && is_way_in(info.subresource)) write = true;
}

void Audited::body_of(const Request& request) {
  if (!on() || !write || level_ < AuditLevel::request) return;
  if (!request.body.empty())
    entry.request = bounded(request.body, request.headers.get("Content-Type"));
}

void Audited::end(int code, const Response* answer) {
  if (!on()) return;
  engine::AuditSink* sink = std::exchange(sink_, nullptr);
  if (!write && code != 401 && code != 403) return;
  entry.code = code;
  entry.took_ms = std::chrono::duration_cast<storage::Millis>(env_->now() - began_).count();
  if (answer && code >= 400) entry.why = why_of(code, answer->body);
  if (answer && is_login() && code < 400) {
    if (auto said = engine::parse_json(answer->body); said && said->is_object()) {
      entry.name = std::exchange(entry.user, std::string(said->str("userId")));
      entry.token = said->str("id");
    }
  }
  // An error's is not kept: see why_of.
  if (answer && write && code < 400 && level_ >= AuditLevel::response)
    entry.answer = bounded(answer->body, answer->headers.get("Content-Type"));
  sink->record(std::move(entry));
}

void Audited::end_seen(int code, std::unique_ptr<engine::AuditSeen> seen) {
  if (!on()) return;
  if (code >= 400) entry.why = why_of(code, seen->answered.whole ? seen->answered.bytes : "");
  entry.seen = std::move(seen);
  end(code);
}

Answer watched(std::shared_ptr<Audited> audited, Answer answer) {
  if (!audited->on()) return answer;
  return engine::when_settled(std::move(answer), [audited = std::move(audited)](Answer came) {
    if (auto* response = std::get_if<Response>(&came))
      audited->end(response->status, response);
    else
      audited->end(101);
    return came;
  });
}

}  // namespace appliance
