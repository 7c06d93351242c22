#include "engine/kinds/json_path.h"

#include "engine/base/numbers.h"

namespace engine {

namespace {

Status unreadable(std::string_view text, const std::string& why) {
  return Status::bad_request("the path " + std::string(text) + " cannot be read: " + why);
}

// The position after the bracket that closes the one at `at`; npos when nothing closes it. Quotes
// hide brackets.
size_t closing(std::string_view text, size_t at) {
  int open = 0;
  char quote = 0;
  for (size_t i = at; i < text.size(); i++) {
    char c = text[i];
    if (quote != 0) {
      if (c == '\\') i++;
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[') {
      open++;
    } else if (c == ']' && --open == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

bool is_quoted(std::string_view s) {
  return s.size() >= 2 && (s.front() == '\'' || s.front() == '"') && s.back() == s.front();
}

std::string unquoted(std::string_view s) {
  std::string out;
  for (size_t i = 1; i + 1 < s.size(); i++) {
    if (s[i] == '\\' && i + 2 < s.size()) i++;
    out += s[i];
  }
  return out;
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  std::string_view inner = trimmed(text);
  if (inner.starts_with('{') && inner.ends_with('}')) inner = inner.substr(1, inner.size() - 2);
  inner = trimmed(inner);
  if (inner.starts_with('$')) inner.remove_prefix(1);
  if (inner.empty() && trimmed(text).empty()) return unreadable(text, "it is empty");
  JsonPath out;
  out.steps_ = TRY(steps(inner));
  return out;
}

Result<std::vector<JsonPath::Step>> JsonPath::steps(std::string_view text) {
  std::vector<Step> out;
  size_t at = 0;
  auto name = [&] {
    std::string word;
    while (at < text.size() && text[at] != '.' && text[at] != '[') {
      if (text[at] == '\\' && at + 1 < text.size()) at++;
      word += text[at++];
    }
    return word;
  };
  while (at < text.size()) {
    if (text[at] == '[') {
      size_t end = closing(text, at);
      if (end == std::string_view::npos) return unreadable(text, "a [ is not closed");
      out.push_back(TRY(bracket(trimmed(text.substr(at + 1, end - at - 1)))));
      at = end + 1;
      continue;
    }
    bool is_deep = text.substr(at).starts_with("..");
    if (text[at] == '.') at += is_deep ? 2 : 1;
    if (at < text.size() && text[at] == '[' && !is_deep) continue;
    std::string word = name();
    if (word.empty()) {
      if (at >= text.size() && !is_deep) break;  // "." alone is the root
      return unreadable(text, "a name was expected");
    }
    if (is_deep) {
      out.push_back({Step::Type::deep, std::move(word)});
    } else if (word == "*") {
      out.push_back({Step::Type::all, {}});
    } else {
      out.push_back({Step::Type::field, std::move(word)});
    }
  }
  return out;
}

Result<JsonPath::Step> JsonPath::bracket(std::string_view inside) {
  if (inside == "*") return Step{Step::Type::all, {}};
  if (is_quoted(inside)) return Step{Step::Type::field, unquoted(inside)};
  if (inside.starts_with("?(") && inside.ends_with(')')) {
    return filter(trimmed(inside.substr(2, inside.size() - 3)));
  }
  if (auto index = parse_int(inside)) return Step{Step::Type::index, {}, *index};
  return unreadable(inside, "between [ and ] there must be a number, a quoted name, * or ?(...)");
}

Result<JsonPath::Step> JsonPath::filter(std::string_view inside) {
  Step out{Step::Type::filter, {}};
  std::string_view left = inside;
  char quote = 0;
  for (size_t i = 0; i < inside.size(); i++) {
    char c = inside[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
      continue;
    }
    if (c == '\'' || c == '"') quote = c;
    if (c != '=' && c != '!' && c != '<' && c != '>') continue;
    bool two = i + 1 < inside.size() && inside[i + 1] == '=';
    out.comparison = inside.substr(i, two ? 2 : 1);
    left = trimmed(inside.substr(0, i));
    std::string_view right = trimmed(inside.substr(i + (two ? 2 : 1)));
    if (is_quoted(right)) {
      out.right = Json(unquoted(right));
    } else {
      auto value = parse_json(right);
      if (!value)
        return unreadable(inside, "the right side must be a quoted text, a number, true or false");
      out.right = std::move(*value);
    }
    break;
  }
  if (!left.starts_with('@')) return unreadable(inside, "a filter begins with @");
  if (out.comparison == "=" || out.comparison == "!") {
    return unreadable(inside, out.comparison + " is no comparison");
  }
  out.left = TRY(steps(left.substr(1)));
  return out;
}

std::vector<const Json*> JsonPath::find(const Json& root) const {
  return walk(steps_, root);
}

std::vector<std::string> JsonPath::simple() const {
  std::vector<std::string> out;
  for (const Step& step : steps_) {
    if (step.type != Step::Type::field) return {};
    out.push_back(step.name);
  }
  return out;
}

std::vector<const Json*> JsonPath::walk(const std::vector<Step>& steps, const Json& root) {
  std::vector<const Json*> now = {&root};
  for (const Step& step : steps) {
    std::vector<const Json*> next;
    for (const Json* from : now) take(step, *from, next);
    now = std::move(next);
  }
  return now;
}

void JsonPath::take(const Step& step, const Json& from, std::vector<const Json*>& out) {
  switch (step.type) {
    case Step::Type::field:
      if (const Json* found = from.find(step.name)) out.push_back(found);
      return;
    case Step::Type::index: {
      if (!from.is_array()) return;
      int64_t size = static_cast<int64_t>(from.size());
      int64_t at = step.index < 0 ? size + step.index : step.index;
      if (at >= 0 && at < size) out.push_back(&from.as_array()[static_cast<size_t>(at)]);
      return;
    }
    case Step::Type::deep:
      return deep(step.name, from, out);
    default:
      break;
  }
  auto give = [&](const Json& item) {
    if (step.type == Step::Type::all || holds(step, item)) out.push_back(&item);
  };
  if (from.is_array()) {
    for (const Json& item : from.as_array()) give(item);
  } else if (from.is_object()) {
    for (const auto& [name, item] : from.as_object()) give(item);
  }
}

// Depth is bounded by that of the object.
void JsonPath::deep(const std::string& name, const Json& from, std::vector<const Json*>& out) {
  if (from.is_array()) {
    for (const Json& item : from.as_array()) deep(name, item, out);
  } else if (from.is_object()) {
    for (const auto& [key, item] : from.as_object()) {
      if (key == name) out.push_back(&item);
      deep(name, item, out);
    }
  }
}

bool JsonPath::holds(const Step& step, const Json& item) {
  std::vector<const Json*> left = walk(step.left, item);
  if (left.empty()) return false;
  if (step.comparison.empty()) return true;
  const Json& a = *left[0];
  const Json& b = step.right;
  if (step.comparison == "==") return a == b;
  if (step.comparison == "!=") return !(a == b);
  int order = 0;
  if (a.is_number() && b.is_number()) {
    order = a.as_real() < b.as_real() ? -1 : a.as_real() > b.as_real() ? 1 : 0;
  } else if (a.is_string() && b.is_string()) {
    order = a.as_string().compare(b.as_string());
  } else {
    return false;
  }
  if (step.comparison == "<") return order < 0;
  if (step.comparison == "<=") return order <= 0;
  return step.comparison == ">" ? order > 0 : order >= 0;
}

}  // namespace engine
