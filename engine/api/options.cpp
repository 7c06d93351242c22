#include "engine/api/options.h"

#include <algorithm>

#include "engine/api/protobuf.h"
#include "engine/api/request_info.h"
#include "engine/base/base64.h"
#include "engine/base/numbers.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/base/yaml.h"
#include "engine/kinds/causes.h"

namespace engine {
namespace {

constexpr size_t kManagerBytesMax = 128;

Result<int64_t> read_int(std::string_view text) {
  auto value = parse_int(text);
  if (value) return *value;
  return Status::bad_request("strconv.ParseInt: parsing " + quote(text) + ": invalid syntax");
}

void check_list(const ListOptions& options, std::string_view match, Causes& causes) {
  const std::string kMatch = "resourceVersionMatch";
  bool known = options.match != ListOptions::Match::unset;
  if (!match.empty()) {
    if (options.resource_version.empty())
      causes.push_back(cause_forbidden(
          kMatch, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
    if (!options.continue_token.empty())
      causes.push_back(
          cause_forbidden(kMatch, "resourceVersionMatch is forbidden when continue is provided"));
    if (!known)
      causes.push_back(cause_not_supported(kMatch, Json(match), {"Exact", "NotOlderThan", ""}));
    if (options.match == ListOptions::Match::exact && options.resource_version == "0")
      causes.push_back(cause_forbidden(
          kMatch, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
  }
  if (options.send_initial_events)
    causes.push_back(
        cause_forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
}

void check_watch(const ListOptions& options, std::string_view match, Causes& causes) {
  const std::string kMatch = "resourceVersionMatch";
  bool not_older = options.match == ListOptions::Match::not_older_than;
  if (options.send_initial_events && !not_older)
    causes.push_back(cause_forbidden(
        kMatch, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
  if (match.empty()) return;
  if (!options.send_initial_events)
    causes.push_back(cause_forbidden(
        kMatch,
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"));
  if (!not_older) causes.push_back(cause_not_supported(kMatch, Json(match), {"NotOlderThan"}));
  if (!options.continue_token.empty())
    causes.push_back(
        cause_forbidden(kMatch, "resourceVersionMatch is forbidden when continue is provided"));
}

// The part of a User-Agent that names the program: "kubectl/v1.36.3 (linux/amd64)" -> "kubectl".
std::string program_of(std::string_view agent) {
  std::string out;
  agent = agent.substr(0, agent.find('/'));
  for (size_t at = 0; at < agent.size();) {
    uint32_t code = 0;
    size_t length = utf8_next(agent, at, code);
    if (length == 0) {
      ++at;
      continue;
    }
    if (out.size() + length > kManagerBytesMax) break;
    if (code >= 0x20 && code != 0x7F) out.append(agent.substr(at, length));
    at += length;
  }
  return out;
}

void check_manager(std::string_view manager, Causes& causes) {
  if (manager.size() > kManagerBytesMax)
    causes.push_back(cause_too_long("fieldManager", kManagerBytesMax));
  for (size_t at = 0; at < manager.size();) {
    uint32_t code = 0;
    size_t length = utf8_next(manager, at, code);
    if (length == 0 || code < 0x20 || code == 0x7F || (code >= 0x80 && code < 0xA0)) {
      causes.push_back(cause_invalid("fieldManager", Json(manager),
                                     "invalid character (at position " + std::to_string(at) + ")"));
      return;
    }
    at += length;
  }
}

void check_dry_run(const std::vector<std::string_view>& values, Causes& causes) {
  bool known = std::all_of(values.begin(), values.end(), [](auto v) { return v == "All"; });
  if (known) return;
  Json given = Json::array();
  for (auto value : values) given.push_back(value);
  causes.push_back(cause_not_supported("dryRun", given, {"All"}));
}

Propagation propagation_of(std::string_view policy) {
  if (policy == "Orphan") return Propagation::orphan;
  if (policy == "Background") return Propagation::background;
  if (policy == "Foreground") return Propagation::foreground;
  return Propagation::by_default;
}

// The same members whether they came in a body or in a query.
struct RawDelete {
  std::optional<int64_t> grace;
  std::optional<bool> orphan;
  std::optional<std::string> policy;
  std::vector<std::string> dry_run;
  std::string uid, resource_version;
};

Result<DeleteOptions> finish(const RawDelete& raw) {
  Causes causes;
  if (raw.orphan && raw.policy)
    causes.push_back(cause_invalid("propagationPolicy", Json(*raw.policy),
                                   "orphanDependents and deletionPropagation cannot be both set"));
  if (raw.policy && propagation_of(*raw.policy) == Propagation::by_default)
    causes.push_back(cause_not_supported("propagationPolicy", Json(*raw.policy),
                                         {"Foreground", "Background", "Orphan", "nil"}));
  check_dry_run({raw.dry_run.begin(), raw.dry_run.end()}, causes);
  if (!causes.empty())
    return Status::invalid("meta.k8s.io", "DeleteOptions", "", std::move(causes));
  DeleteOptions out;
  out.remove.grace_period_seconds = raw.grace;
  out.remove.dry_run = !raw.dry_run.empty();
  out.remove.precondition = {raw.uid, raw.resource_version};
  if (raw.policy) out.remove.propagation = propagation_of(*raw.policy);
  if (raw.orphan)
    out.remove.propagation = *raw.orphan ? Propagation::orphan : Propagation::background;
  out.answers_accepted = raw.orphan && !*raw.orphan;
  return out;
}

Result<RawDelete> read_delete_body(const Request& request) {
  Media media = TRY(negotiate_input(request));
  auto parsed = media == Media::json   ? parse_json(request.body)
                : media == Media::yaml ? parse_yaml(request.body)
                                       : decode_protobuf(request.body);
  if (!parsed) return Status::bad_request(parsed.error().message());
  const Json& body = *parsed;
  if (!body.is_object())
    return Status::bad_request("couldn't get version/kind: the body is not an object");
  if (auto kind = body.str("kind"); !kind.empty() && kind != "DeleteOptions")
    return Status::bad_request("decoded object cannot be converted to DeleteOptions");
  RawDelete raw;
  if (const Json* grace = body.find("gracePeriodSeconds"); grace && !grace->is_null()) {
    if (!grace->is_int())
      return Status::bad_request("gracePeriodSeconds: expected an integer, got " +
                                 std::string(grace->type_name()));
    raw.grace = grace->as_int();
  }
  if (const Json* orphan = body.find("orphanDependents"); orphan && orphan->is_bool())
    raw.orphan = orphan->as_bool();
  if (const Json* policy = body.find("propagationPolicy"); policy && policy->is_string())
    raw.policy = policy->as_string();
  if (const Json* dry = body.find("dryRun"); dry && dry->is_array())
    for (const auto& value : dry->as_array())
      raw.dry_run.push_back(value.is_string() ? value.as_string() : std::string());
  raw.uid = body.str({"preconditions", "uid"});
  raw.resource_version = body.str({"preconditions", "resourceVersion"});
  return raw;
}

}  // namespace

Result<ListOptions> ListOptions::parse(const Query& query, std::optional<bool> watch) {
  ListOptions out;
  out.labels = query.get("labelSelector");
  out.fields = query.get("fieldSelector");
  out.resource_version = query.get("resourceVersion");
  out.continue_token = query.get("continue");
  out.watch = watch.value_or(query_flag(query, "watch"));
  out.bookmarks = query_flag(query, "allowWatchBookmarks");
  if (query.has("sendInitialEvents"))
    out.send_initial_events = query_flag(query, "sendInitialEvents");
  if (query.has("limit")) {
    int64_t limit = TRY(read_int(query.get("limit")));
    out.limit = limit > 0 ? static_cast<size_t>(limit) : 0;
  }
  if (query.has("timeoutSeconds")) out.timeout_seconds = TRY(read_int(query.get("timeoutSeconds")));
  auto match = query.get("resourceVersionMatch");
  if (match == "Exact") out.match = Match::exact;
  if (match == "NotOlderThan") out.match = Match::not_older_than;
  bool legacy = out.resource_version.empty() || out.resource_version == "0";
  if (out.watch && legacy && !out.send_initial_events && match.empty()) {
    // Watches without a revision have always begun with what is there.
    out.send_initial_events = true;
    out.match = Match::not_older_than;
    return out;
  }
  Causes causes;
  if (out.watch)
    check_watch(out, match, causes);
  else
    check_list(out, match, causes);
  if (!causes.empty()) return Status::invalid("meta.k8s.io", "ListOptions", "", std::move(causes));
  return out;
}

Result<Revision> ListOptions::revision() const {
  if (resource_version.empty() || resource_version == "0") return Revision{0};
  auto value = parse_int(resource_version);
  if (value && *value >= 0) return static_cast<Revision>(*value);
  return Status::bad_request(
      "invalid resource version: resourceVersion: Invalid value: " + quote(resource_version) +
      ": strconv.ParseUint: parsing " + quote(resource_version) + ": invalid syntax");
}

Result<WriteOptions> parse_write_options(const Request& request, WriteVerb verb) {
  static constexpr std::string_view kNames[] = {"CreateOptions", "UpdateOptions", "PatchOptions",
                                                "PatchOptions"};
  const Query& query = request.query;
  WriteOptions out;
  Causes causes;
  out.user = request.user;
  out.field_manager = query.get("fieldManager");
  out.force = query_flag(query, "force");
  if (verb == WriteVerb::apply && out.field_manager.empty())
    causes.push_back(cause_required("fieldManager", "is required for apply patch"));
  if (verb == WriteVerb::patch && query.has("force"))
    causes.push_back(cause_forbidden("force", "may not be specified for non-apply patch"));
  check_manager(out.field_manager, causes);
  auto dry_run = query.all("dryRun");
  check_dry_run(dry_run, causes);
  out.dry_run = !dry_run.empty();
  auto validation = query.get("fieldValidation");
  if (validation == "Ignore")
    out.field_validation = FieldValidation::ignore;
  else if (validation == "Strict")
    out.field_validation = FieldValidation::strict;
  else if (!validation.empty() && validation != "Warn")
    causes.push_back(
        cause_not_supported("fieldValidation", Json(validation), {"", "Ignore", "Strict", "Warn"}));
  if (!causes.empty())
    return Status::invalid("meta.k8s.io", std::string(kNames[static_cast<size_t>(verb)]), "",
                           std::move(causes));
  if (out.field_manager.empty()) out.field_manager = program_of(request.headers.get("User-Agent"));
  return out;
}

Result<DeleteOptions> parse_delete_options(const Request& request) {
  RawDelete raw;
  if (!request.body.empty()) {
    raw = TRY(read_delete_body(request));
  } else {
    const Query& query = request.query;
    if (query.has("gracePeriodSeconds")) raw.grace = TRY(read_int(query.get("gracePeriodSeconds")));
    if (query.has("orphanDependents")) raw.orphan = query_flag(query, "orphanDependents");
    if (query.has("propagationPolicy")) raw.policy = query.get("propagationPolicy");
    for (auto value : query.all("dryRun")) raw.dry_run.emplace_back(value);
  }
  auto out = TRY(finish(raw));
  out.remove.user = request.user;
  return out;
}

std::string ContinueToken::encode() const {
  Json token = Json::object({{"v", "meta.k8s.io/v1"}, {"rv", revision}});
  // The zero byte after the last key makes it the first that comes after.
  token.set("start", after_key + '\0');
  return base64url_encode(dump(token));
}

Result<ContinueToken> ContinueToken::decode(std::string_view text) {
  auto fail = [](std::string why) {
    return Status::bad_request("invalid continue token: " + std::move(why));
  };
  auto decoded = base64url_decode(text);
  if (!decoded) return fail("continue key is not valid: illegal base64 data");
  auto json = parse_json(*decoded);
  if (!json) return fail("continue key is not valid: " + json.error().message());
  if (json->str("v") != "meta.k8s.io/v1")
    return fail("continue key is not valid: server does not recognize this encoded version " +
                std::string(json->str("v")));
  ContinueToken out;
  out.revision = json->integer({"rv"});
  if (out.revision == 0)
    return fail(
        "continue key is not valid: incorrect encoded start resourceVersion (version "
        "meta.k8s.io/v1)");
  out.after_key = json->str("start");
  if (out.after_key.empty())
    return fail("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)");
  if (out.after_key.back() == '\0') out.after_key.pop_back();
  // A key that climbs out of its place is nobody's honest token.
  for (size_t at = 0; at <= out.after_key.size();) {
    auto slash = std::min(out.after_key.find('/', at), out.after_key.size());
    auto part = std::string_view(out.after_key).substr(at, slash - at);
    if (part.empty() || part == "." || part == "..")
      return fail("continue key is not valid: " + out.after_key);
    at = slash + 1;
  }
  return out;
}

}  // namespace engine
