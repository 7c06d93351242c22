#include "engine/kinds/causes.h"

namespace engine {

namespace {

std::string with_detail(std::string text, std::string_view detail) {
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace

Cause cause_required(std::string field, std::string_view detail) {
  return {"FieldValueRequired", with_detail("Required value", detail), std::move(field)};
}

Cause cause_invalid(std::string field, const Json& value, std::string_view detail) {
  return {"FieldValueInvalid", with_detail("Invalid value: " + dump(value), detail),
          std::move(field)};
}

Cause cause_duplicate(std::string field, const Json& value) {
  return {"FieldValueDuplicate", "Duplicate value: " + dump(value), std::move(field)};
}

Cause cause_forbidden(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", with_detail("Forbidden", detail), std::move(field)};
}

Cause cause_not_supported(std::string field, const Json& value,
                          const std::vector<std::string>& supported) {
  std::string text = "Unsupported value: " + dump(value) + ": supported values: ";
  for (size_t i = 0; i < supported.size(); i++) {
    if (i > 0) text += ", ";
    text += dump(Json(supported[i]));
  }
  return {"FieldValueNotSupported", std::move(text), std::move(field)};
}

Cause cause_too_long(std::string field, size_t bytes_max) {
  return {"FieldValueTooLong",
          "Too long: may not be more than " + std::to_string(bytes_max) + " bytes",
          std::move(field)};
}

void check_immutable(Causes& out, std::string_view field, const Json* value, const Json* old) {
  static const Json kNothing;
  const Json& now = value == nullptr ? kNothing : *value;
  const Json& before = old == nullptr ? kNothing : *old;
  if (!(now == before)) out.push_back(cause_invalid(std::string(field), now, "field is immutable"));
}

void add_reasons(Causes& out, std::string_view field, std::string_view value,
                 const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons)
    out.push_back(cause_invalid(std::string(field), Json(value), reason));
}

}  // namespace engine
