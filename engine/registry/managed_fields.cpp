#include "engine/registry/managed_fields.h"

#include <algorithm>

#include "engine/base/time.h"
#include "engine/kinds/strategy.h"
#include "engine/registry/managers.h"
#include "engine/registry/metadata.h"
#include "engine/registry/typed.h"

namespace engine {

namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// What the server says itself belongs to nobody.
FieldSet server_fields() {
  FieldSet out;
  out.make("f:apiVersion").member = true;
  out.make("f:kind").member = true;
  FieldSet& metadata = out.make("f:metadata");
  metadata.member = true;
  for (std::string_view edge : {"f:name", "f:namespace", "f:creationTimestamp", "f:selfLink",
                                "f:uid", "f:generation", "f:managedFields", "f:resourceVersion"})
    metadata.make(edge).member = true;
  return out;
}

const FieldSet& stripped() {
  static const FieldSet set = server_fields();
  return set;
}

// Takes managedFields out for the time of a comparison, so that it is not compared with itself.
class WithoutFields {
 public:
  explicit WithoutFields(Json& object) : metadata_(metadata_of(object)) {
    if (Json* fields = metadata_.find("managedFields")) {
      taken_ = std::move(*fields);
      metadata_.erase("managedFields");
    }
  }
  Json& taken() { return taken_; }

 private:
  Json& metadata_;
  Json taken_;
};

bool starts_over(const Json& fields) {
  if (!fields.is_array()) return false;
  return fields.size() == 0 || (fields.size() == 1 && fields.as_array()[0].size() == 0);
}

// Where an update starts from: what the client sent, if it says anything, else what is there.
Managers starting_point(const Json& sent, const Json* old, std::string_view subresource) {
  if (subresource.empty()) {
    if (starts_over(sent)) return {};
    auto managers = Managers::decode(&sent);
    if (managers && !managers->empty()) return std::move(*managers);
  }
  if (old == nullptr) return {};
  auto managers = Managers::decode(metadata_of(*old).find("managedFields"));
  return managers ? std::move(*managers) : Managers();
}

Manager current_manager(const FieldsContext& context, std::string_view operation) {
  return {std::string(context.manager),     std::string(operation),  context.kind.api_version(),
          std::string(context.subresource), to_rfc3339(context.now), {}};
}

void take_from_others(Managers& managers, const Comparison& changes) {
  for (Manager& manager : managers.list) {
    manager.set.subtract(changes.modified);
    manager.set.subtract(changes.added);
    manager.set.subtract(changes.removed);
  }
  managers.drop_empty();
}

void give(Managers& managers, Manager mine) {
  if (mine.set.empty()) return;
  if (Manager* before = managers.find(mine)) {
    before->set.unite(std::move(mine.set));
    before->time = std::move(mine.time);
    before->api_version = std::move(mine.api_version);
  } else {
    managers.list.push_back(std::move(mine));
  }
}

void set_fields(Json& object, const Managers& managers) {
  if (managers.empty()) {
    metadata_of(object).erase("managedFields");
  } else {
    metadata_of(object).set("managedFields", managers.encode());
  }
}

// The comparison of two whole objects without their managedFields.
Comparison changes_between(const Json* old, const Json& object, const SchemaNode* root) {
  Comparison changes = compare(old, &object, root);
  for (FieldSet* set : {&changes.added, &changes.removed, &changes.modified}) {
    set->member = false;
    if (set->empty()) continue;
    if (FieldSet* metadata = set->find("f:metadata"))
      if (FieldSet* fields = metadata->find("f:managedFields")) *fields = FieldSet();
  }
  return changes;
}

}  // namespace

void record_update(const FieldsContext& context, const Json* old, Json& object) {
  WithoutFields without(object);
  Managers managers = starting_point(without.taken(), old, context.subresource);
  // An object that nobody's fields were recorded of stays so until it is applied to.
  if (managers.empty() && old != nullptr) return;
  Comparison changes = changes_between(old, object, &context.kind.schema().root());
  // The server's own fields changed only where nothing of the client's did.
  Manager mine = current_manager(context, "Update");
  changes.added.subtract(stripped());
  changes.modified.subtract(stripped());
  changes.removed.subtract(stripped());
  if (old != nullptr && changes.same()) {
    set_fields(object, managers);
    return;
  }
  take_from_others(managers, changes);
  if (!context.manager.empty()) {
    // The built-in types always have these two, so nobody owns that they are there.
    if (!is_custom(context.kind))
      for (std::string_view part : {"f:spec", "f:status"})
        if (FieldSet* set = changes.added.find(part)) set->member = set->children().empty();
    mine.set = std::move(changes.added);
    mine.set.unite(std::move(changes.modified));
    give(managers, std::move(mine));
  }
  managers.cap_updates();
  set_fields(object, managers);
}

namespace {

struct Conflict {
  const Manager* manager;
  std::string path;
};

std::vector<Conflict> conflicts_of(const Managers& managers, const Manager& mine,
                                   const Comparison& changes, const FieldSet& allowed) {
  FieldSet wanted = changes.modified;
  wanted.unite(changes.added);
  wanted.subtract(allowed);
  std::vector<Conflict> out;
  for (const Manager& manager : managers.list) {
    if (manager.same_as(mine)) continue;
    for (std::string& path : manager.set.intersection(wanted).paths())
      out.push_back({&manager, std::move(path)});
  }
  return out;
}

Status refuse(std::vector<Conflict> conflicts) {
  std::stable_sort(conflicts.begin(), conflicts.end(), [](const Conflict& a, const Conflict& b) {
    return a.manager->printed() < b.manager->printed();
  });
  std::vector<Cause> causes;
  for (const Conflict& conflict : conflicts)
    causes.push_back(
        {"FieldManagerConflict", "conflict with " + conflict.manager->printed(), conflict.path});
  if (conflicts.size() == 1) {
    std::string text =
        "Apply failed with 1 conflict: " + causes[0].message + ": " + causes[0].field;
    return Status::apply_conflict(std::move(text), std::move(causes));
  }
  std::string text = "Apply failed with " + std::to_string(conflicts.size()) + " conflicts: ";
  const Manager* told = nullptr;
  for (const Conflict& conflict : conflicts) {
    if (conflict.manager != told) {
      text += std::string(told == nullptr ? "" : "\n") + "conflicts with " +
              conflict.manager->printed() + ":";
      told = conflict.manager;
    }
    text += "\n- " + conflict.path;
  }
  return Status::apply_conflict(std::move(text), std::move(causes));
}

// kubectl moving an object from its own client-side apply may take what that had set and nobody has
// changed since.
FieldSet allowed_by_last_applied(const FieldsContext& context, const Json& live) {
  if (context.manager != "kubectl") return {};
  std::string_view text;
  if (const Json* annotations = live.at({"metadata", "annotations"}))
    text = annotations->str(kLastApplied);
  if (text.empty()) return {};
  auto last = parse_json(text);
  if (!last || last.value().str("apiVersion") != context.kind.api_version()) return {};
  const SchemaNode* root = &context.kind.schema().root();
  FieldSet out = to_field_set(last.value(), root);
  Comparison changes = compare(&last.value(), &live, root);
  for (const FieldSet* set : {&changes.added, &changes.modified, &changes.removed})
    out.subtract(*set);
  return out;
}

Json with_sorted_keys(const Json& value) {
  if (value.is_array()) {
    JsonArray out;
    for (const Json& item : value.as_array()) out.push_back(with_sorted_keys(item));
    return Json(std::move(out));
  }
  if (!value.is_object()) return value;
  std::vector<const JsonObject::Member*> members;
  for (const auto& member : value.as_object()) members.push_back(&member);
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  JsonObject out;
  for (const auto* member : members) out.set(member->first, with_sorted_keys(member->second));
  return Json(std::move(out));
}

// What the annotation is to say once kubectl has applied this on the server, for clients that still
// read it; empty when the live object has no such annotation.
std::string last_applied_text(const FieldsContext& context, const Json& config, const Json* live) {
  if (context.manager != "kubectl" || live == nullptr) return {};
  const Json* annotations = live->at({"metadata", "annotations"});
  if (annotations == nullptr || annotations->str(kLastApplied).empty()) return {};
  Json plain = with_sorted_keys(config);
  if (Json* own = metadata_of(plain).find("annotations")) {
    own->erase(kLastApplied);
    if (own->size() == 0) metadata_of(plain).erase("annotations");
  }
  return dump(plain) + "\n";
}

// What a subresource's configuration may not speak of, and what the main resource's may not.
void keep_part(const FieldsContext& context, Json& config) {
  if (context.subresource == "status") {
    std::vector<std::string> others;
    for (const auto& [name, value] : config.as_object())
      if (name != "status" && name != "metadata" && name != "kind" && name != "apiVersion")
        others.push_back(name);
    for (const std::string& name : others) config.erase(name);
  } else if (context.subresource.empty() && context.kind.has_subresource("status")) {
    config.erase("status");
  }
}

Managers live_managers(const FieldsContext& context, const Json* live, const SchemaNode* root) {
  if (live == nullptr) return {};
  auto decoded = Managers::decode(metadata_of(*live).find("managedFields"));
  if (decoded && !decoded->empty()) return std::move(*decoded);
  Managers out;
  FieldsContext before{context.kind, "before-first-apply", context.subresource, context.now};
  Manager first = current_manager(before, "Update");
  first.set = changes_between(nullptr, *live, root).added;
  first.set.subtract(stripped());
  give(out, std::move(first));
  return out;
}

FieldSet all_owned(const Managers& managers) {
  FieldSet out;
  for (const Manager& manager : managers.list) out.unite(manager.set);
  return out;
}

bool same_managers(const Managers& a, const Managers& b) {
  if (a.list.size() != b.list.size()) return false;
  for (const Manager& manager : a.list) {
    auto found = std::find_if(b.list.begin(), b.list.end(), [&](const Manager& other) {
      return manager.same_as(other) && manager.api_version == other.api_version;
    });
    if (found == b.list.end() || !(found->set == manager.set)) return false;
  }
  return true;
}

}  // namespace

Result<Json> apply_config(const FieldsContext& context, const Json* live, Json config,
                          Force force) {
  const SchemaNode* root = &context.kind.schema().root();
  if (metadata_of(config).find("managedFields") != nullptr)
    return Status::bad_request("metadata.managedFields must be nil");
  std::string twice = find_duplicate_items(config, root);
  if (!twice.empty())
    return Status::other(500, "",
                         "failed to create typed patch object (" +
                             std::string(metadata_of(config).str("namespace")) + "/" +
                             std::string(metadata_of(config).str("name")) + "; " +
                             context.kind.group + "/" + context.kind.version +
                             ", Kind=" + context.kind.kind + "): " + twice);
  std::string last_applied = last_applied_text(context, config, live);
  keep_part(context, config);
  const Managers before = live_managers(context, live, root);
  Managers managers = before;

  Manager mine = current_manager(context, "Apply");
  mine.set = to_field_set(config, root);
  mine.set.subtract(stripped());
  mine.set.member = false;
  FieldSet last;
  std::string last_time;
  if (Manager* entry = managers.find(mine)) {
    last = std::move(entry->set);
    last_time = entry->time;
  }
  std::erase_if(managers.list, [&](const Manager& m) { return m.same_as(mine); });
  FieldSet owned = all_owned(managers);
  owned.unite(mine.set);

  Json merged = live == nullptr ? std::move(config) : merge_over(*live, std::move(config), root);
  remove_unowned(merged, last, owned, root);
  Comparison changes = changes_between(live, merged, root);
  if (force == Force::no) {
    FieldSet allowed;
    if (live != nullptr) allowed = allowed_by_last_applied(context, *live);
    auto conflicts = conflicts_of(managers, mine, changes, allowed);
    if (!conflicts.empty()) return refuse(std::move(conflicts));
  }
  take_from_others(managers, changes);
  // Times tell when the object changed, not when somebody agreed with it.
  if (live != nullptr && changes.same()) mine.time = std::move(last_time);
  if (!mine.set.empty()) managers.list.push_back(std::move(mine));
  bool nothing_new = live != nullptr && changes.same() && same_managers(before, managers) &&
                     metadata_of(*live).find("managedFields") != nullptr;
  if (!nothing_new) set_fields(merged, managers);
  // Nobody's field: it is the server that keeps it.
  if (!last_applied.empty())
    metadata_of(merged)["annotations"].set(kLastApplied, Json(std::move(last_applied)));
  return merged;
}

}  // namespace engine
