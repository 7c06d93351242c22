#include "engine/schema/validate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/limits.h"
#include "engine/base/numbers.h"
#include "engine/base/utf8.h"
#include "engine/schema/formats.h"
#include "engine/schema/path.h"

namespace engine {

namespace {

// A whole number may be written as 1.0.
bool is_whole(const Json& value) {
  return value.is_int() || (value.is_real() && std::trunc(value.as_real()) == value.as_real());
}

// The JSON type of a value, as the messages name it.
const char* name_of_type(const Json& value) {
  return value.is_real() ? (is_whole(value) ? "integer" : "number") : value.type_name();
}

// The type of Go that a node stands for: map[string]string, []v1.Container, int32.
std::string go_type(const Node& given) {
  const Node& node = given.real();
  if (!node.go_name.empty()) return node.go_name;
  if (node.int_or_string) return "intstr.IntOrString";
  switch (node.json_type) {
    case JsonType::string:
      return node.format == "byte" ? "[]uint8" : "string";
    case JsonType::integer:
      return node.format.empty() ? "int64" : node.format;
    case JsonType::number:
      return "float64";
    case JsonType::boolean:
      return "bool";
    case JsonType::array:
      return "[]" + (node.item == nullptr ? std::string("interface {}") : go_type(*node.item));
    case JsonType::object:
      if (node.additional != nullptr) return "map[string]" + go_type(*node.additional);
      return "map[string]interface {}";
    default:
      return "interface {}";
  }
}

class Validator {
 public:
  // The product's kinds keep what they do not know; upstream they are no Go types.
  explicit Validator(const Node& root)
      : go_words_(root.mode == Mode::openapi && !root.real().preserve) {}

  std::vector<Cause> causes;

  void value(const Json& value, const Node& given, const Path& path) {
    if (full()) return;
    const Node& node = given.real();
    // Which of Go's structs we are in, for the words of a wrong type.
    std::string_view outer = go_struct_;
    if (!node.go_name.empty() && value.is_object()) {
      go_struct_ = std::string_view(node.go_name).substr(node.go_name.find('.') + 1);
    }
    inside(value, given, node, path);
    go_struct_ = outer;
  }

 private:
  void inside(const Json& value, const Node& given, const Node& node, const Path& path) {
    if (!type(value, given, node, path)) return;
    if (value.is_object()) object(value.as_object(), node, path);
    if (value.is_array()) array(value.as_array(), given, path);
    if (node.rules != nullptr) rules(value, *node.rules, path);
    if (value.is_string() && !node.format.empty()) format(value, node, path);
    if (value.is_number() && node.format == "int32" && node.mode == Mode::openapi &&
        std::fabs(value.as_real()) > 2147483648.0) {
      fail(path, value, "should be a 32 bit integer");
    }
  }

  bool full() const { return causes.size() >= limits::kValidationCausesMax; }

  // "spec.x in body should ..."
  void fail(const Path& path, const Json& value, const std::string& should) {
    std::string text = path.text();
    causes.push_back(cause_invalid(text, value, text + " in body " + should));
  }

  bool type(const Json& value, const Node& given, const Node& node, const Path& path) {
    if (value.is_null()) {
      if (node.mode == Mode::openapi || given.nullable || node.nullable) return false;
      if (node.json_type == JsonType::any && !node.int_or_string) return false;
      return wrong_type(value, node, path, "null");
    }
    if (node.int_or_string) {
      if (value.is_string() || is_whole(value)) return true;
      return wrong_type(value, node, path, name_of_type(value));
    }
    bool fits = true;
    switch (node.json_type) {
      case JsonType::any:
        break;
      case JsonType::object:
        fits = value.is_object();
        break;
      case JsonType::array:
        fits = value.is_array();
        break;
      case JsonType::string:
        fits = value.is_string() || (node.quantity && value.is_number());
        break;
      case JsonType::integer:
        fits = is_whole(value);
        break;
      case JsonType::number:
        fits = value.is_number();
        break;
      case JsonType::boolean:
        fits = value.is_bool();
        break;
    }
    return fits || wrong_type(value, node, path, name_of_type(value));
  }

  bool wrong_type(const Json& value, const Node& node, const Path& path, const char* given) {
    if (go_words_) {
      causes.push_back({"FieldValueTypeInvalid", go_type_fault(value, node, path), {}});
      return false;
    }
    std::string text = path.text();
    std::string wanted = node.int_or_string ? "integer,string" : json_type_name(node.json_type);
    Cause cause = cause_invalid(text, Json(given),
                                (text.empty() ? "" : text + " in body ") + "must be of type " +
                                    wanted + ": " + go_quoted(given));
    cause.reason = "FieldValueTypeInvalid";
    causes.push_back(std::move(cause));
    if (node.json_type == JsonType::integer && value.is_number()) {
      // Upstream looks at a number twice, and the second time without a place.
      causes.push_back(cause_invalid(
          "<nil>", Json(""),
          "Checked value must be of type integer (" +
              (node.format.empty() ? "default format" : "with format " + node.format) + ") in " +
              text));
    }
    return false;
  }

  // Built-in kinds are decoded into Go's types upstream, and the decoder's words reach the user.
  std::string go_type_fault(const Json& value, const Node& node, const Path& path) const {
    const char* given = value.is_number() ? "number" : value.is_bool() ? "bool" : value.type_name();
    std::string out = std::string("json: cannot unmarshal ") + given;
    std::string fields = path.fields();
    if (fields.empty()) return out + " into Go value of type " + go_type(node);
    return out.append(" into Go struct field ").append(go_struct_).append(".").append(fields) +
           " of type " + go_type(node);
  }

  void object(const JsonObject& members, const Node& node, const Path& path) {
    // Status is written by programs that may leave out what Go would fill with zeros.
    bool lenient = node.mode == Mode::openapi && in_status_;
    for (const std::string& name : node.required) {
      if (!lenient && members.find(name) == nullptr && !full()) {
        causes.push_back(cause_required(Path::member(path, name).text()));
      }
    }
    for (const auto& [name, member] : members) {
      const Node* known = node.property(name);
      if (known == nullptr) known = node.additional.get();
      if (name == "metadata" && node.metadata_rules != nullptr) {
        value(member, *node.metadata_rules, Path::member(path, name));
      }
      if (known == nullptr) continue;
      bool status = path.root && name == "status";
      if (status) in_status_ = true;
      bool field = node.property(name) != nullptr;
      value(member, *known, field ? Path::member(path, name) : Path::map_key(path, name));
      if (status) in_status_ = false;
    }
    if (node.embedded) embedded(members, path);
  }

  void embedded(const JsonObject& members, const Path& path) {
    for (std::string_view name : {"apiVersion", "kind"}) {
      const Json* found = members.find(name);
      if (found == nullptr || !found->is_string() || found->as_string().empty()) {
        causes.push_back(cause_required(Path::member(path, name).text(), "must not be empty"));
      }
    }
  }

  void array(const JsonArray& items, const Node& given, const Path& path) {
    const Node& node = given.real();
    if (node.item != nullptr) {
      size_t i = 0;
      for (const Json& item : items) value(item, *node.item, Path::item(path, i++));
    }
    bool typed = given.typed_list || node.typed_list;
    // Built-in kinds check their own lists: Go takes two equal container ports.
    if (typed && node.mode == Mode::structural &&
        given.list_type() != SchemaNode::ListType::atomic) {
      duplicates(items, given.list_type(), given.typed_list ? given : node, path);
    }
  }

  // Items that a set or map list holds twice.
  void duplicates(const JsonArray& items, SchemaNode::ListType kind, const Node& node,
                  const Path& path) {
    std::set<std::string> seen;
    size_t i = 0;
    for (const Json& item : items) {
      Path here = Path::item(path, i++);
      Json identity = item;
      if (kind == SchemaNode::ListType::map) {
        identity = Json::object();
        for (const std::string& key : node.keys) {
          const Json* found = item.find(key);
          if (found != nullptr) {
            identity.set(key, *found);
          } else {
            Json otherwise = node.key_default(key);
            if (!otherwise.is_null()) identity.set(key, std::move(otherwise));
          }
        }
      }
      if (!seen.insert(dump(identity)).second && !full()) {
        causes.push_back(cause_duplicate(here.text(), identity));
      }
    }
  }

  void rules(const Json& value, const Rules& rules, const Path& path) {
    if (!rules.choices.empty() &&
        std::find(rules.choices.begin(), rules.choices.end(), value) == rules.choices.end()) {
      std::vector<std::string> choices;
      for (const Json& c : rules.choices)
        choices.push_back(c.is_string() ? c.as_string() : dump(c));
      causes.push_back(cause_not_supported(path.text(), value, choices));
    }
    if (value.is_number()) number(value, rules, path);
    if (value.is_string()) text(value, rules, path);
    if (value.is_array()) counts(value, rules, path);
    if (value.is_object()) members(value, rules, path);
    if (!rules.all_of.empty() || !rules.any_of.empty() || !rules.one_of.empty() ||
        rules.negated != nullptr) {
      combinations(value, rules, path);
    }
  }

  void number(const Json& value, const Rules& rules, const Path& path) {
    double n = value.as_real();
    if (rules.multiple_of && *rules.multiple_of > 0) {
      double parts = n / *rules.multiple_of;
      if (std::fabs(parts - std::round(parts)) > 1e-9 * std::max(1.0, std::fabs(parts))) {
        fail(path, value, "should be a multiple of " + real_to_string(*rules.multiple_of));
      }
    }
    if (rules.maximum && (rules.exclusive_maximum ? n >= *rules.maximum : n > *rules.maximum)) {
      fail(path, value,
           std::string("should be less than ") + (rules.exclusive_maximum ? "" : "or equal to ") +
               real_to_string(*rules.maximum));
    }
    if (rules.minimum && (rules.exclusive_minimum ? n <= *rules.minimum : n < *rules.minimum)) {
      fail(path, value,
           std::string("should be greater than ") +
               (rules.exclusive_minimum ? "" : "or equal to ") + real_to_string(*rules.minimum));
    }
  }

  // The first fault of a string is the only one told.
  void text(const Json& value, const Rules& rules, const Path& path) {
    int64_t length = static_cast<int64_t>(utf8_length(value.as_string()));
    if (rules.max_length && length > *rules.max_length) {
      causes.push_back(cause_too_long(path.text(), *rules.max_length));
    } else if (rules.min_length && length < *rules.min_length) {
      fail(path, value, "should be at least " + std::to_string(*rules.min_length) + " chars long");
    } else if (rules.pattern != nullptr && !rules.pattern->found_in(value.as_string())) {
      fail(path, value, "should match '" + rules.pattern_text + "'");
    }
  }

  void counts(const Json& value, const Rules& rules, const Path& path) {
    int64_t n = static_cast<int64_t>(value.size());
    if (rules.max_items && n > *rules.max_items) {
      causes.push_back(cause_too_many(path.text(), n, *rules.max_items));
    }
    if (rules.min_items && n < *rules.min_items) {
      fail(path, Json(n), "should have at least " + std::to_string(*rules.min_items) + " items");
    }
    if (!rules.unique_items) return;
    std::set<std::string> seen;
    for (const Json& item : value.as_array()) {
      if (!seen.insert(dump(item)).second)
        return fail(path, Json(""), "shouldn't contain duplicates");
    }
  }

  void members(const Json& value, const Rules& rules, const Path& path) {
    int64_t n = static_cast<int64_t>(value.size());
    if (rules.max_properties && n > *rules.max_properties) {
      causes.push_back(cause_too_many(path.text(), n, *rules.max_properties));
    }
    if (rules.min_properties && n < *rules.min_properties) {
      fail(path, Json(n),
           "should have at least " + std::to_string(*rules.min_properties) + " properties");
    }
  }

  static std::vector<Cause> tried(const Json& value, const Node& node, const Path& path) {
    Validator other(node);
    other.value(value, node, path);
    return std::move(other.causes);
  }

  void combinations(const Json& value, const Rules& rules, const Path& path) {
    std::string text = path.text();
    auto sentence = [&](const std::string& what) {
      causes.push_back(cause_invalid(text, Json(""), "\"" + text + "\" must " + what));
    };
    bool all = true;
    for (const NodePtr& part : rules.all_of) {
      auto faults = tried(value, *part, path);
      all = all && faults.empty();
      causes.insert(causes.end(), faults.begin(), faults.end());
    }
    if (!all) sentence("validate all the schemas (allOf)");
    auto fits = [&](const NodePtr& part) { return tried(value, *part, path).empty(); };
    if (!rules.any_of.empty() && std::none_of(rules.any_of.begin(), rules.any_of.end(), fits)) {
      explain(value, rules.any_of, path);
      sentence("validate at least one schema (anyOf)");
    }
    if (!rules.one_of.empty()) {
      auto n = std::count_if(rules.one_of.begin(), rules.one_of.end(), fits);
      if (n == 0) explain(value, rules.one_of, path);
      if (n != 1) {
        sentence("validate one and only one schema (oneOf). " +
                 (n == 0 ? std::string("Found none valid")
                         : "Found " + std::to_string(n) + " valid alternatives"));
      }
    }
    if (rules.negated != nullptr && fits(rules.negated)) sentence("not validate the schema (not)");
  }

  // Of several alternatives that all fail, the faults of the one that comes nearest.
  void explain(const Json& value, const std::vector<NodePtr>& parts, const Path& path) {
    std::vector<Cause> best;
    for (const NodePtr& part : parts) {
      auto faults = tried(value, *part, path);
      if (best.empty() || faults.size() < best.size()) best = std::move(faults);
    }
    causes.insert(causes.end(), best.begin(), best.end());
  }

  void format(const Json& value, const Node& node, const Path& path) {
    if (fits_format(value.as_string(), node.format)) return;
    std::string text = path.text();
    Cause cause = cause_invalid(
        text, value,
        text + " in body must be of type " + node.format + ": " + go_quoted(value.as_string()));
    causes.push_back(std::move(cause));
  }

  bool go_words_;
  bool in_status_ = false;
  std::string_view go_struct_;
};

}  // namespace

std::vector<Cause> validate_value(const Json& value, const Node& node) {
  Validator validator(node);
  validator.value(value, node, Path());
  return std::move(validator.causes);
}

}  // namespace engine
