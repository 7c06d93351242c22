#include <array>
#include <charconv>

#include "engine/base/json.h"
#include "engine/base/numbers.h"

namespace engine {

namespace {

constexpr char kHex[] = "0123456789abcdef";

// What must be escaped: 'u' for \u00xx, another letter for the short form, 0 for nothing.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> out = {};
  for (size_t c = 0; c < 0x20; c++) out[c] = 'u';
  out['"'] = '"';
  out['\\'] = '\\';
  out['\n'] = 'n';
  out['\r'] = 'r';
  out['\t'] = 't';
  out['\b'] = 'b';
  out['\f'] = 'f';
  return out;
}();

void write_string(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); i++) {
    unsigned char c = static_cast<unsigned char>(text[i]);
    char escape = kEscapes[c];
    if (escape == 0) continue;
    out.append(text, plain, i - plain);
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
    plain = i + 1;
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

void write_int(std::string& out, int64_t n) {
  char buffer[24];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, n).ptr;
  out.append(buffer, end);
}

void write_scalar(std::string& out, const Json& value) {
  if (value.is_string()) {
    write_string(out, value.as_string());
  } else if (value.is_int()) {
    write_int(out, value.as_int());
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_real()) {
    out += real_to_string(value.as_real());
  } else {
    out += "null";
  }
}

void new_line(std::string& out, size_t level) {
  out += '\n';
  out.append(level * 2, ' ');
}

void write_pretty(std::string& out, const Json& value, size_t level) {
  if (value.is_object() && value.size() > 0) {
    char before = '{';
    for (const auto& [key, member] : value.as_object()) {
      out += before;
      new_line(out, level + 1);
      write_string(out, key);
      out += ": ";
      write_pretty(out, member, level + 1);
      before = ',';
    }
    new_line(out, level);
    out += '}';
  } else if (value.is_array() && value.size() > 0) {
    char before = '[';
    for (const Json& item : value.as_array()) {
      out += before;
      new_line(out, level + 1);
      write_pretty(out, item, level + 1);
      before = ',';
    }
    new_line(out, level);
    out += ']';
  } else {
    dump_to(out, value);
  }
}

}  // namespace

void dump_to(std::string& out, const Json& value) {
  if (value.is_object()) {
    if (value.size() == 0) {
      out += "{}";
      return;
    }
    char before = '{';
    for (const auto& [key, member] : value.as_object()) {
      out += before;
      write_string(out, key);
      out += ':';
      dump_to(out, member);
      before = ',';
    }
    out += '}';
  } else if (value.is_array()) {
    if (value.size() == 0) {
      out += "[]";
      return;
    }
    char before = '[';
    for (const Json& item : value.as_array()) {
      out += before;
      dump_to(out, item);
      before = ',';
    }
    out += ']';
  } else {
    write_scalar(out, value);
  }
}

std::string dump(const Json& value) {
  std::string out;
  dump_to(out, value);
  return out;
}

std::string dump_pretty(const Json& value) {
  std::string out;
  write_pretty(out, value, 0);
  return out;
}

}  // namespace engine
