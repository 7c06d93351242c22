#include "appliance/routes/audit.h"

#include <algorithm>

#include "engine/access/audit_limits.h"
#include "engine/base/numbers.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/norman/norman.h"

namespace appliance {

using engine::Answer;
using engine::Json;
using engine::Request;
using engine::Result;
using engine::Status;

namespace {

constexpr std::string_view kPath = "/v3/auditlogs";
constexpr int64_t kDefaultLimit = 100;

Status bad_filter(std::string_view name, std::string why) {
  return Status::field_error(422, "InvalidFormat", std::string(name),
                             std::string(name) + ": " + std::move(why));
}

Result<int64_t> time_in(const Request& request, std::string_view name, int64_t otherwise) {
  std::string_view text = request.query.get(name);
  if (text.empty()) return otherwise;
  if (auto number = engine::parse_int(text)) return *number;
  if (auto time = engine::parse_rfc3339(text)) return engine::unix_millis(*time);
  return bad_filter(name, "a time is wanted, as 2026-11-24T05:38:51Z or in milliseconds");
}

Result<int64_t> number_in(const Request& request, std::string_view name, int64_t otherwise) {
  std::string_view text = request.query.get(name);
  if (text.empty()) return otherwise;
  auto number = engine::parse_int(text);
  if (!number || *number < 0) return bad_filter(name, "a whole number is wanted, 0 or more");
  return *number;
}

Result<AuditQuery> query_of(const Request& request) {
  AuditQuery out;
  auto text = [&](std::string_view name) { return std::string(request.query.get(name)); };
  out.user = text("user");
  out.verb = engine::lower(text("verb"));
  out.resource = engine::lower(text("resource"));
  out.ns = text("namespace");
  out.name = text("name");
  out.cluster = text("cluster");
  out.result = text("result");
  if (!out.result.empty() && out.result != "ok" && out.result != "refused" &&
      out.result != "failed")
    return bad_filter("result", "ok, refused or failed is wanted");
  out.code = static_cast<int>(TRY(number_in(request, "code", 0)));
  out.from_ms = TRY(time_in(request, "since", 0));
  out.to_ms = TRY(time_in(request, "until", INT64_MAX));
  out.before = static_cast<uint64_t>(TRY(number_in(request, "marker", INT64_MAX)));
  // As of any collection: without a number the default, with -1 or too much what there is at most.
  constexpr int64_t kMost = engine::limits::kAuditPageMax;
  const bool all = request.query.get("limit") == "-1";
  const int64_t limit = all ? kMost : TRY(number_in(request, "limit", kDefaultLimit));
  out.limit = static_cast<size_t>(limit == 0 ? kDefaultLimit : std::min(limit, kMost));
  return out;
}

Json shown(Json record, const std::string& base) {
  const std::string id = std::to_string(record.integer({"seq"}));
  Json out =
      Json::object({{"id", id},
                    {"type", "auditLog"},
                    {"baseType", "auditLog"},
                    {"links", Json::object({{"self", base + std::string(kPath) + "/" + id}})}});
  for (auto& [key, value] : record.as_object())
    out.set(key == "id" ? std::string_view("requestId") : std::string_view(key), std::move(value));
  return out;
}

Json collection(const Request& request, AuditFound found, size_t limit, const std::string& base) {
  std::string self = base + std::string(kPath);
  Json pages = Json::object({{"limit", static_cast<int64_t>(limit)}, {"partial", found.more}});
  if (found.more) {
    std::string next = self + "?";
    for (const auto& [name, value] : request.query)
      if (name != "marker") next += name + "=" + engine::percent_escaped(value) + "&";
    pages.set("next", next + "marker=" + std::to_string(found.records.back().integer({"seq"})));
  }
  engine::JsonArray data;
  for (Json& record : found.records) data.push_back(shown(std::move(record), base));
  return Json::object({{"type", "collection"},
                       {"resourceType", "auditLog"},
                       {"links", Json::object({{"self", self}})},
                       {"actions", Json::object()},
                       {"pagination", std::move(pages)},
                       {"data", Json(std::move(data))}});
}

Answer answer(AuditLog& log, const Request& request, const std::string& base) {
  std::string_view rest = std::string_view(request.path).substr(kPath.size());
  auto query = query_of(request);
  if (!query) return engine::norman_error(query.error());
  if (rest.size() > 1) {
    auto number = engine::parse_int(rest.substr(1));
    if (!number || *number < 0)
      return engine::norman_error(Status::other(404, "NotFound", "there is no such record"));
    query->before = static_cast<uint64_t>(*number) + 1;
    query->limit = 1;
  }
  auto found = log.search(*query);
  if (!found) return engine::norman_error(found.error());
  if (rest.size() <= 1)
    return engine::norman_response(200, collection(request, std::move(*found), query->limit, base),
                                   base);
  if (found->records.empty() ||
      static_cast<uint64_t>(found->records[0].integer({"seq"})) + 1 != query->before)
    return engine::norman_error(Status::other(404, "NotFound", "there is no such record"));
  return engine::norman_response(200, shown(std::move(found->records[0]), base), base);
}

}  // namespace

Answer AuditRoute::handle(const Request& request) {
  if (request.user.name == "system:anonymous")
    return engine::norman_error(Status::other(401, "Unauthorized", "must authenticate"));
  if (request.method != "GET" && request.method != "HEAD")
    return engine::norman_error(
        Status::other(405, "MethodNotAllow", "Method " + request.method + " not supported"));
  engine::Attributes asked;
  asked.verb = "list";
  asked.group = "management.cattle.io";
  asked.resource = "auditlogs";
  if (!authorizer_.authorize(request.user, asked).allowed)
    return engine::norman_error(Status::other(
        403, "Forbidden", request.user.name + " may not list auditlogs of management.cattle.io"));
  // Files are read: not on a request's thread.
  auto held = std::make_shared<Request>(request);
  const std::string base = request.scheme + "://" + std::string(request.headers.get("Host"));
  return engine::Pending{[this, held, base](engine::Reply reply) {
    env_.post_slow(
        [this, held, base, reply = std::move(reply)] { reply(answer(log_, *held, base)); });
  }};
}

}  // namespace appliance
