#include "engine/base/names.h"

#include <algorithm>

namespace engine {

namespace {

constexpr std::string_view kSuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";
constexpr size_t kSuffixLength = 5;
constexpr size_t kGeneratedPrefixMax = 58;
constexpr size_t kLabelMax = 63;
constexpr size_t kSubdomainMax = 253;

bool lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool letter_or_digit(char c) {
  return lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool label_shape(std::string_view s) {
  return !s.empty() && lower_or_digit(s.front()) && lower_or_digit(s.back()) &&
         std::all_of(s.begin(), s.end(), [](char c) { return lower_or_digit(c) || c == '-'; });
}

bool subdomain_shape(std::string_view s) {
  for (;;) {
    size_t dot = s.find('.');
    if (!label_shape(s.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    s.remove_prefix(dot + 1);
  }
}

bool qualified_shape(std::string_view s) {
  return !s.empty() && letter_or_digit(s.front()) && letter_or_digit(s.back()) &&
         std::all_of(s.begin(), s.end(),
                     [](char c) { return letter_or_digit(c) || c == '-' || c == '_' || c == '.'; });
}

std::string at_most(size_t n, const char* unit) {
  return "must be no more than " + std::to_string(n) + " " + unit;
}

std::string shape_reason(std::string_view what, std::initializer_list<std::string_view> examples,
                         std::string_view expression) {
  std::string out = std::string(what) + " (e.g. ";
  const char* before = "";
  for (std::string_view example : examples) {
    out.append(before).append("'").append(example).append("', ");
    before = " or ";
  }
  return out.append("regex used for validation is '").append(expression).append("')");
}

std::string label_reason() {
  return shape_reason(
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
      "must start and end with an alphanumeric character",
      {"my-name", "123-abc"}, "[a-z0-9]([-a-z0-9]*[a-z0-9])?");
}

std::string subdomain_reason() {
  return shape_reason(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
      "'.', and must start and end with an alphanumeric character",
      {"example.com"}, "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");
}

std::string qualified_reason() {
  return shape_reason(
      "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
      "alphanumeric character",
      {"MyName", "my.name", "123-abc"}, "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]");
}

}  // namespace

std::string random_suffix(storage::Env& env, size_t length) {
  std::string out;
  while (out.size() < length) out += kSuffixAlphabet[env.random(kSuffixAlphabet.size())];
  return out;
}

std::string generate_name(storage::Env& env, std::string_view prefix) {
  return std::string(prefix.substr(0, kGeneratedPrefixMax)) + random_suffix(env, kSuffixLength);
}

Reasons check_dns1123_label(std::string_view name) {
  Reasons out;
  if (name.size() > kLabelMax) out.push_back(at_most(kLabelMax, "bytes"));
  if (label_shape(name)) return out;
  out.push_back(subdomain_shape(name) ? "must not contain dots" : label_reason());
  return out;
}

Reasons check_dns1123_subdomain(std::string_view name) {
  Reasons out;
  if (name.size() > kSubdomainMax) out.push_back(at_most(kSubdomainMax, "bytes"));
  if (!subdomain_shape(name)) out.push_back(subdomain_reason());
  return out;
}

Reasons check_dns1035_label(std::string_view name) {
  Reasons out;
  if (name.size() > kLabelMax) out.push_back(at_most(kLabelMax, "bytes"));
  if (!label_shape(name) || name[0] < 'a') {
    out.push_back(shape_reason(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character",
        {"my-name", "abc-123"}, "[a-z]([-a-z0-9]*[a-z0-9])?"));
  }
  return out;
}

Reasons check_path_segment(std::string_view name) {
  if (name == "." || name == "..") return {"may not be '" + std::string(name) + "'"};
  Reasons out;
  for (char c : {'/', '%'}) {
    if (name.find(c) != std::string_view::npos) {
      out.push_back(std::string("may not contain '") + c + "'");
    }
  }
  return out;
}

Reasons check_qualified_name(std::string_view key) {
  Reasons out;
  size_t slash = key.find('/');
  if (slash != key.rfind('/')) {
    return {"a valid label key " + qualified_reason() +
            " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"};
  }
  if (slash == 0) out.push_back("prefix part must be non-empty");
  if (slash != std::string_view::npos && slash > 0) {
    for (const std::string& reason : check_dns1123_subdomain(key.substr(0, slash))) {
      out.push_back("prefix part " + reason);
    }
  }
  std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (name.empty()) out.push_back("name part must be non-empty");
  if (name.size() > kLabelMax) out.push_back("name part " + at_most(kLabelMax, "bytes"));
  if (!qualified_shape(name)) out.push_back("name part " + qualified_reason());
  return out;
}

Reasons check_label_value(std::string_view value) {
  Reasons out;
  if (value.size() > kLabelMax) out.push_back(at_most(kLabelMax, "bytes"));
  if (!value.empty() && !qualified_shape(value)) {
    out.push_back(shape_reason(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
        "'.', and must start and end with an alphanumeric character",
        {"MyValue", "my_value", "12345"}, "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"));
  }
  return out;
}

Reasons check_config_key(std::string_view key) {
  Reasons out;
  if (key.size() > kSubdomainMax) out.push_back(at_most(kSubdomainMax, "characters"));
  bool good = std::all_of(key.begin(), key.end(), [](char c) {
    return letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
  if (!good || key.empty()) {
    out.push_back(
        shape_reason("a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                     {"key.name", "KEY_NAME", "key-name"}, "[-._a-zA-Z0-9]+"));
  }
  if (key == ".") out.push_back("must not be '.'");
  if (key == "..") {
    out.push_back("must not be '..'");
  } else if (key.starts_with("..")) {
    out.push_back("must not start with '..'");
  }
  return out;
}

}  // namespace engine
