#include "engine/controllers/management/first_start_record.h"

#include <algorithm>
#include <functional>

namespace engine {

namespace {

constexpr std::string_view kKey = "/paddock/first-start";

// Equal values have equal texts, whatever the order of their members.
Json sorted(const Json& value) {
  if (value.is_array()) {
    JsonArray out;
    for (const Json& item : value.as_array()) out.push_back(sorted(item));
    return out;
  }
  if (!value.is_object()) return value;
  std::vector<std::pair<std::string_view, const Json*>> members;
  for (const auto& [key, member] : value.as_object())
    if (!member.is_null()) members.emplace_back(key, &member);
  std::sort(members.begin(), members.end());
  Json out = Json::object();
  for (const auto& [key, member] : members) out.set(key, sorted(*member));
  return out;
}

std::string digest_of(const Json& value) {
  return FirstStartRecord::digest(dump(sorted(value)));
}

// The fields that an upgrade decides about, each by itself.
void each_field(const Json& object,
                const std::function<void(const std::string&, const Json&)>& see) {
  for (const auto& [name, value] : object.as_object()) {
    if (name == "metadata" || name == "apiVersion" || name == "kind" || name == "status") continue;
    if (name != "spec" || !value.is_object()) {
      see(name, value);
      continue;
    }
    for (const auto& [inner, member] : value.as_object()) see("spec." + inner, member);
  }
}

Json& parent_of(Json& object, std::string_view& field) {
  if (!field.starts_with("spec.")) return object;
  field.remove_prefix(5);
  return object["spec"];
}

}  // namespace

// FNV-1a: nobody gains by making two equal.
std::string FirstStartRecord::digest(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::string out(16, '0');
  for (size_t i = 0; i < 16; i++) out[15 - i] = "0123456789abcdef"[(hash >> (4 * i)) & 15];
  return out;
}

Result<FirstStartRecord> FirstStartRecord::read(storage::Store& store) {
  auto found = store.get(kKey);
  if (!found) return Status::service_unavailable(found.error().message);
  FirstStartRecord out;
  if (!found.value()) return out;
  Json stored = TRY(parse_json(found.value()->value));
  out.applied_ = stored.str("facts");
  if (Json* objects = stored.find("objects"); objects && objects->is_object())
    out.known_ = std::move(*objects);
  return out;
}

std::string FirstStartRecord::name_of(const Json& object) {
  return std::string(object.str("kind")) + "/" + std::string(object.str({"metadata", "name"}));
}

bool FirstStartRecord::upgrade(const Json& wanted, Json& object) const {
  const Json* known = known_.find(name_of(wanted));
  if (!known || !known->is_object()) return false;
  bool changed = false;
  Json fresh = Json::object();
  each_field(wanted, [&](const std::string& path, const Json& value) {
    fresh.set(path, true);
    std::string_view field = path;
    Json& parent = parent_of(object, field);
    const Json* there = parent.find(field);
    const std::string before(known->str(path));
    // Somebody changed it, or it is what is wanted.
    if (before.empty() ? there != nullptr : digest_of(there ? *there : Json()) != before) return;
    if (digest_of(value) == before) return;
    parent.set(field, value);
    changed = true;
  });
  for (const auto& [path, before] : known->as_object()) {
    if (fresh.find(path)) continue;
    std::string_view field = path;
    Json& parent = parent_of(object, field);
    const Json* there = parent.find(field);
    if (there && Json(digest_of(*there)) == before) changed |= parent.erase(field);
  }
  return changed;
}

void FirstStartRecord::add(const Json& wanted) {
  Json fields = Json::object();
  each_field(wanted, [&](const std::string& path, const Json& value) {
    fields.set(path, digest_of(value));
  });
  known_.set(name_of(wanted), std::move(fields));
}

storage::Write FirstStartRecord::write(std::string_view facts_digest) const {
  return {std::string(kKey), dump(Json::object({{"facts", facts_digest}, {"objects", known_}}))};
}

}  // namespace engine
