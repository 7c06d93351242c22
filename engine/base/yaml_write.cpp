#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/base/yaml.h"
#include "engine/base/yaml_scalar.h"

namespace engine {

namespace {

bool printable(uint32_t c) {
  if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return c == '\t';
  return c != 0x2028 && c != 0x2029 && c != 0xFEFF && (c & 0xFFFE) != 0xFFFE;
}

enum class Style { plain, single, twice, literal };

struct Shape {
  bool all_printable = true;  // line breaks apart
  bool breaks = false;
};

Shape shape_of(std::string_view s) {
  Shape out;
  for (size_t i = 0; i < s.size();) {
    uint32_t code = 0;
    size_t n = utf8_next(s, i, code);
    if (n == 0 || (!printable(code) && code != '\n')) out.all_printable = false;
    if (code == '\n' && n == 1) out.breaks = true;
    i += n == 0 ? 1 : n;
  }
  return out;
}

bool plain_allowed(std::string_view s) {
  if (s.find_first_of(",[]{}#&*!|>'\"%@`") == 0 || s.front() == ' ' || s.back() == ' ')
    return false;
  if (s.front() == '\t' || s.back() == '\t' || s.back() == ':') return false;
  bool indicator = s.front() == '-' || s.front() == '?' || s.front() == ':';
  if (indicator && (s.size() == 1 || s[1] == ' ' || s[1] == '\t')) return false;
  if (s.starts_with("---") || s.starts_with("...")) return false;
  return s.find(": ") == std::string_view::npos && s.find(" #") == std::string_view::npos &&
         s.find(":\t") == std::string_view::npos && s.find("\t#") == std::string_view::npos;
}

Style style_of(std::string_view s, bool literal_allowed) {
  if (s.empty()) return Style::twice;
  Shape shape = shape_of(s);
  if (!shape.all_printable) return Style::twice;
  if (shape.breaks) {
    bool blank = s.find_first_not_of(" \n\t") == std::string_view::npos;
    return literal_allowed && !blank && s[0] != '\t' ? Style::literal : Style::twice;
  }
  if (is_yaml_ambiguous(s)) return Style::twice;
  return plain_allowed(s) ? Style::plain : Style::single;
}

void write_single(std::string& out, std::string_view s) {
  out += '\'';
  for (char c : s) {
    out += c;
    if (c == '\'') out += c;
  }
  out += '\'';
}

void write_escape(std::string& out, uint32_t code) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  int digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
}

void write_twice(std::string& out, std::string_view s) {
  out += '"';
  for (size_t i = 0; i < s.size();) {
    uint32_t code = 0;
    size_t n = utf8_next(s, i, code);
    if (n == 0) {
      // Not UTF-8, so it cannot have come from JSON or YAML: shown as the replacement character.
      out += "\xEF\xBF\xBD";
      i++;
      continue;
    }
    if (append_short_escape(out, code)) {
      i += n;
      continue;
    }
    if (!printable(code)) {
      write_escape(out, code);
    } else {
      out.append(s, i, n);
    }
    i += n;
  }
  out += '"';
}

// Lines indented by `indent`, after a header that says how the end is to be read.
void write_literal(std::string& out, std::string_view s, size_t indent) {
  out += '|';
  if (s[0] == ' ' || s[0] == '\n') out += '2';
  bool ends = s.back() == '\n';
  if (!ends) out += '-';
  if (ends && s.size() > 1 && s[s.size() - 2] == '\n') out += '+';
  if (ends) s.remove_suffix(1);
  for (;;) {
    size_t end = s.find('\n');
    std::string_view line = s.substr(0, end);
    out += '\n';
    if (!line.empty()) out.append(indent, ' ').append(line);
    if (end == std::string_view::npos) return;
    s.remove_prefix(end + 1);
  }
}

struct Writer {
  std::string out;

  void text(std::string_view s, size_t indent, bool literal_allowed) {
    switch (style_of(s, literal_allowed)) {
      case Style::plain:
        out += s;
        return;
      case Style::single:
        return write_single(out, s);
      case Style::twice:
        return write_twice(out, s);
      case Style::literal:
        return write_literal(out, s, indent);
    }
  }

  void scalar(const Json& value, size_t indent, bool literal_allowed) {
    if (value.is_string()) return text(value.as_string(), indent, literal_allowed);
    if (value.is_object()) {
      out += "{}";
    } else if (value.is_array()) {
      out += "[]";
    } else if (value.is_null()) {
      out += "null";
    } else {
      dump_to(out, value);
    }
  }

  // The cursor stands where the first line goes; `indent` is the column of the following ones.
  void object(const JsonObject& members, size_t indent) {
    bool first = true;
    for (const auto& [key, value] : members) {
      if (!first) out.append(indent, ' ');
      first = false;
      text(key, 0, false);
      out += ':';
      if (value.is_object() && value.size() > 0) {
        out += '\n';
        out.append(indent + 2, ' ');
        object(value.as_object(), indent + 2);
      } else if (value.is_array() && value.size() > 0) {
        out += '\n';
        out.append(indent, ' ');
        array(value.as_array(), indent);
      } else {
        out += ' ';
        scalar(value, indent + 2, true);
        out += '\n';
      }
    }
  }

  void array(const JsonArray& items, size_t indent) {
    bool first = true;
    for (const Json& item : items) {
      if (!first) out.append(indent, ' ');
      first = false;
      out += "- ";
      if (item.is_object() && item.size() > 0) {
        object(item.as_object(), indent + 2);
      } else if (item.is_array() && item.size() > 0) {
        array(item.as_array(), indent + 2);
      } else {
        scalar(item, indent + 2, true);
        out += '\n';
      }
    }
  }
};

}  // namespace

std::string to_yaml(const Json& value) {
  Writer writer;
  if (value.is_object() && value.size() > 0) {
    writer.object(value.as_object(), 0);
  } else if (value.is_array() && value.size() > 0) {
    writer.array(value.as_array(), 0);
  } else {
    writer.scalar(value, 0, false);
    writer.out += '\n';
  }
  return std::move(writer.out);
}

}  // namespace engine
