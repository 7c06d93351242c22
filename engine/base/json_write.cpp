#include <array>
#include <charconv>
#include <cstring>

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

// How many bytes from `at` on need no escape: eight at a time, by the usual tricks on a word's
// bytes.
size_t plain_run(std::string_view text, size_t at) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kHighs = 0x8080808080808080u;
  size_t from = at;
  while (at + 8 <= text.size()) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    auto zero_in = [](uint64_t w) { return (w - kOnes) & ~w & kHighs; };
    uint64_t control = (word - kOnes * 0x20) & ~word & kHighs;
    if ((control | zero_in(word ^ kOnes * '"') | zero_in(word ^ kOnes * '\\')) != 0) break;
    at += 8;
  }
  while (at < text.size() && kEscapes[static_cast<unsigned char>(text[at])] == 0) at++;
  return at - from;
}

void write_string(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    size_t run = plain_run(text, at);
    out.append(text, at, run);
    at += run;
    if (at == text.size()) break;
    unsigned char c = static_cast<unsigned char>(text[at++]);
    out += '\\';
    out += kEscapes[c];
    if (kEscapes[c] == 'u') {
      out += "00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    }
  }
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
