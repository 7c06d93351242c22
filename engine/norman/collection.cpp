#include "engine/norman/collection.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "engine/base/limits.h"
#include "engine/base/numbers.h"
#include "engine/base/text.h"

namespace engine {
namespace {

std::vector<std::string> split_commas(std::string_view text) {
  std::vector<std::string> out;
  size_t start = 0;
  for (size_t comma; (comma = text.find(',', start)) != std::string_view::npos; start = comma + 1)
    out.emplace_back(text.substr(start, comma - start));
  out.emplace_back(text.substr(start));
  return out;
}

bool is_filter(const SchemaView& schema, std::string_view field) {
  if (field == "id") return true;
  const Json* filters = schema.json().find("collectionFilters");
  return filters && filters->find(field);
}

bool like(std::string_view text, std::string_view pattern) {
  // SQL's %: any run of characters.
  size_t t = 0, p = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

// As Go's url.Values writes a query.
std::string escape(std::string_view text) {
  std::string out = percent_escaped(text, "-_.~ ");
  std::replace(out.begin(), out.end(), ' ', '+');
  return out;
}

// The same URL with some parameters replaced (empty: removed), keys in order as Go encodes them.
std::string with(const CollectionRequest& request,
                 std::initializer_list<std::pair<std::string_view, std::string>> changes) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [key, value] : request.query) values[key].push_back(value);
  for (const auto& [key, value] : changes) {
    values.erase(std::string(key));
    if (!value.empty()) values[std::string(key)] = {value};
  }
  std::string out = request.self;
  char sign = '?';
  for (const auto& [key, list] : values)
    for (const std::string& value : list) {
      out += sign;
      out.append(escape(key)).append("=").append(escape(value));
      sign = '&';
    }
  return out;
}

Json filters_document(const SchemaView& schema, const std::vector<FilterCondition>& conditions) {
  Json out = Json::object();
  if (const Json* filters = schema.json().find("collectionFilters");
      filters && filters->is_object())
    for (const auto& [name, modifiers] : filters->as_object()) out.set(name, nullptr);
  for (const FilterCondition& condition : conditions) {
    Json value = condition.values.size() == 1 ? Json(condition.values.front()) : Json();
    if (condition.values.size() != 1)
      for (const std::string& one : condition.values) value.push_back(one);
    out[condition.field].push_back(
        Json::object({{"modifier", condition.modifier}, {"value", std::move(value)}}));
  }
  return out;
}

// A page of another order is another page: the marker goes.
Json sort_document(const CollectionRequest& request, const SortOrder& order) {
  Json links = Json::object();
  for (const Field& field : request.schema.fields()) {
    bool sortable = (field.type == "string" || field.type == "enum" || field.type == "password") &&
                    field.name != "description";
    if (sortable && is_filter(request.schema, field.name))
      links.set(field.name, with(request, {{"sort", field.name}, {"order", ""}, {"marker", ""}}));
  }
  Json out = Json::object(
      {{"links", std::move(links)},
       {"order", order.descending ? "desc" : "asc"},
       {"reverse", with(request, {{"order", order.descending ? "asc" : "desc"}, {"marker", ""}})}});
  if (!order.field.empty()) out.set("name", order.field);
  return out;
}

int64_t limit_of(const Query& query) {
  std::string_view text = query.get("limit");
  auto asked = parse_int(text);
  if (text.empty() || !asked || *asked == 0) return limits::kNormanPageDefault;
  return *asked < 0 ? limits::kNormanPageMax : std::min<int64_t>(*asked, limits::kNormanPageMax);
}

bool less(const Json& a, const Json& b, std::string_view field) {
  const Json *left = a.find(field), *right = b.find(field);
  if (left && right && left->is_number() && right->is_number())
    return left->as_real() < right->as_real();
  return filter_text(left) < filter_text(right);
}

}  // namespace

std::string filter_text(const Json* value) {
  if (!value || value->is_null()) return {};
  return value->is_string() ? value->as_string() : dump(*value);
}

std::vector<FilterCondition> filters_of(const SchemaView& schema, const Query& query) {
  static constexpr std::string_view kModifiers[] = {"ne",     "in",   "notin",  "like",
                                                    "prefix", "null", "notnull"};
  std::vector<FilterCondition> out;
  for (const auto& [key, value] : query) {
    std::string field = key, modifier = "eq";
    size_t underline = key.rfind('_');
    if (underline != std::string::npos) {
      std::string_view tail = std::string_view(key).substr(underline + 1);
      if (std::find(std::begin(kModifiers), std::end(kModifiers), tail) != std::end(kModifiers)) {
        field = key.substr(0, underline);
        modifier = tail;
      }
    }
    if (!is_filter(schema, field)) continue;
    bool list = modifier == "in" || modifier == "notin";
    auto same = std::find_if(out.begin(), out.end(), [&](const FilterCondition& c) {
      return list && c.field == field && c.modifier == modifier;
    });
    if (same == out.end()) same = out.insert(out.end(), {field, modifier, {}});
    for (std::string& one : list ? split_commas(value) : std::vector<std::string>{value})
      same->values.push_back(std::move(one));
  }
  return out;
}

bool FilterCondition::holds(std::string_view text, bool null) const {
  auto listed = [&] { return std::find(values.begin(), values.end(), text) != values.end(); };
  if (modifier == "eq" || modifier == "in") return listed();
  if (modifier == "ne" || modifier == "notin") return !listed();
  if (modifier == "like") return like(text, values.front());
  if (modifier == "prefix") return text.starts_with(values.front());
  return null == (modifier == "null");
}

SortOrder order_of(const SchemaView& schema, const Query& query) {
  SortOrder out{std::string(query.get("sort")), query.get("order") == "desc"};
  if (!out.field.empty() && !is_filter(schema, out.field)) out.field.clear();
  return out;
}

PageWindow window_of(const Query& query, size_t total, size_t marked) {
  PageWindow out;
  out.limit = static_cast<size_t>(limit_of(query));
  out.total = total;
  out.start = marked < total ? marked : 0;
  out.end = std::min(total, out.start + out.limit);
  return out;
}

bool matches_filters(const SchemaView& schema, const Query& query, const Json& object) {
  for (const FilterCondition& condition : filters_of(schema, query)) {
    const Json* value = object.find(condition.field);
    if (!condition.holds(filter_text(value), !value || value->is_null())) return false;
  }
  return true;
}

Json collection_head(const CollectionRequest& request,
                     const std::vector<FilterCondition>& conditions, const SortOrder& order,
                     const PageWindow& window, const std::function<std::string(size_t)>& id_at) {
  Json pagination = Json::object({{"limit", window.limit}, {"total", window.total}});
  std::string_view marker = request.query.get("marker");
  if (!marker.empty()) pagination.set("marker", marker);
  if (window.partial()) {
    auto link = [&](size_t at) { return Json(with(request, {{"marker", id_at(at)}})); };
    pagination.set("partial", true);
    pagination.set("first", link(0));
    pagination.set("last", link(window.last()));
    if (window.end < window.total) pagination.set("next", link(window.end));
    if (window.start > 0) pagination.set("previous", link(window.previous()));
  }
  Json out = Json::object({{"type", "collection"}, {"resourceType", request.schema.id()}});
  out.set("links", Json::object({{"self", request.self}}));
  if (!request.create_url.empty())
    out.set("createTypes", Json::object({{request.schema.id(), request.create_url}}));
  Json actions = Json::object();
  for (const auto& [name, url] : request.actions) actions.set(name, url);
  out.set("actions", std::move(actions));
  out.set("pagination", std::move(pagination));
  out.set("sort", sort_document(request, order));
  out.set("filters", filters_document(request.schema, conditions));
  return out;
}

Json make_collection(const CollectionRequest& request, JsonArray objects) {
  auto conditions = filters_of(request.schema, request.query);
  std::erase_if(objects, [&](const Json& object) {
    return !std::all_of(conditions.begin(), conditions.end(), [&](const FilterCondition& c) {
      const Json* value = object.find(c.field);
      return c.holds(filter_text(value), !value || value->is_null());
    });
  });
  SortOrder order = order_of(request.schema, request.query);
  std::stable_sort(objects.begin(), objects.end(), [&](const Json& a, const Json& b) {
    const Json &first = order.descending ? b : a, &second = order.descending ? a : b;
    if (!order.field.empty() && less(first, second, order.field)) return true;
    if (!order.field.empty() && less(second, first, order.field)) return false;
    return less(first, second, "id");
  });
  size_t marked = objects.size();
  if (std::string_view marker = request.query.get("marker"); !marker.empty())
    for (size_t i = 0; i < objects.size(); ++i)
      if (objects[i].str("id") == marker) marked = i;
  PageWindow window = window_of(request.query, objects.size(), marked);
  Json out = collection_head(request, conditions, order, window,
                             [&](size_t at) { return std::string(objects[at].str("id")); });
  JsonArray page(std::make_move_iterator(objects.begin() + static_cast<long>(window.start)),
                 std::make_move_iterator(objects.begin() + static_cast<long>(window.end)));
  out.set("data", std::move(page));
  return out;
}

}  // namespace engine
