#include "engine/norman/fields.h"

#include <cmath>

#include "engine/base/base64.h"
#include "engine/base/mask.h"
#include "engine/base/names.h"
#include "engine/base/numbers.h"
#include "engine/base/time.h"

namespace engine {
namespace {

constexpr int kNestMax = 40;

Status refuse(std::string_view code, const Field& field, std::string message = {}) {
  return Status::field_error(422, std::string(code), field.name, std::move(message));
}

Status invalid_format(const Field& field, const Json& value, std::string_view why) {
  // Base64 is how keys and secrets are sent.
  const bool secret =
      field.type == "password" || field.type == "base64" || is_secret_key("", field.name);
  const Json shown = secret ? Json(kMaskedValue) : quotable(field.name, value);
  return refuse("InvalidFormat", field,
                "InvalidFormat 422: invalid value " +
                    (shown.is_string() ? shown.as_string() : dump(shown)) + ": " +
                    std::string(why));
}

std::string as_text(const Json& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_null()) return {};
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  return dump(value);
}

// Loose coercion, as clients of a decade rely on it.
Result<Json> to_boolean(const Field& field, const Json& value) {
  if (value.is_bool()) return Json(value);
  std::string text = as_text(value);
  if (text == "true" || text == "t" || text == "1" || text == "yes" || text == "True" ||
      text == "TRUE")
    return Json(true);
  if (text.empty() || text == "false" || text == "f" || text == "0" || text == "no" ||
      text == "False" || text == "FALSE")
    return Json(false);
  return invalid_format(field, value, "not a boolean");
}

Result<Json> to_number(const Field& field, const Json& value, std::string_view type) {
  if (value.is_int() || (type == "float" && value.is_real())) return Json(value);
  if (value.is_real() && value.as_real() == std::floor(value.as_real()))
    return Json(static_cast<int64_t>(value.as_real()));
  if (value.is_bool()) return Json(value.as_bool() ? 1 : 0);
  std::string text = as_text(value);
  if (text.empty()) return Json(0);
  auto parsed = parse_json(text);
  if (parsed && parsed->is_int()) return Json(*parsed);
  if (parsed && parsed->is_real() && type == "float") return Json(*parsed);
  return invalid_format(field, value, type == "float" ? "not a number" : "not a whole number");
}

Result<Json> to_string_like(const Field& field, const Json& value, std::string_view type) {
  const Json& one =
      value.is_array() && !value.as_array().empty() ? value.as_array().front() : value;
  std::string text = value.is_array() && value.as_array().empty() ? std::string() : as_text(one);
  if (type == "dnsLabel" || type == "dnsLabelRestricted") {
    auto reasons = text.empty() ? Reasons() : check_dns1123_label(text);
    if (!reasons.empty()) return invalid_format(field, Json(text), reasons.front());
  } else if (type == "hostname") {
    auto reasons = text.empty() ? Reasons() : check_dns1123_subdomain(text);
    if (!reasons.empty()) return invalid_format(field, Json(text), reasons.front());
  } else if (type == "base64") {
    if (!base64_decode(text)) return invalid_format(field, Json(text), "not base64");
  } else if (type == "date") {
    if (text.empty()) return Json(nullptr);
    if (!parse_rfc3339(text)) return invalid_format(field, Json(text), "not a date of RFC 3339");
  }
  return Json(std::move(text));
}

Result<Unit> check_bounds(const Field& field, const Json& value) {
  const Json& rule = *field.declaration;
  if (const Json* options = rule.find("options");
      options && options->is_array() && value.is_string()) {
    bool found = value.as_string().empty() && field.nullable;
    for (const Json& option : options->as_array()) found |= option == value;
    if (!found) return refuse("InvalidOption", field);
  }
  if (value.is_int()) {
    if (const Json* min = rule.find("min"); min && value.as_int() < min->as_real())
      return refuse("MinLimitExceeded", field);
    if (const Json* max = rule.find("max"); max && value.as_int() > max->as_real())
      return refuse("MaxLimitExceeded", field);
  }
  if (value.is_string()) {
    auto length = static_cast<double>(value.as_string().size());
    if (const Json* min = rule.find("minLength"); min && length < min->as_real())
      return refuse("MinLengthExceeded", field);
    if (const Json* max = rule.find("maxLength"); max && length > max->as_real())
      return refuse("MaxLengthExceeded", field);
    if (const Json* bad = rule.find("invalidChars"); bad && bad->is_string())
      if (value.as_string().find_first_of(bad->as_string()) != std::string::npos)
        return refuse("InvalidCharacters", field);
    if (const Json* good = rule.find("validChars"); good && good->is_string())
      if (value.as_string().find_first_not_of(good->as_string()) != std::string::npos)
        return refuse("InvalidCharacters", field);
  }
  return Unit{};
}

// The field that a refusal names, where it lies: in another (prefix `outer.`, nothing taken away),
// or in an item of its own (`taken` is the bare name).
Status placed(const Status& status, std::string_view prefix, size_t taken) {
  if (status.causes().empty()) return status;
  std::string field(prefix);
  field.append(status.causes().front().field, taken);
  return Status::field_error(status.code(), status.reason(), std::move(field), status.message());
}

class Reader {
 public:
  Reader(const SchemaSet& schemas, std::string_view path, BodyUse use)
      : schemas_(schemas), path_(path), use_(use) {}

  Result<Json> object(const SchemaView& schema, const Json& body, int depth) {
    Json out = Json::object();
    for (const Field& field : schema.fields()) {
      const Json* given = body.find(field.name);
      bool writable =
          use_ == BodyUse::action || (use_ == BodyUse::create ? field.create : field.update);
      if (!writable) continue;
      if (!given) {
        if (use_ == BodyUse::update) continue;
        const Json* otherwise = field.declaration->find("default");
        // Nothing is no default for what is required.
        const bool empty = field.required && otherwise && *otherwise == Json("");
        if (otherwise && !otherwise->is_null() && !(empty && use_ == BodyUse::create))
          out.set(field.name, Json(*otherwise));
        else if (field.required && use_ == BodyUse::create)
          return refuse("MissingRequired", field);
        continue;
      }
      if (given->is_null()) {
        if (field.required && use_ == BodyUse::create) return refuse("MissingRequired", field);
        if (!field.nullable && !TypeNameOf(field).is_reference())
          return refuse("NotNullable", field);
        if (use_ != BodyUse::create) out.set(field.name, nullptr);
        continue;
      }
      Json value = TRY(convert(field, field.type, *given, depth));
      if (field.required && use_ == BodyUse::create && value.is_string() &&
          value.as_string().empty())
        return refuse("MissingRequired", field);
      TRY(check_bounds(field, value));
      out.set(field.name, std::move(value));
    }
    return out;
  }

 private:
  static TypeName TypeNameOf(const Field& field) { return split_type(field.type); }

  Result<Json> convert(const Field& field, std::string_view type_text, const Json& value,
                       int depth) {
    if (depth > kNestMax) return invalid_format(field, nullptr, "nested too deeply");
    TypeName type = split_type(type_text);
    if (type.is_reference()) {
      std::string text =
          as_text(value.is_array() && !value.as_array().empty() ? value.as_array().front() : value);
      return text.empty() ? Json(nullptr) : Json(std::move(text));
    }
    if (type.is_array()) return list(field, type.inner, value, depth);
    if (type.is_map()) return map(field, type.inner, value, depth);
    std::string_view name = type.outer;
    if (name == "boolean") return to_boolean(field, value);
    if (name == "int" || name == "float") return to_number(field, value, name);
    if (name == "json") return Json(value);
    if (name == "intOrString") {
      if (value.is_int()) return Json(value);
      auto number = parse_json(as_text(value));
      return number && number->is_int() ? Json(*number) : Json(as_text(value));
    }
    const SchemaView* nested = schemas_.any(path_, name);
    if (!nested) return to_string_like(field, value, name);
    if (!value.is_object()) return refuse("InvalidFormat", field);
    auto read = object(*nested, value, depth + 1);
    if (!read) return placed(read.error(), field.name + ".", 0);
    return read;
  }

  // An item of a list or map; `where` is its place, as a refusal names it.
  Result<Json> item(const Field& field, std::string_view inner, const Json& value,
                    const std::string& where, int depth) {
    auto read = convert(field, inner, value, depth);
    if (read && (read->is_string() || read->is_int()))
      if (auto good = check_bounds(field, *read); !good) read = good.error();
    if (!read) return placed(read.error(), where, field.name.size());
    return read;
  }

  Result<Json> list(const Field& field, std::string_view inner, const Json& value, int depth) {
    if (value.is_string()) {
      if (value.as_string().empty()) return Json(nullptr);
      return Json(JsonArray{TRY(item(field, inner, value, field.name, depth + 1))});
    }
    if (!value.is_array()) return Json(nullptr);
    JsonArray out;
    for (const Json& one : value.as_array()) {
      const std::string where = field.name + "[" + std::to_string(out.size()) + "]";
      out.push_back(TRY(item(field, inner, one, where, depth + 1)));
    }
    return Json(std::move(out));
  }

  Result<Json> map(const Field& field, std::string_view inner, const Json& value, int depth) {
    if (!value.is_object()) return Json(nullptr);
    Json out = Json::object();
    for (const auto& [key, one] : value.as_object()) {
      if (one.is_null())
        out.set(key, nullptr);
      else
        out.set(key, TRY(item(field, inner, one, field.name + "." + key, depth + 1)));
    }
    return out;
  }

  const SchemaSet& schemas_;
  std::string_view path_;
  BodyUse use_;
};

class Shaper {
 public:
  Shaper(const SchemaSet& schemas, std::string_view path, WriteOnly write_only)
      : schemas_(schemas), path_(path), write_only_(write_only) {}

  Json object(const SchemaView& schema, const Json& stored, int depth) {
    Json out = Json::object();
    for (const Field& field : schema.fields()) {
      if (field.type == "password" || (field.write_only && write_only_ == WriteOnly::hide))
        continue;
      const Json* value = stored.find(field.name);
      TypeName type = split_type(field.type);
      if (!value || value->is_null()) {
        absent(field, type, value != nullptr, out);
        continue;
      }
      Json shaped = shape(field.type, *value, depth);
      if (field.type == "date" && shaped.is_string())
        if (auto time = parse_rfc3339(shaped.as_string()))
          out.set(field.name + "TS", unix_millis(*time));
      out.set(field.name, std::move(shaped));
    }
    return out;
  }

 private:
  void absent(const Field& field, const TypeName& type, bool is_null, Json& out) {
    const Json* otherwise = field.declaration->find("default");
    if (type.is_reference() || is_null)
      out.set(field.name, nullptr);
    else if (otherwise && !otherwise->is_null())
      out.set(field.name, Json(*otherwise));
  }

  Json shape(std::string_view type_text, const Json& value, int depth) {
    TypeName type = split_type(type_text);
    if (depth > kNestMax || type.is_reference()) return value;
    if (type.is_array() && value.is_array()) {
      JsonArray out;
      out.reserve(value.size());
      for (const Json& item : value.as_array()) out.push_back(shape(type.inner, item, depth + 1));
      return out;
    }
    if (type.is_map() && value.is_object()) {
      Json out = Json::object();
      for (const auto& [key, item] : value.as_object())
        out.set(key, shape(type.inner, item, depth + 1));
      return out;
    }
    const SchemaView* nested =
        value.is_object() && type.inner.empty() ? schemas_.any(path_, type.outer) : nullptr;
    if (!nested) return value;
    Json out = object(*nested, value, depth + 1);
    // A field of that name (of a condition) is the object's own.
    if (!nested->field("type")) out.set("type", nested->path() + "/schemas/" + nested->id());
    return out;
  }

  const SchemaSet& schemas_;
  std::string_view path_;
  WriteOnly write_only_;
};

// Of labels and annotations, keys with cattle.io/ in them belong to the server, except
// field.cattle.io/* other than the creator.
bool protected_key(std::string_view key) {
  if (key.find("cattle.io/") == std::string_view::npos) return false;
  return !key.starts_with("field.cattle.io/") || key == "field.cattle.io/creatorId";
}

Json merge_marks(const Json& old, const Json& given) {
  Json out = Json::object();
  if (old.is_object())
    for (const auto& [key, value] : old.as_object())
      if (protected_key(key)) out.set(key, Json(value));
  if (given.is_object())
    for (const auto& [key, value] : given.as_object())
      if (!protected_key(key)) out.set(key, Json(value));
  return out;
}

}  // namespace

Result<Json> read_body(const SchemaSet& schemas, const SchemaView& schema, const Json& body,
                       BodyUse use) {
  if (!body.is_object())
    return Status::other(
        422, "InvalidBodyContent",
        "Failed to parse body: an object is wanted, not " + std::string(body.type_name()));
  return Reader(schemas, schema.path(), use).object(schema, body, 0);
}

Json shape_object(const SchemaSet& schemas, const SchemaView& schema, const Json& object,
                  WriteOnly write_only) {
  Json out = Shaper(schemas, schema.path(), write_only).object(schema, object, 0);
  for (std::string_view kept : {"id", "type", "baseType"})
    if (const Json* value = object.find(kept)) out.set(kept, Json(*value));
  return out;
}

void merge_update(const SchemaSet& schemas, const SchemaView& schema, Json& object,
                  const Json& changes) {
  for (const auto& [name, value] : changes.as_object()) {
    const Field* field = schema.field(name);
    TypeName type = split_type(field ? std::string_view(field->type) : std::string_view());
    const Json* old = object.find(name);
    if (name == "labels" || name == "annotations") {
      object.set(name, merge_marks(old ? *old : Json(), value));
      continue;
    }
    if (value.is_null()) {
      object.erase(name);
      continue;
    }
    const SchemaView* nested =
        type.inner.empty() && value.is_object() ? schemas.any(schema.path(), type.outer) : nullptr;
    if (nested && old && old->is_object())
      merge_update(schemas, *nested, *object.find(name), value);
    else
      object.set(name, Json(value));
  }
}

}  // namespace engine
