#include "engine/registry/typed.h"

#include <algorithm>
#include <map>

namespace engine {

namespace {

using ListType = SchemaNode::ListType;

bool is_atomic(const Json& value, const SchemaNode* node) {
  if (value.is_array()) return node == nullptr || node->list_type() == ListType::atomic;
  return node != nullptr && node->atomic();
}

const SchemaNode* below(const SchemaNode* node, std::string_view name) {
  return node == nullptr ? nullptr : node->member(name);
}

const SchemaNode* items_of(const SchemaNode* node) {
  return node == nullptr ? nullptr : node->items();
}

// A field that the schema names, as opposed to a key that is data.
bool is_named(const SchemaNode* node, std::string_view name) {
  return node != nullptr && !node->is_map() && node->member(name) != nullptr;
}

std::string field_edge(std::string_view name) {
  return "f:" + std::string(name);
}

std::string item_edge(const Json& item, const SchemaNode* list) {
  if (list->list_type() == ListType::set || !item.is_object()) return "v:" + dump(item);
  std::vector<std::string> keys = list->list_keys();
  std::sort(keys.begin(), keys.end());
  const SchemaNode* type = list->items();
  std::string out = "k:{";
  for (const std::string& key : keys) {
    const Json* value = item.find(key);
    Json preset;
    if (value == nullptr && type != nullptr) {
      preset = list->key_default(key);
      if (!preset.is_null()) value = &preset;
    }
    if (value == nullptr) continue;
    if (out.size() > 3) out += ',';
    dump_to(out, Json(key));
    out += ':';
    dump_to(out, *value);
  }
  return out + "}";
}

bool blank(const Json* value) {
  return value == nullptr || value->is_null() || value->size() == 0;
}

Comparison leaf(const Json* before, const Json* after) {
  Comparison out;
  if (before == nullptr) {
    out.added.member = true;
  } else if (after == nullptr) {
    out.removed.member = true;
  } else if (!(*before == *after)) {
    out.modified.member = true;
  }
  return out;
}

void put(Comparison& out, std::string edge, Comparison part) {
  bool added = !part.added.empty(), removed = !part.removed.empty();
  bool modified = !part.modified.empty();
  if (added && !removed && !modified) {
    out.added.put(std::move(edge), std::move(part.added));
    return;
  }
  if (added) out.added.put(edge, std::move(part.added));
  if (removed) out.removed.put(edge, std::move(part.removed));
  if (modified) out.modified.put(std::move(edge), std::move(part.modified));
}

void compare_members(Comparison& out, const Json* before, const Json* after,
                     const SchemaNode* node) {
  if (after != nullptr && after->is_object()) {
    for (const auto& [name, value] : after->as_object()) {
      const Json* old = before == nullptr ? nullptr : before->find(name);
      Comparison part = compare(old, &value, below(node, name));
      if (!part.same()) put(out, field_edge(name), std::move(part));
    }
  }
  if (before != nullptr && before->is_object()) {
    for (const auto& [name, value] : before->as_object())
      if (after == nullptr || after->find(name) == nullptr)
        put(out, field_edge(name), compare(&value, nullptr, below(node, name)));
  }
}

using Grouped = std::map<std::string, std::vector<const Json*>>;

void group(Grouped& out, const Json* list, const SchemaNode* node) {
  if (list == nullptr || !list->is_array()) return;
  for (const Json& item : list->as_array()) out[item_edge(item, node)].push_back(&item);
}

bool same_items(const std::vector<const Json*>& a, const std::vector<const Json*>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Json* x, const Json* y) { return *x == *y; });
}

void compare_items(Comparison& out, const Json* before, const Json* after, const SchemaNode* node) {
  Grouped left, right;
  group(left, before, node);
  group(right, after, node);
  for (auto& [edge, items] : left) right.try_emplace(edge);
  for (auto& [edge, now] : right) {
    const std::vector<const Json*>& old = left[edge];
    const Json* first_old = old.empty() ? nullptr : old[0];
    const Json* first_now = now.empty() ? nullptr : now[0];
    if (old.size() <= 1 && now.size() <= 1) {
      put(out, edge, compare(first_old, first_now, items_of(node)));
    } else if (old.size() >= 2 && now.size() >= 2) {
      if (!same_items(old, now)) out.modified.make(edge).member = true;
    } else if (old.size() >= 2) {
      if (first_now != nullptr) put(out, edge, compare(nullptr, first_now, items_of(node)));
      out.removed.make(edge).member = true;
    } else {
      if (first_old != nullptr) put(out, edge, compare(first_old, nullptr, items_of(node)));
      out.added.make(edge).member = true;
    }
  }
}

}  // namespace

Comparison compare(const Json* before, const Json* after, const SchemaNode* node) {
  const Json* shown = after != nullptr && !after->is_null() ? after : before;
  if (shown == nullptr) shown = after;
  if (shown == nullptr) return {};
  bool object = shown->is_object(), array = shown->is_array();
  bool mixed =
      before != nullptr && after != nullptr && !before->is_null() && !after->is_null() &&
      (before->is_object() != after->is_object() || before->is_array() != after->is_array());
  if ((!object && !array) || mixed || is_atomic(*shown, node) || (blank(before) && blank(after)))
    return leaf(before, after);
  Comparison out;
  if (object) {
    compare_members(out, before, after, node);
  } else {
    compare_items(out, before, after, node);
  }
  if (before == nullptr) out.added.member = true;
  if (after == nullptr) out.removed.member = true;
  return out;
}

FieldSet to_field_set(const Json& value, const SchemaNode* node) {
  FieldSet out;
  if (is_atomic(value, node) || (!value.is_object() && !value.is_array())) {
    out.member = true;
    return out;
  }
  if (value.is_object()) {
    for (const auto& [name, member] : value.as_object()) {
      FieldSet part = to_field_set(member, below(node, name));
      bool nothing = member.is_null() || (member.is_object() && member.size() == 0);
      if (nothing || !is_named(node, name)) part.member = true;
      out.put(field_edge(name), std::move(part));
    }
    return out;
  }
  for (const Json& item : value.as_array()) {
    FieldSet part = to_field_set(item, items_of(node));
    part.member = true;
    out.put(item_edge(item, node), std::move(part));
  }
  return out;
}

namespace {

// Items that both have follow the configuration's order, the others keep their place beside what
// they followed.
Json merge_items(const Json& value, Json config, const SchemaNode* node) {
  const JsonArray& left = value.as_array();
  JsonArray& right = config.as_array();
  std::vector<std::string> left_edges, right_edges;
  std::map<std::string, size_t, std::less<>> left_at, right_at;
  for (size_t i = 0; i < left.size(); i++) {
    left_edges.push_back(item_edge(left[i], node));
    left_at.try_emplace(left_edges.back(), i);
  }
  for (size_t i = 0; i < right.size(); i++) {
    right_edges.push_back(item_edge(right[i], node));
    right_at.try_emplace(right_edges.back(), i);
  }
  JsonArray out;
  size_t cursor = 0;
  // Passes over the items at the cursor, keeping those that only the value has, up to `edge`.
  auto keep_until = [&](const std::string* edge) {
    for (; cursor < left.size(); cursor++) {
      if (edge != nullptr && left_edges[cursor] == *edge) return;
      if (!right_at.contains(left_edges[cursor])) out.push_back(left[cursor]);
    }
  };
  for (size_t i = 0; i < right.size(); i++) {
    const std::string* next_shared = nullptr;
    for (size_t j = i; j < right.size() && next_shared == nullptr; j++)
      if (left_at.contains(right_edges[j])) next_shared = &right_edges[j];
    auto found = left_at.find(right_edges[i]);
    if (found == left_at.end()) {
      if (next_shared == nullptr || left_at.find(*next_shared)->second >= cursor)
        keep_until(next_shared);
      out.push_back(std::move(right[i]));
      continue;
    }
    if (found->second >= cursor) {
      keep_until(&right_edges[i]);
      cursor = found->second + 1;
    }
    out.push_back(merge_over(left[found->second], std::move(right[i]), items_of(node)));
  }
  keep_until(nullptr);
  return Json(std::move(out));
}

}  // namespace

Json merge_over(const Json& value, Json config, const SchemaNode* node) {
  if (config.is_null() && (value.is_object() || value.is_array()) && !is_atomic(value, node))
    return value;
  bool both_objects = value.is_object() && config.is_object();
  bool both_arrays = value.is_array() && config.is_array();
  if ((!both_objects && !both_arrays) || is_atomic(config, node)) return config;
  if (both_arrays) return merge_items(value, std::move(config), node);
  Json out = value;
  for (auto& [name, member] : config.as_object()) {
    Json& place = out[name];
    if (value.find(name) == nullptr) {
      place = std::move(member);
    } else {
      place = merge_over(place, std::move(member), below(node, name));
    }
  }
  return out;
}

namespace {

bool counts(const FieldSet* set, bool named) {
  return set != nullptr && (set->member || (named && !set->children().empty()));
}

const FieldSet& or_nothing(const FieldSet* set) {
  static const FieldSet nothing;
  return set == nullptr ? nothing : *set;
}

// True when nothing of the value is left.
bool remove_below(Json& value, const FieldSet& last, const FieldSet& owned,
                  const SchemaNode* node) {
  size_t before = value.size();
  remove_unowned(value, last, owned, node);
  return before > 0 && (value.is_object() || value.is_array()) && value.size() == 0;
}

}  // namespace

void remove_unowned(Json& value, const FieldSet& last, const FieldSet& owned,
                    const SchemaNode* node) {
  if (last.children().empty() || is_atomic(value, node)) return;
  if (value.is_object()) {
    std::vector<std::string> gone;
    for (auto& [name, member] : value.as_object()) {
      const FieldSet* was = last.field(name);
      if (was == nullptr) continue;
      const FieldSet* now = owned.field(name);
      bool named = is_named(node, name);
      bool drop = counts(was, named) && !counts(now, named);
      if (drop || remove_below(member, *was, or_nothing(now), below(node, name)))
        gone.push_back(name);
    }
    for (const std::string& name : gone) value.erase(name);
    return;
  }
  if (!value.is_array()) return;
  JsonArray kept;
  for (Json& item : value.as_array()) {
    std::string edge = item_edge(item, node);
    const FieldSet* was = last.find(edge);
    const FieldSet* now = owned.find(edge);
    if (was != nullptr && counts(was, false) && !counts(now, false)) continue;
    if (was != nullptr) remove_unowned(item, *was, or_nothing(now), items_of(node));
    kept.push_back(std::move(item));
  }
  value.as_array() = std::move(kept);
}

std::string find_duplicate_items(const Json& value, const SchemaNode* node,
                                 const std::string& path) {
  if (is_atomic(value, node)) return {};
  if (value.is_object()) {
    for (const auto& [name, member] : value.as_object()) {
      if (!member.is_object() && !member.is_array()) continue;
      std::string found = find_duplicate_items(member, below(node, name), path + "." + name);
      if (!found.empty()) return found;
    }
  } else if (value.is_array()) {
    std::vector<std::string> seen;
    for (const Json& item : value.as_array()) {
      FieldSet one;
      one.make(item_edge(item, node)).member = true;
      std::string key = one.paths()[0];
      std::string where = path + key;
      if (std::find(seen.begin(), seen.end(), where) != seen.end())
        return path + ": duplicate entries for key " + key;
      std::string found = find_duplicate_items(item, items_of(node), where);
      if (!found.empty()) return found;
      seen.push_back(std::move(where));
    }
  }
  return {};
}

}  // namespace engine
