#include "engine/access/audit_seen.h"

#include <algorithm>

#include "engine/access/audit_limits.h"
#include "engine/base/mask.h"
#include "engine/base/yaml.h"

namespace engine {
namespace {

// An object of its own, not what the API says about one.
bool is_object_of_kind(const Result<Json>& read) {
  if (!read || !read->is_object()) return false;
  const std::string_view kind = read->str("kind");
  return kind != "Status" && kind != "Table" && !kind.ends_with("List") && read->at({"metadata"});
}

std::string_view revision(const Json& object) {
  const Json* found = object.at({"metadata", "resourceVersion"});
  return found && found->is_string() ? found->as_string() : std::string_view();
}

std::string text_at(const Json& object, std::string_view member) {
  const Json* found = object.at({"metadata", member});
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

// A JSON patch names places with slashes; told are they as everywhere, with dots.
std::string dotted(std::string_view pointer) {
  std::string out;
  if (pointer.starts_with('/')) pointer.remove_prefix(1);
  for (size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/')
      out += '.';
    else if (pointer[i] == '~' && i + 1 < pointer.size())
      out += pointer[++i] == '1' ? '/' : '~';
    else
      out += pointer[i];
  }
  return out;
}

Json steps_of(std::string_view resource, Json patch) {
  mask_secrets(resource, patch);
  JsonArray out;
  for (const Json& step : patch.as_array()) {
    if (out.size() >= limits::kAuditDifferencesMax) break;
    Json one = Json::object({{"path", dotted(step.str("path"))}, {"op", step.str("op")}});
    if (const Json* value = step.find("value"))
      one.set("to", dump(*value).size() > limits::kAuditValueBytesMax
                        ? Json("(" + std::to_string(dump(*value).size()) + " bytes)")
                        : *value);
    out.push_back(std::move(one));
  }
  return Json(std::move(out));
}

// Where nothing says what was there before: what the caller sent.
void tell_sent(const AuditEntry& entry, AuditReader reader, Json& change) {
  auto sent = read_audit_body(entry.seen->sent, reader);
  if (!sent) return change.set("not_told", "what was sent could not be read");
  if (sent->is_array()) return change.set("sent", steps_of(entry.resource, std::move(*sent)));
  change.set("sent", audit_difference(entry.resource, Json::object(), *sent));
}

Json change_named(const AuditEntry& entry, std::string_view did) {
  Json out = Json::object({{"resource", entry.resource}});
  if (!entry.group.empty()) out.set("group", entry.group);
  if (!entry.ns.empty()) out.set("namespace", entry.ns);
  out.set("name", entry.name);
  out.set("did", did);
  return out;
}

// A collection's end answers with all that went.
Json went(const AuditEntry& entry, const Result<Json>& answered) {
  JsonArray out;
  const Json* items = answered && answered->is_object() ? answered->find("items") : nullptr;
  if (!items || !items->is_array()) return Json(std::move(out));
  const auto& all = items->as_array();
  for (size_t i = 0; i < std::min(all.size(), limits::kAuditChangesMax); ++i) {
    Json one = change_named(entry, "delete");
    one.set("name", text_at(all[i], "name"));
    if (std::string ns = text_at(all[i], "namespace"); !ns.empty()) one.set("namespace", ns);
    out.push_back(std::move(one));
  }
  if (all.size() > out.size())
    out.push_back(Json::object({{"more", static_cast<int64_t>(all.size() - out.size())}}));
  return Json(std::move(out));
}

}  // namespace

Result<Json> read_audit_body(const AuditBody& body, AuditReader reader) {
  if (!body.whole) return Status::bad_request("the body was not read along");
  if (reader) return reader(body);
  return body.type.find("yaml") != std::string::npos ? parse_yaml(body.bytes)
                                                     : parse_json(body.bytes);
}

Json changes_seen(AuditEntry& entry, AuditReader reader) {
  const AuditSeen& seen = *entry.seen;
  if (entry.code >= 400 || seen.dry_run) return {};
  auto answered = read_audit_body(seen.answered, reader);
  if (entry.verb == "deletecollection") return went(entry, answered);
  const bool known = is_object_of_kind(answered);
  if (known && entry.name.empty()) entry.name = text_at(*answered, "name");
  if (entry.verb == "delete") return Json(JsonArray{change_named(entry, "delete")});
  const bool made = entry.verb == "create" || entry.code == 201;
  Json change = change_named(entry, made ? "create" : "update");
  auto before = read_audit_body(seen.before, reader);
  if (made && known) {
    change.set("difference", audit_difference(entry.resource, Json::object(), *answered));
  } else if (!made && known && is_object_of_kind(before) &&
             revision(*before) != revision(*answered)) {
    change.set("before_revision", revision(*before));
    change.set("difference", audit_difference(entry.resource, *before, *answered));
  } else {
    tell_sent(entry, reader, change);
  }
  return Json(JsonArray{std::move(change)});
}

}  // namespace engine
