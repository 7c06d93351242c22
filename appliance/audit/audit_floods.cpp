#include "appliance/audit/audit_floods.h"

#include <algorithm>

#include "engine/access/audit_limits.h"
#include "engine/base/time.h"

namespace appliance {

using engine::AuditEntry;
using engine::Json;
namespace limits = engine::limits;

namespace {

// Who was let in is told by name; who was not only says a name, and may say another each time.
bool is_known(const AuditEntry& entry) {
  return entry.code == 403 && entry.verb != "login";
}

std::string kind_of(const AuditEntry& entry) {
  std::string out = entry.peer + '\n' + std::to_string(entry.code) + '\n';
  if (!is_known(entry))
    return out + (entry.verb == "login" || entry.verb == "connect" ? entry.verb : std::string());
  for (const std::string* one : {&entry.user, &entry.as, &entry.verb, &entry.cluster, &entry.group,
                                 &entry.resource, &entry.subresource})
    out.append(*one).push_back('\n');
  return out;
}

Json in_common(const AuditEntry& entry) {
  Json out = Json::object({{"verb", entry.verb}});
  auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
  };
  add("from", entry.peer);
  if (is_known(entry)) {
    add("user", entry.user);
    add("as", entry.as);
    add("cluster", entry.cluster);
    add("group", entry.group);
    add("subresource", entry.subresource);
  }
  if (is_known(entry) || entry.verb == "login") add("resource", entry.resource);
  out.set("code", entry.code);
  out.set("result", engine::audit_result(entry.code));
  return out;
}

}  // namespace

bool AuditFloods::counts(const AuditEntry& entry, int64_t now_ms) {
  if (entry.code != 401 && entry.code != 403) return false;
  std::string kind = kind_of(entry);
  const bool others =
      counts_.size() >= limits::kAuditFloodKindsMax && counts_.find(kind) == counts_.end();
  // From too many sources at once: they are one.
  if (others) kind.clear();
  Count& count = counts_[kind];
  if (now_ms - count.began_ms >= limits::kAuditFloodMs && count.counted == 0) {
    count.began_ms = now_ms;
    count.recorded = 0;
  }
  if (count.recorded < limits::kAuditFloodFirst) {
    ++count.recorded;
    return false;
  }
  if (count.counted++ == 0) {
    ++waiting_;
    count.first_ms = now_ms;
    count.record =
        others ? Json::object({{"code", entry.code}, {"result", "refused"}}) : in_common(entry);
  }
  count.last_ms = now_ms;
  if (!is_known(entry) &&
      std::find(count.users.begin(), count.users.end(), entry.user) == count.users.end()) {
    if (count.users.size() < limits::kAuditFloodUsersMax)
      count.users.push_back(entry.user);
    else
      ++count.more_tries;
  }
  return true;
}

Json AuditFloods::told(Count& count) const {
  auto time = [](int64_t ms) {
    return engine::to_rfc3339_milli(storage::WallTime(storage::Millis(ms)));
  };
  Json out = Json::object({{"time", time(count.last_ms)}});
  for (auto& [key, value] : count.record.as_object()) out.set(key, std::move(value));
  out.set("count", static_cast<int64_t>(count.counted));
  out.set("since", time(count.first_ms));
  out.set("why", "refusals of one kind from one source, counted together");
  if (count.users.size() == 1 && count.more_tries == 0 && !out.find("user"))
    out.set("user", count.users[0]);
  if (count.users.size() > 1) {
    engine::JsonArray users;
    for (std::string& one : count.users) users.emplace_back(std::move(one));
    out.set("users", Json(std::move(users)));
    if (count.more_tries > 0) out.set("more_tries", static_cast<int64_t>(count.more_tries));
  }
  return out;
}

engine::JsonArray AuditFloods::take(int64_t now_ms, Which which) {
  engine::JsonArray out;
  for (auto at = counts_.begin(); at != counts_.end();) {
    Count& count = at->second;
    const bool over = now_ms - count.began_ms >= limits::kAuditFloodMs;
    if (count.counted > 0 && (over || which == Which::all)) {
      out.push_back(told(count));
      --waiting_;
      count.counted = 0;
      count.users.clear();
      count.more_tries = 0;
      // Whoever goes on is counted from the first on in the next interval.
      count.began_ms = now_ms;
      ++at;
    } else if (over && count.counted == 0) {
      at = counts_.erase(at);
    } else {
      ++at;
    }
  }
  return out;
}

}  // namespace appliance
