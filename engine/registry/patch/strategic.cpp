#include <algorithm>

#include "engine/registry/patch/patches.h"

namespace engine {

namespace {

constexpr std::string_view kPatch = "$patch";
constexpr std::string_view kRetainKeys = "$retainKeys";
constexpr std::string_view kDelete = "$deleteFromPrimitiveList/";
constexpr std::string_view kOrder = "$setElementOrder/";

bool is_directive(std::string_view name) {
  return name == kPatch || name == kRetainKeys || name.starts_with(kDelete) ||
         name.starts_with(kOrder);
}

Status bad(std::string what) {
  return Status::bad_request("strategic merge patch: " + what);
}

bool merges(const SchemaNode* node) {
  return node != nullptr && node->patch_strategy().find("merge") != std::string_view::npos;
}
bool replaces(const SchemaNode* node) {
  return node != nullptr && node->patch_strategy().find("replace") != std::string_view::npos;
}

Result<Unit> merge_object(Json& object, Json patch, const SchemaNode* node);

// What identifies an item: itself, or its merge key.
const Json* identity(const Json& item, std::string_view key) {
  return key.empty() ? &item : item.find(key);
}

bool contains(const JsonArray& list, const Json& wanted, std::string_view key) {
  return std::any_of(list.begin(), list.end(), [&](const Json& item) {
    const Json* id = identity(item, key);
    return id != nullptr && *id == wanted;
  });
}

size_t index_in(const JsonArray& list, const Json& item, std::string_view key) {
  const Json* wanted = identity(item, key);
  for (size_t i = 0; wanted != nullptr && i < list.size(); i++) {
    const Json* id = identity(list[i], key);
    if (id != nullptr && *id == *wanted) return i;
  }
  return SIZE_MAX;
}

// The items that the order names in that order; the others keep their place among them as they
// stood on the server.
void put_in_order(JsonArray& list, const JsonArray& server, const JsonArray& wanted,
                  std::string_view key) {
  JsonArray named, others;
  for (Json& item : list)
    (index_in(wanted, item, key) != SIZE_MAX ? named : others).push_back(std::move(item));
  auto sort_by = [&](JsonArray& items, const JsonArray& by) {
    std::stable_sort(items.begin(), items.end(), [&](const Json& a, const Json& b) {
      return index_in(by, a, key) < index_in(by, b, key);
    });
  };
  sort_by(named, wanted);
  sort_by(others, server);
  list.clear();
  size_t o = 0;
  for (Json& item : named) {
    size_t place = index_in(server, item, key);
    while (o < others.size() && place != SIZE_MAX) {
      size_t mine = index_in(server, others[o], key);
      if (mine == SIZE_MAX || mine >= place) break;
      list.push_back(std::move(others[o++]));
    }
    list.push_back(std::move(item));
  }
  for (; o < others.size(); o++) list.push_back(std::move(others[o]));
}

Result<const JsonArray*> read_order(const Json& order) {
  if (!order.is_array()) return bad("$setElementOrder is not a list");
  return &order.as_array();
}

Result<Unit> merge_items_by_key(JsonArray& list, JsonArray patch, const SchemaNode* node,
                                std::string_view key) {
  for (const Json& item : patch) {
    if (!item.is_object())
      return bad("a list merged by the key " + std::string(key) +
                 " has an item that is not an object");
    if (item.str(kPatch) == "replace") list.clear();
  }
  for (Json& item : patch) {
    std::string directive(item.str(kPatch));
    if (directive == "replace") {
      if (item.size() == 1) continue;  // it only says that the others replace the list
      item.erase(kPatch);
    }
    const Json* id = item.find(key);
    if (id == nullptr) return bad("an item has no value for its merge key " + std::string(key));
    if (directive == "delete") {
      std::erase_if(list, [&](const Json& there) {
        const Json* theirs = there.find(key);
        return theirs != nullptr && *theirs == *id;
      });
      continue;
    }
    if (!directive.empty() && directive != "merge" && directive != "replace")
      return bad("unknown $patch directive \"" + directive + "\"");
    size_t at = index_in(list, item, key);
    if (at == SIZE_MAX) {
      list.push_back(Json::object());
      at = list.size() - 1;
    }
    TRY(merge_object(list[at], std::move(item), node->items()));
  }
  return Unit{};
}

Result<Unit> merge_list(Json& value, Json patch, const SchemaNode* node, const Json* order) {
  if (!value.is_array()) value = Json::array();
  JsonArray server = value.as_array();
  JsonArray& list = value.as_array();
  std::string_view key = node->patch_merge_key();
  // The patch's own order counts for its items, before one that it sets for all.
  JsonArray patch_order = patch.as_array();
  std::erase_if(patch_order, [&](const Json& item) {
    return identity(item, key) == nullptr || item.find(kPatch) != nullptr;
  });
  if (!key.empty()) {
    TRY(merge_items_by_key(list, std::move(patch.as_array()), node, key));
  } else {
    for (Json& item : patch.as_array())
      if (!contains(list, item, "")) list.push_back(std::move(item));
  }
  put_in_order(list, server, patch_order, key);
  if (order != nullptr) put_in_order(list, server, *TRY(read_order(*order)), key);
  return Unit{};
}

Result<Unit> retain_keys(Json& object, const Json& patch) {
  const Json* keys = patch.find(kRetainKeys);
  if (keys == nullptr) return Unit{};
  if (!keys->is_array()) return bad("$retainKeys is not a list");
  for (const auto& [name, value] : patch.as_object())
    if (!is_directive(name) && !value.is_null() && !contains(keys->as_array(), Json(name), ""))
      return Status::other(422, "Invalid",
                           "the server rejected our request due to an error in our request: patch "
                           "content doesn't match retainKeys list: " +
                               name);
  std::vector<std::string> gone;
  for (const auto& [name, value] : object.as_object())
    if (!contains(keys->as_array(), Json(name), "")) gone.push_back(name);
  for (const std::string& name : gone) object.erase(name);
  return Unit{};
}

Result<Unit> delete_from_lists(Json& object, const Json& patch) {
  for (const auto& [name, value] : patch.as_object()) {
    if (!name.starts_with(kDelete)) continue;
    if (!value.is_array()) return bad(name + " is not a list");
    Json* list = object.find(std::string_view(name).substr(kDelete.size()));
    if (list == nullptr || !list->is_array()) continue;
    std::erase_if(list->as_array(),
                  [&](const Json& item) { return contains(value.as_array(), item, ""); });
  }
  return Unit{};
}

// Lists that the patch only puts in order.
Result<Unit> reorder_lists(Json& object, const Json& patch, const SchemaNode* node) {
  for (const auto& [name, order] : patch.as_object()) {
    if (!name.starts_with(kOrder)) continue;
    std::string_view field = std::string_view(name).substr(kOrder.size());
    Json* list = object.find(field);
    if (patch.find(field) != nullptr || list == nullptr || !list->is_array()) continue;
    const SchemaNode* type = node == nullptr ? nullptr : node->member(field);
    if (!merges(type)) continue;
    JsonArray server = list->as_array();
    put_in_order(list->as_array(), server, *TRY(read_order(order)), type->patch_merge_key());
  }
  return Unit{};
}

Result<Unit> merge_member(Json& object, const std::string& name, Json value, const Json* order,
                          const SchemaNode* type) {
  if (value.is_null()) {
    object.erase(name);
    return Unit{};
  }
  if (value.is_object() && !replaces(type)) {
    Json& place = object[name];
    if (!place.is_object()) place = Json::object();
    return merge_object(place, std::move(value), type);
  }
  if (value.is_array() && merges(type))
    return merge_list(object[name], std::move(value), type, order);
  object.set(name, std::move(value));
  return Unit{};
}

Result<Unit> merge_object(Json& object, Json patch, const SchemaNode* node) {
  if (const Json* directive = patch.find(kPatch)) {
    std::string_view what = directive->is_string() ? directive->as_string() : std::string_view();
    if (what == "delete") {
      object = Json::object();
      return Unit{};
    }
    if (what == "replace") {
      object = Json::object();
    } else if (what != "merge") {
      return bad("unknown $patch directive " + dump(*directive));
    }
  }
  TRY(retain_keys(object, patch));
  TRY(delete_from_lists(object, patch));
  TRY(reorder_lists(object, patch, node));
  for (auto& [name, value] : patch.as_object()) {
    if (is_directive(name)) continue;
    const Json* order = value.is_array() ? patch.find(std::string(kOrder) + name) : nullptr;
    const SchemaNode* type = node == nullptr ? nullptr : node->member(name);
    TRY(merge_member(object, name, std::move(value), order, type));
  }
  return Unit{};
}

}  // namespace

Result<Unit> strategic_patch(Json& object, Json patch, const SchemaNode& root) {
  if (!patch.is_object()) return bad(std::string("expected an object, got ") + patch.type_name());
  if (!object.is_object()) object = Json::object();
  return merge_object(object, std::move(patch), &root);
}

}  // namespace engine
