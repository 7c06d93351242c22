#include "engine/watch/object_scan.h"

#include <cstring>

namespace engine {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

const char* skip_space(const char* at, const char* end) {
  while (at < end && is_space(*at)) ++at;
  return at;
}

// Past the closing quote; `at` stands on the opening one.
const char* skip_string(const char* at, const char* end) {
  ++at;
  while (at < end) {
    auto quote = static_cast<const char*>(std::memchr(at, '"', static_cast<size_t>(end - at)));
    if (!quote) return end;
    const char* back = quote;
    while (back > at && back[-1] == '\\') --back;
    if ((quote - back) % 2 == 0) return quote + 1;
    at = quote + 1;
  }
  return end;
}

const char* skip_value(const char* at, const char* end) {
  if (at >= end) return end;
  if (*at == '"') return skip_string(at, end);
  if (*at != '{' && *at != '[') {
    while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) ++at;
    return at;
  }
  size_t depth = 0;
  while (at < end) {
    char c = *at;
    if (c == '"') {
      at = skip_string(at, end);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return end;
}

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

uint32_t hex4(std::string_view text) {
  uint32_t code = 0;
  for (char c : text.substr(0, 4)) {
    uint32_t digit =
        c <= '9' ? static_cast<uint32_t>(c - '0') : static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    code = code * 16 + (digit & 15);
  }
  return code;
}

std::string unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 >= text.size()) {
      out += text[i];
      continue;
    }
    char c = text[++i];
    switch (c) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        uint32_t code = i + 4 < text.size() ? hex4(text.substr(i + 1)) : 0xFFFD;
        i += 4;
        bool high = code >= 0xD800 && code < 0xDC00;
        if (high && i + 6 < text.size() && text[i + 1] == '\\' && text[i + 2] == 'u') {
          code = 0x10000 + ((code - 0xD800) << 10) + (hex4(text.substr(i + 3)) - 0xDC00);
          i += 6;
        }
        append_utf8(out, code);
        break;
      }
      default:
        out += c;
    }
  }
  return out;
}

bool same_key(std::string_view raw, std::string_view key) {  // raw without its quotes
  if (raw == key) return true;
  return raw.find('\\') != std::string_view::npos && unescape(raw) == key;
}

std::string_view view(const char* from, const char* to) {
  return {from, static_cast<size_t>(to - from)};
}

// Calls visit(raw key without quotes, raw value) for each member; false stops.
template <class Visit>
void each_member(std::string_view object, Visit visit) {
  const char* end = object.data() + object.size();
  const char* at = skip_space(object.data(), end);
  if (at >= end || *at != '{') return;
  at = skip_space(at + 1, end);
  while (at < end && *at == '"') {
    const char* key_end = skip_string(at, end);
    if (key_end - at < 2) return;  // cut off in the middle
    auto key = view(at + 1, key_end - 1);
    at = skip_space(key_end, end);
    if (at < end && *at == ':') at = skip_space(at + 1, end);
    const char* value_end = skip_value(at, end);
    if (!visit(key, view(at, value_end))) return;
    at = skip_space(value_end, end);
    if (at < end && *at == ',') at = skip_space(at + 1, end);
  }
}

std::string_view member(std::string_view object, std::string_view key) {
  std::string_view found;
  each_member(object, [&](std::string_view name, std::string_view raw) {
    if (!same_key(name, key)) return true;
    found = raw;
    return false;
  });
  return found;
}

}  // namespace

std::string_view scan(std::string_view json, std::initializer_list<std::string_view> path) {
  for (auto step : path) json = member(json, step);
  return json;
}

std::string_view scan(std::string_view json, std::span<const std::string> path) {
  for (const auto& step : path) json = member(json, step);
  return json;
}

std::string scan_text(std::string_view raw) {
  if (raw.empty() || raw == "null") return {};
  if (raw.front() != '"') return std::string(raw);
  raw = raw.substr(1, raw.size() >= 2 ? raw.size() - 2 : 0);
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  return unescape(raw);
}

void scan_members(std::string_view raw_object,
                  const std::function<bool(std::string_view, std::string_view)>& visit) {
  each_member(raw_object, [&](std::string_view key, std::string_view raw) {
    if (key.find('\\') == std::string_view::npos) return visit(key, raw);
    return visit(unescape(key), raw);
  });
}

void scan_items(std::string_view raw_array, const std::function<bool(std::string_view)>& visit) {
  const char* end = raw_array.data() + raw_array.size();
  const char* at = skip_space(raw_array.data(), end);
  if (at >= end || *at != '[') return;
  at = skip_space(at + 1, end);
  while (at < end && *at != ']') {
    const char* item_end = skip_value(at, end);
    if (item_end == at || !visit(view(at, item_end))) return;
    at = skip_space(item_end, end);
    if (at < end && *at == ',') at = skip_space(at + 1, end);
  }
}

std::string indented(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 2);
  size_t depth = 0;
  const char* at = json.data();
  const char* end = at + json.size();
  auto new_line = [&] { out.append("\n").append(2 * depth, ' '); };
  while ((at = skip_space(at, end)) < end) {
    char c = *at;
    if (c == '"') {
      const char* after = skip_string(at, end);
      out.append(at, after);
      at = after;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') {
      at = skip_space(at, end);
      out += c;
      if (at < end && (*at == '}' || *at == ']')) {
        out += *at++;
        continue;
      }
      ++depth;
      new_line();
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      new_line();
      out += c;
    } else {
      out += c;
      if (c == ',') new_line();
      if (c == ':') out += ' ';
    }
  }
  return out;
}

Bytes with_member(const Bytes& bytes, std::initializer_list<std::string_view> path,
                  std::string_view raw) {
  auto old = scan(*bytes, path);
  if (old.empty() || old == raw) return bytes;
  auto offset = static_cast<size_t>(old.data() - bytes->data());
  auto out = std::make_shared<std::string>();
  out->reserve(bytes->size() - old.size() + raw.size());
  out->append(*bytes, 0, offset);
  out->append(raw);
  out->append(*bytes, offset + old.size());
  return out;
}

Bytes with_revision(const Bytes& bytes, Revision revision) {
  return with_member(bytes, {"metadata", "resourceVersion"},
                     "\"" + std::to_string(revision) + "\"");
}

Bytes with_api_version(const Bytes& bytes, std::string_view api_version) {
  return with_member(bytes, {"apiVersion"}, "\"" + std::string(api_version) + "\"");
}

const std::string* ObjectView::label(std::string_view key) const {
  if (!labels_) {
    labels_.emplace();
    scan_members(scan(bytes_, {"metadata", "labels"}), [&](auto name, auto raw) {
      labels_->emplace_back(std::string(name), scan_text(raw));
      return true;
    });
  }
  for (const auto& [name, value] : *labels_)
    if (name == key) return &value;
  return nullptr;
}

}  // namespace engine
