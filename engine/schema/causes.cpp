#include "engine/schema/causes.h"

#include "engine/base/mask.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"

namespace engine {

// strconv.Quote: printable characters as they are, others escaped.
std::string go_quoted(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  uint32_t code = 0;
  for (size_t i = 0; i < text.size();) {
    size_t n = utf8_next(text, i, code);
    if (n == 0) {
      out += "\\x";
      out += kHex[static_cast<unsigned char>(text[i]) >> 4];
      out += kHex[static_cast<unsigned char>(text[i]) & 15];
      i++;
      continue;
    }
    if (append_short_escape(out, code)) {
      i += n;
      continue;
    }
    if (code < 0x20 || code == 0x7F) {
      out += "\\x";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out.append(text, i, n);
    }
    i += n;
  }
  return out += '"';
}

namespace {

std::string with_value(const char* what, std::string_view field, const Json& given,
                       std::string_view detail) {
  std::string out = std::string(what) + ": ";
  const Json value = quotable(field, given);
  out += value.is_string() ? go_quoted(value.as_string()) : dump(value);
  if (!detail.empty()) out.append(": ").append(detail);
  return out;
}

std::string without_value(const char* what, std::string_view detail) {
  std::string out = what;
  if (!detail.empty()) out.append(": ").append(detail);
  return out;
}

}  // namespace

Cause cause_invalid(std::string field, const Json& value, std::string_view detail) {
  return {"FieldValueInvalid", with_value("Invalid value", field, value, detail), std::move(field)};
}

Cause cause_required(std::string field, std::string_view detail) {
  return {"FieldValueRequired", without_value("Required value", detail), std::move(field)};
}

Cause cause_duplicate(std::string field, const Json& value) {
  return {"FieldValueDuplicate", with_value("Duplicate value", field, value, {}), std::move(field)};
}

Cause cause_not_supported(std::string field, const Json& value,
                          const std::vector<std::string>& choices) {
  std::string detail;
  for (const std::string& choice : choices) {
    detail += (detail.empty() ? "supported values: " : ", ") + go_quoted(choice);
  }
  return {"FieldValueNotSupported", with_value("Unsupported value", field, value, detail),
          std::move(field)};
}

Cause cause_forbidden(std::string field, std::string_view detail) {
  return {"FieldValueForbidden", without_value("Forbidden", detail), std::move(field)};
}

Cause cause_too_long(std::string field, int64_t max_bytes) {
  std::string detail =
      "may not be more than " + std::to_string(max_bytes) + (max_bytes == 1 ? " byte" : " bytes");
  return {"FieldValueTooLong", without_value("Too long", detail), std::move(field)};
}

Cause cause_too_many(std::string field, int64_t actual, int64_t max) {
  std::string detail = "must have at most " + std::to_string(max) + (max == 1 ? " item" : " items");
  return {"FieldValueTooMany", with_value("Too many", field, Json(actual), detail),
          std::move(field)};
}

}  // namespace engine
