#include "engine/access/audit.h"

#include <algorithm>

#include "engine/access/audit_limits.h"
#include "engine/access/audit_seen.h"
#include "engine/base/mask.h"
#include "engine/base/time.h"
#include "engine/base/yaml.h"

namespace engine {
namespace {

// What changes with every write and says nothing.
bool is_noise(const std::string& path) {
  for (std::string_view one : {"metadata.managedFields", "metadata.resourceVersion",
                               "metadata.generation", "metadata.uid", "metadata.creationTimestamp"})
    if (path == one) return true;
  return false;
}

class Difference {
 public:
  explicit Difference(std::string_view resource) : resource_(resource) {}

  void compare(const std::string& path, const Json* before, const Json* after, bool secret) {
    if ((before && after && *before == *after) || is_noise(path)) return;
    if (before && after && before->is_object() && after->is_object())
      return members(path, *before, *after, secret);
    if (before && after && before->is_array() && after->is_array() &&
        before->size() == after->size()) {
      for (size_t i = 0; i < after->size(); ++i)
        compare(path + "[" + std::to_string(i) + "]", &before->as_array()[i], &after->as_array()[i],
                secret);
      return;
    }
    // A whole object that came or went is told member by member, so that each is masked by its
    // name.
    const Json none = Json::object();
    if (!before && after && after->is_object() && after->size() > 0)
      return members(path, none, *after, secret);
    if (!after && before && before->is_object() && before->size() > 0)
      return members(path, *before, none, secret);
    tell(path, before, after, secret);
  }

  Json result() {
    if (more_ > 0) out_.push_back(Json::object({{"more", static_cast<int64_t>(more_)}}));
    return Json(std::move(out_));
  }

 private:
  void members(const std::string& path, const Json& before, const Json& after, bool secret) {
    auto one = [&](const std::string& key, const Json* was, const Json* is) {
      const bool hidden = secret || is_secret_key(resource_, key) ||
                          is_secret_place(resource_, key) ||
                          (path.empty() && is_secret_member(resource_, key)) ||
                          (key == "value" && is_secret_key(resource_, after.str("name")));
      compare(path.empty() ? key : path + "." + key, was, is, hidden);
    };
    for (const auto& [key, value] : after.as_object()) one(key, before.find(key), &value);
    for (const auto& [key, value] : before.as_object())
      if (!after.find(key)) one(key, &value, nullptr);
  }

  Json shown(const Json& value, bool secret) const {
    Json out = value;
    if (secret)
      mask_all(out);
    else
      mask_secrets(resource_, out);
    if (out.is_string() && out.as_string().size() > limits::kAuditValueBytesMax)
      return Json(out.as_string().substr(0, limits::kAuditValueBytesMax) + "...");
    if ((out.is_array() || out.is_object()) && dump(out).size() > limits::kAuditValueBytesMax)
      return Json("(" + std::to_string(dump(value).size()) + " bytes)");
    return out;
  }

  void tell(const std::string& path, const Json* before, const Json* after, bool secret) {
    if (out_.size() >= limits::kAuditDifferencesMax) {
      ++more_;
      return;
    }
    Json one = Json::object({{"path", path}});
    if (before) one.set("from", shown(*before, secret));
    if (after) one.set("to", shown(*after, secret));
    out_.push_back(std::move(one));
  }

  const std::string_view resource_;
  JsonArray out_;
  size_t more_ = 0;
};

// A body as it may be kept. What cannot be read cannot be masked and is left out.
Json kept_body(const AuditEntry& entry, const AuditBody& body, AuditReader reader) {
  const std::string size = std::to_string(body.bytes.size()) + " bytes";
  if (!body.whole) return Json("(more than is kept)");
  if (body.bytes.size() > limits::kAuditBodyBytesMax) return Json("(" + size + ")");
  auto parsed = read_audit_body(body, reader);
  if (!parsed || !has_names(*parsed)) return Json("(" + size + ", not an object)");
  // setpassword, changepassword, login: secret whatever it is called.
  if (entry.verb == "login" || is_secret_key("", entry.verb)) mask_all(*parsed);
  if (parsed->is_object())
    for (auto& [key, value] : parsed->as_object())
      if (is_secret_member(entry.resource, key)) mask_all(value);
  mask_secrets(entry.resource, *parsed);
  return std::move(*parsed);
}

const AuditBody& sent_of(const AuditEntry& entry) {
  return entry.seen ? entry.seen->sent : entry.request;
}

const AuditBody& answer_of(const AuditEntry& entry) {
  return entry.seen ? entry.seen->answered : entry.answer;
}

Json change_of(const AuditChange& change) {
  auto read = [](const Bytes& bytes) {
    auto parsed = bytes ? parse_json(*bytes) : Result<Json>(Json::object());
    return parsed ? std::move(*parsed) : Json::object();
  };
  Json out = Json::object({{"resource", change.resource}});
  if (!change.group.empty()) out.set("group", change.group);
  if (!change.ns.empty()) out.set("namespace", change.ns);
  out.set("name", change.name);
  out.set("did", !change.before ? "create" : !change.after ? "delete" : "update");
  // What went needs no list of all that it was.
  if (change.after)
    out.set("difference",
            audit_difference(change.resource, read(change.before), read(change.after)));
  return out;
}

}  // namespace

void AuditTrail::wrote(const WroteObject& object) {
  std::lock_guard lock(mutex_);
  if (changes_.size() >= limits::kAuditChangesMax) {
    ++more_;
    return;
  }
  changes_.push_back({std::string(object.group), std::string(object.resource),
                      std::string(object.ns), std::string(object.name), object.before,
                      object.after});
}

std::vector<AuditChange> AuditTrail::take() {
  std::lock_guard lock(mutex_);
  return std::move(changes_);
}

size_t AuditTrail::more() const {
  std::lock_guard lock(mutex_);
  return more_;
}

std::string_view audit_result(int code) {
  if (code < 400) return "ok";
  return code == 401 || code == 403 ? "refused" : "failed";
}

Json audit_difference(std::string_view resource, const Json& before, const Json& after) {
  Difference out(resource);
  out.compare("", &before, &after, false);
  return out.result();
}

Json record_of(AuditEntry& entry, AuditReader reader) {
  Json out =
      Json::object({{"time", to_rfc3339_milli(entry.at)}, {"id", entry.id}, {"user", entry.user}});
  auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
  };
  add("as", entry.as);
  add("token", entry.token);
  add("from", entry.peer);
  add("agent", entry.agent);
  add("verb", entry.verb);
  add("cluster", entry.cluster);
  add("group", entry.group);
  add("resource", entry.resource);
  add("subresource", entry.subresource);
  add("namespace", entry.ns);
  std::vector<AuditChange> changes;
  if (entry.trail) changes = entry.trail->take();
  // A create by generateName knows its name only now.
  if (entry.name.empty() && changes.size() == 1) entry.name = changes[0].name;
  Json seen = entry.seen ? changes_seen(entry, reader) : Json();
  add("name", entry.name);
  add("method", entry.method);
  add("path", masked_path(entry.path));
  out.set("code", entry.code);
  out.set("result", audit_result(entry.code));
  if (!entry.why.empty())
    out.set("why", looks_secret(entry.why) ? std::string(kMasked) : entry.why);
  out.set("took_ms", entry.took_ms);
  if (!changes.empty()) {
    JsonArray told;
    for (const AuditChange& change : changes) told.push_back(change_of(change));
    out.set("changes", Json(std::move(told)));
    if (entry.trail->more() > 0) out.set("more_changes", static_cast<int64_t>(entry.trail->more()));
  }
  if (seen.is_array() && seen.size() > 0) out.set("changes", std::move(seen));
  auto keep = [&](std::string_view key, const AuditBody& body) {
    if (!body.type.empty() || !body.bytes.empty()) out.set(key, kept_body(entry, body, reader));
  };
  if (entry.level >= AuditLevel::request) keep("request", sent_of(entry));
  // An error's is not kept: it quotes the values that it complains of.
  if (entry.level >= AuditLevel::response && entry.code < 400) keep("answer", answer_of(entry));
  return out;
}

}  // namespace engine
