// The page that a browser gets for an answer of the API.
#include "engine/norman/negotiate.h"

namespace engine {
namespace {

void escape_to(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
}

// JSON inside of a script element: nothing in it may look like an end of the element.
void script_to(std::string& out, std::string_view json) {
  for (char c : json) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
}

class Writer {
 public:
  Writer(std::string& out, std::string_view base) : out_(out), base_(base) {}

  void value(const Json& value, size_t depth) {
    if (value.is_object()) return object(value, depth);
    if (value.is_array()) return list(value, depth);
    std::string text = dump(value);
    const bool link = value.is_string() && !base_.empty() && value.as_string().starts_with(base_) &&
                      value.as_string().substr(base_.size()).starts_with('/');
    if (link) {
      out_ += "<a href=\"";
      escape_to(out_, value.as_string());
      out_ += "\">";
    }
    escape_to(out_, text);
    if (link) out_ += "</a>";
  }

 private:
  void line(size_t depth) { out_.append("\n").append(depth * 2, ' '); }

  void object(const Json& value, size_t depth) {
    out_ += '{';
    bool first = true;
    for (const auto& [name, member] : value.as_object()) {
      if (!first) out_ += ',';
      first = false;
      line(depth + 1);
      escape_to(out_, dump(Json(name)));
      out_ += ": ";
      this->value(member, depth + 1);
    }
    if (!first) line(depth);
    out_ += '}';
  }

  void list(const Json& value, size_t depth) {
    out_ += '[';
    for (size_t i = 0; i < value.size(); i++) {
      if (i > 0) out_ += ',';
      line(depth + 1);
      this->value(value.as_array()[i], depth + 1);
    }
    if (value.size() > 0) line(depth);
    out_ += ']';
  }

  std::string& out_;
  const std::string_view base_;
};

// /v3 / clusters / local: each part leads to itself.
void trail(std::string& out, std::string_view path) {
  size_t start = 0;
  while (start < path.size()) {
    size_t end = path.find('/', start + 1);
    if (end == path.npos) end = path.size();
    out += "<a href=\"";
    escape_to(out, path.substr(0, end));
    out += "\">";
    escape_to(out, path.substr(start, end - start));
    out += "</a>";
    start = end;
  }
}

}  // namespace

std::string html_page(std::string_view path, std::string_view base, std::string_view schemas,
                      const Json& answer) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>";
  escape_to(out, path);
  out +=
      "</title><link rel=\"stylesheet\" href=\"/v3/-/ui.css\">"
      "<script src=\"/v3/-/ui.js\" defer></script></head>\n<body data-schemas=\"";
  escape_to(out, schemas);
  out += "\"><h1>";
  trail(out, path);
  out += "</h1>\n<div id=\"tools\"></div>\n<pre id=\"json\">";
  Writer(out, base).value(answer, 0);
  out += "</pre>\n<script type=\"application/json\" id=\"data\">";
  script_to(out, dump(answer));
  out += "</script></body></html>\n";
  return out;
}

}  // namespace engine
