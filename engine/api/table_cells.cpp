#include "engine/api/table_cells.h"

#include <algorithm>
#include <vector>

#include "engine/base/numbers.h"

namespace engine {

const Json* at_path(const Json& object, std::string_view path) {
  const Json* here = &object;
  while (here != nullptr && !path.empty()) {
    if (path[0] == '[') {
      size_t end = path.find(']');
      auto index = parse_int(path.substr(1, end - 1));
      bool there = index && here->is_array() && static_cast<size_t>(*index) < here->size();
      here = there ? &here->as_array()[static_cast<size_t>(*index)] : nullptr;
      path.remove_prefix(end + 1);
      continue;
    }
    path.remove_prefix(1);  // the dot
    size_t end = std::min(path.find_first_of(".["), path.size());
    here = here->find(path.substr(0, end));
    path.remove_prefix(end);
  }
  return here != nullptr && here->is_null() ? nullptr : here;
}

const Json* CellInput::at(size_t n) const {
  return n < arguments.size() ? at_path(object, arguments[n]) : nullptr;
}

const JsonArray& list_at(const Json& object, std::string_view path) {
  static const JsonArray none;
  const Json* found = at_path(object, path);
  return found != nullptr && found->is_array() ? found->as_array() : none;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

std::string age_of(const Json* timestamp, WallTime now) {
  auto time = timestamp != nullptr && timestamp->is_string() ? parse_rfc3339(timestamp->as_string())
                                                             : std::nullopt;
  return time ? human_duration(now - *time) : "<unknown>";
}

std::string text_of(const Json* value) {
  if (value == nullptr) return {};
  return value->is_string() ? value->as_string() : dump(*value);
}

std::string label_text(const Json* labels) {
  if (labels == nullptr || labels->size() == 0 || !labels->is_object()) return "<none>";
  std::vector<std::string> parts;
  for (const auto& [key, value] : labels->as_object()) parts.push_back(key + "=" + text_of(&value));
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

CellFunction find_cell(std::string_view name) {
  for (std::span<const NamedCell> family : {plain_cells(), workload_cells(), cluster_cells()}) {
    for (const NamedCell& cell : family) {
      if (cell.name == name) return cell.make;
    }
  }
  return nullptr;
}

namespace {

Json cell_name(const CellInput& in) {
  return Json(in.object.str({"metadata", "name"}));
}

// The name, marked when an annotation makes the object the default of its kind.
Json cell_name_default(const CellInput& in) {
  std::string name(in.object.str({"metadata", "name"}));
  bool is_default = in.object.str({"metadata", "annotations", in.arguments[0]}) == "true";
  return Json(is_default ? name + " (default)" : name);
}

Json cell_text(const CellInput& in) {
  return Json(text_of(in.at(0)));
}

Json cell_or(const CellInput& in) {
  std::string text = text_of(in.at(0));
  return Json(text.empty() ? std::string(in.arguments[1]) : text);
}

Json cell_int(const CellInput& in) {
  const Json* found = in.at(0);
  return found != nullptr && found->is_number() ? *found : Json(0);
}

Json cell_flag(const CellInput& in) {
  const Json* found = in.at(0);
  return Json(found != nullptr && found->is_bool() && found->as_bool());
}

Json cell_flag_or(const CellInput& in) {
  const Json* found = in.at(0);
  return Json(found != nullptr && found->is_bool() ? found->as_bool() : in.arguments[1] == "true");
}

Json cell_bool_text(const CellInput& in) {
  const Json* found = in.at(0);
  if (found == nullptr || !found->is_bool()) return Json("<unset>");
  return Json(found->as_bool() ? "True" : "False");
}

Json cell_count(const CellInput& in) {
  size_t n = 0;
  for (size_t i = 0; i < in.arguments.size(); i++) {
    if (const Json* found = in.at(i)) n += found->size();
  }
  return Json(n);
}

Json cell_age(const CellInput& in) {
  return Json(age_of(in.at(0), in.now));
}

Json cell_age_or_none(const CellInput& in) {
  const Json* found = in.at(0);
  return Json(found == nullptr ? "<none>" : age_of(found, in.now));
}

Json cell_trimmed(const CellInput& in) {
  std::string text = text_of(in.at(0));
  size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return Json("");
  return Json(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

Json cell_labels(const CellInput& in) {
  return Json(label_text(in.at(0)));
}

std::string joined(const Json* list, const char* between) {
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->as_array()) out += (out.empty() ? "" : between) + text_of(&item);
  return out;
}

Json cell_joined(const CellInput& in) {
  return Json(joined(in.at(0), ","));
}

Json cell_joined_or(const CellInput& in) {
  std::string text = joined(in.at(0), ",");
  return Json(text.empty() ? std::string(in.arguments[1]) : text);
}

// matchLabels and matchExpressions as a selector: a=b,c in (d,e),!f. Requirements are sorted by
// key.
std::string selector_text(const Json* selector) {
  std::vector<std::pair<std::string, std::string>> parts;
  if (selector == nullptr) return {};
  if (const Json* labels = selector->find("matchLabels"); labels && labels->is_object()) {
    for (const auto& [key, value] : labels->as_object()) {
      parts.emplace_back(key, key + "=" + text_of(&value));
    }
  }
  if (const Json* list = selector->find("matchExpressions"); list && list->is_array()) {
    for (const Json& e : list->as_array()) {
      std::string key(e.str("key"));
      std::vector<std::string> values;
      if (const Json* v = e.find("values"); v && v->is_array()) {
        for (const Json& value : v->as_array()) values.push_back(text_of(&value));
      }
      std::sort(values.begin(), values.end());
      std::string inside;
      for (const std::string& value : values) inside += (inside.empty() ? "" : ",") + value;
      std::string_view op = e.str("operator");
      parts.emplace_back(key, op == "Exists"         ? key
                              : op == "DoesNotExist" ? "!" + key
                              : op == "In"           ? key + " in (" + inside + ")"
                                                     : key + " notin (" + inside + ")");
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out;
  for (const auto& [key, text] : parts) out += (out.empty() ? "" : ",") + text;
  return out;
}

Json cell_selector(const CellInput& in) {
  std::string text = selector_text(in.at(0));
  return Json(text.empty() ? "<none>" : text);
}

Json cell_selector_plain(const CellInput& in) {
  return Json(selector_text(in.at(0)));
}

std::string members(const Json* list, std::string_view key) {
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  bool first = true;
  for (const Json& item : list->as_array()) {
    if (!first) out += ',';
    first = false;
    out += item.str(key);
  }
  return out;
}

Json cell_names(const CellInput& in) {
  return Json(members(in.at(0), "name"));
}
Json cell_images(const CellInput& in) {
  return Json(members(in.at(0), "image"));
}

// How many of how many; either may be missing.
Json cell_ready(const CellInput& in) {
  auto number = [&](size_t n) { return cell_int({in.object, in.arguments.subspan(n, 1), in.now}); };
  return Json(dump(number(0)) + "/" + dump(number(1)));
}

constexpr NamedCell kPlain[] = {{"name", cell_name},
                                {"name_default", cell_name_default},
                                {"text", cell_text},
                                {"or", cell_or},
                                {"int", cell_int},
                                {"flag", cell_flag},
                                {"flag_or", cell_flag_or},
                                {"bool_text", cell_bool_text},
                                {"count", cell_count},
                                {"age", cell_age},
                                {"age_or_none", cell_age_or_none},
                                {"trimmed", cell_trimmed},
                                {"labels", cell_labels},
                                {"joined", cell_joined},
                                {"joined_or", cell_joined_or},
                                {"selector", cell_selector},
                                {"selector_plain", cell_selector_plain},
                                {"names", cell_names},
                                {"images", cell_images},
                                {"ready", cell_ready}};

}  // namespace

std::span<const NamedCell> plain_cells() {
  return kPlain;
}

}  // namespace engine
