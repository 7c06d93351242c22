#include "web/client/json_diff.h"

namespace web {

using engine::Json;

namespace {

std::string item_name(const Json& item) {
  if (!item.is_object()) return {};
  for (const char* key : {"name", "mountPath", "containerPort", "type"}) {
    const Json* v = item.find(key);
    if (v != nullptr && v->is_string()) return v->as_string();
    if (v != nullptr && v->is_int()) return std::to_string(v->as_int());
  }
  return {};
}

// Each item has a name of its own.
bool named(const Json& list) {
  std::vector<std::string> seen;
  for (const Json& item : list.as_array()) {
    const std::string n = item_name(item);
    if (n.empty()) return false;
    for (const std::string& s : seen) {
      if (s == n) return false;
    }
    seen.push_back(n);
  }
  return true;
}

const Json* by_name(const Json& list, std::string_view name) {
  for (const Json& item : list.as_array()) {
    if (item_name(item) == name) return &item;
  }
  return nullptr;
}

void walk(const Json& a, const Json& b, std::vector<std::string>& path,
          std::vector<JsonChange>& out);

void walk_member(const Json* x, const Json* y, const std::string& step,
                 std::vector<std::string>& path, std::vector<JsonChange>& out) {
  path.push_back(step);
  if (x == nullptr)
    out.push_back({JsonChange::Kind::kAdded, path, Json(), *y});
  else if (y == nullptr)
    out.push_back({JsonChange::Kind::kRemoved, path, *x, Json()});
  else
    walk(*x, *y, path, out);
  path.pop_back();
}

void walk_lists(const Json& a, const Json& b, std::vector<std::string>& path,
                std::vector<JsonChange>& out) {
  if (named(a) && named(b)) {
    for (const Json& item : a.as_array())
      walk_member(&item, by_name(b, item_name(item)), "[" + item_name(item) + "]", path, out);
    for (const Json& item : b.as_array()) {
      if (by_name(a, item_name(item)) == nullptr)
        walk_member(nullptr, &item, "[" + item_name(item) + "]", path, out);
    }
    return;
  }
  if (a.size() != b.size()) {
    out.push_back({JsonChange::Kind::kChanged, path, a, b});
    return;
  }
  for (size_t i = 0; i < a.size(); i++)
    walk_member(&a.as_array()[i], &b.as_array()[i], "[" + std::to_string(i) + "]", path, out);
}

void walk(const Json& a, const Json& b, std::vector<std::string>& path,
          std::vector<JsonChange>& out) {
  if (a == b) return;
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.as_object()) walk_member(&value, b.find(key), key, path, out);
    for (const auto& [key, value] : b.as_object()) {
      if (a.find(key) == nullptr) walk_member(nullptr, &value, key, path, out);
    }
    return;
  }
  if (a.is_array() && b.is_array()) return walk_lists(a, b, path, out);
  out.push_back({JsonChange::Kind::kChanged, path, a, b});
}

std::string spaced(const std::string& key) {
  std::string out;
  for (size_t i = 0; i < key.size(); i++) {
    const char c = key[i];
    if (i == 0 && c >= 'a' && c <= 'z')
      out += static_cast<char>(c - 32);
    else if (i > 0 && c >= 'A' && c <= 'Z' && key[i - 1] >= 'a' && key[i - 1] <= 'z')
      out += std::string(" ") + static_cast<char>(c + 32);
    else
      out += c;
  }
  return out;
}

std::string scalar(const Json& v) {
  std::string s = v.is_string() ? v.as_string() : engine::dump(v);
  if (s.size() > 60) s = s.substr(0, 57) + "\xe2\x80\xa6";
  return s;
}

// What two texts have in common at their start is left out, back to a border: 4.18.2 of
// registry/app:4.18.2.
void trim_common(std::string& a, std::string& b) {
  size_t n = 0, cut = 0;
  while (n < a.size() && n < b.size() && a[n] == b[n]) {
    if (a[n] == ':' || a[n] == '/' || a[n] == '@') cut = n + 1;
    n++;
  }
  a.erase(0, cut);
  b.erase(0, cut);
}

Json* item_of(Json& list, std::string_view step) {
  const std::string_view name = step.substr(1, step.size() - 2);
  if (named(list)) {
    for (Json& item : list.as_array()) {
      if (item_name(item) == name) return &item;
    }
    return nullptr;
  }
  size_t i = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return nullptr;
    i = i * 10 + static_cast<size_t>(c - '0');
  }
  return i < list.size() ? &list.as_array()[i] : nullptr;
}

bool apply_one(Json& object, const JsonChange& change) {
  Json* at = &object;
  for (size_t i = 0; i + 1 < change.path.size(); i++) {
    const std::string& step = change.path[i];
    if (step[0] == '[' && at->is_array())
      at = item_of(*at, step);
    else if (at->is_object())
      at = change.kind == JsonChange::Kind::kRemoved ? at->find(step) : &(*at)[step];
    else
      at = nullptr;
    if (at == nullptr) return change.kind == JsonChange::Kind::kRemoved;
    if (at->is_null()) *at = change.path[i + 1][0] == '[' ? Json::array() : Json::object();
  }
  if (change.path.empty()) {
    object = change.after;
    return true;
  }
  const std::string& last = change.path.back();
  if (last[0] == '[' && at->is_array()) {
    Json* item = item_of(*at, last);
    if (change.kind == JsonChange::Kind::kAdded) {
      if (item == nullptr)
        at->push_back(change.after);
      else
        *item = change.after;
      return true;
    }
    if (item == nullptr) return change.kind == JsonChange::Kind::kRemoved;
    if (change.kind == JsonChange::Kind::kChanged)
      *item = change.after;
    else
      at->as_array().erase(at->as_array().begin() + (item - at->as_array().data()));
    return true;
  }
  if (!at->is_object()) return false;
  if (change.kind == JsonChange::Kind::kRemoved)
    at->erase(last);
  else
    at->set(last, change.after);
  return true;
}

}  // namespace

std::vector<JsonChange> json_changes(const Json& before, const Json& after) {
  std::vector<JsonChange> out;
  std::vector<std::string> path;
  walk(before, after, path, out);
  return out;
}

bool apply_changes(Json& object, const std::vector<JsonChange>& changes) {
  bool all = true;
  for (const JsonChange& change : changes) all &= apply_one(object, change);
  return all;
}

std::string JsonChange::title() const {
  std::string what, of;
  for (size_t i = path.size(); i-- > 0;) {
    const std::string& step = path[i];
    if (step[0] == '[') {
      const std::string name = step.substr(1, step.size() - 2);
      if (what.empty())
        what = name;
      else if (i > 0 && path[i - 1] == "env" && (what == "Value" || what == "Value from"))
        what = name;
      else {
        of = name;
        break;
      }
    } else if (what.empty()) {
      if (i > 0 && path[i - 1] == "annotations")
        return kind == Kind::kChanged ? "Annotation " + step : "Annotation";
      if (i > 0 && path[i - 1] == "labels")
        return kind == Kind::kChanged ? "Label " + step : "Label";
      what = spaced(step);
      if (i > 0 && path[i - 1] == "limits") what += " limit";
      if (i > 0 && path[i - 1] == "requests") what += " request";
    }
  }
  if (what == "Memory limit" || what == "Cpu limit" || of.empty())
    return of.empty() ? what : what + " of " + of;
  return what + " of " + of;
}

std::string JsonChange::words() const {
  if (kind == Kind::kRemoved) return "removed";
  const bool meta = path.size() > 1 &&
                    (path[path.size() - 2] == "annotations" || path[path.size() - 2] == "labels");
  if (kind == Kind::kAdded)
    return meta ? path.back() : after.is_object() || after.is_array() ? "added" : scalar(after);
  if (after.is_object() || after.is_array() || before.is_object() || before.is_array())
    return "changed";
  std::string a = scalar(before), b = scalar(after);
  trim_common(a, b);
  return a + " \xe2\x86\x92 " + b;
}

}  // namespace web
